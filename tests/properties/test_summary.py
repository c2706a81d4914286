"""What a batch comes to in one go is what its events come to one by one, or there is no summary.

`World.submit` works out both for every batch, whatever the test, and compares them; here batches
are made to lie across everything that a summary must notice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon.events import FactorAssigned, RegisterReading, SourceAmended, SourceClosed
from ledger.carbon.rows import EntryRows
from ledger.carbon.summary import (
    Basis,
    admit,
    basis_of,
    encode_basis,
    ground_from,
    summarise,
)
from ledger.errors import LedgerError
from ledger.fold.state import Overlay
from ledger.log.values import format_decimal
from tests.unit.world import World, profile, reading, salt

POWER = "acme/plant/power"
BILLS = "acme/plant/bills"
START = datetime(2018, 1, 31, 10, tzinfo=UTC)
"""Six hours before the month ends in Shanghai."""
bounded = settings(max_examples=60, deadline=None)


def at(quarter: int) -> str:
    moment = START + quarter * timedelta(minutes=15)
    return moment.isoformat().removesuffix("+00:00") + "Z"


quantities = st.one_of(
    st.integers(0, 10**16).map(lambda tiny: format_decimal(tiny, 12)),
    st.integers(0, 10**5).map(lambda cents: format_decimal(cents, 2)),
    st.sampled_from(["0", "0.000000000001", "999999999999999999.999999999999", "5"]),
    st.sampled_from(["1.50", "01", "-1", "1e3", "", "٣"]),
)
good = st.integers(0, 10**5).map(lambda cents: format_decimal(cents, 2))
members = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.sampled_from(["MWh", "kWh", "t"]),
        "estimated": st.just(True),
        "quality": st.sampled_from(["H", "L"]),
        "confirm": st.just("seen by the operator"),
        "reference": st.sampled_from(["a", "b", "c"]),
        "factors": st.just({"location": "operator/grid@2"}),
    },
)


@st.composite
def plain(draw: st.DrawFn) -> list[object]:
    """Readings one after the other, some left out, some longer, a few not plain at all."""
    events: list[object] = []
    quarter = draw(st.one_of(st.integers(-4, 20), st.integers(105, 140)))
    for _ in range(draw(st.integers(1, 30))):
        length = draw(st.sampled_from([1, 1, 1, 1, 4, 100]))
        odd = draw(st.integers(0, 19)) == 0
        more: dict[str, object] = draw(members) if odd else {}
        quantity = draw(quantities) if odd else draw(good)
        events.append(reading(at(quarter), at(quarter + length), quantity, **more))
        quarter += length + draw(st.sampled_from([0, 0, 0, 0, 0, 1, -1]))
    return events


@st.composite
def profiles(draw: st.DrawFn) -> list[object]:
    events: list[object] = []
    quarter = draw(st.one_of(st.integers(-4, 20), st.integers(105, 140)))
    for _ in range(draw(st.integers(1, 6))):
        found: list[str | None] = draw(
            st.lists(st.one_of(good, good, good, st.none()), min_size=1, max_size=30)
        )
        odd = draw(st.integers(0, 9)) == 0
        drawn: dict[str, object] = draw(members) if odd else {}
        more = {k: v for k, v in drawn.items() if k != "estimated"}
        places = [n for n, quantity in enumerate(found) if quantity is not None]
        if draw(st.booleans()) and places:
            more["estimated"] = tuple(places[:2])
        events.append(profile(at(quarter), 900, found, **more))
        quarter += len(found) + draw(st.sampled_from([0, 0, 0, 3, -1]))
    return events


def metered(*, plausible: bool, closed: bool) -> World:
    """A meter whose factor, line and range change in the hours that readings fall in."""
    world = World()
    world.party("acme")
    world.factor("grid", gases_kg_per_unit={"CO2": "0.5827", "N2O": "0.0000012"})
    world.factor("grid", CO2="0.123456789012", version="2", valid=("2018-02-02", "2018-02-03"))
    more = {"plausible": ("0.5", "900")} if plausible else {}
    world.source(POWER, location="operator/grid@1", **more)
    world.source(BILLS, kind="discrete", location="operator/grid@1")
    events = [
        FactorAssigned(
            salt=salt(),
            source=POWER,
            role="location",
            factor="operator/grid@2",
            from_=at(9),
            reason="newer",
        ),
        SourceAmended(
            salt=salt(), source=POWER, from_=at(13), reason="moved", key_area="construction"
        ),
    ]
    if closed:
        events.append(SourceClosed(salt=salt(), source=POWER, at=at(35), reason="gone"))
    world.post("acme", "acme/register", events)
    return world


def post_all(world: World, stream: str, batches: Sequence[list[object]]) -> None:
    for events in batches:
        with contextlib.suppress(LedgerError):
            world.post("acme", stream, events)  # type: ignore[arg-type]


@bounded
@given(
    st.lists(st.one_of(plain(), profiles()), min_size=1, max_size=4),
    st.fixed_dictionaries({"plausible": st.booleans(), "closed": st.booleans()}),
)
def test_a_summary_adds_what_the_events_add_one_by_one(
    batches: list[list[object]], more: dict[str, bool]
):
    post_all(metered(**more), POWER, batches)


@bounded
@given(st.lists(plain(), min_size=1, max_size=4))
def test_a_summary_of_bills_adds_what_the_bills_add_one_by_one(batches: list[list[object]]):
    post_all(metered(plausible=False, closed=False), BILLS, batches)


def simple() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source(POWER, location="operator/grid@1")
    return world


def basis(world: World) -> Basis:
    found = basis_of(world.state, POWER)
    assert found is not None
    return found


def test_plain_readings_and_profiles_have_a_summary():
    world = simple()
    world.post("acme", POWER, [reading(at(n), "PT15M", "1.5") for n in range(100)])
    world.post("acme", POWER, [profile(at(100), 900, ["1", None, "2.25"] * 30)])
    assert world.summed == 2


@pytest.mark.parametrize(
    "more",
    [
        {"factors": {"location": "operator/grid@1"}},
        {"register": RegisterReading(meter="m", from_="0", to="1", digits=6, multiplier="1")},
    ],
    ids=["a factor of its own", "a register"],
)
def test_readings_that_stand_on_more_than_their_source_have_none(more: dict[str, object]):
    world = simple()
    events = [reading(at(0), "PT15M", "1", **more)]
    assert summarise(ground_from(encode_basis(basis(world))), events) is None
    world.post("acme", POWER, events)
    assert world.summed == 0


def test_a_basis_no_longer_holds_when_its_source_has_changed():
    world = simple()
    before = basis(world)
    assert before.holds(world.state)
    amended = SourceAmended(
        salt=salt(), source=POWER, from_=at(0), reason="moved", key_area="construction"
    )
    world.post("acme", "acme/register", [amended])
    assert not before.holds(world.state)
    assert basis(world).holds(world.state)


def test_a_summary_whose_time_is_taken_changes_nothing():
    world = simple()
    events = [reading(at(n), "PT15M", "1") for n in range(4)]
    summary = summarise(ground_from(encode_basis(basis(world))), events)
    assert summary is not None
    assert summary.runs == ((int(START.timestamp()), int(START.timestamp()) + 3600),)
    world.post("acme", POWER, [reading(at(3), "PT15M", "7")])
    overlay, rows = Overlay(world.state), EntryRows()
    assert not admit(overlay, POWER, summary, rows)
    assert not overlay.changes
    assert not rows.masses

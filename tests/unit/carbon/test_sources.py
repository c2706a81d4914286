"""What may be a source: its stream, site, activity, unit, scope, meters above it, and its end.

Source: accounting rules, section 3 (Source); events, the table.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.carbon.events import SourceAmended, SourceClosed
from ledger.carbon.pieces import SOURCE, SourcePiece
from ledger.errors import BadValue, Conflict, LedgerError, NotAuthorised, RuleBroken
from tests.unit.world import World, body, profile, reading, salt, site, source

POWER = "acme/plant/power"
T0 = "2018-01-01T00:00:00+08:00"
FEBRUARY = "2018-02-01T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    return world


def register(world: World, *events: object) -> None:
    world.post("acme", "acme/register", events)  # type: ignore[arg-type]


def amended(from_: str = FEBRUARY, **members: object) -> SourceAmended:
    return SourceAmended(
        salt=salt(),
        source=POWER,
        from_=from_,
        reason="moved",
        **members,  # type: ignore[arg-type]
    )


def closed(at: str, stream: str = POWER) -> SourceClosed:
    return SourceClosed(salt=salt(), source=stream, at=at, reason="meter removed")


def piece(world: World) -> SourcePiece:
    found = world.state.get(SOURCE, POWER)
    assert found is not None
    return found


# --- registration ------------------------------------------------------------------------------


def test_a_source_is_registered_once(world: World):
    with pytest.raises(Conflict, match="registered already"):
        register(world, source(POWER))


REFUSED: dict[str, tuple[Callable[[], object], type[LedgerError]]] = {
    "a stream of another party": (lambda: source("other/plant/power"), RuleBroken),
    "a reserved stream": (lambda: source("acme/plant/ledger"), NotAuthorised),
    "an unknown site": (lambda: source("acme/x/y", site="nowhere"), RuleBroken),
    "an unknown activity": (lambda: source("acme/x/y", activity="electricity.magic"), BadValue),
    "a scope that is not the activity's": (lambda: source("acme/x/y", scope=1), RuleBroken),
    "a category that is not the activity's": (
        lambda: source("acme/x/y", scope=3, category=6),
        RuleBroken,
    ),
    "a category outside Scope 3": (lambda: source("acme/x/y", category=3), RuleBroken),
    "a unit of another dimension": (lambda: source("acme/x/y", unit="kg"), RuleBroken),
    "an unknown unit": (lambda: source("acme/x/y", unit="KWH"), BadValue),
    "an unknown key area": (lambda: source("acme/x/y", key_area="finance"), BadValue),
    "a key area that is not the activity's": (
        lambda: source("acme/x/y", activity="household.electricity"),
        RuleBroken,
    ),
    "a GPC line that is not the activity's": (lambda: source("acme/x/y", gpc="IV.1"), BadValue),
    "a stock without a balance group": (lambda: source("acme/x/y", flow="opening"), RuleBroken),
    "a plausible range upside down": (
        lambda: source("acme/x/y", plausible=("10", "9")),
        BadValue,
    ),
    "a main meter that is not registered": (
        lambda: source("acme/x/y", part_of="acme/plant/main"),
        RuleBroken,
    ),
    "a meter above itself": (lambda: source("acme/x/y", part_of="acme/x/y"), RuleBroken),
    "an unknown factor": (lambda: source("acme/x/y", location="operator/none@1"), RuleBroken),
    "a factor for a role that the activity has not": (
        lambda: source("acme/x/y", direct="operator/grid@1"),
        RuleBroken,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_source_cannot_have(world: World, name: str):
    event, error = REFUSED[name]
    with pytest.raises(error):
        register(world, event())


def test_a_boiler_cannot_be_posted_as_scope_3(world: World):
    boiler = {"activity": "fuel.natural-gas", "unit": "m3", "scope": 3, "category": 1}
    with pytest.raises(RuleBroken, match=r"scope of fuel\.natural-gas"):
        register(world, source("acme/x/boiler", **boiler))


def test_a_main_meter_of_another_party_is_refused(world: World):
    world.party("other")
    world.source("other/plant/main")
    with pytest.raises(RuleBroken, match="another registered source of acme"):
        register(world, source("acme/x/y", part_of="other/plant/main"))


def test_no_circle_of_meters_leads_back_however_long(world: World):
    register(world, source("acme/m/2", part_of=POWER), source("acme/m/3", part_of="acme/m/2"))
    with pytest.raises(RuleBroken, match="no circle"):
        register(world, amended(part_of="acme/m/3"))


def test_a_site_is_registered_once_and_by_its_party(world: World):
    with pytest.raises(Conflict, match="site"):
        register(world, site("plant"))
    world.party("other")
    world.post("other", "other/register", [site("plant")])


# --- amendments --------------------------------------------------------------------------------


def test_an_amendment_moves_recorded_readings_to_another_line_as_a_delta(world: World):
    readings = [reading(T0, "P1D", "10"), reading(FEBRUARY, "P1D", "20")]
    world.post("acme", POWER, readings)
    before = world.size
    old = world.rows()
    register(world, amended(key_area="energy"))
    masses = {key[2:4]: row[0] for key, row in world.rows().items() if key[0] == "mass"}
    assert masses == {("0", "2018-01"): 5_000_000, ("1", "2018-02"): 10_000_000}
    assert world.rows(before) == old
    assert world.total() == 15_000_000
    assert [line.key_area for line in world.lines] == ["industry", "energy"]


def test_an_amendment_holds_for_later_readings_from_its_time_on(world: World):
    register(world, amended(key_area="energy"))
    world.post("acme", POWER, [reading(T0, "P1D", "10"), reading(FEBRUARY, "P1D", "20")])
    lines = {key[3]: key[2] for key in world.rows() if key[0] == "mass"}
    assert lines == {"2018-01": "0", "2018-02": "1"}


def test_an_amendment_of_an_earlier_time_does_not_undo_a_later_one(world: World):
    register(world, amended(key_area="energy"))
    register(world, amended(T0, name="Main meter"))
    terms = piece(world).terms_at
    assert [terms(s).key_area for s in (1514736000, 1517500800)] == ["industry", "energy"]
    assert terms(1517500800).name == "Main meter"


def test_amendments_count_in_the_order_of_their_times_and_not_of_their_posting(world: World):
    register(world, amended(FEBRUARY, key_area="energy"), amended(T0, key_area="planning"))
    terms = piece(world).terms_at
    instants = (1514735999, 1514736000, 1517414399, 1517414400)
    assert [terms(at_s).key_area for at_s in instants] == [
        "industry",
        "planning",
        "planning",
        "energy",
    ]


def test_amending_back_uses_the_first_line_again(world: World):
    world.post("acme", POWER, [reading(FEBRUARY, "P1D", "20")])
    original = world.rows()
    register(world, amended(key_area="energy"))
    register(world, amended(key_area="industry"))
    assert world.rows() == original
    assert len(world.lines) == 2


def test_an_amendment_at_the_same_time_adds_to_the_first(world: World):
    register(world, amended(name="Meter"), amended(key_area="energy"))
    terms = piece(world).terms_at(1517500800)
    assert (terms.name, terms.key_area) == ("Meter", "energy")


def test_an_amendment_that_changes_nothing_or_something_wrong_is_refused(world: World):
    for event in (
        amended(),
        amended(site="nowhere"),
        amended(key_area="finance"),
        amended(gpc="IV.1"),
        amended(category=3),
        amended(plausible=("2", "1")),
        amended(part_of=POWER),
        amended("2018-02-31T00:00:00Z", name="x"),
    ):
        with pytest.raises(LedgerError):
            register(world, event)


def test_only_a_registered_source_of_the_party_is_amended(world: World):
    world.party("other")
    with pytest.raises(RuleBroken, match="registered source of other"):
        world.post("other", "other/register", [amended(name="mine")])


# --- closing -----------------------------------------------------------------------------------


def test_a_closed_source_takes_readings_up_to_its_end_and_no_further(world: World):
    register(world, closed(FEBRUARY))
    world.post("acme", POWER, [reading(T0, FEBRUARY, "10")])
    for late in (
        reading(FEBRUARY, "PT15M", "1"),
        profile(FEBRUARY, 900, [None, "1"]),
    ):
        with pytest.raises(RuleBroken, match="closed"):
            world.post("acme", POWER, [late])


def test_a_source_with_later_readings_is_not_closed(world: World):
    world.post("acme", POWER, [reading(FEBRUARY, "P1D", "1")])
    with pytest.raises(RuleBroken, match=f"{POWER}@1 ends later"):
        register(world, closed(FEBRUARY))
    world.correct(f"{POWER}@1", None)
    register(world, closed(FEBRUARY))


def test_a_source_is_closed_once(world: World):
    register(world, closed(FEBRUARY))
    with pytest.raises(RuleBroken, match="closed already"):
        register(world, closed(FEBRUARY))


def test_a_reading_before_the_end_can_still_be_corrected(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    register(world, closed(FEBRUARY))
    world.correct(f"{POWER}@1", body(T0, "P1D", "11"))
    with pytest.raises(RuleBroken, match="closed"):
        world.correct(f"{POWER}@1", body(FEBRUARY, "P1D", "11"), f"{POWER}/corrections@1")
    assert world.total() == 5_500_000

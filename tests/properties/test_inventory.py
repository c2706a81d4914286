"""An inventory is the same whatever the order of posting and however it is split into batches."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon.area.passing import passed_on
from ledger.carbon.inventory.boundary import shared
from ledger.carbon.inventory.completeness import completeness
from ledger.carbon.inventory.inventory import METHODS, Inventory, inventory
from ledger.carbon.inventory.quality import quality
from ledger.carbon.inventory.uncertainty import Uncertain, uncertainty
from ledger.carbon.rulepack import load
from ledger.log.values import format_decimal
from tests.unit.carbon.inventory.plants import POWER, SOLAR, readings_at_hand, with_site, works
from tests.unit.world import World, base_year, body, matched, reading

START = datetime.fromisoformat("2026-01-30T00:00:00+08:00")
PERIOD = ("2026-01", "2026-03")
SIZES = settings(max_examples=40, deadline=None)
OFFICE = "acme/office/power"
TENANT = "beta/shop/power"
STREAMS = (POWER, OFFICE, SOLAR)

quantities = st.integers(0, 10**15).map(lambda tiny: format_decimal(tiny, 12))
shares = st.sampled_from(["0", "1", "0.5", "0.333333333333", "0.000001"])
slots = st.lists(
    st.tuples(
        st.sampled_from(STREAMS), st.integers(0, 71), st.sampled_from([1, 2, 3]), quantities,
        st.sampled_from([None, "H", "M", "L"]),
    ),
    min_size=1, max_size=25, unique_by=lambda slot: slot[:2],
)  # fmt: skip


def free(
    drawn: list[tuple[str, int, int, str, str | None]],
) -> list[tuple[str, int, int, str, str | None]]:
    """Those that overlap no earlier one of their stream."""
    taken: set[tuple[str, int]] = set()
    found = []
    for stream, hour, length, quantity, grade in drawn:
        hours = {(stream, hour + at) for at in range(length)}
        if not hours & taken:
            taken |= hours
            found.append((stream, hour, length, quantity, grade))
    return found


def settled(share: str, interval: str) -> World:
    world = works(uncertainty_percent="2")
    with_site(world, "office")
    world.source(OFFICE, site="office", location="operator/grid@1")
    world.source(SOLAR, activity="electricity.generated-own-use", scope=None)
    world.boundary("acme", "2026-01", "equity", plant=share, office="1")
    world.say("acme", matched(POWER, SOLAR, "2026-01", interval))
    world.party("beta")
    world.source(TENANT, location="operator/grid@1", kind="discrete")
    event = world.transfer(OFFICE, "beta", "2026-01", "1.5", "kWh", kind="pass-through")
    world.acknowledge(event, TENANT, "1.5", "kWh")
    return world


def post(world: World, batches: list[list[tuple[str, int, int, str, str | None]]]) -> None:
    for batch in batches:
        for stream in STREAMS:
            events = [
                reading(
                    (START + timedelta(hours=hour)).isoformat(), f"PT{length}H", quantity,
                    quality=grade,
                )
                for of, hour, length, quantity, grade in batch
                if of == stream
            ]  # fmt: skip
            if events:
                world.post("acme", stream, events)


def figures(world: World) -> dict[str, object]:
    known, pack = world.known(*PERIOD), load("2")
    found = inventory(known, pack, "acme", readings_at_hand(world, known))
    return {
        "masses": {(m, s): found.masses(m, scope=s) for m in METHODS for s in (1, 2, 3)},
        "terms": [(term.heading, term.column, term.counted.mass_mg) for term in found.terms],
        "market": [(one.month, one.used, one.matched, one.mass_mg) for one in found.market],
        "lacking": completeness(known, pack, "acme").gaps,
        "quality": quality(known, pack, "acme").activity,
    }


@SIZES
@given(slots, st.data(), shares, st.sampled_from(["hour", "month"]))
def test_any_order_and_any_split_into_batches_give_the_same_inventory(
    drawn: list[tuple[str, int, int, str, str | None]],
    data: st.DataObject,
    share: str,
    interval: str,
):
    ordered = sorted(free(drawn))
    one = settled(share, interval)
    post(one, [ordered])
    shuffled = data.draw(st.permutations(ordered))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    other = settled(share, interval)
    bounds = [0, *cuts, len(shuffled)]
    post(other, [list(shuffled[a:b]) for a, b in itertools.pairwise(bounds)])
    assert figures(other) == figures(one)


@SIZES
@given(slots, st.data(), shares)
def test_what_was_known_at_a_size_stays_what_was_known_then(
    drawn: list[tuple[str, int, int, str, str | None]], data: st.DataObject, share: str
):
    world = settled(share, "month")
    post(world, [sorted(free(drawn))])
    size, before = world.size, at_size(world, world.size)
    live = [name for name in world.state.bodies if name.startswith(POWER)]
    for name in data.draw(st.lists(st.sampled_from(live), unique=True)) if live else ():
        world.correct(name, None)
    world.boundary("acme", "2026-01", "equity", plant="0.25")
    world.say("acme", matched(POWER, None, "2026-01"), base_year(2026, size))
    assert at_size(world, size).terms == before.terms
    assert at_size(world, size).market == before.market


def at_size(world: World, size: int) -> Inventory:
    return inventory(world.known(*PERIOD, size=size), load("2"), "acme")


@SIZES
@given(slots, shares)
def test_a_corrected_inventory_is_that_of_what_it_says_now(
    drawn: list[tuple[str, int, int, str, str | None]], share: str
):
    taken = sorted(free(drawn))
    right, wrong = settled(share, "month"), settled(share, "month")
    post(right, [taken])
    post(wrong, [[(stream, hour, length, "1", None) for stream, hour, length, _, _ in taken]])
    numbers: dict[str, int] = {}
    for stream, hour, length, quantity, grade in taken:
        numbers[stream] = numbers.get(stream, 0) + 1
        start = (START + timedelta(hours=hour)).isoformat()
        wrong.correct(
            f"{stream}@{numbers[stream]}", body(start, f"PT{length}H", quantity, quality=grade)
        )
    assert figures(wrong) == figures(right)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.fractions(0, 1))
def test_shares_of_many_months_stray_from_the_exact_by_half_a_milligram_each(
    masses: list[int], share: Fraction
):
    found = sum(shared(mass_mg, share) for mass_mg in masses)
    assert abs(found - sum(masses) * share) * 2 <= len(masses)


@SIZES
@given(st.lists(st.integers(1, 4 * 10**12), min_size=1, max_size=6), st.integers(0, 10**13))
def test_what_is_passed_on_is_never_more_than_what_was_bought(sent: list[int], bought: int):
    world = settled("1", "month")
    world.post("acme", OFFICE, [reading(START.isoformat(), "PT1H", format_decimal(bought, 12))])
    for quantity in sent:
        text = format_decimal(quantity, 12)
        event = world.transfer(OFFICE, "beta", "2026-01", text, "kWh", kind="pass-through")
        world.acknowledge(event, TENANT, text, "kWh")
    known = world.known(*PERIOD)
    passed = passed_on(known)
    for row in known.masses:
        place = row.line.stream, row.line.line, row.month, row.role, row.gas
        assert 0 <= passed.lowered.get(place, 0) <= row.mass_mg
    handed_on = passed.shares.get((OFFICE, "2026-01"), Fraction(0))
    assert 0 <= handed_on <= 1
    agreed = Fraction(3, 2) + Fraction(sum(sent), 10**12)
    stayed_open = sum(one.beyond for one in passed.open)
    assert handed_on * Fraction(bought, 10**12) + stayed_open == agreed


percent = st.none() | st.floats(0, 100)
parts = st.lists(
    st.builds(
        Uncertain,
        amount=st.floats(0, 10**6),
        source_year=st.sampled_from(["a 2026", "b 2026", "c 2026"]),
        activity_percent=percent,
        factor=st.sampled_from([None, "grid", "gas"]),
        factor_percent=percent,
    ),
    max_size=12,
)


@given(parts, st.randoms(use_true_random=False))
def test_uncertainty_asks_for_no_order_and_lies_between_its_bounds(
    drawn: list[Uncertain], random: object
):
    found = uncertainty(drawn)
    turned = list(drawn)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert abs(uncertainty(turned).half_width - found.half_width) <= 1e-9 * (1 + found.half_width)
    most = sum(
        part.amount * ((part.activity_percent or 0) + (part.factor_percent or 0)) / 100
        for part in drawn
    )
    assert 0 <= found.half_width <= most * (1 + 1e-9) + 1e-9

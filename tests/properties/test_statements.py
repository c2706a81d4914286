"""What parties state: in any order the same is known, and no order gets around a guard.

Source: accounting rules, sections 3 to 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ledger.carbon.area.guard import minimum_people
from ledger.carbon.events import RegisterReading
from ledger.carbon.organisation.pieces import ORGANISATION, POPULATION
from ledger.carbon.rulepack import load
from ledger.errors import LedgerError
from tests.unit.world import (
    World,
    base_year,
    boundary,
    declared,
    installed,
    matched,
    reading,
    removed,
)

EVENT = re.compile(rb'"?[a-z]+/register@[0-9]+"?')
INDEX = re.compile(rb'"(index|voided)":[0-9]+')

GAS, SUN, HEAT = "acme/plant/gas", "acme/plant/sun", "mill/plant/heat"
USES = ("acme/plant/power", "acme/plant/hall", "acme/plant/yard")

Said = Callable[[World], object]

STATEMENTS: tuple[Said, ...] = (
    lambda w: w.boundary("acme", "2026-01", plant="1"),
    lambda w: w.say("mill", boundary("2026-03", {"plant": "0.5"}, approach="equity")),
    lambda w: w.say("acme", base_year(2025, 1)),
    lambda w: w.say("acme", declared("scope3.4", "NE")),
    lambda w: w.say("mill", declared("iii.1.2", "NO", "2027")),
    lambda w: w.fact("acme", "headcount", "2026", "7", "person"),
    lambda w: w.fact("acme", "headcount", "2027", "8", "person"),
    lambda w: w.area_fact("population", "2026", "9000", "person"),
    lambda w: w.residents("north/homes", "1000"),
    lambda w: w.residents("north/homes", "1200", "2027"),
    lambda w: w.say("acme", matched(USES[0], SUN, "2026-01")),
    lambda w: w.say("acme", installed(USES[1], "m1", "2026-01-01T00:00:00Z", "5")),
    lambda w: w.transfer(GAS, None, "2026-02", "7", "GJ"),
    lambda w: w.target("operator", "neutral", view="park", base_size=0),
    lambda w: w.target("acme", "neutral", base_size=0),
    lambda w: w.acknowledge(w.transfer(GAS, "mill", "2026-01", "3", "GJ"), HEAT, "2", "GJ"),
)
"""Statements of which none is about what another one says."""


def prepared() -> World:
    world = World()
    for party in ("acme", "mill"):
        world.party(party)
    world.party("north", "aggregate")
    world.site("north/homes")
    for stream in USES:
        world.source(stream)
    world.source(GAS, activity="fuel.natural-gas", unit="m3@0C", scope=1)
    own = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    for stream in (SUN, "acme/plant/wind"):
        world.source(stream, **own)
    world.source(HEAT, activity="steam.purchased", unit="GJ")
    return world


def known(world: World) -> list[tuple[str, bytes, bytes]]:
    """All that is known, without the places where it was said."""
    found = []
    for (kind, key), piece in world.pieces().items():
        if kind not in ("ledger", "party", "key"):
            plain = INDEX.sub(rb'"\1":0', EVENT.sub(b'"said"', piece))
            found.append((kind, EVENT.sub(b"said", key.encode()), plain))
    return sorted(found)


def in_parts(statements: bytes) -> list[bytes]:
    """The parts of a piece in an order of their own, since a piece keeps that of the log."""
    return sorted(re.split(rb"[\[\]{}]", statements))


@given(st.permutations(STATEMENTS))
def test_the_order_of_independent_statements_does_not_matter(order: list[Said]):
    there, back = prepared(), prepared()
    for say in STATEMENTS:
        say(there)
    for say in order:
        say(back)
    one, other = known(there), known(back)
    assert [(kind, key) for kind, key, _ in one] == [(kind, key) for kind, key, _ in other]
    for (_, _, mine), (_, _, yours) in zip(one, other, strict=True):
        assert in_parts(mine) == in_parts(yours)


PEOPLE = st.one_of(st.integers(90, 130), st.integers(0, 500), st.sampled_from([100, 200, 201, 300]))
PERIODS = st.sampled_from(["2025", "2026", "2027", "2026-01", "2026-02"])


@given(st.lists(st.tuples(PERIODS, PEOPLE), max_size=12))
def test_no_two_numbers_of_residents_differ_by_a_small_group(stated: list[tuple[str, int]]):
    world = World()
    least = minimum_people(load("2"))
    assert least is not None
    latest: dict[str, str] = {}
    for period, people in stated:
        more = {"supersedes": latest[period]} if period in latest else {}
        try:
            if period in latest:
                latest[period] = world.area_fact(
                    "population", period, str(people), "person", sub_area="north/homes", **more
                )
            else:
                latest[period] = world.residents("north/homes", str(people), period)
        except LedgerError:
            continue
        piece = world.state.get(POPULATION, "north/homes")
        assert piece is not None
        found = [int(people) for *_, people in piece.periods]
        assert min(found) >= least
        assert all(
            one == other or abs(one - other) >= least for one, other in combinations(found, 2)
        )


MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
MATCHED = st.tuples(
    st.sampled_from(USES), st.sampled_from([SUN, "acme/plant/wind", None]), st.sampled_from(MONTHS)
)


@given(st.lists(MATCHED, max_size=14))
def test_no_supply_ever_backs_two_sources_in_a_month(said: list[tuple[str, str | None, str]]):
    world = prepared()
    for use, supply, month in said:
        try:
            world.say("acme", matched(use, supply, month))
        except LedgerError:
            continue
        piece = world.state.get(ORGANISATION, "acme")
        assert piece is not None
        for at in [*MONTHS, "2030-01"]:
            holding = {}
            for one in sorted(piece.matchings, key=lambda m: (m.from_month, m.index)):
                if one.from_month <= at:
                    holding[one.source] = one.supply
            backing = [supply for supply in holding.values() if supply is not None]
            assert len(set(backing)) == len(backing)


STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "skip", "replace", "withdraw"]), st.integers(0, 99)),
    max_size=20,
)


@given(STEPS)
def test_what_meters_count_is_what_their_registers_turned(steps: list[tuple[str, int]]):
    world, stream = prepared(), USES[0]
    day, number, shown, turned = 0, 1, 50, 0
    live: list[tuple[str, int]] = []

    def at(days: int) -> str:
        return f"2026-{1 + days // 28:02d}-{1 + days % 28:02d}T00:00:00Z"

    world.say("acme", installed(stream, "m1", at(0), "50", digits=2))
    for step, amount in steps:
        meter = f"m{number}"
        if step == "read":
            to, over = (shown + amount) % 100, (shown + amount) // 100
            register = RegisterReading(
                meter=meter, from_=str(shown), to=str(to), digits=2, multiplier="1", rollover=over
            )
            posted = world.post(
                "acme", stream, [reading(at(day), at(day + 1), str(amount), register=register)]
            )
            live.append((f"{stream}@{posted.entry.first}", shown))
            shown, day, turned = to, day + 1, turned + amount
        elif step == "skip":
            day += 1
        elif step == "withdraw" and live:
            event, before = live.pop()
            quantity = int(world.state.bodies[event][0].quantity)  # type: ignore[union-attr]
            world.correct(event, None)
            shown, turned = before, turned - quantity
        elif step == "replace":
            world.say("acme", removed(stream, meter, at(day), str(shown)))
            number, shown, live = number + 1, amount, []
            world.say("acme", installed(stream, f"m{number}", at(day), str(shown), digits=2))
    used = world.known("2026-01", "2027-01").activity
    assert sum(int(row.quantity) for row in used if row.line.stream == stream) == turned

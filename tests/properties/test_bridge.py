"""The bridge closes for any park: whatever is posted, transferred, acknowledged or left open.

Parks are made of every activity of the catalogue, under any line it allows or none, at sites inside
and outside, of companies, public bodies and residents; of transfers of all kinds between any of
their streams, in other quantities than were recorded, acknowledged or not, priced at will.
`bridge` raises where its two paths do not meet.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon import rulepack
from ledger.carbon.area.amounts import Columns, amounts
from ledger.carbon.area.area import AreaFigure, area_figure, area_terms
from ledger.carbon.area.bridge import bridge
from ledger.carbon.area.passing import passed_on
from ledger.carbon.area.pieces import Acknowledged, TransferPiece
from ledger.carbon.area.transfers import transfers
from ledger.carbon.known import Known, KnownParty
from ledger.carbon.pieces import FactorPiece
from ledger.carbon.rows import ActivityRow, LineRow, MassRow
from ledger.log.names import party_of
from tests.unit.carbon.area.park import STEAM, used, worked_park

PACK = rulepack.load("2")
VIEWS = ("companies", "gpc-basic", "gpc-basic-plus", "park", "territorial")
YEAR = ("2026-01", "2027-01")
MONTHS = ("2026-01", "2026-02")
UNITS = ("kWh", "GJ", "kWh", "GJ", "kWh", "GJ", "t")
GASES = ("CO2", "CO2_bio", "CH4_bio", "HFC-32", "CO2e_AR5", "HCFC-22")
PARTIES = {
    "acme": ("company",),
    "mill": ("company",),
    "heat": ("company", "public-body"),
    "town": ("public-body",),
    "homes": ("aggregate",),
    "judge": ("certifier",),
}

many = settings(max_examples=max(2_000, settings().max_examples))
some = settings(max_examples=max(150, settings().max_examples // 5))


class Choice(NamedTuple):
    """A place that the catalogue allows a source to have."""

    activity: str
    scope: int | None
    category: int | None
    key_area: str
    gpc: str | None


CHOICES = [
    Choice(one.activity, place.scope, category, one.key_areas[at % len(one.key_areas)], gpc)
    for at, one in enumerate(PACK.activities.values())
    for place in one.placements
    for category in (place.categories[:1] or (None,))
    for gpc in (None, *one.gpc)
]
# Most of the catalogue is alike, and transfers are between these.
ENERGY = [c for c in CHOICES if c.activity in ("fuel.natural-gas", "electricity.generated-own-use")]
BOUGHT = [c for c in CHOICES if c.activity.endswith(".purchased") and c.scope == 2]


def factors() -> dict[str, FactorPiece]:
    """Prices of energy: per kWh, per GJ, of several gases, and one whose unit nothing meets."""
    given_gases = {
        "grid": ("electricity.purchased", "kWh", (("CO2", "5827", "10000"),)),
        "steam": ("steam.exported", "GJ", (("CH4_bio", "1", "3"), ("CO2", "60", "1"))),
        "gas": ("fuel.natural-gas", "m3", (("CO2", "2165", "1000"),)),
    }
    return {
        f"operator/{name}@1": FactorPiece(
            ref=f"operator/{name}@1",
            activity=activity,
            unit=unit,
            kind="supplier",
            region="CN-JS",
            year=2026,
            valid=("2000-01-01", "2050-01-01"),
            valid_s=(0, 2**40),
            gases=gases,
            event="operator/factors@1",
            title="made up for a property",
        )
        for name, (activity, unit, gases) in given_gases.items()
    }


FACTORS = factors()
PRICES = [*FACTORS, *FACTORS, "operator/grid@1", "operator/steam@1"]


def park(seed: int, streams: int, sent: int) -> Known:
    """A park with so many streams, and transfers that were sent; the seed decides all else."""
    chance = Random(seed)  # noqa: S311  (hypothesis draws the seed)
    rows = [line(chance, at) for at in range(streams)]
    found = [recorded(chance, row) for row in rows]
    return Known(
        size=100,
        area="Park",
        operator="operator",
        timezone="Asia/Shanghai",
        rules="2",
        period=("2026-01", "2026-03"),
        parties={
            party: KnownParty(party=party, name=party, roles=roles)
            for party, roles in PARTIES.items()
        },
        sources={},
        masses=[mass for masses, _ in found for mass in masses],
        activity=[use for _, uses in found for use in uses],
        organisations={},
        facts=[],
        transfers=[transfer(chance, at, rows) for at in range(sent)],
        targets=[],
        factors=FACTORS,
    )


parks = st.builds(park, st.integers(0, 2**48), st.integers(1, 14), st.integers(0, 12))


def line(chance: Random, at: int) -> LineRow:
    party = chance.choice([*PARTIES, "acme", "mill"])
    choice = chance.choice(chance.choice((CHOICES, ENERGY, BOUGHT, BOUGHT)))
    return LineRow(
        stream=f"{party}/site/s{at}",
        line=chance.randint(0, 1),
        party=party,
        activity=choice.activity,
        unit=chance.choice(UNITS),
        scope=choice.scope,
        category=choice.category,
        key_area=choice.key_area,
        site="site",
        region="CN-JS",
        inside=chance.random() < 0.8,
        flow="out" if chance.random() < 0.1 else "in",
        balance_group="stock" if chance.random() < 0.1 else None,
        part_of=f"{party}/site/main" if chance.random() < 0.1 else None,
        kind="discrete",
        gpc=choice.gpc,
    )


def recorded(chance: Random, row: LineRow) -> tuple[list[MassRow], list[ActivityRow]]:
    """In some months, roles and gases; small numbers often, since roundings are met there."""
    roles = PACK.activity(row.activity).roles
    months = chance.sample(MONTHS, chance.choice((0, 1, 2, 2)))
    masses = [
        MassRow(row, month, role, gas, mass(chance), 0)
        for month in months
        for role in chance.sample(roles, chance.randint(1, len(roles)))
        for gas in {"CO2", chance.choice(GASES)}
    ]
    return masses, [ActivityRow(row, month, quantity(chance), 1, 0) for month in months]


def mass(chance: Random) -> int:
    return chance.choice((chance.randint(0, 12), chance.randint(0, 10**9)))


def quantity(chance: Random) -> Decimal:
    return Decimal(chance.choice((chance.randint(0, 9), chance.randint(0, 10**6)))).scaleb(-3)


def transfer(chance: Random, at: int, rows: list[LineRow]) -> TransferPiece:
    kind = chance.choice(("energy", "energy", "energy", "pass-through", "carbon-carrier"))
    fitting = {"energy": (1, None), "pass-through": (2,), "carbon-carrier": (1, 2, 3, None)}[kind]
    senders = [row for row in rows if row.scope in fitting] or rows
    sender = chance.choice(senders)
    receiver = chance.choice([row for row in rows if row.scope == 2] or rows)
    # Rules see to it that what is passed on is in the unit of its purchase.
    unit = sender.unit if kind == "pass-through" else chance.choice(UNITS)
    abroad = kind != "pass-through" and chance.random() < 0.3
    sent = quantity(chance)
    told = sent if chance.random() < 0.5 else quantity(chance)
    answer = Acknowledged(
        index=at + 1,
        event=f"{receiver.party}/register@{at}",
        stream=receiver.stream,
        quantity=str(told),
        unit=unit,
    )
    prices = {role: chance.choice(PRICES) for role in ("direct", "location")}
    return TransferPiece(
        index=at,
        event=f"{sender.party}/register@{at}",
        month=chance.choice((*MONTHS, *MONTHS, "2026-03")),
        kind=kind,
        sender=sender.party,
        stream=sender.stream,
        to=None if abroad else receiver.party,
        quantity=str(sent),
        unit=unit,
        factors=tuple((role, ref) for role, ref in prices.items() if chance.random() < 0.8),
        acknowledged=() if abroad or chance.random() < 0.2 else (answer,),
        voided=chance.choice((None, None, None, None, None, at + 1, 1_000)),
    )


@many
@given(parks)
def test_the_bridge_of_every_view_closes(known: Known):
    for view in VIEWS:
        found = bridge(known, PACK, view)
        assert added(line.mass for line in found.lines) == found.area.total


@many
@given(parks)
def test_every_heading_adds_up_to_the_area(known: Known):
    for view in VIEWS:
        figure = area_figure(known, PACK, view)
        for headings in (figure.key_areas, figure.months, figure.lines, figure.groups):
            assert added(headings.values()) == figure.total


@many
@given(parks)
def test_transfers_take_off_no_more_than_there_is(known: Known):
    without = msgspec.structs.replace(known, transfers=[])
    for view in VIEWS:
        whole, less = figures(without, view), figures(known, view)
        assert all(less[key] <= mass_mg for key, mass_mg in whole.items())
        if view != "park":  # which deducts exports at another price
            broken = any(term.counted.mass_mg < 0 for term in area_terms(without, PACK, view))
            assert broken or all(mass_mg >= 0 for mass_mg in less.values())


@some
@given(parks)
def test_what_nobody_acknowledged_eliminates_nothing(known: Known):
    silent = [msgspec.structs.replace(one, acknowledged=()) for one in known.transfers]
    inside = [one for one in silent if one.to is not None]
    quiet = msgspec.structs.replace(known, transfers=inside)
    none = msgspec.structs.replace(known, transfers=[])
    for view in VIEWS:
        found = bridge(quiet, PACK, view)
        assert found.area.total == area_figure(none, PACK, view).total
        in_force = [one for one in inside if one.month != "2026-03" and one.voided in (None, 1_000)]
        assert sorted(one.event for one in found.open) == sorted(one.event for one in in_force)


@some
@given(parks, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_transfers_changes_nothing(known: Known, chance: Random):
    shuffled = [list(rows) for rows in (known.masses, known.activity, known.transfers)]
    for rows in shuffled:
        chance.shuffle(rows)
    masses, activity, sent = shuffled
    other = msgspec.structs.replace(known, masses=masses, activity=activity, transfers=sent)
    for view in VIEWS:
        assert area_figure(other, PACK, view) == area_figure(known, PACK, view)


@some
@given(parks)
def test_months_apart_add_up_to_the_period(known: Known):
    # A balance group is judged over the whole period, so it is left out here.
    rows = [row for row in known.masses if row.line.balance_group is None]
    known = msgspec.structs.replace(known, masses=rows)
    parts = [month_of(known, month, end) for month, end in itertools.pairwise((*MONTHS, "2026-03"))]
    for view in VIEWS:
        apart = added(area_figure(part, PACK, view).total for part in parts)
        assert apart == area_figure(known, PACK, view).total


@some
@given(parks)
def test_a_leg_or_share_is_never_more_than_its_row(known: Known):
    passed = passed_on(known)
    found = amounts(known, PACK, passed)
    flows = transfers(known, PACK, found, passed)
    there = {amount.key: max(amount.mass_mg, 0) for amount in found}
    for taken in (flows.moved, flows.legs):
        total: Counter[tuple[str, int, str, str, str]] = Counter()
        for one in taken:
            assert one.mass_mg > 0
            total[one.key] += one.mass_mg
        assert all(mass_mg <= there[key] for key, mass_mg in total.items())
    for rest in flows.open:
        assert Fraction(0) <= rest.counted <= rest.sent


def month_of(known: Known, month: str, end: str) -> Known:
    return msgspec.structs.replace(
        known,
        period=(month, end),
        masses=[row for row in known.masses if row.month == month],
        activity=[row for row in known.activity if row.month == month],
    )


def figures(known: Known, view: str) -> Counter[tuple[str, str]]:
    """Milligrams by (column, gas)."""
    return by_gas(area_figure(known, PACK, view))


def by_gas(figure: AreaFigure) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (name, gas): mass_mg
            for name in Columns.__struct_fields__
            for gas, mass_mg in getattr(figure.total, name).items()
        }
    )


def added(parts: Iterable[Columns]) -> Columns:
    """The sum of columns, without what is nothing."""
    found: dict[str, Counter[str]] = {name: Counter() for name in Columns.__struct_fields__}
    for part in parts:
        for name, counter in found.items():
            for gas, mass_mg in getattr(part, name).items():
                counter[gas] += mass_mg
    return Columns(
        **{
            name: {gas: mass_mg for gas, mass_mg in sorted(counter.items()) if mass_mg}
            for name, counter in found.items()
        }
    )


# What follows is posted: signed, decided and folded by the ledger's own rules.

posted = settings(max_examples=max(25, settings().max_examples // 50))
ENDS = {
    # kind: (sender's stream, receiver's stream, unit)
    "energy": ("a/plant/gas", "b/works/steam", "GJ"),
    "direct-line": ("c/tower/sun", "b/works/power", "kWh"),
    "pass-through": ("c/tower/power", "b/works/from-c", "kWh"),
    "district": ("a/plant/gas", "town/hall/heat", "GJ"),
    "carbon-carrier": ("b/works/kiln", "a/plant/gas", "t"),
}
sent_and_told = st.lists(
    st.tuples(
        st.sampled_from(sorted(ENDS)),
        st.integers(0, 120_000),
        st.none() | st.integers(0, 120_000),
        st.booleans(),
    ),
    max_size=6,
)


@posted
@given(sent_and_told)
def test_the_bridge_closes_over_posted_transfers(moves: list[tuple[str, int, int | None, bool]]):
    world = worked_park()
    heat = {"activity": "heat.purchased", "unit": "GJ", "gpc": "I.2.2", "site": "hall"}
    used(world, "town/hall/heat", "700", **heat, location="operator/heat@1")
    whole = {view: figures(world.known(*YEAR), view) for view in VIEWS}
    for name, sent, told, taken_back in moves:
        stream, receiver, unit = ENDS[name]
        kind = name if name in ("pass-through", "carbon-carrier") else "energy"
        price = {"direct": STEAM} if unit == "GJ" else {}
        to = party_of(receiver)
        event = world.transfer(stream, to, MONTHS[0], str(sent), unit, kind=kind, **price)
        if told is not None:
            world.acknowledge(event, receiver, str(told), unit)
        if taken_back:
            world.withdraw_transfer(event, MONTHS[0])
    known = world.known(*YEAR)
    for view in VIEWS:
        found = bridge(known, PACK, view)
        assert added(line.mass for line in found.lines) == found.area.total
        less = figures(known, view)
        assert all(0 <= less[key] <= mass_mg for key, mass_mg in whole[view].items())
        if view == "territorial":  # which has no Scope 2, so that nothing is there to eliminate
            assert less == whole[view]

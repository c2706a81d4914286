"""Masses are integers that add up in any order: parts to wholes, profiles to readings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon import coverage, rulepack
from ledger.carbon.exact import MG_PER_KG, TINY, divide_half_even, seconds, split_by_month, tiny
from ledger.errors import BadValue
from ledger.log.values import format_decimal, parse_time
from tests.unit.world import World, profile, reading

CALENDARS = [
    rulepack.load("1").calendar(zone)
    for zone in ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu")
]
FIRST_S, LAST_S = 978_307_200, 2_493_072_000  # 2001 to 2049, inside every calendar
FACTORS = ["0.5827", "0.000001", "0.333333333333", "123456.789", "0.0000000001"]
QUANTITIES = st.integers(0, 10**16).map(lambda tiny_units: format_decimal(tiny_units, 12))

instants = st.integers(FIRST_S, LAST_S)
amounts = st.integers(0, 10**30)


@given(st.sampled_from(CALENDARS), instants, st.integers(1, 5 * 366 * 86_400), amounts)
def test_the_parts_of_an_amount_add_up_to_it(
    calendar: rulepack.Calendar, start_s: int, length_s: int, amount: int
):
    end_s = min(start_s + length_s, calendar.end_s)
    parts = split_by_month(calendar, start_s, end_s, amount)
    assert sum(part for _, part in parts) == amount
    months = [month for month, _ in parts]
    assert months == sorted(set(months))
    assert months[0] == calendar.month_of(start_s)
    assert months[-1] == calendar.month_of(end_s - 1)
    for at, (month, part) in enumerate(parts):
        position = calendar.months.index(month)
        from_s = max(start_s, calendar.starts_s[position])
        until_s = min(end_s, calendar.ends_s(position))
        share = Fraction(amount * (until_s - from_s), end_s - start_s)
        assert part >= 0
        assert abs(part - share) <= 1, (at, month)


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_half_even_is_the_rounding_of_fractions(numerator: int, denominator: int):
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**20), 10**20))
def test_a_tie_goes_to_the_even_neighbour(whole: int):
    assert divide_half_even(2 * whole + 1, 2) % 2 == 0


def metered(factor: str, unit: str = "kWh") -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2=factor)
    world.source("acme/plant/power", unit=unit, location="operator/grid@1")
    return world


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(FACTORS),
    st.sampled_from(["kWh", "MWh", "MJ", "GJ"]),
    st.lists(st.none() | QUANTITIES, min_size=1, max_size=30).filter(any),
    st.sampled_from([60, 900, 3600, 86_400, 86_400 * 9]),
)
def test_a_profile_is_its_readings_rounded_once_a_month(
    factor: str, unit: str, quantities: list[str | None], interval_s: int
):
    start = "2018-01-30T21:30:00+08:00"
    one, many = metered(factor, unit), metered(factor, unit)
    posted = one.post("acme", "acme/plant/power", [profile(start, interval_s, quantities)])
    starts_s = [1_517_319_000 + at * interval_s for at in range(len(quantities))]
    readings = [
        reading(utc(at_s), utc(at_s + interval_s), quantity)
        for at_s, quantity in zip(starts_s, quantities, strict=True)
        if quantity is not None
    ]
    many.post("acme", "acme/plant/power", readings)

    def uses(world: World) -> dict[tuple[str, ...], tuple[int, ...]]:
        return {key: row for key, row in world.rows().items() if key[0] == "use"}

    assert uses(one) == uses(many)
    ratio = rulepack.load("1").ratio(unit, "kWh")
    for (_, _, month, _, _), (mass_mg, zeroed) in posted.rows.masses.items():
        amount = posted.rows.activity["acme/plant/power", 0, month][0]
        exact = Fraction(amount, TINY) * ratio * Fraction(factor) * MG_PER_KG
        assert mass_mg == round(exact)
        assert zeroed == (1 if exact and not mass_mg else 0)
        # Each single reading is rounded by itself, so the two differ by half a milligram each.
        singly = many.months().get(month, 0)
        assert abs(singly - exact) * 2 <= len(readings)


def utc(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().removesuffix("+00:00") + "Z"


@given(st.integers(0, 10**30 - 1))
def test_a_quantity_is_read_as_it_is_written(tiny_units: int):
    assert tiny(format_decimal(tiny_units, 12)) == tiny_units


@given(
    st.datetimes(
        min_value=datetime(1, 1, 3),  # noqa: DTZ001
        max_value=datetime(9999, 12, 29),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_time_is_read_as_the_instant_that_it_names(moment: datetime, offset_min: int):
    local = moment.replace(microsecond=0).astimezone(timezone(timedelta(minutes=offset_min)))
    text = local.isoformat().replace("+00:00", "Z")
    assert seconds(text) == parse_time(text) == int(local.timestamp())


@given(st.text(alphabet="0123456789-+:TZ.", min_size=15, max_size=30))
def test_a_time_in_parts_is_read_as_the_whole_and_refused_with_its_words(text: str):
    for spelled in (text, "2018-01-01" + text[10:], text[:10] + "T10:00:00+08:00"):
        assert outcome(seconds, spelled) == outcome(parse_time, spelled)


def outcome(parser: Callable[[str], int], text: str) -> int | str:
    try:
        return parser(text)
    except BadValue as error:
        return str(error)


# --- coverage ----------------------------------------------------------------------------------

steps = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=40)


@given(steps)
def test_coverage_is_a_set_of_seconds(intervals: list[tuple[int, int]]):
    """Against a naive model: add what is free, else take out what is covered as a whole."""
    bounds: coverage.Bounds = ()
    model: set[int] = set()
    for start_s, length_s in intervals:
        span = set(range(start_s, start_s + length_s))
        met = coverage.overlap(bounds, start_s, start_s + length_s)
        assert (met is None) == (not span & model)
        if met is None:
            bounds, model = coverage.add(bounds, start_s, start_s + length_s), model | span
        elif span <= model:
            bounds, model = coverage.remove(bounds, start_s, start_s + length_s), model - span
        covered = {s for at in range(0, len(bounds), 2) for s in range(bounds[at], bounds[at + 1])}
        assert covered == model
        assert all(a < b for a, b in itertools.pairwise(bounds))


@given(st.integers(-(10**9), 10**10), st.integers(1, 10**8))
def test_the_pieces_of_an_interval_are_the_interval(start_s: int, length_s: int):
    pieces = list(coverage.buckets(start_s, start_s + length_s))
    assert pieces[0][1] == start_s
    assert pieces[-1][2] == start_s + length_s
    assert all(one[2] == other[1] for one, other in itertools.pairwise(pieces))
    assert all(
        s >> coverage.BUCKET_BITS == b == (e - 1) >> coverage.BUCKET_BITS for b, s, e in pieces
    )

"""From a source and a month to its readings, drawn from a seeded generator.

Quantities leave as canonical decimals of at most two places, masses as whole milligrams. A load
profile has, on some days, a fault of its meter: hours that were estimated, and sometimes a gap.
Source: accounting rules, section 3; events, the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random

from ledger.carbon.events import (
    ActivityRecorded,
    EmissionMeasured,
    ProfileRecorded,
    RegisterReading,
)
from ledger.demo.calendar import DAYS, MONTHS, Day, days_of, time_of
from ledger.demo.shapes import decimal_text, hundredths
from ledger.demo.sources import Monthly, Profile, Readings, Receipts, Source, Stack

Reading = ActivityRecorded | ProfileRecorded | EmissionMeasured

_DAY_S = 86_400
_KG = 10**6


def readings(
    source: Source, size: float, month: str, rng: Random, salt: Callable[[], str]
) -> Iterator[Reading]:
    """The month's readings of a source, in order of time.

    `source.year` is already the party's own; `size` scales what a source says in other ways.
    """
    match source.feed:
        case Profile() as feed:
            yield from _profiles(source, feed, month, rng, salt)
        case Readings() as feed:
            yield from _single(source, feed, month, rng, salt)
        case Monthly() as feed:
            yield _monthly(source, feed, month, rng, salt)
        case Receipts() as feed:
            yield from _receipts(source, feed, month, rng, salt)
        case Stack() as feed:
            yield _stack(feed, size, month, rng, salt)


def _profiles(
    source: Source, feed: Profile, month: str, rng: Random, salt: Callable[[], str]
) -> Iterator[ProfileRecorded]:
    days = days_of(month)
    numbers = hundredths(feed.shape, source.year, days, rng, feed.interval_s)
    texts: list[str | None] = [decimal_text(number) for number in numbers]
    estimated = _fault(texts, rng, 3600 // feed.interval_s)
    step = _DAY_S // feed.interval_s * (1 if feed.span == "day" else len(days))
    for at, day in enumerate(days if feed.span == "day" else days[:1]):
        first, until = at * step, (at + 1) * step
        yield ProfileRecorded(
            salt=salt(),
            start=time_of(day, 0),
            interval_s=feed.interval_s,
            quantities=tuple(texts[first:until]),
            estimated=tuple(one - first for one in estimated if first <= one < until),
        )


def _fault(texts: list[str | None], rng: Random, an_hour: int) -> range:
    """One month in eight the meter failed for hours: these are estimates, after a gap at times."""
    if rng.random() >= 1 / 8:
        return range(0)
    begin = int(rng.random() * (len(texts) - 9 * an_hour))
    if rng.random() < 1 / 4:
        texts[begin : begin + an_hour] = [None] * an_hour
    return range(begin + an_hour, begin + an_hour * (2 + int(rng.random() * 6)))


def _single(
    source: Source, feed: Readings, month: str, rng: Random, salt: Callable[[], str]
) -> Iterator[ActivityRecorded]:
    days = days_of(month)
    numbers = iter(hundredths(feed.shape, source.year, days, rng, feed.interval_s))
    for day in days:
        start = time_of(day, 0)
        for second in range(feed.interval_s, _DAY_S + 1, feed.interval_s):
            end = time_of(day, second)
            yield ActivityRecorded(
                salt=salt(), period=(start, end), quantity=decimal_text(next(numbers))
            )
            start = end


def _monthly(
    source: Source, feed: Monthly, month: str, rng: Random, salt: Callable[[], str]
) -> ActivityRecorded:
    days = days_of(month)
    period = (time_of(days[0], 0), time_of(days[-1], _DAY_S))
    if not feed.register:
        number = _share(source.year, feed.season, month, 100, rng)
        return ActivityRecorded(salt=salt(), period=period, quantity=decimal_text(number))
    # A register chains: each month begins where the one before ended, so all months are drawn
    # from one generator, and a month is the same whether or not the others were made.
    chain = Random(f"{source.segment} {source.year!r}")
    turned = [_share(source.year, feed.season, each, 1, chain) for each in MONTHS]
    at = MONTHS.index(month)
    begins = 10_000 + sum(turned[:at])
    return ActivityRecorded(
        salt=salt(),
        period=period,
        quantity=str(turned[at]),
        register=RegisterReading(
            meter="synthetic-meter",
            from_=str(begins),
            to=str(begins + turned[at]),
            digits=9,
            multiplier="1",
        ),
    )


def _share(year: float, season: tuple[float, ...], month: str, parts: int, rng: Random) -> int:
    """A month's share of a year's quantity, in whole parts of its unit."""
    weight = season[MONTHS.index(month)] / sum(season)
    return int(year * weight * parts * (0.95 + 0.1 * rng.random()) + 0.5)


def _receipts(
    source: Source, feed: Receipts, month: str, rng: Random, salt: Callable[[], str]
) -> Iterator[ActivityRecorded]:
    each = source.year / feed.a_year
    for number, day in enumerate(_delivery_days(feed, month, rng), start=1):
        amount = int(each * 100 * (0.8 + 0.4 * rng.random()) + 0.5)
        reference = f"SYN-{day.name}-{number:02d}"
        document = f"synthetic receipt {reference} of {source.segment}: {amount} hundredths"
        yield ActivityRecorded(
            salt=salt(),
            period=(time_of(day, 0), time_of(day, _DAY_S)),
            quantity=decimal_text(amount),
            reference=reference,
            evidence=(sha256(document.encode()).hexdigest(),),
        )


def _delivery_days(feed: Receipts, month: str, rng: Random) -> list[Day]:
    """Deliveries spread evenly over the year, each on a day drawn around its turn."""
    days = days_of(month)
    first, until = days[0].number, days[-1].number + 1
    apart = len(DAYS) / feed.a_year
    turns = [int((turn + 0.5) * apart) for turn in range(feed.a_year)]
    here = [turn for turn in turns if first <= turn < until]
    return sorted(
        (days[min(len(days) - 1, turn - first + int(rng.random() * 3))] for turn in here),
        key=lambda day: day.number,
    )


def _stack(
    feed: Stack, size: float, month: str, rng: Random, salt: Callable[[], str]
) -> EmissionMeasured:
    days = days_of(month)
    return EmissionMeasured(
        salt=salt(),
        period=(time_of(days[0], 0), time_of(days[-1], _DAY_S)),
        masses_mg={
            gas: str(int(kg / 12 * _KG * size * (0.9 + 0.2 * rng.random())))
            for gas, kg in sorted(feed.gases_kg.items())
        },
        method=feed.method,
    )

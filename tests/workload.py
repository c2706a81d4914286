"""Signed bodies for tests and benchmarks: quarter-hour readings of the meters of one company.

Readings look as meters write them and every salt is random, so nothing compresses better here than
it would in use. The keys are test keys, made of constant seeds.

Bodies are written fast, because a benchmark needs millions of them: lines of readings are formatted
in place. The ledger compares their spelling, so one that were not canonical would be refused.
"""

from __future__ import annotations

import math
import os
import random
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ledger.carbon.events import (
    Document,
    FactorPublished,
    SiteRegistered,
    SourceRegistered,
)
from ledger.log.batch import build, parse_statement, split_submission
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, PartyRegistered

STREAMS = 20
QUARTER = timedelta(minutes=15)
PROFILE_READINGS = 96
"""Quarter-hours of a day."""
START = datetime(2001, 1, 1, tzinfo=UTC)
SIGNED_AT = "2026-11-22T06:00:00Z"
OPERATOR = PrivateKey.from_seed(bytes([1]) * 32)
RECOVERY = PrivateKey.from_seed(bytes([2]) * 32)
COMPANY = PrivateKey.from_seed(bytes([3]) * 32)


class Workload:
    """Batches for one log, in an order that keeps every stream's chain."""

    def __init__(
        self, log: str, seed: int = 1, *, streams: int = STREAMS, interval: timedelta = QUARTER
    ) -> None:
        self.log = log
        self.interval = interval
        """Of one reading: a calendar of fifty years has 1.7 million quarter-hours."""
        self.streams = streams
        """How many meters `preparation` registers."""
        self._random = random.Random(seed)  # noqa: S311  (shapes, not secrets)
        self._heads: dict[str, tuple[int, str]] = {}
        self._times = [START] * streams
        self._turn = 0

    def preparation(self) -> Iterator[bytes]:
        """The company, its factor and its sources."""
        party = PartyRegistered(
            salt=salt(),
            name="Synthetic company",
            roles=("company",),
            key=Jwk(**COMPANY.public.jwk),
            proof=possession_proof(COMPANY, self.log, "company"),
        )
        yield self.body(OPERATOR, "company/keys", [party])
        factor = FactorPublished(
            salt=salt(),
            id="grid",
            version="1",
            activity="electricity.purchased",
            unit="kWh",
            kind="grid-average",
            region="CN",
            year=2023,
            valid=("2000-01-01", "2050-01-01"),
            gases_kg_per_unit={"CO2": "0.5827"},
            source=Document(title="Synthetic", sha256=None),
        )
        yield self.body(OPERATOR, "operator/factors", [factor])
        sources = [
            SourceRegistered(
                salt=salt(),
                stream=stream(number),
                site="plant",
                activity="electricity.purchased",
                unit="kWh",
                scope=2,
                key_area="industry",
                kind="continuous",
                interval_s=int(self.interval.total_seconds()),
                factors={"location": "operator/grid@1"},
            )
            for number in range(self.streams)
        ]
        site = SiteRegistered(salt=salt(), site="plant", region="CN")
        yield self.body(COMPANY, "company/register", [site, *sources])

    def batches(self, count: int, events: int) -> list[bytes]:
        """The next `count` bodies of `events` readings each, from one stream after the other."""
        self._turn += count
        turns = range(self._turn - count, self._turn)
        return [self.batch(turn % STREAMS, events) for turn in turns]

    def batch(self, number: int, events: int) -> bytes:
        """The next `events` readings of one meter."""
        time, draw = self._times[number], self._random.randint
        salts = os.urandom(16 * events).hex()
        lines, begin = [], _text(time)
        for at in range(0, 32 * events, 32):
            time += self.interval
            end = _text(time)
            lines.append(
                (
                    "ActivityRecorded",
                    f'{{"period":["{begin}","{end}"],"quantity":"{_decimal(draw(100, 99999))}",'
                    f'"salt":"{salts[at : at + 32]}","type":"ActivityRecorded"}}'.encode(),
                )
            )
            begin = end
        self._times[number] = time
        return self._signed(COMPANY, stream(number), lines)

    def profiles(self, number: int, events: int) -> bytes:
        """The next load profiles of one meter, each of 96 readings: a day, if they are quarter-hours.

        A meter that sends profiles sends nothing else here.
        """
        time = self._times[number]
        lines = []
        for _ in range(events):
            quantities = '","'.join(map(_decimal, self._day()))
            lines.append(
                (
                    "ProfileRecorded",
                    f'{{"interval_s":{self.interval.total_seconds():.0f},"quantities":["{quantities}"],"salt":"{salt()}",'
                    f'"start":"{_text(time)}","type":"ProfileRecorded"}}'.encode(),
                )
            )
            time += PROFILE_READINGS * self.interval
        self._times[number] = time
        return self._signed(COMPANY, stream(number), lines)

    def _day(self) -> Iterable[int]:
        """Hundredths of a kWh: a base load, a shift from six to ten in the evening, and noise."""
        base, shift = self._random.uniform(20, 60), self._random.uniform(30, 120)
        for quarter in range(PROFILE_READINGS):
            hour = quarter / 4
            swing = math.sin(math.pi * (hour - 6) / 16) if 6 <= hour < 22 else 0.0
            yield max(0, round(100 * (base + shift * swing + self._random.gauss(0, 2))))

    def go_on(self, number: int, version: int, leaf: str) -> None:
        """Continue a meter whose stream has this head: a reading's version tells its time."""
        self._heads[stream(number)] = (version, leaf)
        self._times[number] = START + version * self.interval

    def head(self, number: int) -> tuple[int, str]:
        """Version and leaf hash of a meter's last event."""
        return self._heads.get(stream(number), (0, ZEROS_HEX))

    def body(self, key: PrivateKey, name: str, events: Sequence[msgspec.Struct]) -> bytes:
        """The next batch of a stream, signed."""
        return self._signed(
            key, name, [(type(event).__name__, encode_struct(event)) for event in events]
        )

    def _signed(self, key: PrivateKey, name: str, lines: Sequence[tuple[str, bytes]]) -> bytes:
        version, previous = self._heads.get(name, (0, ZEROS_HEX))
        body = build(key, self.log, name, version + 1, previous, lines, None, SIGNED_AT)
        statement = parse_statement(split_submission(body)[0]).statement
        self._heads[name] = (statement.last, statement.head)
        return body


def stream(number: int) -> str:
    """The stream of a meter."""
    return f"company/plant/meter-{number:02d}"


def salt() -> str:
    """Random, as every event's."""
    return secrets.token_hex(16)


def _text(time: datetime) -> str:
    return f"{time.isoformat()[:19]}Z"


def _decimal(hundredths: int) -> str:
    """Without zeros at the end, as numbers are spelt here."""
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)

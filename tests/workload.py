"""Signed bodies for tests and benchmarks: quarter-hour readings of the meters of one company.

Readings look as meters write them and every salt is random, so nothing compresses better here than
it would in use. The keys are test keys, made of constant seeds.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ledger.carbon.events import (
    ActivityRecorded,
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
START = datetime(2001, 1, 1, tzinfo=UTC)
SIGNED_AT = "2026-11-22T06:00:00Z"
OPERATOR = PrivateKey.from_seed(bytes([1]) * 32)
RECOVERY = PrivateKey.from_seed(bytes([2]) * 32)
COMPANY = PrivateKey.from_seed(bytes([3]) * 32)


class Workload:
    """Batches for one log, in an order that keeps every stream's chain."""

    def __init__(self, log: str, seed: int = 1) -> None:
        self.log = log
        self._random = random.Random(seed)  # noqa: S311  (shapes, not secrets)
        self._heads: dict[str, tuple[int, str]] = {}
        self._times = [START] * STREAMS
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
                interval_s=900,
                factors={"location": "operator/grid@1"},
            )
            for number in range(STREAMS)
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
        readings, time = [], self._times[number]
        for _ in range(events):
            until = time + QUARTER
            quantity = f"{self._random.randint(100, 99999) / 100:.2f}".rstrip("0").rstrip(".")
            readings.append(
                ActivityRecorded(salt=salt(), period=(_text(time), _text(until)), quantity=quantity)
            )
            time = until
        self._times[number] = time
        return self.body(COMPANY, stream(number), readings)

    def go_on(self, number: int, version: int, leaf: str) -> None:
        """Continue a meter whose stream has this head: a reading's version tells its time."""
        self._heads[stream(number)] = (version, leaf)
        self._times[number] = START + version * QUARTER

    def body(self, key: PrivateKey, name: str, events: Sequence[msgspec.Struct]) -> bytes:
        """The next batch of a stream, signed."""
        version, previous = self._heads.get(name, (0, ZEROS_HEX))
        lines = [(type(event).__name__, encode_struct(event)) for event in events]
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
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")

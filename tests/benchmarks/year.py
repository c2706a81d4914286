"""A company with one meter and all of its quarter-hours of a year, a signed batch for each day.

It joins a ledger that is filled already, so its file is drawn out of a log of full size.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ledger.carbon.events import ActivityRecorded, SiteRegistered, SourceRegistered
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, PartyRegistered
from tests.workload import OPERATOR, QUARTER, Workload, salt

PARTY: Final = "yearly"
METER: Final = f"{PARTY}/works/meter"
KEY: Final = PrivateKey.from_seed(bytes([99]) * 32)
BEGIN: Final = datetime(2000, 12, 31, 16, tzinfo=UTC)
"""Midnight in the area's time zone, Asia/Shanghai."""
PERIOD: Final = ("2001-01", "2002-01")
"""First month, month after the last."""
DAYS: Final = 365
READINGS_A_DAY: Final = 96
READINGS: Final = DAYS * READINGS_A_DAY


def registration(workload: Workload) -> Iterator[bytes]:
    """Bodies that register the company and its meter; the factor is there already."""
    party = PartyRegistered(
        salt=salt(),
        name="Synthetic company of one year",
        roles=("company",),
        key=Jwk(**KEY.public.jwk),
        proof=possession_proof(KEY, workload.log, PARTY),
    )
    yield workload.body(OPERATOR, f"{PARTY}/keys", [party])
    source = SourceRegistered(
        salt=salt(),
        stream=METER,
        site="works",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind="continuous",
        interval_s=int(QUARTER.total_seconds()),
        factors={"location": "operator/grid@1"},
    )
    site = SiteRegistered(salt=salt(), site="works", region="CN")
    yield workload.body(KEY, f"{PARTY}/register", [site, source])


class YearMeter:
    """The meter, which goes on after its year as long as it is asked to."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._chance = random.Random(5)  # noqa: S311  (quantities, no secret)
        self._next = 0

    def year(self) -> list[bytes]:
        """A body for each day of the year."""
        return [self.batch(READINGS_A_DAY) for _ in range(DAYS)]

    def batch(self, count: int) -> bytes:
        """The next readings, signed."""
        numbers = range(self._next, self._next + count)
        self._next += count
        return self._workload.body(KEY, METER, [self._reading(number) for number in numbers])

    def _reading(self, number: int) -> ActivityRecorded:
        begin = BEGIN + number * QUARTER
        return ActivityRecorded(
            salt=salt(),
            period=(f"{begin:%Y-%m-%dT%H:%M:%SZ}", f"{begin + QUARTER:%Y-%m-%dT%H:%M:%SZ}"),
            quantity=str(self._chance.randint(1, 900)),
        )

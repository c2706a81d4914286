"""The other companies of an area: small ones, with a few sources each and a bill a month.

A ledger of one company alone would flatter whatever sums over an area.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from ledger.carbon.events import ActivityRecorded, SiteRegistered, SourceRegistered
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, PartyRegistered
from tests.workload import OPERATOR, START, Workload, salt

COMPANIES: Final = 40
SOURCES: Final = 5


def neighbours(workload: Workload, months: int) -> Iterator[bytes]:
    """Bodies that register them and post bills over so many months; the factor is there already."""
    chance = random.Random(4)  # noqa: S311  (quantities, no secret)
    begins = [_month(number) for number in range(months + 1)]
    for number in range(COMPANIES):
        party, key = f"neighbour-{number:02d}", PrivateKey.from_seed(bytes([100 + number]) * 32)
        yield workload.body(OPERATOR, f"{party}/keys", [_registered(workload.log, party, key)])
        streams = [f"{party}/works/bill-{source}" for source in range(SOURCES)]
        site = SiteRegistered(salt=salt(), site="works", region="CN")
        yield workload.body(key, f"{party}/register", [site, *map(_source, streams)])
        for stream in streams:
            bills = [
                ActivityRecorded(
                    salt=salt(), period=period, quantity=str(chance.randint(1_000, 900_000))
                )
                for period in pairwise(begins)
            ]
            yield workload.body(key, stream, bills)


def _registered(log: str, party: str, key: PrivateKey) -> PartyRegistered:
    return PartyRegistered(
        salt=salt(),
        name=f"Synthetic {party}",
        roles=("company",),
        key=Jwk(**key.public.jwk),
        proof=possession_proof(key, log, party),
    )


def _source(stream: str) -> SourceRegistered:
    return SourceRegistered(
        salt=salt(),
        stream=stream,
        site="works",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind="continuous",
        factors={"location": "operator/grid@1"},
    )


def _month(number: int) -> str:
    years, month = divmod(START.month - 1 + number, 12)
    return f"{datetime(START.year + years, month + 1, 1, tzinfo=START.tzinfo):%Y-%m-%dT00:00:00Z}"

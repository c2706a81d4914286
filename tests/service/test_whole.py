"""What entries alone give is what the database says, at every size, of the area and of a party."""

from __future__ import annotations

import msgspec

from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityWithdrawn,
)
from ledger.carbon.known import Known
from ledger.service import Ledger
from ledger.store import log_store
from ledger.whole.ledger import WholeLedger
from tests.service.conftest import Place
from tests.service.test_known import said_later
from tests.service.test_privacy import KEYS, furnish, post
from tests.workload import Workload, salt

YEAR = ("2018-01", "2019-01")
MIDYEAR = "2018-07-01T00:00:00+08:00"


def encoded(known: Known) -> object:
    return msgspec.json.decode(msgspec.json.encode(known, order="sorted"))


async def folded(ledger: Ledger) -> WholeLedger:
    whole = WholeLedger(ledger.log)
    async with ledger.database.read() as conn:
        async for entry in log_store.entries(conn, 0, await ledger.size()):
            whole.add(entry.jws, entry.event_lines)
    return whole


def test_the_entries_alone_give_what_the_database_says_at_every_size(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        for event in said_later():
            await post(ledger, KEYS["acme"], "acme/register", event)
        whole = await folded(ledger)
        read = await ledger.stream_page("acme/main", 1)
        recorded = msgspec.json.decode(read.split(b"\n")[1])
        corrected = ActivityBody(period=tuple(recorded["period"]), quantity="77")
        for change in (
            ActivityCorrected(
                salt=salt(), event="acme/main@1", reason="misread", activity=corrected
            ),
            ActivityWithdrawn(
                salt=salt(),
                event="acme/main@1",
                supersedes="acme/main/corrections@1",
                reason="never was",
            ),
        ):
            await post(ledger, KEYS["acme"], "acme/main/corrections", change)
        assert whole.size < await ledger.size()
        whole = await folded(ledger)
        assert whole.size == await ledger.size()
        assert whole.root.hex() == (await ledger.status()).root
        for size in range(1, whole.size + 1):
            for of in (None, "acme"):
                if of in {None, *whole.known(YEAR, size).parties}:
                    expected = encoded(await ledger.known(of, YEAR, size))
                    assert encoded(whole.known(YEAR, size, of)) == expected, (size, of)
        own = whole.known(YEAR, party="acme")
        assert {one.type for one in own.corrections} >= {"ActivityCorrected", "ActivityWithdrawn"}

    place.run(work)

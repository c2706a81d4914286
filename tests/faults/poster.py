"""A program that posts readings of some meters until it is ended, and says what was acknowledged.

    python -m tests.faults.poster HOME OWNER_URL SERVER_URL METERS [COUNT]

One line a receipt: `index stream first count`. When somebody else wrote to a stream in between, it
reads the head and signs for the next version, as a party would.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ledger.errors import Conflict
from ledger.log.hashes import ZEROS_HEX
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.service import Ledger, Settings, open_ledger
from tests.workload import Workload, stream

EVENTS = 20


async def post_meter(ledger: Ledger, workload: Workload, number: int, count: int) -> None:
    """Post `count` batches of one meter."""
    acknowledged = 0
    while acknowledged < count:
        head = await ledger.head(stream(number))
        version, leaf = (0, ZEROS_HEX) if head is None else (head.version, head.leaf)
        workload.go_on(number, version, leaf)
        body = workload.batch(number, EVENTS)
        try:
            posted = await ledger.post(body)
        except Conflict:
            continue
        jws = body.partition(b"\n")[0]
        verify_receipt(parse_receipt(posted.receipt.encode()), jws, ledger.log)
        sys.stdout.write(f"{posted.index} {posted.stream} {posted.first} {posted.count}\n")
        sys.stdout.flush()
        acknowledged += 1


async def main() -> None:
    home, owner, server, meters, *rest = sys.argv[1:]
    settings = Settings(
        home=Path(home), database_url=owner or None, server_database_url=server or None
    )
    async with open_ledger(settings) as ledger:
        workload = Workload(ledger.log)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        count = int(rest[0]) if rest else 10**9
        await asyncio.gather(
            *(post_meter(ledger, workload, int(number), count) for number in meters.split(","))
        )


if __name__ == "__main__":
    asyncio.run(main())

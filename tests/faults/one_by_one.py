"""A program that posts batch after batch and says what left it: the tests make its disk fail.

python -m tests.faults.one_by_one HOME OWNER_URL SERVER_URL COUNT [LONGEST_FILE_BYTES]

signed 7          the size under a receipt that holds
shown 7           the size of the checkpoint that a reader is shown
refused CODE      why a batch was not taken, or why the ledger was not opened
"""

from __future__ import annotations

import asyncio
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ledger.errors import LedgerError
from ledger.log.checkpoint import open_checkpoint
from ledger.log.hashes import ZEROS_HEX
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.service import Ledger, Settings, open_ledger
from tests.workload import Workload, stream

METER = 0


async def post(ledger: Ledger, workload: Workload) -> None:
    """Post one batch, and look at the newest checkpoint."""
    head = await ledger.head(stream(METER))
    workload.go_on(METER, *((0, ZEROS_HEX) if head is None else (head.version, head.leaf)))
    body = workload.batch(METER, 2)
    try:
        posted = await ledger.post(body)
        receipt = parse_receipt(posted.receipt.encode())
        statement = body.partition(b"\n")[0]
        print(f"signed {verify_receipt(receipt, statement, ledger.log).size}")
    except LedgerError as error:
        print(f"refused {error.code}")
    note = (await ledger.checkpoint()).encode()
    print(f"shown {open_checkpoint(note, ledger.log).size}")


async def main() -> None:
    # One thread, so that strace counts the calls of one.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    home, owner, server, count, *longest = sys.argv[1:]
    for file_bytes in map(int, longest):
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    settings = Settings(home=Path(home), database_url=owner, server_database_url=server)
    try:
        async with open_ledger(settings) as ledger:
            workload = Workload(ledger.log)
            for _ in range(int(count)):
                await post(ledger, workload)
    except LedgerError as error:
        print(f"refused {error.code}")


if __name__ == "__main__":
    asyncio.run(main())

"""The disk's own time for a write that lasts: 4 kB and fsync, in the folder of the ledger."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

BLOCK: Final = 4096


def sync_times_ms(folder: Path, count: int) -> list[float]:
    """How long each of `count` writes took, at growing places of one file."""
    path = folder / "sync-times"
    found = []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for number in range(count):
            data = os.urandom(BLOCK)
            began = time.perf_counter()
            os.pwrite(handle, data, number * BLOCK)
            os.fsync(handle)
            found.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(handle)
        path.unlink()
    return found

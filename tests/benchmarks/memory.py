"""The most memory that some processes held at once, by what the kernel says.

Counted is what is resident: the private pages of every process, and of the shared ones those of the
process that has most of them. So one process counts in full, and processes of a pool are not charged
again for what they inherited. Where the kernel does not tell (another user's process), each counts
with all that is resident. PostgreSQL is counted apart, with the shared buffers that it touched.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

INTERVAL_S: Final = 0.05
DATABASE: Final = "postgres"


class PeakMemory:
    """Watches the tree below a process, and a database, while the block runs."""

    def __init__(self, root: int, postmaster: int | None) -> None:
        self._root = root
        self._postmaster = postmaster
        self.ours_mb = 0.0
        self.postgres_mb = 0.0
        self.processes = 0
        """Of ours, at the most."""
        self._end = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def wait_for_one_look(self) -> None:
        """Until everything that ran when this was called has been seen once."""
        self._looked.clear()
        self._looked.wait()
        self._looked.clear()
        self._looked.wait()

    def _watch(self) -> None:
        while not self._end.wait(INTERVAL_S):
            children = _children()
            database = set() if self._postmaster is None else _tree(self._postmaster, children)
            ours = _tree(self._root, children) - database
            self.ours_mb = max(self.ours_mb, _sum_mb(ours))
            self.postgres_mb = max(self.postgres_mb, _sum_mb(database))
            self.processes = max(self.processes, len(ours))
            self._looked.set()


def _tree(root: int, children: dict[int, list[int]]) -> set[int]:
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended
        parent = int(stat.rpartition(")")[2].split()[1])
        found.setdefault(parent, []).append(int(folder.name))
    return found


def _sum_mb(pids: Collection[int]) -> float:
    sizes = [_sizes(Path("/proc") / str(pid)) for pid in pids]
    return (sum(own for own, _ in sizes) + max((shared for _, shared in sizes), default=0)) / 1e6


def _sizes(folder: Path) -> tuple[int, int]:
    """Bytes that a process has for itself, and that it shares; zeros when it has ended."""
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return _resident(folder), 0
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    own = kb.get("Private_Clean", 0) + kb.get("Private_Dirty", 0)
    return own * 1024, (kb.get("Rss", own) - own) * 1024


def _resident(folder: Path) -> int:
    try:
        pages = (folder / "statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")

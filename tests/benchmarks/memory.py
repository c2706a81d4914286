"""The most memory that some processes held at once, by what the kernel says.

Counted is the proportional set size (PSS): a page that several processes share counts once in all,
so processes of a pool are not charged twice for what they inherited. Where the kernel does not tell
(another user's process), resident size is taken, which is never less. PostgreSQL is counted apart:
all its processes, with the shared buffers that they touched.
"""

from __future__ import annotations

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

    def _watch(self) -> None:
        while not self._end.wait(INTERVAL_S):
            children = _children()
            database = set() if self._postmaster is None else _tree(self._postmaster, children)
            ours = _tree(self._root, children) - database
            self.ours_mb = max(self.ours_mb, _sum_mb(ours))
            self.postgres_mb = max(self.postgres_mb, _sum_mb(database))
            self.processes = max(self.processes, len(ours))


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
    return sum(_bytes(Path("/proc") / str(pid)) for pid in pids) / 1e6


def _bytes(folder: Path) -> int:
    for file, member in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            for line in (folder / file).read_text().splitlines():
                if line.startswith(member):
                    return int(line.split()[1]) * 1024
        except OSError:
            continue  # it has ended, or is another user's
    return 0

"""What the run was measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def machine(folder: Path) -> dict[str, object]:
    """Processor, cores, memory, and the file system that the data lie on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "file_system": file_system(folder),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def file_system(folder: Path) -> str:
    """The type of the file system of a folder: the innermost mount that holds it."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    path = str(folder.resolve()) + "/"
    holding = [(len(at), kind) for at, kind in mounts if path.startswith(at.rstrip("/") + "/")]
    return max(holding)[1] if holding else "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

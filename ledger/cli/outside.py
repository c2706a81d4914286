"""Reads what somebody has kept of a log outside of it, whatever file it is in."""

from __future__ import annotations

from pathlib import Path

from ledger.cli.arguments import read_file
from ledger.client.monitor.kept import FILE, Kept
from ledger.errors import BadFile, BadNote
from ledger.log.held import Held, held_in


def read_held(path: Path) -> Held:
    """What a file, or the folder of a watch, has of a log. Raises BadFile."""
    if path.is_dir() or path.name == FILE:
        return _of_monitor(path if path.is_dir() else path.parent)
    try:
        return held_in(read_file(path))
    except BadNote as error:
        raise BadFile(
            f"{path} holds no checkpoint",
            expected="a checkpoint, a receipt, what prove wrote, evidence, or the folder of a watch",
            found=str(error),
        ) from error


def _of_monitor(folder: Path) -> Held:
    """What a monitor has followed, and what it still waits for."""
    notes: tuple[bytes, ...] = ()
    if (folder / FILE).is_file():  # it would begin one
        with Kept(folder) as kept:
            notes = (*((kept.note,) if kept.note else ()), *kept.notes())
    if not notes:
        raise BadFile(
            f"{folder} holds no checkpoint",
            expected="the folder of a watch that has followed a log",
            found="none",
        )
    return Held(kind="monitor", notes=notes)

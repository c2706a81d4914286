"""Reads what somebody has kept of a log outside of it, whatever file it is in; nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ledger.client.monitor.kept import FILE, read_notes
from ledger.errors import BadFile, BadNote
from ledger.log.held import Held, held_in

_EXPECTED: Final = "a checkpoint, a receipt, what prove wrote, evidence, or the folder of a watch"
_THEIRS: Final = (
    "What a program keeps is its user's alone, and so is the folder of a watch. Let that user copy it, "
    "or give you the right to read it."
)
_NAME_ONE: Final = "Name a file that somebody has kept of a log, or the folder of a watch."


def read_held(path: Path) -> Held:
    """What a file, or the folder of a watch, has of a log. Raises BadFile."""
    try:
        if path.name == FILE:
            return _of_monitor(path.parent)
        return _of_monitor(path) if path.is_dir() else held_in(path.read_bytes())
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read",
            expected=_EXPECTED,
            found=error.strerror or str(error),
            advice=_THEIRS if isinstance(error, PermissionError) else _NAME_ONE,
        ) from error
    except BadNote as error:
        raise BadFile(
            f"{path} holds no checkpoint",
            expected=_EXPECTED,
            found=str(error),
            advice=_NAME_ONE,
        ) from error


def _of_monitor(folder: Path) -> Held:
    """What a monitor has followed, and what it still waits for. Raises BadFile, OSError, BadNote."""
    try:
        notes = read_notes(folder).notes
    except FileNotFoundError:
        notes = ()
    if not notes:
        raise BadFile(
            f"{folder} holds no checkpoint",
            expected="the folder of a watch that has followed a log",
            found="none",
            advice="A watch keeps it in the folder of its --state, else in one under watch in its home. "
            "Name that one, or a single file.",
        )
    return Held(kind="monitor", notes=notes)

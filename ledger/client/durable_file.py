"""A file is there whole or not at all, whatever kills the process or the machine.

Written beside its place under a name that nobody reads, flushed to disk, renamed over the place,
and the folder flushed too. Files are 0600 in folders of 0700: they hold keys, and readings that are
nobody's business. What a killed writer leaves behind ends in `.part` and is never read.
Source: rename(2), fsync(2).
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from ledger.errors import BadFile

PART: Final = ".part"

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def write(path: Path, data: bytes) -> None:
    """Put these bytes there, durably, in place of what was there."""
    replace(path, data)
    flush_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Put these bytes there; after a power failure the old ones may stand there, never a part."""
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART}")
    try:
        with os.fdopen(os.open(part, _NEW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_new(path: Path, data: bytes) -> None:
    """Put these bytes there, durably; raises BadFile when something is there already."""
    if path.exists():
        raise BadFile(f"{path} exists already", advice="Nothing was overwritten.")
    write(path, data)


def make_folder(folder: Path) -> None:
    """A folder for its owner alone; the folders above it are made with the same rights."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

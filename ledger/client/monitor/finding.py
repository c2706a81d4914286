"""What a look at a log says beside how far it came: what must not be, and what could not be checked."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Something in the log that must not be: of an entry, by its index, below 0 in an earlier log."""

    index: int
    what: str


class Left(msgspec.Struct, frozen=True):
    """Something that cannot be checked with what is shown, whenever one looks."""

    what: str


Said = Finding | Left | str
"""The third is what could not be looked at now, and why."""

"""What the opening of a log says of the log before it, and whether that can be one.

    {"heads_count":4,"heads_root":"…","log":"ledger.example/log+…","root":"…","size":6}

Source: specification, monitoring; keys, a log that continues another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.client.monitor.finding import Finding
from ledger.errors import LedgerError
from ledger.log.names import parse_origin
from ledger.log.note import ed25519_key, parse_vkey
from ledger.log.values import HashHex, Size

if TYPE_CHECKING:
    from collections.abc import Collection


class Signed(msgspec.Struct, frozen=True):
    """What the log before had signed beyond its end."""

    size: Size
    root: HashHex


class Continues(msgspec.Struct, frozen=True):
    """What an opening says of the log before it."""

    log: str
    size: Size
    root: HashHex
    heads_root: HashHex
    heads_count: Size
    signed: Signed | None = None

    @property
    def origin(self) -> str:
        """Of the log before."""
        return parse_vkey(self.log).name


class OutOfForm(Exception):
    """An opening or a registration breaks a rule, and nothing can be checked that builds on it."""

    def __init__(self, index: int, what: str) -> None:
        """`index` is its entry's, `what` is wrong with it."""
        super().__init__(what)
        self.finding = Finding(index, what)


def read_continues(said: bytes, origins: Collection[str]) -> Continues | None:
    """The log before, from the member `continues` as JSON; None where there is none.

    `origins` are of the log that says it, and of those that continue that one. Raises OutOfForm.
    """
    try:
        found = msgspec.json.decode(said, type=Continues | None)
    except msgspec.ValidationError as error:
        raise OutOfForm(0, f"it opens the log out of form: {error}") from error
    if found is not None:
        _check(found, origins)
    return found


def _check(said: Continues, origins: Collection[str]) -> None:
    try:
        ed25519_key(said.log)
        origin = parse_origin(said.origin)
    except LedgerError as error:
        raise OutOfForm(0, f"it continues what is no log: {error}") from error
    if origin in origins:
        raise OutOfForm(0, f"it continues {origin}, and this origin is used again behind that log")
    if not said.size:
        raise OutOfForm(0, f"it continues {origin} at size 0, and every log has an opening")
    if said.signed is not None and said.signed.size <= said.size:
        what = f"it says that {origin} had signed size {said.signed.size}, and ends at {said.size}"
        raise OutOfForm(0, what)

"""Redactions as they are shown: to their party, the operator and the regulator."""

from __future__ import annotations

import msgspec

from ledger.carbon.redaction.pieces import RedactionPiece


class RedactionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A redaction that was asked for, what it is about, and how far it has come."""

    redaction: str
    """Name of the `DataRedacted`."""
    index: int
    event: str
    """Whose data goes."""
    event_index: int
    who: str
    legal_basis: str
    data_hash: str
    confirmed: str | None
    """Name of the operator's `RedactionConfirmed`, None while it is missing."""
    confirmed_index: int | None
    erased: bool
    """Whether this ledger's database holds the data no more."""


def redaction_info(name: str, piece: RedactionPiece, *, erased: bool) -> RedactionInfo:
    """The redaction of this name."""
    return RedactionInfo(
        redaction=name,
        index=piece.index,
        event=piece.redacted,
        event_index=piece.redacted_index,
        who=piece.who,
        legal_basis=piece.legal_basis,
        data_hash=piece.data_hash,
        confirmed=piece.confirmed,
        confirmed_index=piece.confirmed_index,
        erased=erased,
    )

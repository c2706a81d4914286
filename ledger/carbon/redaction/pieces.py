"""What is kept of redactions, and what the log itself says of an event whose data is gone."""

from __future__ import annotations

import msgspec

from ledger.carbon.redaction.events import DataRedacted
from ledger.fold.state import Kind


class RedactionPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A redaction that was asked for, under the name of its `DataRedacted`.

    `redacted` is the event whose data it is about, `redacted_index` that of its entry; `index` is
    that of the `DataRedacted`. It counts once the operator has confirmed it.
    """

    index: int
    redacted: str
    redacted_index: int
    who: str
    legal_basis: str
    data_hash: str
    meter: str | None
    span_s: tuple[int, int]
    reference_sha256: str | None
    confirmed: str | None = None
    confirmed_index: int | None = None


class RedactedReading(msgspec.Struct, frozen=True):
    """What is still known of a reading whose redaction was confirmed; times in epoch seconds."""

    redaction: str
    starts_s: int
    ends_s: int
    reference_sha256: str | None


class RedactedPiece(msgspec.Struct, frozen=True):
    """All readings of a stream whose redaction was confirmed, by event, under the stream's name."""

    readings: dict[str, RedactedReading]


class ErasedPiece(msgspec.Struct, frozen=True):
    """An event whose data is gone, as the log has it: its entry, and the confirmed `DataRedacted`.

    `said` is None where the log is not at hand, as in a file of a few entries: there the author's
    word is taken.
    """

    index: int
    said: DataRedacted | None


UNREAD = ErasedPiece(-1, None)

REDACTION = Kind("redaction", RedactionPiece)
REDACTED = Kind("redacted", RedactedPiece)
ERASED = Kind("erased", ErasedPiece, stored=False)
"""Under an event's name; read from the whole log, what stands later included."""

KINDS = (REDACTION, REDACTED)

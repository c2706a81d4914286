"""Which lines of a sealed inventory may be asked for: those of the seal's months, of the party's own.

Of anything else nothing follows from the seal, and a sum of no lines would look like a figure.
Source: specification, bundles, step 10.
"""

from __future__ import annotations

from ledger.carbon.seal.pieces import SealPiece
from ledger.errors import BadValue
from ledger.log.bundle_kinds import PartSubject
from ledger.log.names import party_of
from ledger.provenance.seal import months_text


def check_selected(seal: SealPiece, subject: PartSubject) -> None:
    """Raise BadValue for months that the seal is not about, or another party's source."""
    select, (first, end) = subject.select, seal.period
    if select.months is not None and not (first <= select.months[0] and select.months[1] <= end):
        raise BadValue(
            f"months of {seal.event}",
            expected=f"months within {months_text(first, end)}",
            found=months_text(*select.months),
            advice="carbon-ledger seal list shows which months each seal is about.",
        )
    if select.stream is not None and party_of(select.stream) != subject.party:
        raise BadValue(
            f"a source of {subject.party}",
            expected=f"a stream that begins with {subject.party}/",
            found=select.stream,
        )

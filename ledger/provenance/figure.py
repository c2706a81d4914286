"""Kind `figure`: any figure of a report, derived again from every entry of the log.

The file holds the whole log up to the size that the identifier names, and before it the whole of each
earlier log that it continues. All of it is folded from the first entry, seals are derived again, the
report is made, and its figure of this identifier is the claim.
Source: specification, bundles, step 14; accounting rules, section 8.
"""

from __future__ import annotations

from typing import cast

import msgspec

from ledger.carbon.reports.figure_id import parse_figure
from ledger.errors import LedgerError, ProofFailed, refusing
from ledger.log.bundle_kinds import FigureSubject
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry
from ledger.log.names import party_of
from ledger.log.note import parse_vkey
from ledger.parties.events import LedgerOpened
from ledger.provenance.replay import flagged
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import LATER_CHANGE, RE_DERIVED, SEALED, Finding, counted_as_said
from ledger.standing import check_opening
from ledger.whole.ledger import WholeLedger
from ledger.whole.redactions import Redactions
from ledger.whole.report import report_of

EVERYTHING = (
    "every entry up to the figure's size is in the file whole, signed with a valid key",
    "all of them follow from the ledger's rules, the seals among them included",
    "the report that is made of them has this figure",
)


def figure(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """The figure, derived. Raises ProofFailed, with its defect."""
    subject = cast("FigureSubject", opened.subject)
    with refusing("form"):
        wanted = parse_figure(subject.figure)
    check_opening(opened, trusted.log_key)
    redactions = _check_all_there(opened, wanted.size)
    first = opened.entries[0].index
    whole = WholeLedger(trusted.log_key, redactions=redactions, first=first)
    for entry in opened.entries:
        events = tuple(cast("msgspec.Struct", item.said) for item in entry.events)
        try:
            whole.take(entry.signed, events, [item.line for item in entry.events])
        except LedgerError as error:
            raise ProofFailed(
                f"{entry.words} of the file does not hold: {error.what}",
                expected=error.expected,
                found=error.found,
                defect=error.defect,
            ) from error
    with refusing("subject"):
        report = report_of(whole.fold, wanted.whole).report
        found = next((one for one in report.figures() if one.id == subject.figure), None)
    if found is None:
        raise ProofFailed(
            "the report has no such figure",
            expected="the identifier of a figure of its report",
            found=subject.figure,
            defect="subject",
        )
    whole.check_redactions()
    gone = [
        name
        for name in whole.gone(wanted.size)
        if wanted.party is None or party_of(name) == wanted.party
    ]
    flags = flagged(whole.fold.state, opened.entries)
    return Finding(
        strength=SEALED if gone else RE_DERIVED,
        claim={"figure": found.id, "unit": found.unit, "value": found.value},
        area=whole.about.area,
        about={
            "report": f"{report.report}, {wanted.first_month} to {wanted.last_month}",
            "of": wanted.party or "the area",
            "figure": ", ".join(wanted.heading),
            "identifier": found.id,
            "as known at": f"log size {wanted.size}, under rules {report.rules}",
        },
        checked=EVERYTHING,
        not_excluded=(LATER_CHANGE,),
        disputed=flags.disputed,
        recovered=flags.recovered,
        notes=(*flags.notes, *map(counted_as_said, gone)),
    )


def _check_all_there(opened: OpenedBundle, size: int) -> Redactions:
    """The entries are all below the size and no other, each whole; raises ProofFailed.

    So they are from entry 0 of the oldest log on; where that is an earlier one, entry 0 of the log
    itself is there in any case. Where data is gone, all up to the confirmation of its redaction are
    there too.
    """
    _check_oldest(opened.entries[0])
    first = opened.entries[0].index
    redactions, end = Redactions(), size if first == 0 else max(size, 1)
    for index, entry in enumerate(opened.entries, start=first):
        if entry.index != index or not entry.whole:
            raise ProofFailed(
                "entries are left out of the file",
                expected=f"entry {index}, whole",
                found=f"{'' if entry.whole else 'a part of '}entry {entry.index}",
                advice="Ask for a complete file.",
                defect="left-out",
            )
        if index == end and redactions.awaited:
            end = index + 1
        statement = entry.signed.statement
        redactions.read(statement.stream, statement.first, [item.line for item in entry.events])
    found = first + len(opened.entries)
    if redactions.awaited:
        raise ProofFailed(
            f"the data of {redactions.awaited[0]} is gone",
            expected="all entries up to the confirmation of its redaction",
            found=f"{found} entries",
            advice="Ask for a complete file.",
            defect="left-out",
        )
    if found != end:
        raise ProofFailed(
            "the file is not of the figure's size",
            expected=f"{end} entries",
            found=str(found),
            advice="Ask for a file of this figure.",
            defect="left-out" if found < end else "foreign",
        )
    return redactions


def _check_oldest(entry: OpenedEntry) -> None:
    """Raise ProofFailed where the file begins with a log that continues another one."""
    said = entry.events[0].said
    if isinstance(said, LedgerOpened) and said.continues is not None:
        raise ProofFailed(
            "an earlier log is left out of the file",
            expected=f"every entry of {parse_vkey(said.continues.log).name}, which comes before it",
            found="none",
            advice="Ask for a complete file.",
            defect="left-out",
        )

"""Kind `company-inventory`: a party's sealed sums, derived again from all of its events.

The file holds every stream of the party whole, as the seal's list of companies says where each
ended, and of others what these events stand on. All are folded, the inventory is drawn up, and it
gives the very lines that the operator has sealed. Source: specification, bundles, step 13.
"""

from __future__ import annotations

from typing import cast

import msgspec

from ledger.carbon.rulepack import load
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.lists import party_lines
from ledger.errors import LedgerError, ProofFailed
from ledger.log import seals
from ledger.log.bundle_kinds import CompanyProof, InventorySubject, as_value
from ledger.log.bundle_proof import OpenedBundle, OpenedEntry
from ledger.log.names import party_of
from ledger.log.redacted import Redacted
from ledger.log.seals import CompanyLine
from ledger.machine import Entry
from ledger.provenance.current import check_not_later
from ledger.provenance.seal import Sealed, check_company, sealed
from ledger.provenance.sealed_figures import IN_COMPANIES, SEAL_SIGNED
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import (
    LATER_SEAL,
    OTHER_PARTIES,
    RE_DERIVED,
    SEALED,
    Finding,
    counted_as_said,
)
from ledger.standing import check_nothing_else, check_opening, check_trust_is_whole
from ledger.whole.company_file import check_streams_whole, company_standing
from ledger.whole.fold import Fold
from ledger.whole.redactions import check_confirmed

ALL_FOLDED = (
    "every stream of the party is in the file whole, as of the seal, and its events give the sealed "
    "lines and sums under the ledger's rules"
)


def company_inventory(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """A party's sums, derived. Raises ProofFailed, with its defect."""
    subject = cast("InventorySubject", opened.subject)
    check_opening(opened, trusted.log_key)
    check_trust_is_whole(opened.entries)
    at, item = opened.place(subject.seal)
    size = at.opened + cast("FootprintSealed", item.said).size
    check_streams_whole(opened, subject.party, size)
    check_nothing_else(opened, company_standing(opened, subject.party, subject.seal, size))
    fold = folded(opened.entries)
    seal = sealed(opened, fold.state, subject.seal)
    check_not_later(opened, seal)
    company = check_company(seal, cast("CompanyProof", opened.further.company), subject.party)
    _check_derived(fold, seal, company)
    gone = gone_from(opened.entries)
    return Finding(
        strength=SEALED if gone else RE_DERIVED,
        claim={"party": subject.party, "sums": as_value(company.sums)},
        area=seal.area,
        about={"party": subject.party, **seal.about(opened)},
        checked=(SEAL_SIGNED, IN_COMPANIES, ALL_FOLDED),
        not_excluded=(LATER_SEAL, OTHER_PARTIES),
        covers=seal.event.size,
        disputed=seal.flags.disputed,
        recovered=seal.flags.recovered,
        notes=(*seal.flags.notes, *map(counted_as_said, gone)),
    )


def folded(entries: tuple[OpenedEntry, ...]) -> Fold:
    """The entries of a file with others left out, one after the other. Raises ProofFailed."""
    fold = Fold(whole=False)
    for entry in entries:
        for item in entry.events:
            fold.redactions.read(item.stream, item.version, [item.line])
    for entry in entries:
        try:
            fold.add(_entry(entry), entry.signed, [item.line for item in entry.events])
        except LedgerError as error:
            raise ProofFailed(
                f"{entry.words} of the file does not hold: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=error.advice or "Ask for a complete file.",
                defect=error.defect,
            ) from error
    check_confirmed(fold.state, gone_from(entries))
    return fold


def gone_from(entries: tuple[OpenedEntry, ...]) -> list[str]:
    """The names of the events whose data was taken out of the log."""
    return [
        item.name for entry in entries for item in entry.events if isinstance(item.said, Redacted)
    ]


def _entry(entry: OpenedEntry) -> Entry:
    statement = entry.signed.statement
    hidden = [
        item.name
        for item in entry.events
        if item.data is None and not isinstance(item.said, Redacted)
    ]
    if hidden:
        raise ProofFailed(
            f"{hidden[0]} is withheld",
            expected="all that the inventory stands on, shown",
            found="its hash alone",
            advice="Ask for a complete file.",
            defect="left-out",
        )
    return Entry(
        index=entry.index,
        kid=entry.signed.kid,
        stream=statement.stream,
        first=statement.first,
        types=tuple(item.type for item in entry.events),
        events=tuple(cast("msgspec.Struct", item.said) for item in entry.events),
        positions=tuple(item.version - statement.first for item in entry.events),
        count=statement.count,
        log=statement.log,
        opens=entry.place == 0,
    )


def _check_derived(fold: Fold, sealed: Sealed, company: CompanyLine) -> None:
    """The party's streams, lines and sums are those that were sealed; raises ProofFailed."""
    seal = sealed.event
    heads = [one for one in fold.heads(sealed.size) if party_of(one.stream) == company.party]
    found = seals.heads_root(heads).hex()
    if found != company.streams_root:
        raise ProofFailed(
            f"the streams of {company.party} end elsewhere as of the seal",
            expected=company.streams_root,
            found=f"{found}, over {len(heads)} streams",
            advice="Ask for a file of this seal, with all streams of the party.",
            defect="seal",
        )
    ground = fold.ground(seal.period, sealed.size)
    pack = load(fold.about.rules_at(sealed.size))
    if (seal.rules.version, seal.rules.sha256) != (pack.version, pack.sha256):
        raise ProofFailed(
            "rules of the seal", expected=pack.version, found=seal.rules.version, defect="seal"
        )
    lines = party_lines(ground, pack, company.party)
    root = seals.root(line.encode() for line in lines).hex()
    if (len(lines), root) != (company.lines_count, company.lines_root):
        raise ProofFailed(
            f"the events of {company.party} give other lines than were sealed",
            expected=f"{company.lines_count} lines with the root {company.lines_root}",
            found=f"{len(lines)} with {root}",
            defect="seal",
        )
    sums = seals.as_sums(seals.sums_of(lines))
    if sums != company.sums:
        raise ProofFailed(
            f"the lines of {company.party} do not add up to its sums",
            expected=msgspec.json.encode(company.sums).decode(),
            found=msgspec.json.encode(sums).decode(),
            defect="sum",
        )

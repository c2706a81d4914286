"""What a file shows of a seal: its place, and lines that lead to the roots it names.

Source: specification, bundles, steps 7 to 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import msgspec

from ledger.carbon.seal.events import FootprintSealed
from ledger.errors import ProofFailed, refusing
from ledger.fold.state import State
from ledger.log import hashes, proof, seals
from ledger.log.bundle_kinds import CompanyProof, LineProof, ShownLine
from ledger.log.bundle_proof import OpenedBundle
from ledger.log.hashes import RootHash, leaf_hash
from ledger.log.seals import CompanyLine, InventoryLine
from ledger.parties.pieces import ledger
from ledger.provenance.replay import Flagged, entry_words, flagged, replay
from ledger.provenance.trusted import Trusted
from ledger.standing import check_nothing_else, check_opening, check_trust_is_whole, standing


class Sealed(msgspec.Struct, frozen=True):
    """A seal whose entry holds, with the state behind it."""

    name: str
    index: int
    event: FootprintSealed
    size: int
    """The index behind the last entry that it covers."""
    opened: int
    """Index of entry 0 of its log."""
    state: State
    area: str
    operator: str
    flags: Flagged

    def about(self, opened: OpenedBundle) -> dict[str, str]:
        """What a person wants to know of it."""
        period, event = self.event.period, self.event
        return {
            "seal": f"{self.name}, entry {entry_words(opened, opened.place(self.name)[0])}",
            "operator": self.operator,
            "view": event.view,
            "months": months_text(*period),
            "covers": f"its log up to size {event.size}, under rules {event.rules.version}",
        }


def open_sealed(opened: OpenedBundle, trusted: Trusted, seal: str, *further: str) -> Sealed:
    """The seal of a file that holds it, these further events, and what they stand on.

    Raises ProofFailed, with its defect.
    """
    check_opening(opened, trusted.log_key)
    check_trust_is_whole(opened.entries)
    check_nothing_else(opened, standing(opened, seal, *further))
    state, _ = replay(opened)
    return sealed(opened, state, seal)


def sealed(opened: OpenedBundle, state: State, seal: str) -> Sealed:
    """The seal of this name over a state; raises ProofFailed unless it is in its place."""
    entry, item = opened.place(seal)
    event = cast("FootprintSealed", item.said)
    about = ledger(state)
    if item.stream != f"{about.operator}/seals":
        raise ProofFailed(
            "a seal out of its place",
            expected=f"{about.operator}/seals",
            found=item.stream,
            defect="seal",
        )
    flags = flagged(state, opened.entries)
    return Sealed(
        name=item.name,
        index=entry.index,
        event=event,
        size=entry.opened + event.size,
        opened=entry.opened,
        state=state,
        area=about.area,
        operator=about.operator,
        flags=flags,
    )


def check_company(sealed: Sealed, shown: CompanyProof, party: str) -> CompanyLine:
    """The party's line of the sealed list of companies; raises ProofFailed."""
    if shown.line.party != party:
        raise ProofFailed(
            "the line of another party", expected=party, found=shown.line.party, defect="subject"
        )
    event = sealed.event
    with refusing("seal"):
        proof.verify_inclusion(
            leaf_hash(seals.encode_company(shown.line)),
            shown.position,
            event.companies_count,
            shown.path,
            _root(event.companies_root),
        )
    return shown.line


def check_companies(sealed: Sealed, shown: Sequence[CompanyLine]) -> Sequence[CompanyLine]:
    """The whole sealed list of companies; raises ProofFailed."""
    event = sealed.event
    found = seals.root(map(seals.encode_company, shown)).hex()
    if (len(shown), found) != (event.companies_count, event.companies_root):
        raise ProofFailed(
            "not the list of companies of the seal",
            expected=f"{event.companies_count} lines with the root {event.companies_root}",
            found=f"{len(shown)} with {found}",
            defect="seal",
        )
    return shown


def check_line(company: CompanyLine, shown: LineProof) -> InventoryLine:
    """A line of the party's sealed inventory; raises ProofFailed."""
    line = shown.line.as_line()
    with refusing("seal"):
        proof.verify_inclusion(
            leaf_hash(line.encode()),
            shown.position,
            company.lines_count,
            shown.path,
            _root(company.lines_root),
        )
    return line


def check_lines(company: CompanyLine, shown: Sequence[ShownLine]) -> list[InventoryLine]:
    """The party's whole sealed inventory, which adds up to its sums; raises ProofFailed."""
    lines = [one.as_line() for one in shown]
    found = seals.root(line.encode() for line in lines).hex()
    ascending = all(a.name.key() < b.name.key() for a, b in pairwise(lines))
    if not ascending or (len(lines), found) != (company.lines_count, company.lines_root):
        raise ProofFailed(
            f"not the sealed inventory of {company.party}",
            expected=f"{company.lines_count} lines, sorted, with the root {company.lines_root}",
            found=f"{len(lines)} with {found}",
            defect="seal",
        )
    sums = seals.sums_of(lines)
    negative = any(mass_mg < 0 for row in sums.values() for mass_mg in row.values())
    if negative or seals.as_sums(sums) != company.sums:
        raise ProofFailed(
            f"the lines of {company.party} do not add up to its sums",
            expected=msgspec.json.encode(company.sums).decode(),
            found=msgspec.json.encode(sums).decode(),
            defect="sum",
        )
    return lines


def months_text(first: str, end: str) -> str:
    """The months from the first until before another, the last one named, in words."""
    year, month = int(end[:4]), int(end[5:])
    last = f"{year:04}-{month - 1:02}" if month > 1 else f"{year - 1:04}-12"
    return first if first == last else f"{first} to {last}"


def _root(text: str) -> RootHash:
    return RootHash(hashes.parse_hex(text))

"""Kind `current-event`: what an event gives, and that nothing later changes it as of a seal.

The seal's list of heads says where each stream ended. The register of the event's party, its
corrections, and all keys are in the file up to there, so nothing of them is left out.
Source: specification, bundles, step 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import cast

from msgspec.structs import replace

from ledger.errors import ProofFailed, refusing
from ledger.log import hashes, proof, seals
from ledger.log.bundle_kinds import CurrentSubject, HeadAbsent, HeadPlace, HeadProof, HeadShown
from ledger.log.bundle_proof import OpenedBundle
from ledger.log.hashes import RootHash, leaf_hash
from ledger.log.names import begins_anew, party_of
from ledger.provenance.event import found, reading_of
from ledger.provenance.replay import replay
from ledger.provenance.seal import Sealed, sealed
from ledger.provenance.sealed_figures import SEAL_SIGNED
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import AFTER_SEAL, UNDISCLOSED, Finding
from ledger.standing import (
    check_nothing_else,
    check_opening,
    check_trust_is_whole,
    standing,
)

WHOLE = (
    "as of the seal, the register of the event's party, the corrections of its source and all keys "
    "are in the file whole"
)
AMENDING = ("FactorAssigned", "SourceAmended")
"""Types of a register whose events can change a figure."""


def current_event(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """What the event comes to as of the seal. Raises ProofFailed, with its defect."""
    subject = cast("CurrentSubject", opened.subject)
    check_opening(opened, trusted.log_key)
    check_trust_is_whole(opened.entries)
    source = opened.event.stream
    grounds = f"{party_of(source)}/register", f"{source}/corrections"
    items = [item for entry in opened.entries for item in entry.events]
    streams = _asked(opened, party_of(opened.entries[0].signed.statement.stream), source)
    # Who has a stream in the file belongs there, if its keys are proven to be whole.
    asked = [i.name for i in items if i.stream in streams and i.data is not None]
    check_nothing_else(opened, standing(opened, subject.event, subject.seal, *asked))
    hidden = [item for item in items if item.data is None]
    whole = opened.event.data is not None and all(item.stream in grounds for item in hidden)
    undisclosed = [
        UNDISCLOSED + item.name
        for item in hidden
        if item.stream == grounds[1] or (item.stream == grounds[0] and item.type in AMENDING)
    ]
    replayed = replay(opened, reading_of(opened.event), accounting=whole)
    finding = found(opened, replayed, whole=whole, not_excluded=(AFTER_SEAL, *undisclosed))
    seal = sealed(opened, replayed[0], subject.seal)
    check_heads(opened, seal, source)
    return replace(
        finding,
        about={**finding.about, **seal.about(opened)},
        covers=seal.event.size,
        checked=(*finding.checked, SEAL_SIGNED, WHOLE),
    )


def streams_asked(operator: str, parties: Sequence[str], source: str) -> list[str]:
    """The streams whose heads a file needs: keys, rules, and what can change a figure of a source."""
    keys = {f"{party}/keys" for party in (operator, *parties)}
    own = f"{party_of(source)}/register", f"{source}/corrections"
    return sorted({*keys, f"{operator}/ledger", *own})


def _asked(opened: OpenedBundle, operator: str, source: str) -> list[str]:
    parties = sorted({party_of(entry.signed.statement.stream) for entry in opened.entries})
    return streams_asked(operator, parties, source)


def check_heads(opened: OpenedBundle, seal: Sealed, source: str) -> None:
    """The file holds what the seal's heads say of the asked streams; raises ProofFailed."""
    asked = _asked(opened, seal.operator, source)
    shown = [one.stream for one in opened.further.heads or ()]
    for stream in asked:
        if stream not in shown:
            raise _wrong("a head is missing", stream, "none", "left-out")
    for stream in shown:
        if stream not in asked:
            raise _wrong("a head that is not asked for", ", ".join(asked), stream, "foreign")
    for one in opened.further.heads or ():
        with refusing("seal"):
            _check_proof(seal, one)
        _check_stream(opened, seal, one)
    check_not_later(opened, seal)


def _check_proof(seal: Sealed, one: HeadProof) -> None:
    if isinstance(one, HeadShown):
        if one.line.stream != one.stream:
            raise _wrong("the head of another stream", one.stream, one.line.stream, "seal")
        _check_place(seal, HeadPlace(line=one.line, path=one.path, position=one.position))
        return
    _check_absent(seal, one)


def _check_absent(seal: Sealed, one: HeadAbsent) -> None:
    count = seal.event.heads_count
    for place in (one.before, one.after):
        if place is not None:
            _check_place(seal, place)
    before = -1 if one.before is None else one.before.position
    after = count if one.after is None else one.after.position
    between = (one.before is None or one.before.line.stream < one.stream) and (
        one.after is None or one.stream < one.after.line.stream
    )
    if after != before + 1 or not between:
        raise _wrong(
            f"not the neighbours of the place of {one.stream}",
            f"two lines beside each other of {count}, before and after it",
            f"positions {before} and {after}",
            "seal",
        )


def _check_place(seal: Sealed, place: HeadPlace) -> None:
    proof.verify_inclusion(
        leaf_hash(seals.encode_head(place.line)),
        place.position,
        seal.event.heads_count,
        place.path,
        RootHash(hashes.parse_hex(seal.event.heads_root)),
    )


def _check_stream(opened: OpenedBundle, seal: Sealed, one: HeadProof) -> None:
    """The stream is in the file whole, up to its head."""
    found = {
        item.version: item
        for entry in opened.entries
        for item in entry.events
        if item.stream == one.stream
        and entry.index < seal.size
        and not (begins_anew(one.stream) and entry.opened != seal.opened)
    }
    if isinstance(one, HeadAbsent):
        if found:
            name = found[min(found)].name
            raise _wrong(f"{one.stream} has no entry as of the seal", "none", name, "foreign")
        return
    missing = next(version for version in count(1) if version not in found)
    if missing <= one.line.version:
        raise _wrong(
            f"{one.stream} is not whole",
            f"all versions up to {one.line.version}",
            f"none of version {missing}",
            "left-out",
        )
    last = found[max(found)]
    if last.version != one.line.version or last.leaf.hex() != one.line.head:
        raise _wrong(
            f"{one.stream} ends elsewhere as of the seal",
            f"version {one.line.version}, {one.line.head}",
            f"version {last.version}, {last.leaf.hex()}",
            "seal",
        )


def check_not_later(opened: OpenedBundle, seal: Sealed) -> None:
    """Nothing is later than what the seal covers, but the seal and what its signature stands on."""
    trust = f"{seal.operator}/keys", f"{seal.operator}/ledger"
    until = max(seal.index, *(entry.opened for entry in opened.entries))
    for entry in opened.entries:
        stream = entry.signed.statement.stream
        behind = (stream in trust and entry.index < until) or not entry.place
        if entry.index >= seal.size and entry.index != seal.index and not behind:
            raise _wrong(
                "an entry that the seal does not cover",
                f"entries below {seal.size}",
                f"entry {entry.index}, {stream}",
                "foreign",
            )


def _wrong(what: str, expected: str, found_: str, defect: str) -> ProofFailed:
    return ProofFailed(
        what,
        expected=expected,
        found=found_,
        advice="Ask for a file of this seal, made anew.",
        defect=defect,
    )

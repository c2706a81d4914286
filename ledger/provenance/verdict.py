"""What was checked and found: there is a verdict only if everything in the file held.

`facts` are the members on which every verifier agrees (specification, bundles, "Verdict"); the rest
says the same to people, who also want to know what was checked and what no file can show.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.log.witnesses import Cosigned

RE_DERIVED: Final = "re-derived"
"""Everything that the figure follows from is in the file, and gives it."""
AUDITED: Final = "audited"
"""Sealed, and a witness that the reader trusts has derived the whole log itself."""
SEALED: Final = "sealed"
"""The operator has committed to the figure; it is not derived here."""
LOGGED: Final = "logged"
"""The event stands where it says; data was withheld that its figure needs."""

LATER_CHANGE: Final = "later-change"
AFTER_SEAL: Final = "after-seal"
ANOTHER_HISTORY: Final = "another-history"
EARLIER_HISTORY: Final = "earlier-history"
LATER_SEAL: Final = "later-seal"
LATER_TARGET: Final = "later-target"
OTHER_PARTIES: Final = "other-parties"
UNDISCLOSED: Final = "undisclosed:"

SAYS_CODE: Final = {
    EARLIER_HISTORY: "another end of an earlier log than the opening of the next one names: that is the "
    "operator's word, and the earlier log's own checkpoints are not in the file",
    LATER_CHANGE: "a later correction or revocation that is not in the file, or another factor or "
    "an amendment of the source",
    LATER_SEAL: "another seal of the same months, or a later correction, that gives another figure",
    LATER_TARGET: "a later statement that replaces this target",
    OTHER_PARTIES: "what other parties have said that is not in the file: an answer to a transfer, a "
    "key of theirs revoked",
}


def counted_as_said(event: str) -> str:
    """Of an event whose data was taken out of the log, in words."""
    return (
        f"{event} counts as its redaction says, which its author signed and the operator confirmed: "
        "its data was taken out of the log"
    )


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind's derivation came to."""

    strength: str
    claim: dict[str, object]
    """As the specification has it for the kind."""
    area: str
    about: dict[str, str]
    """For people: what is claimed, in the words of the field."""
    checked: tuple[str, ...]
    """For people: what of this kind was checked, beside what is checked of every file."""
    not_excluded: tuple[str, ...] = ()
    """Codes."""
    disputed: tuple[int, ...] = ()
    recovered: tuple[int, ...] = ()
    covers: int | None = None
    """The size of the seal that the claim is as of, where there is one."""
    notes: tuple[str, ...] = ()
    """For people: recoveries and disputes that the verdict rests on."""
    data: msgspec.Raw | None = None
    """The event asked about, where it is shown."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A file that holds: what it claims, how far that goes, and what it leaves open."""

    kind: str
    subject: dict[str, object]
    origin: str
    log_key: str
    size: int
    """The log size that this holds for."""
    finding: Finding
    strength: str
    withheld: tuple[str, ...]
    cosigned: tuple[Cosigned, ...]
    """The witnesses, of those that the caller trusts, that have cosigned this size."""
    replayed: tuple[Cosigned, ...]
    """The same, of those that the caller trusts to have derived everything themselves."""
    policy: str | None
    """The caller's, which is met; None where it had none."""
    not_excluded: tuple[str, ...]
    """Codes."""
    named: bool
    """Whether the caller trusts any witness at all."""

    @property
    def claim(self) -> dict[str, object]:
        """As the specification has it for the kind."""
        return self.finding.claim

    @property
    def notes(self) -> tuple[str, ...]:
        """Recoveries and disputes that the verdict rests on, in words."""
        return self.finding.notes


def facts(verdict: Verdict) -> dict[str, object]:
    """The members on which every verifier agrees, as JSON has them."""
    witnesses = {one.witness for one in (*verdict.cosigned, *verdict.replayed)}
    return {
        "kind": verdict.kind,
        "origin": verdict.origin,
        "size": verdict.size,
        "strength": verdict.strength,
        "claim": verdict.claim,
        "withheld": list(verdict.withheld),
        "disputed": sorted(verdict.finding.disputed),
        "recovered": sorted(verdict.finding.recovered),
        "cosigned": sorted(witnesses),
        "not_excluded": list(verdict.not_excluded),
    }


def says(verdict: Verdict, code: str) -> str:
    """A code of what is not excluded, in words."""
    if code == ANOTHER_HISTORY:
        why = "none of the named ones has cosigned" if verdict.named else "no witness was named"
        return f"another history of this log, shown to somebody else: {why}"
    if code == AFTER_SEAL:
        size = verdict.finding.covers
        return f"anything in entries of the log from {size} on, which the seal does not cover"
    if code.startswith(UNDISCLOSED):
        return f"a change of the figure by {code.removeprefix(UNDISCLOSED)}, which is withheld"
    return SAYS_CODE[code]

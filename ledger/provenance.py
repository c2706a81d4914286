"""What a bundle shows about one event, derived again from the entries in the file.

The verifier folds the bundle's entries through the same machine as the ledger did, over an empty
state: keys are authorised by the file's own key events, signatures are checked with them, and the
masses of the event follow from its source, factors and corrections. It takes no number from the
file. What a file cannot show (that nothing later changes it) the verdict says. Pure; offline.
Source: formats, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from ledger.carbon.events import (
    ActivityCorrected,
    ActivityWithdrawn,
    Body,
)
from ledger.carbon.footprint import Masses
from ledger.carbon.pieces import HISTORY, RECORDED, HistoryPiece, RecordedPiece
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.pieces import SEAL_GROUND, UNSEEN
from ledger.errors import BadBundle, LedgerError, ProofFailed
from ledger.fold.state import Kind, Memory
from ledger.log.bundle import OpenedBundle, OpenedEntry, open_bundle, read_bundle
from ledger.log.checkpoint import open_cosigned
from ledger.log.names import event_ref, party_of
from ledger.log.witnesses import Cosigned, Policy, Witness, check_policy, cosigned_by
from ledger.machine import Entry, authorise, fold, read_event
from ledger.parties.pieces import KEY, PARTY, LedgerPiece, ledger
from ledger.standing import check_nothing_else, check_trust_is_whole

P = TypeVar("P", bound=msgspec.Struct)


class DerivedMass(msgspec.Struct, frozen=True, kw_only=True):
    """Masses of the event in one month and factor role, in milligrams."""

    month: str
    role: str
    mass_mg: Masses


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked and found; there is a verdict only if everything held."""

    event: str
    type: str
    strength: str
    """`re-derived`: everything that the figure follows from is in the file. `logged`: the event
    stands where it says, and data was withheld that its figure needs."""
    party: str
    party_name: str
    key: str
    index: int
    """Of the log entry that carries the event."""
    signed_at: str
    """The author's own claim of the time."""
    size: int
    """The log size that this holds for."""
    origin: str
    log_key: str
    area: str
    masses: list[DerivedMass]
    corrected_by: str | None
    withdrawn: bool
    data: msgspec.Raw | None
    withheld: list[str]
    notes: list[str]
    """Recoveries and disputes that the verdict rests on."""
    not_excluded: list[str]
    cosigned: list[Cosigned] = []
    """The witnesses, of those that the caller trusts, that have cosigned this size."""
    policy: str | None = None
    """The caller's, which is met; None where it had none."""


class EventState(Memory):
    """State over the events of one file: recorded events are those shown so far.

    The only history is that of the one event asked about, so no other can add to its figure.
    """

    def __init__(self, target: str | None = None) -> None:
        super().__init__()
        self._target = target
        self._history: tuple[tuple[str, Body, int], ...] = ()

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece; the history of a stream is that of the event asked about."""
        if kind.name == HISTORY.name:
            own = tuple(item for item in self._history if item[0].startswith(f"{key}@"))
            return HistoryPiece(own)  # type: ignore[return-value]
        if kind.name == SEAL_GROUND.name:
            return UNSEEN  # type: ignore[return-value]
        return super().get(kind, key)

    def show(self, name: str, event: object, index: int) -> None:
        """An event was folded: later ones may refer to it."""
        if isinstance(event, ActivityWithdrawn):
            if event.event == self._target:
                self._history = ()
            return
        body = event.body if isinstance(event, ActivityCorrected) else event
        if not isinstance(body, Body):
            return
        self.put(RECORDED, name, RecordedPiece(type(event).__name__, body, index))
        of = event.event if isinstance(event, ActivityCorrected) else name
        if of == self._target:
            self._history = ((of, body, index),)


def verify_event(
    data: bytes,
    log_key: str,
    witnesses: tuple[Witness, ...] = (),
    policy: Policy | None = None,
) -> Verdict:
    """Check a bundle of kind `event` as a whole, under the log of this vkey.

    `witnesses` are those that the caller trusts, and `policy` says how many are enough. Raises
    InvalidInput for a file out of form, ProofFailed or Refused for one that does not hold.
    """
    bundle = read_bundle(data)
    opened = open_bundle(bundle, log_key)
    cosigned = witnessed(bundle.checkpoint, log_key, witnesses, policy)
    target = _target(opened)
    state, rows = EventState(target), EntryRows()
    check_trust_is_whole(opened.entries)
    check_nothing_else(opened)
    withheld: list[str] = []
    for entry in opened.entries:
        _fold_entry(state, entry, rows, target)
        withheld += [event_ref(e.stream, e.version) for e in entry.events if e.data is None]
    masses = _masses(rows) if target is not None else []
    verdict = _verdict(state, opened, log_key, masses, withheld)
    return msgspec.structs.replace(
        verdict,
        cosigned=list(cosigned),
        policy=None if policy is None else str(policy),
        not_excluded=[*verdict.not_excluded, *another_history(cosigned, witnesses)],
    )


def witnessed(
    checkpoint: bytes, log_key: str, witnesses: tuple[Witness, ...], policy: Policy | None
) -> tuple[Cosigned, ...]:
    """Which of these witnesses have cosigned a checkpoint; raises ProofFailed if too few have."""
    verifiers = [one for witness in witnesses for one in witness.verifiers]
    opened = open_cosigned(checkpoint, log_key, verifiers)
    cosigned = cosigned_by(opened.cosignatures, witnesses)
    if policy is not None:
        check_policy(policy, cosigned)
    return cosigned


def another_history(cosigned: tuple[Cosigned, ...], witnesses: tuple[Witness, ...]) -> list[str]:
    """That others may be shown another history, where no trusted witness excludes it."""
    if cosigned:
        return []
    why = "none of the named ones has cosigned" if witnesses else "no witness was named"
    return [f"another history of this log, shown to somebody else: {why}"]


def _target(opened: OpenedBundle) -> str | None:
    """The reading whose figure is derived: the event asked about, or the one that it corrects."""
    subject = opened.subject
    event = None if subject.data is None else read_event(subject.data)
    if isinstance(event, ActivityCorrected | ActivityWithdrawn):
        return event.event
    return event_ref(subject.stream, subject.version) if isinstance(event, Body) else None


def _fold_entry(state: EventState, entry: OpenedEntry, rows: EntryRows, target: str | None) -> None:
    """Authorise the entry as a whole and fold what it shows.

    Rows are kept of the event asked about alone: another reading must hold, and adds nothing.
    """
    statement = entry.signed.statement
    shown = [(item, read_event(item.data)) for item in entry.events if item.data is not None]
    whole = Entry(
        index=entry.index,
        kid=entry.signed.kid,
        stream=statement.stream,
        first=statement.first,
        types=tuple(item.type for item in entry.events),
        events=tuple(event for _, event in shown),
        positions=tuple(item.version - statement.first for item, _ in shown),
        count=statement.count,
        log=statement.log,
    )
    try:
        entry.signed.jws.verify(authorise(state, whole))
        for (item, event), position in zip(shown, whole.positions, strict=True):
            name = event_ref(item.stream, item.version)
            one = msgspec.structs.replace(whole, events=(event,), positions=(position,))
            fold(state, one, rows if _counts(name, event, target) else EntryRows())
            state.show(name, event, entry.index)
    except LedgerError as error:
        raise ProofFailed(
            f"entry {entry.index} of the file does not hold: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=error.advice or "Ask for a complete file.",
        ) from error


def _counts(name: str, event: object, target: str | None) -> bool:
    """Whether this event's rows are of the event asked about.

    They are if it is that event, a correction of it, or said about its source in the register.
    """
    if isinstance(event, ActivityCorrected | ActivityWithdrawn):
        return event.event == target
    return not isinstance(event, Body) or name == target


def _masses(rows: EntryRows) -> list[DerivedMass]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for (_, _, month, role, gas), (mass_mg, _) in rows.masses.items():
        sums = found.setdefault((month, role), {})
        sums[gas] = sums.get(gas, 0) + mass_mg
    return [
        DerivedMass(
            month=month, role=role, mass_mg={g: str(m) for g, m in sorted(sums.items()) if m}
        )
        for (month, role), sums in sorted(found.items())
    ]


def _verdict(
    state: EventState,
    opened: OpenedBundle,
    log_key: str,
    masses: list[DerivedMass],
    withheld: list[str],
) -> Verdict:
    subject = opened.subject
    about: LedgerPiece = ledger(state)
    entry = next(e for e in opened.entries if e.index == opened.subject_index)
    name = event_ref(subject.stream, subject.version)
    changes = list(_changes(opened.entries, name))
    author = party_of(subject.stream)
    party = state.get(PARTY, author) or state.get(PARTY, about.operator)
    if party is None:
        raise BadBundle("the author's registration is not in the file", expected=author)
    return Verdict(
        event=name,
        type=subject.type,
        strength="logged" if withheld else "re-derived",
        party=author,
        party_name=party.name,
        key=entry.signed.kid,
        index=opened.subject_index,
        signed_at=entry.signed.statement.signed_at,
        size=opened.checkpoint.size,
        origin=opened.checkpoint.origin,
        log_key=log_key,
        area=about.area,
        masses=masses,
        corrected_by=changes[-1][0] if changes else None,
        withdrawn=bool(changes) and isinstance(changes[-1][1], ActivityWithdrawn),
        data=None if subject.data is None else msgspec.Raw(subject.data),
        withheld=withheld,
        notes=_notes(state, opened.entries),
        not_excluded=[
            "a later correction or revocation that is not in the file",
            "another factor or an amendment of the source that is not in the file",
        ],
    )


def _changes(entries: Iterable[OpenedEntry], name: str) -> Iterator[tuple[str, object]]:
    for entry in entries:
        for item in entry.events:
            if item.data is None or item.type not in ("ActivityCorrected", "ActivityWithdrawn"):
                continue
            event = read_event(item.data)
            if isinstance(event, ActivityCorrected | ActivityWithdrawn) and event.event == name:
                yield event_ref(item.stream, item.version), event


def _notes(state: EventState, entries: Iterable[OpenedEntry]) -> list[str]:
    found = []
    for entry in entries:
        key = state.get(KEY, entry.signed.kid)
        if key is None:
            continue
        if key.recovered:
            found.append(
                f"entry {entry.index} is signed with a key of {key.party} that the operator "
                f"recovered in {key.by}"
            )
        if key.compromised_from is not None and entry.index >= key.compromised_from:
            found.append(
                f"entry {entry.index} is disputed: its key was declared compromised from entry "
                f"{key.compromised_from} on, in {key.revoked_by}"
            )
    return found

"""May this log continue that one? Its opening must name the end, and come from the same operator.

The end is what whoever holds the state has found it to be: size, root, heads. That the operator
wants it is shown by the key that opens the new log, an admin key at the old end, or by the earlier
recovery key, which has signed for the new log that it is held. Source: formats, section 5.
"""

from __future__ import annotations

from ledger.errors import BadKey, NotAuthorised, RuleBroken
from ledger.fold.event import Place
from ledger.fold.state import State
from ledger.log.keys import public_key
from ledger.log.note import ed25519_key, parse_vkey
from ledger.parties.events import Continued, LedgerOpened
from ledger.parties.pieces import END, KEY, LEDGER, EndPiece, LedgerPiece


def check_continuation(
    state: State, place: Place, event: LedgerOpened, continues: Continued
) -> None:
    """Raise RuleBroken, BadKey or NotAuthorised unless the opening continues the log at hand."""
    end = state.get(END, "")
    before = state.get(LEDGER, "")
    if continues.signed is not None and continues.signed.size <= continues.size:
        raise RuleBroken(
            "what the earlier log had signed",
            expected=f"more than {continues.size} entries, or nothing",
            found=str(continues.signed.size),
        )
    if end is None or (before is None and end.size is not None):
        raise RuleBroken(
            "continuing an earlier log",
            expected="the entries of the earlier log before this one",
            found=continues.log,
            advice="Open it with carbon-ledger continue.",
        )
    if before is None:
        return  # Nothing of the earlier log is at hand, and the state says so.
    if end.size is not None:
        _check_end(place, continues, before, end)
    _check_same(event, before)
    _check_keys(state, place, event, before)


def _check_end(place: Place, continues: Continued, before: LedgerPiece, end: EndPiece) -> None:
    expected = {
        "log": before.log,
        "size": place.index - before.opened,
        "root": end.root,
        "heads_root": end.heads_root,
        "heads_count": end.heads_count,
    }
    for member, value in expected.items():
        said = getattr(continues, member)
        if said != value:
            raise RuleBroken(
                f"{member} of the earlier log",
                expected=str(value),
                found=str(said),
                advice="Name the end of the log whose entries stand before this one.",
            )


def _check_same(event: LedgerOpened, before: LedgerPiece) -> None:
    for member in ("operator", "area", "timezone"):
        said, kept = getattr(event, member), getattr(before, member)
        if said != kept:
            raise RuleBroken(
                f"{member} of a continuing log", expected=f"{kept}, as before", found=said
            )
    for log in (before.log, *(one.log for one in before.earlier)):
        if event.origin == parse_vkey(log).name:
            raise RuleBroken("origin of a continuing log", expected="a new one", found=event.origin)


def _check_keys(state: State, place: Place, event: LedgerOpened, before: LedgerPiece) -> None:
    first, recovery = public_key(event.key.members()), public_key(event.recovery_key.members())
    logs = [ed25519_key(log).thumbprint for log in (before.log, *(e.log for e in before.earlier))]
    new_log = ed25519_key(event.log).thumbprint
    if {first.thumbprint, recovery.thumbprint, new_log} & {*logs} or state.get(KEY, new_log):
        raise BadKey(
            "keys of a continuing log",
            expected="a new key of the log, and no earlier log's for anything else",
            found="a key that was used before",
        )
    old = state.get(KEY, before.recovery_key)
    recovers = (
        recovery.thumbprint == before.recovery_key and old is not None and old.valid_at(place.index)
    )
    if state.get(KEY, recovery.thumbprint) is not None and not recovers:
        raise BadKey(
            "recovery key of a continuing log",
            expected="a new key, or the earlier log's recovery key",
            found=recovery.thumbprint,
        )
    known = state.get(KEY, first.thumbprint)
    if known is None and recovers:
        return
    if (
        known is None
        or not known.admin
        or known.party != event.operator
        or not known.valid_at(place.index)
    ):
        raise NotAuthorised(
            "opening of a continuing log",
            expected=f"an admin key of {event.operator} that was valid at the earlier log's end, "
            "or that log's recovery key as this one's",
            found=first.thumbprint,
            advice="Only the operator of a log may continue it.",
        )

"""Runs ahead of an audit over the control entries, so that ranges of the log can be checked apart.

Parties, keys, sources, factors and rules are folded in order as the log is read, before the range
that they stand in is handed out. What the scout has found goes along with each range: keys, and what
readings stand on. It is not the judge: whoever merges the ranges folds the same entries again with
everything else and asks of each key and basis whether it is in force. So a control entry that is
damaged, or that hides under another stream's name, costs time and never the truth.

In memory is what control entries have said; it grows with parties, keys and sources, not with
readings. Readings that were recorded before are not looked at: they change no key and no basis.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.carbon.rows import EntryRows
from ledger.carbon.summary import Basis, basis_of, encode_basis
from ledger.errors import LedgerError
from ledger.fold.state import Memory, Overlay
from ledger.log.batch import parse_statement
from ledger.log.names import party_of
from ledger.machine import authorise, fold, read_events, whole_entry
from ledger.parties.pieces import END, KEY, LEDGER, PARTY, UNSEEN_END
from ledger.parties.rules import RESERVED
from ledger.ranges import IMPOSSIBLE
from ledger.store.earlier_store import stream_of
from ledger.store.log_store import StoredEntry

CONTROL = frozenset(RESERVED) - {"corrections"}


class Scout:
    """What control entries have said so far."""

    def __init__(self) -> None:
        self._state = Memory()
        self._state.put(END, "", UNSEEN_END)
        self._bases: dict[str, tuple[Basis, bytes] | None] = {}

    def see(self, stored: StoredEntry) -> None:
        """Fold the entry if it is a control entry; one that does not hold changes nothing."""
        if _last(stream_of(stored.stream)) not in CONTROL:
            return
        after = Overlay(self._state)
        try:
            signed = parse_statement(stored.jws)
            entry = whole_entry(stored.index, signed, read_events(stored.event_lines))
            authorise(after, entry)
            fold(after, entry, EntryRows())
        except (*IMPOSSIBLE, LedgerError):
            return
        after.merge_into(self._state.pieces)
        self._bases.clear()

    def basis(self, stream: str) -> tuple[Basis, bytes] | None:
        """What the readings of a stream stand on now, also as bytes, if it has a source."""
        if stream not in self._bases:
            found = None
            if _last(stream) not in RESERVED:
                found = basis_of(self._state, stream)
            self._bases[stream] = None if found is None else (found, encode_basis(found))
        return self._bases[stream]

    def keys(self, streams: Iterable[str]) -> dict[str, str]:
        """The public keys, by thumbprint, that may have signed in these streams."""
        opened = self._state.get(LEDGER, "")
        parties = {party_of(stream) for stream in streams}
        if opened is not None:
            parties.add(opened.operator)
        keys: dict[str, str] = {}
        for name in parties:
            party = self._state.get(PARTY, name)
            for thumbprint in party.keys if party else ():
                key = self._state.get(KEY, thumbprint)
                if key is not None:
                    keys[thumbprint] = key.x
        return keys


def _last(stream: str) -> str:
    return stream.rpartition("/")[2]

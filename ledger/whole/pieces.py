"""State over the whole log: every piece as it stands, and as it stood at any earlier size.

What is kept at each size is what a report or a seal asks for; of all other pieces only the present
one is. Recorded events, histories and the ground of a seal are derived when they are asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final, TypeVar, cast

import msgspec

from ledger.carbon.area.pieces import TARGET, TRANSFER
from ledger.carbon.organisation.pieces import FACT, ORGANISATION
from ledger.carbon.pieces import FACTOR, HISTORY, RECORDED, SOURCE
from ledger.carbon.redaction.pieces import ERASED, UNREAD, ErasedPiece
from ledger.carbon.seal.pieces import SEAL_GROUND, UNSEEN, SealGround, parse_ground_key
from ledger.fold.state import Key, Kind
from ledger.machine import KINDS
from ledger.parties.pieces import END, PARTY, UNSEEN_END, EndPiece
from ledger.whole.readings import Recorded
from ledger.whole.redactions import Redactions

P = TypeVar("P", bound=msgspec.Struct)

AT_ANY_SIZE: Final = frozenset(
    kind.name for kind in (PARTY, SOURCE, FACTOR, ORGANISATION, FACT, TRANSFER, TARGET)
)


UNSEEN_HERE: Final[dict[str, msgspec.Struct]] = {
    SEAL_GROUND.name: UNSEEN,
    END.name: UNSEEN_END,
    ERASED.name: UNREAD,
}
"""What a part of a log does not show."""


class WholeState:
    """A state that is complete: what is not there does not exist."""

    def __init__(
        self,
        recorded: Recorded,
        redactions: Redactions,
        ground: Callable[[tuple[str, str], int], SealGround] | None,
    ) -> None:
        """`redactions` knows the events whose data may be gone. `ground` derives what a seal follows from, of a period and a log size.

        Without it others of the log are left out, and what only they show is taken for the word of
        whoever said it.
        """
        self.size = 0
        """The index behind the last entry whose changes are in it."""
        self.end: EndPiece | None = None
        """What the log at hand has come to, before the entry that opens the one that continues it."""
        self._recorded = recorded
        self._redactions = redactions
        self._ground = ground
        self._pieces: dict[Key, msgspec.Struct | None] = {}
        self._versions: dict[str, dict[str, list[tuple[int, msgspec.Struct | None]]]] = {
            kind: {} for kind in AT_ANY_SIZE
        }

    def get(self, kind: Kind[P], key: str) -> P | None:
        """The piece, or None if there is none."""
        if kind.name in KINDS:
            return cast("P | None", self._pieces.get((kind.name, key)))
        found: msgspec.Struct | None
        if kind.name == RECORDED.name:
            found = self._recorded.event(key)
        elif kind.name == HISTORY.name:
            found = self._recorded.history(key, self.size)
        elif kind.name == ERASED.name and (said := self._redactions.of(key)) is not None:
            index = self._recorded.index(key)
            found = ErasedPiece(self.size if index is None else index, said)
        elif self._ground is None and kind.name in UNSEEN_HERE:
            found = UNSEEN_HERE[kind.name]
        elif self._ground is not None and kind.name == SEAL_GROUND.name:
            found = self._ground(*parse_ground_key(key))
        elif kind.name == END.name:
            found = self.end  # none, where no earlier log stands before this one
        elif kind.name in UNSEEN_HERE:
            found = None  # no other data is gone from it
        else:
            raise AssertionError(f"nobody knows how to derive a piece of kind {kind.name}")
        return cast("P | None", found)

    def put(self, kind: Kind[P], key: str, piece: P | None) -> None:
        """Not so: changes come entry by entry, with `keep`."""
        raise AssertionError(f"{piece} was put at {kind.name} {key} past its entry's overlay")

    def keep(self, index: int, changes: dict[Key, msgspec.Struct | None]) -> None:
        """Let the changes of an accepted entry be the state from now on."""
        for (kind, key), piece in changes.items():
            if kind not in KINDS:
                continue  # derived, and told anew when it is asked for
            self._pieces[kind, key] = piece
            if kind in AT_ANY_SIZE:
                self._versions[kind].setdefault(key, []).append((index, piece))
        self.size = index + 1

    def at(
        self, kind: Kind[P], size: int, first: str = "", until: str = "\U0010ffff"
    ) -> Iterator[tuple[str, P]]:
        """The pieces of a kind as they stood at a log size, in the order of their keys.

        Those whose keys are `first` or later, and before `until`.
        """
        for key, versions in sorted(self._versions[kind.name].items()):
            if not first <= key < until:
                continue
            place = bisect_left(versions, size, key=lambda version: version[0])
            piece = versions[place - 1][1] if place else None
            if piece is not None:
                yield key, cast("P", piece)

    def stored(self) -> Iterator[tuple[Key, msgspec.Struct]]:
        """All pieces as they stand now, in order."""
        for key, piece in sorted(self._pieces.items()):
            if piece is not None:
                yield key, piece

"""Which events a file may show to whom it is made for: none with data that he may not read.

What is public anybody may see, and targets of the area, which stand beside public figures. A company
sees its own streams, and what the operator says of its sites and redactions. Whoever sends it
something is another party: its register stays closed, also the transfer itself, which names a
stream and factors. The salt of a register's first event opens all lines of its party in seals.
Source: architecture, "Roles and reading"; specification, bundles, "Who may see what".
"""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.carbon.area.events import TargetSet
from ledger.carbon.organisation.events import AreaFactRecorded
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.log.names import party_of
from ledger.parties.rules import place_of
from ledger.service.reader import Reader

PUBLIC_PLACES: Final = frozenset({"keys", "ledger", "factors", "seals"})
"""Streams of the public registers: their events may be read by anybody."""


class Sight(msgspec.Struct, frozen=True):
    """What a reader may be shown, None being anybody; `operator` is the ledger's."""

    reader: Reader | None
    operator: str

    def covers(self, stream: str, event: object) -> bool:
        """Whether this event of a stream may stand in the reader's file with its data.

        With None for the event: whether all of the stream may.
        """
        if place_of(stream) in PUBLIC_PLACES or self._reads(party_of(stream)):
            return True
        if party_of(stream) != self.operator:
            return False
        match event:
            case TargetSet():
                return True
            case AreaFactRecorded() if event.sub_area is not None:
                return self._reads(party_of(event.sub_area))
            case RedactionConfirmed():
                return self._reads(party_of(event.event))
            case _:
                return False

    def _reads(self, party: str) -> bool:
        return self.reader is not None and self.reader.may_read(party)

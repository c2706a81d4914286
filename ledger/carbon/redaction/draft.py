"""The redaction that follows from a reading: what its author signs, and nothing else.

Source: formats, section 10.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.carbon.ground import Ground, rules_at
from ledger.carbon.pieces import RecordedPiece, SourcePiece
from ledger.carbon.redaction.contribution import contribution
from ledger.carbon.redaction.events import (
    DataRedacted,
    Effects,
    RedactedActivity,
    RedactedMass,
)
from ledger.errors import RuleBroken
from ledger.fold.state import State
from ledger.log.canonical import encode_struct


class RedactionDraft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The members of a `DataRedacted` that follow from its event; who asked, and why, stay at home."""

    event: str
    data_hash: str
    deltas: tuple[RedactedMass, ...]
    effects: Effects
    activity: tuple[RedactedActivity, ...] = ()

    def signed(self, who: str, legal_basis: str, salt: str) -> DataRedacted:
        """The event itself, with its salt."""
        members = {name: getattr(self, name) for name in self.__struct_fields__}
        return DataRedacted(who=who, legal_basis=legal_basis, salt=salt, **members)


def draft_redaction(
    state: State, source: SourcePiece, event: str, recorded: RecordedPiece
) -> RedactionDraft:
    """The redaction of a reading as it was posted.

    The state knows its source's factors. Raises RuleBroken for what is no reading, BadValue where
    a sum has more digits than a quantity may have.
    """
    body = recorded.body
    if not isinstance(body, ActivityRecorded | ProfileRecorded | EmissionMeasured):
        raise RuleBroken(
            f"redaction of {event}",
            expected="a reading as it was posted",
            found=recorded.type,
            advice="A correction stays beside what it corrects.",
        )
    rule = rules_at(state, max(recorded.index, source.counted_again))
    found = contribution(Ground(state, rule, source), body)
    return RedactionDraft(
        event=event,
        data_hash=sha256(encode_struct(body)).hexdigest(),
        deltas=found.deltas,
        activity=found.activity,
        effects=found.effects,
    )

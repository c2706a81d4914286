"""The redaction that follows from a reading: what its author signs, and nothing else.

Source: formats, section 10.
"""

from __future__ import annotations

from hashlib import sha256

from ledger.carbon.events import ActivityRecorded, EmissionMeasured, ProfileRecorded
from ledger.carbon.ground import Ground, rules_at
from ledger.carbon.pieces import RecordedPiece, SourcePiece
from ledger.carbon.redaction.contribution import contribution
from ledger.carbon.redaction.events import DataRedacted
from ledger.errors import RuleBroken
from ledger.fold.state import State
from ledger.log.canonical import encode_struct

_SALT = "0" * 32


def draft_redaction(
    state: State,
    source: SourcePiece,
    event: str,
    recorded: RecordedPiece,
    *,
    who: str = "-",
    legal_basis: str = "-",
    salt: str = _SALT,
) -> DataRedacted:
    """The redaction of a reading as it was posted, `salt` being the event's own.

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
    return DataRedacted(
        salt=salt,
        event=event,
        who=who,
        legal_basis=legal_basis,
        data_hash=sha256(encode_struct(body)).hexdigest(),
        deltas=found.deltas,
        activity=found.activity,
        effects=found.effects,
    )

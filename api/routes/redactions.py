"""Redactions: what was asked for, what is confirmed, and what an author signs to ask.

For the party itself, the operator and the regulator. Source: formats, section 10.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import KnownReader, RunningLedger, check_may_read_event, whose
from api.answers import answer, answers, problems
from api.redactions import Redaction, RedactionDraft
from ledger import errors
from ledger.log.names import split_event

router = APIRouter(tags=["redactions"])

EventQuery = Annotated[
    str,
    Query(description="The reading.", examples=["steelworks/plant/electricity@42"]),
]


@router.get(
    "/v1/redactions",
    summary="Redactions, asked for and confirmed",
    responses=problems(errors.NotSignedIn),
)
async def list_redactions(ledger: RunningLedger, reader: KnownReader) -> list[Redaction]:
    """In the order of the log: a company's own; for the operator and the regulator everybody's."""
    wanted = whose(reader, None, "redactions")
    return answers(Redaction, await ledger.redactions(wanted))


@router.get(
    "/v1/redactions/draft",
    response_model_exclude_unset=True,
    summary="What an author signs to redact a reading",
    responses=problems(errors.BadName, errors.NotSignedIn, errors.NotFound, errors.RuleBroken),
)
async def get_redaction_draft(
    ledger: RunningLedger, reader: KnownReader, event: EventQuery
) -> RedactionDraft:
    """It is derived anew when it is posted. Who asks for it, and why, the author adds at home."""
    stream, _ = split_event(event)
    check_may_read_event(reader, stream, "such event")
    return answer(RedactionDraft, await ledger.redaction_draft(event))

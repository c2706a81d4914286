"""How the ledger and the service are. Public."""

from __future__ import annotations

import contextlib

from fastapi import APIRouter, Request, Response

from api.access import RunningLedger
from api.answers import answer, problems, text
from api.metrics import MEDIA_TYPE, Metrics
from api.models import Health, Status
from ledger import errors

router = APIRouter(tags=["status"])


@router.get("/v1/status", summary="Whose ledger this is, and how far it has come")
async def get_status(ledger: RunningLedger) -> Status:
    """Origin, log key, rules, size and root, and what enough witnesses have cosigned."""
    return answer(Status, await ledger.status())


@router.get("/health", summary="Whether the service works", responses=problems(errors.Unavailable))
async def get_health(ledger: RunningLedger) -> Health:
    """Answers 200 when the database answers and the log can grow."""
    return Health.model_validate(await ledger.health())


@router.get(
    "/metrics",
    response_class=Response,
    summary="Counts and durations for Prometheus",
    responses=text(MEDIA_TYPE, "Prometheus' text form."),
)
async def get_metrics(request: Request, ledger: RunningLedger) -> Response:
    """Requests by method, route and status; how far the witnesses are. Nothing in it tells who asked for what."""
    metrics: Metrics = request.app.state.metrics
    if ledger.witnesses is not None:
        with contextlib.suppress(errors.Unavailable):  # what is counted here needs no database
            status = await ledger.status()
            metrics.show_witnesses(status.witnessed_size or 0, status.witnesses)
    return Response(metrics.text(), media_type=MEDIA_TYPE)

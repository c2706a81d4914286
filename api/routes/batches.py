"""Posting: the batch's own signature is the authentication, so there is no other.

The body goes to the ledger as it arrived; nothing is parsed here. Source: formats, section 4.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response, status
from fastapi.routing import APIRoute

from api.access import RunningLedger
from api.answers import problems
from api.limits import Room, body_of
from api.models import Posted
from ledger import errors
from ledger.log import batch
from ledger.service.ledger import Ledger

Posting = Callable[[Request, Ledger], Awaitable[Response]]


class DirectRoute(APIRoute):
    """A route that needs nothing but the request and the ledger, and writes its answer itself.

    Documented as every other; what the framework would look up and validate for it is most of what
    a single reading costs here.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, called as it is."""
        endpoint: Posting = self.endpoint

        async def handle(request: Request) -> Response:
            return await endpoint(request, request.app.state.ledger)

        return handle


router = APIRouter(tags=["post"], route_class=DirectRoute)

_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "Line 1 is the JWS, then one line of event data for each event; every line "
        f"ends with LF. At most {batch.MAX_BODY_BYTES} bytes and {batch.MAX_EVENTS} events, without "
        "Content-Encoding.",
        "content": {batch.MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "/v1/batches",
    status_code=status.HTTP_201_CREATED,
    response_model=Posted,
    summary="Append a signed batch",
    openapi_extra=_BODY,
    responses={
        200: {"model": Posted, "description": "These very bytes are logged already."},
        **problems(
            errors.BadBatch, errors.BadJws, errors.NotCanonical, errors.UnknownEventType,
            errors.NotAuthorised, errors.BadSignature, errors.TooSlow, errors.Conflict,
            errors.TooLarge, errors.WrongMediaType, errors.RuleBroken, errors.Overloaded,
        ),
    },
)  # fmt: skip
async def post_batch(request: Request, ledger: RunningLedger) -> Response:
    """When the answer arrives, the batch is durable, in the tree and under a signed checkpoint.

    The same bytes again are answered with 200 and a receipt: repeating is safe. Any other batch
    for a version that exists is a conflict, which carries the statement that is logged.
    """
    room: Room = request.app.state.room
    async with body_of(
        request, batch.MEDIA_TYPE, batch.MAX_BODY_BYTES, room, check_head=ledger.precheck
    ) as body:
        posted = await ledger.post(body)
    return Response(
        msgspec.json.encode(posted),
        status.HTTP_200_OK if posted.repeated else status.HTTP_201_CREATED,
        media_type="application/json",
    )

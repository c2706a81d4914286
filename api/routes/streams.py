"""Where streams stand, and the proof of one event.

Heads follow from the signed statements, which are public. A bundle carries event data: for events
of the public registers anybody may have it, for all others their party, the operator and the
regulator. Source: formats, sections 3 and 8.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from api.access import OptionalReader, RunningLedger, check_may_read_event, not_found
from api.answers import answer, octets, problems
from api.models import StreamHead
from api.names import FromVersion, OfLog, StreamPath, VersionPath
from ledger import errors
from ledger.errors import NotFound
from ledger.log import page
from ledger.log.names import parse_stream, split_event

router = APIRouter(tags=["streams"])

BUNDLE: Final = "application/vnd.carbon-ledger.bundle+json"


@router.get(
    "/v1/streams/{stream:path}/head",
    response_model=StreamHead,
    summary="The last event of a stream",
    responses=problems(errors.BadName, errors.NotFound),
)
async def get_head(stream: StreamPath, ledger: RunningLedger) -> StreamHead:
    """A batch goes on at the next version and names this leaf hash as `previous`."""
    head = await ledger.head(parse_stream(stream))
    if head is None:
        raise NotFound(
            "this stream has no events yet",
            expected="a stream with at least one event",
            found=stream,
            advice="Its first batch begins with version 1 and a `previous` of 64 zeros.",
        )
    return answer(StreamHead, head)


@router.get(
    "/v1/streams/{stream:path}/entries",
    response_class=Response,
    summary="A stream as it was posted, page by page",
    responses={
        **octets(page.MEDIA_TYPE, "Entries one behind the other, each as it was posted."),
        **problems(errors.BadName, errors.BadValue, errors.NotSignedIn, errors.NotFound),
    },
)
async def get_entries(
    stream: StreamPath,
    ledger: RunningLedger,
    reader: OptionalReader,
    first: FromVersion = 1,
    log: OfLog = None,
) -> Response:
    """The entry that holds the version, and those behind it, until there is about a megabyte.

    Each is the JWS of its statement and as many event lines as that counts, ended by LF. The next
    page begins with the version behind the last one; the stream's head says where it ends. Each
    entry names the leaf hash before it, so the bundle of the last event proves all of a page.
    """
    parse_stream(stream)
    check_may_read_event(reader, stream, "such event")
    try:
        return Response(await ledger.stream_page(stream, first, log), media_type=page.MEDIA_TYPE)
    except NotFound as error:
        raise not_found("such event") from error


@router.get(
    "/v1/events/{stream:path}@{version}/bundle",
    response_class=Response,
    summary="The provenance bundle of an event",
    responses={
        **octets(BUNDLE, "Canonical JSON and LF: check it offline with the log's key alone."),
        **problems(errors.BadName, errors.NotSignedIn, errors.NotFound),
    },
    openapi_extra={"security": [{}, {"reader": []}]},
)
async def get_bundle(
    stream: StreamPath,
    version: VersionPath,
    ledger: RunningLedger,
    reader: OptionalReader,
) -> Response:
    """The event, and every entry that it stands on, with their paths to a signed checkpoint.

    Anybody may have the bundles of `P/keys`, `P/factors`, `<operator>/ledger` and
    `<operator>/seals`; all others need a reader's token. What the reader may not read of other
    parties stands in it without its data, and then no figure follows from it.
    """
    event = f"{stream}@{version}"
    split_event(event)
    check_may_read_event(reader, stream, "such event")
    try:
        return Response(await ledger.bundle(event, reader), media_type=BUNDLE)
    except NotFound as error:
        raise not_found("such event") from error

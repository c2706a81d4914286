"""The log as static files, where ordinary monitors, mirrors and witnesses look for it. Public.

The same of each log that this one continues, under its own path. Beside them, for who may read
everything, the entries with their event data, page by page.

    <origin path>/checkpoint                    a signed note
    <origin path>/tile/<level>/<number>         256 hashes, for ever
    <origin path>/tile/<level>/<number>.p/<w>   the first w of them
    <origin path>/tile/entries/<number>[.p/<w>] the signed statements; no event data

Source: C2SP tlog-tiles, tlog-checkpoint, tlog-proof; formats, sections 6 and 7.
"""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Response

from api.access import KnownReader, RunningLedger, not_found
from api.answers import octets, problems, text
from api.envelope import FOR_A_MOMENT, FOR_A_WHILE, FOR_EVER
from api.names import FromIndex, IndexPath, LogPath, TilePath
from ledger import errors
from ledger.errors import BadName, NotFound
from ledger.log import page
from ledger.log.tiles import ENTRIES, WIDTH, parse_tile_path
from ledger.service.reader import Reader

router = APIRouter(tags=["log"])

TEXT: Final = "text/plain; charset=utf-8"
OCTETS: Final = "application/octet-stream"

_log = structlog.get_logger("carbon-ledger.access")


def _check_reads_all(reader: Reader) -> None:
    """Raise NotFound, as for a thing that is not there, unless this reader may read everything."""
    if not reader.sees_all:
        raise not_found("such page")
    if "operator" not in reader.roles:
        _log.info("regulator-read", reader=reader.party, what="the log with its event data")


@router.get(
    "/v1/receipts/{index}",
    response_class=Response,
    summary="The newest receipt of an entry",
    responses={
        **text(TEXT, "C2SP tlog-proof.", "c2sp.org/tlog-proof@v1\nindex 7\n…"),
        **problems(errors.BadValue, errors.NotFound),
    },
)
async def get_receipt(
    index: IndexPath,
    ledger: RunningLedger,
) -> Response:
    """Shows that an entry is in the log, under the newest checkpoint that witnesses have cosigned.

    Where none over this entry is cosigned yet, under the newest.
    """
    return Response(await ledger.receipt(index), media_type=TEXT)


@router.get(
    "/v1/entries",
    response_class=Response,
    summary="The log with its event data, page by page",
    responses={
        **octets(page.MEDIA_TYPE, "Entries one behind the other, each as it was posted."),
        **problems(errors.BadValue, errors.NotSignedIn, errors.NotFound),
    },
)
async def get_log_page(
    ledger: RunningLedger, reader: KnownReader, first: FromIndex = 0
) -> Response:
    """For the operator and the regulator, who may read everything: enough to fold the whole ledger.

    The entry of the index, and those behind it, until there is about a megabyte; empty at the end.
    Each is the JWS of its statement and as many event lines as that counts, ended by LF. Entries of
    logs that this one continues stand below index 0.
    """
    _check_reads_all(reader)
    return Response(await ledger.log_page(first), media_type=page.MEDIA_TYPE)


@router.get(
    "/{log_path:path}/checkpoint",
    response_class=Response,
    summary="The published checkpoint",
    responses={
        **text(TEXT, "A signed note.", "ledger.example/log\n8\nCsUY…\n\n— ledger.example/log A…\n"),
        **problems(errors.NotFound),
    },
)
async def get_checkpoint(log_path: LogPath, ledger: RunningLedger) -> Response:
    """The log's signed word for all of its entries.

    Where the ledger has a policy, the newest that enough witnesses have cosigned. Under the path of a
    log that this one continues, the last one of that.
    """
    return Response(
        await ledger.checkpoint(log_path), media_type=TEXT, headers={"Cache-Control": FOR_A_MOMENT}
    )


@router.get(
    "/{log_path:path}/tile/{tile:path}",
    response_class=Response,
    summary="A tile of hashes or of entries",
    responses={
        **octets(OCTETS, "Hashes of 32 bytes each; or entries, each behind its length (16 bits)."),
        **problems(errors.NotFound),
    },
)
async def get_tile(
    log_path: LogPath,
    tile: TilePath,
    ledger: RunningLedger,
) -> Response:
    """What a tile of a width holds never changes; a full one may be kept for ever."""
    try:
        name = parse_tile_path(f"tile/{tile}")
    except BadName as error:
        raise NotFound(error.what, expected=error.expected, found=error.found) from error
    if name.level == ENTRIES:
        found = await ledger.entry_tile(name.number, name.width, log_path)
    else:
        found = await ledger.tile(name.level, name.number, name.width, log_path)
    kept = FOR_EVER if name.width == WIDTH else FOR_A_WHILE
    return Response(found, media_type=OCTETS, headers={"Cache-Control": kept})

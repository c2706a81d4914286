"""What a ledger elsewhere serves to anybody: checkpoint, tiles, public streams, lists of seals.

Nothing of it is believed here: whoever asks compares it with what the log has signed. An answer that
is late, out of form or without end is as good as none: asking for it ends in bytes and in time. Source: C2SP tlog-tiles, tlog-checkpoint.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from ledger.client.answer import LIST, Endless, Most, receive
from ledger.errors import BadValue, LedgerError, NotFound, Unavailable
from ledger.log import tiles
from ledger.log.hashes import HASH_BYTES
from ledger.log.names import begins_anew
from ledger.log.page import PageEntry, read_page
from ledger.log.tiles import ENTRIES, WIDTH, tile_path

ANSWER_S: Final = 120.0
"""How long one note or tile may take, from the first byte that is sent."""
NOTE: Final = Most(256 * 1024, ANSWER_S)
TILE: Final = Most(WIDTH * HASH_BYTES, ANSWER_S)
BUNDLE: Final = Most(WIDTH * (2 + tiles.MAX_ENTRY_BYTES), ANSWER_S)
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)


class EarlierLog(msgspec.Struct, frozen=True):
    """A log that another one continues, by its vkey."""

    log_key: str


class ServedLogs(msgspec.Struct, frozen=True):
    """What a ledger says of its logs, each by its vkey."""

    log_key: str
    """Of the one that is its own."""
    earlier: tuple[EarlierLog, ...] = ()
    """Those that it continues."""
    continued_by: str | None = None
    """The one that continues it, if it has ended."""


class Served:
    """A ledger at a URL. Use as `with`, or close it."""

    def __init__(self, url: str) -> None:
        """Raises BadValue for what is no URL of a ledger."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise BadValue(
                "not the URL of a ledger", expected="https://ledger.example", found=repr(url)
            )
        self.url: Final = url.rstrip("/")
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(timeout=TIMEOUT, headers={"User-Agent": "carbon-ledger"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    def log_key(self) -> str:
        """The vkey that the ledger says it has. Raises NotFound, Unavailable."""
        return self.logs().log_key

    def logs(self) -> ServedLogs:
        """The logs that the ledger says it has. Raises NotFound, Unavailable."""
        value = self._json("/v1/status", NOTE)
        try:
            return msgspec.convert(value, ServedLogs)
        except msgspec.ValidationError as error:
            raise self._other("/v1/status", str(error)) from error

    def checkpoint(self, origin: str) -> bytes:
        """The published checkpoint of a log, a note. Raises NotFound, Unavailable."""
        return self._get(f"/{_folder(origin)}checkpoint", NOTE)

    def entries(self, origin: str, size: int, number: int) -> tuple[bytes, ...]:
        """The entries under a tile of leaves in a tree of this size. Raises NotFound, Unavailable."""
        width = tiles.tile_width(size, 0, number)
        data = self._tile(origin, ENTRIES, number, width, BUNDLE)
        try:
            found = tiles.split_entry_bundle(data)
        except LedgerError as error:
            raise self._other(tile_path(ENTRIES, number, width), str(error)) from error
        if len(found) < width:
            raise self._other(tile_path(ENTRIES, number, width), f"{len(found)} entries")
        return found[:width]

    def hashes(self, origin: str, size: int) -> tiles.TileReader:
        """Reads the tiles of hashes of a tree of this size. It raises NotFound, Unavailable."""
        known: dict[tuple[int, int], bytes] = {}

        def read(level: int, number: int, width: int) -> bytes:  # noqa: ARG001  (all there are)
            if (level, number) not in known:
                widest = tiles.tile_width(size, level, number)
                data = self._tile(origin, level, number, widest, TILE)
                if len(data) < widest * HASH_BYTES or len(data) % HASH_BYTES:
                    raise self._other(tile_path(level, number, widest), f"{len(data)} bytes")
                known[level, number] = data
            return known[level, number]

        return read

    def stream(self, stream: str, version: int, log: str) -> list[PageEntry]:
        """The entries of a public stream from the one that holds a version on, one page.

        Where each log begins it anew, that of the log of this origin. Raises NotFound, Unavailable.
        """
        path = f"/v1/streams/{stream}/entries?from={version}"
        if begins_anew(stream):
            path += f"&log={quote(log, safe='')}"
        data = self._get(path, LIST)
        try:
            return read_page(data)
        except LedgerError as error:
            raise self._other(path, str(error)) from error

    def companies(self, seal: int) -> list[object]:
        """The lines of a seal's list of companies, by the version of its event, as JSON values.

        Raises NotFound, Unavailable.
        """
        path = f"/v1/seals/{seal}/companies"
        value = self._json(path, LIST)
        found = value.get("companies") if isinstance(value, dict) else value
        if not isinstance(found, list):
            raise self._other(path, "no list of companies")
        return found

    # --- requests ------------------------------------------------------------------------------

    def _tile(self, origin: str, level: int, number: int, width: int, most: Most) -> bytes:
        folder = _folder(origin)
        try:
            return self._get(f"/{folder}{tile_path(level, number, width)}", most)
        except NotFound:
            if width == WIDTH:
                raise
            # C2SP tlog-tiles: a partial tile may be gone once the full one is there.
            return self._get(f"/{folder}{tile_path(level, number, WIDTH)}", most)

    def _json(self, path: str, most: Most) -> object:
        data = self._get(path, most)
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._other(path, str(error)) from error

    def _get(self, path: str, most: Most) -> bytes:
        url = self.url + path
        try:
            answer = self._runner.run(receive(self._client, "GET", url, most))
        except Endless as error:
            raise self._other(path, str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"the ledger at {self.url} cannot be reached",
                found=str(error) or type(error).__name__,
                advice="Check the address and the network; what was followed is kept.",
            ) from error
        if answer.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED}:
            raise NotFound(f"{url} is not there", found=f"status {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise self._other(path, f"status {answer.status_code}")
        return answer.content

    def _other(self, path: str, found: str) -> Unavailable:
        return Unavailable(
            f"{self.url}/{path.lstrip('/')} does not answer as a log does",
            found=found[:200],
            advice="Check the address, and whether a proxy answers in its place.",
        )


def _folder(origin: str) -> str:
    """The path under which a log is served, with its last slash; none for an origin that has none."""
    path = origin.partition("/")[2]
    return f"{path}/" if path else ""

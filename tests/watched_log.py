"""A log of real statements behind a real HTTP server, which can be told to be dishonest."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import unquote

from ledger.log import batch, canonical, seals, tiles, tree
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import ZEROS_HEX, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.log.page import write_page
from ledger.log.seals import CompanyLine, Head, encode_company
from ledger.log.tiles import ENTRIES, parse_tile_path, tile_width

ORIGIN: Final = "ledger.example/log"
OPENING: Final = "operator/ledger"
SIGNED_AT: Final = "2026-11-22T06:00:00Z"
KEY: Final = PrivateKey.from_seed(b"\x61" * 32)
LOG_KEY: Final = PrivateKey.from_seed(b"\x62" * 32)
VKEY: Final = log_vkey(ORIGIN, LOG_KEY.public)


class WatchedLog:
    """Bodies as they were posted; `fork` gives the same log, to go on differently.

    `before` is the log that this one continues, and serves beside its own.
    """

    def __init__(
        self,
        bodies: Iterable[bytes] = (),
        *,
        origin: str = ORIGIN,
        before: WatchedLog | None = None,
        **said: object,
    ) -> None:
        """What is `said` the opening says otherwise of the log before."""
        self.origin, self.before = origin, before
        self.key = LOG_KEY if origin == ORIGIN else PrivateKey.from_seed(_seed(origin))
        self.vkey = log_vkey(origin, self.key.public)
        self.bodies = list(bodies)
        self.companies: dict[int, list[Any]] = {}
        """The lists of companies, by the version of their seal."""
        self.shown: int | None = None
        """The size that is shown; None for all."""
        self.note: bytes | None = None
        """The checkpoint that is shown instead of the right one."""
        self.change: Callable[[str, bytes], bytes] = lambda _, body: body
        """What becomes of an answer, by its path."""
        self.requests: list[str] = []
        if not self.bodies:
            continues = None if before is None else before.named() | said
            self.post("operator/ledger", {"type": "LedgerOpened", "continues": continues})

    def fork(self, size: int) -> WatchedLog:
        """The same log, key and all, up to this size."""
        return WatchedLog(self.bodies[:size], origin=self.origin, before=self.before)

    def named(self) -> dict[str, object]:
        """The end of this log, as the opening of the next one names it."""
        heads = self.heads(len(self.bodies))
        root = tree.root_of([leaf_hash(entry) for entry in self.entries])
        return {
            "log": self.vkey,
            "size": len(self.bodies),
            "root": root.hex(),
            "heads_root": seals.heads_root(heads).hex(),
            "heads_count": len(heads),
        }

    @property
    def entries(self) -> list[bytes]:
        return [batch.split_submission(body)[0] for body in self.bodies]

    @property
    def size(self) -> int:
        return len(self.bodies) if self.shown is None else self.shown

    def statements(self, size: int | None = None) -> list[batch.Statement]:
        return [_statement(body) for body in self.bodies[:size]]

    def end(self, stream: str) -> tuple[int, str]:
        """Version and leaf of a stream's last event."""
        found = [(one.last, one.head) for one in self.statements() if one.stream == stream]
        if not found and self.before is not None and stream != OPENING:
            return self.before.end(stream)
        return found[-1] if found else (0, ZEROS_HEX)

    def post(self, stream: str, *events: dict[str, object], **changed: Any) -> int:
        """Append a batch; what is `changed` is `seen`, `first`, `previous` or `log`. Its index."""
        last, head = self.end(stream)
        values = [{"salt": f"{len(self.bodies):032x}", "type": "Noted", **one} for one in events]
        lines = [(str(one["type"]), canonical.encode(one)) for one in values or [{}]]
        body = batch.build(
            KEY,
            changed.get("log", self.vkey),
            stream,
            changed.get("first", last + 1),
            changed.get("previous", head),
            lines,
            changed.get("seen"),
            SIGNED_AT,
        )
        self.bodies.append(body)
        return len(self.bodies) - 1

    def readings(self, stream: str, count: int) -> None:
        """Append so many batches of one event each."""
        for number in range(count):
            self.post(stream, {"number": number})

    def register(self, party: str, role: str = "company") -> None:
        self.post(f"{party}/keys", {"type": "PartyRegistered", "roles": [role], "name": party})

    def heads(self, size: int) -> list[Head]:
        ends = {one.stream: one for one in self.statements(size)}
        found = {
            name: Head(head=one.head, stream=name, version=one.last) for name, one in ends.items()
        }
        if self.before is not None:
            before = self.before.heads(len(self.before.bodies))
            found = {one.stream: one for one in before if one.stream != OPENING} | found
        return sorted(found.values(), key=lambda one: one.stream)

    def company(self, party: str, size: int) -> CompanyLine:
        return CompanyLine(
            lines_count=0,
            lines_root=seals.root([]).hex(),
            party=party,
            streams_root=seals.streams_root(self.heads(size), party).hex(),
            sums={},
        )

    def seal(
        self, companies: Iterable[CompanyLine], at: int | None = None, **changed: object
    ) -> int:
        """Post a seal of all there was at a size, and show its companies; the entry's index."""
        size = len(self.bodies) if at is None else at
        lines = [encode_company(one) for one in companies]
        event = {
            "type": "FootprintSealed",
            "size": size,
            "view": "production",
            "period": ["2018-01", "2019-01"],
            "totals": {},
            "heads_root": seals.heads_root(self.heads(size)).hex(),
            "heads_count": len(self.heads(size)),
            "companies_root": seals.root(lines).hex(),
            "companies_count": len(lines),
            **changed,
        }
        self.companies[self.end("operator/seals")[0] + 1] = [json.loads(line) for line in lines]
        return self.post("operator/seals", event)

    def signed(self, size: int | None = None) -> bytes:
        """The checkpoint of a size."""
        entries = self.entries[:size]
        root = tree.root_of([leaf_hash(entry) for entry in entries])
        return sign_checkpoint(self.key, Checkpoint(self.origin, len(entries), root))

    def answer(self, path: str) -> bytes | None:
        """What is served under a path."""
        self.requests.append(path)
        if path == "/v1/status":
            earlier = [{"log_key": one} for one in self._earlier()]
            return json.dumps({"log_key": self.vkey, "earlier": earlier}).encode()
        if path.startswith("/v1/streams/"):
            stream, _, rest = path.removeprefix("/v1/streams/").partition("/entries?from=")
            first, _, log = rest.partition("&log=")
            return self._page(stream, int(first), unquote(log) or self.origin)
        if path.startswith("/v1/seals/"):
            found = self._companies(int(path.split("/")[3]))
            return None if found is None else json.dumps({"companies": found}).encode()
        return self._file(path)

    def _earlier(self) -> list[str]:
        """The keys of the logs that this one continues, oldest first."""
        return [] if self.before is None else [*self.before._earlier(), self.before.vkey]

    def _file(self, path: str) -> bytes | None:
        folder = f"/{self.origin.partition('/')[2]}/"
        if path == f"{folder}checkpoint":
            return self.note or self.signed(self.size)
        if path.startswith(f"{folder}tile/"):
            return self._tile(path.removeprefix(folder))
        return None if self.before is None else self.before.answer(path)

    def _companies(self, version: int) -> list[Any] | None:
        if version in self.companies or self.before is None:
            return self.companies.get(version)
        return self.before._companies(version)

    def _tile(self, path: str) -> bytes | None:
        name = parse_tile_path(path)
        if tile_width(len(self.bodies), name.level, name.number) < name.width:
            return None
        first = name.number * tiles.WIDTH
        if name.level == ENTRIES:
            return tiles.entry_bundle(self.entries[first : first + name.width])
        edge, full = tiles.TileEdge().extend(leaf_hash(entry) for entry in self.entries)
        whole = {(one.level, one.number): one.hashes for one in full}
        found = whole.get((name.level, name.number)) or edge.partial[name.level]
        return found[: name.width * 32]

    def _page(self, stream: str, first: int, log: str) -> bytes:
        found = []
        if self.before is not None and stream == OPENING and log != self.origin:
            return self.before._page(stream, first, log)
        bodies, older = self.bodies, self.before
        while older is not None and stream != OPENING:
            bodies, older = older.bodies + bodies, older.before
        for body in bodies:
            jws, lines = body.split(b"\n", 1)
            said = _statement(body)
            if said.stream == stream and said.last >= first:
                found.append((jws, lines))
        return write_page(found)


@lru_cache(maxsize=10_000)
def _statement(body: bytes) -> batch.Statement:
    return batch.parse_statement(batch.split_submission(body)[0]).statement


def _seed(origin: str) -> bytes:
    return origin.encode().ljust(32, b".")[:32]


class LogServer:
    """Serves a log on 127.0.0.1; `log` may be exchanged while it does."""

    def __init__(self, log: WatchedLog) -> None:
        self.log = log
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = outer.log.answer(self.path)
                body = b"" if found is None else outer.log.change(self.path, found)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

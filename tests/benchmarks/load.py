"""The load generator: a program of its own that posts and reads over HTTP, as light as it can be.

    python -m tests.benchmarks.load http://127.0.0.1:8000 LOG

It obeys one JSON object a line on standard input and answers each with one on standard output.
Bodies are signed, and whole requests written to memory, before the clock starts; connections are
made before too, and kept alive. An answer other than 200 or 201 ends the program.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import uvloop

from ledger.client.tokens import TokenMaker
from ledger.log.batch import MEDIA_TYPE
from tests.workload import OPERATOR, Workload, stream


@dataclass
class Connection:
    """One kept-alive HTTP/1.1 connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        fields = dict(
            line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line
        )
        body = await self.reader.readexactly(int(fields.get(b"content-length", b"0")))
        if head[9:12] not in {b"200", b"201"}:
            raise RuntimeError(f"{head[:60]!r}: {body[:500]!r}")
        return body


class Load:
    """Requests for one service."""

    def __init__(self, url: str, log: str, streams: int) -> None:
        self._address = urlsplit(url)
        self._workload = Workload(log, streams=streams)
        self._origin = log.partition("+")[0]
        self._clients: list[list[bytes]] = []
        self._events = 0

    async def prepare(self) -> dict[str, object]:
        """Register the company, its factor and its meters."""
        await self._post_all([[self._post(body) for body in self._workload.preparation()]])
        return {}

    async def go_on(self, heads: dict[str, tuple[int, str]]) -> dict[str, object]:
        """Continue the meters of a ledger that has readings."""
        for number, (version, leaf) in heads.items():
            self._workload.go_on(int(number), version, leaf)
        return {}

    async def sign(
        self, meters: Sequence[int], connections: int, batches: int, events: int
    ) -> dict[str, object]:
        """Hold the next `batches` of each meter ready; meters are dealt out to connections."""
        self._clients = [[] for _ in range(connections)]
        for _ in range(batches):
            for meter in meters:
                client = self._clients[meter % connections]
                client.append(self._post(self._workload.batch(meter, events)))
        self._events = batches * len(meters) * events
        return {}

    async def send(self) -> dict[str, object]:
        """Post what was signed, each connection one request after the other."""
        seconds = await self._post_all(self._clients)
        return {"seconds": seconds, "events": self._events}

    async def latency(self, meter: int, posts: int) -> dict[str, object]:
        """Post single events on one connection: how long each took, in milliseconds."""
        requests = [self._post(self._workload.batch(meter, 1)) for _ in range(posts)]
        connection = await self._connect()
        times = []
        for request in requests:
            began = time.perf_counter()
            await connection.ask(request)
            times.append((time.perf_counter() - began) * 1000)
        connection.writer.close()
        return {"times_ms": times}

    async def mixed(self, readers: int, months: tuple[str, str]) -> dict[str, object]:
        """Post what was signed while readers ask for figures, bundles and receipts."""
        stop = asyncio.Event()
        reading = asyncio.gather(*(self._read(months, stop) for _ in range(readers)))
        answer = await self.send()
        stop.set()
        return {**answer, "reads": sum(await reading)}

    async def _read(self, months: tuple[str, str], stop: asyncio.Event) -> int:
        tokens = TokenMaker(OPERATOR, self._origin)
        period = f"period={months[0]}..{months[1]}"
        connection, count = await self._connect(), 0
        while not stop.is_set():
            for path in (
                f"/v1/footprints/companies/company?{period}",
                f"/v1/footprints/area?{period}",
                f"/v1/events/{quote(stream(count % 20))}@{count % 900 + 1}/bundle",
                f"/v1/receipts/{count % 20}",
                "/v1/status",
            ):
                await connection.ask(self._get(path, tokens.token()))
                count += 1
        connection.writer.close()
        return count

    async def _post_all(self, clients: Sequence[Sequence[bytes]]) -> float:
        connections = [await self._connect() for _ in clients]

        async def post(connection: Connection, requests: Sequence[bytes]) -> None:
            for request in requests:
                await connection.ask(request)

        began = time.perf_counter()
        await asyncio.gather(*map(post, connections, clients))
        seconds = time.perf_counter() - began
        for connection in connections:
            connection.writer.close()
        return seconds

    async def _connect(self) -> Connection:
        host, port = self._address.hostname, self._address.port
        return Connection(*await asyncio.open_connection(host, port, limit=2**20))

    def _post(self, body: bytes) -> bytes:
        return (
            f"POST /v1/batches HTTP/1.1\r\nHost: {self._address.netloc}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def _get(self, path: str, token: str) -> bytes:
        return (
            f"GET {path} HTTP/1.1\r\nHost: {self._address.netloc}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()


def main() -> None:
    """Obey until standard input ends."""
    url, log, streams = sys.argv[1:]
    load = Load(url, log, int(streams))
    actions = {
        "prepare": load.prepare,
        "go_on": load.go_on,
        "sign": load.sign,
        "send": load.send,
        "latency": load.latency,
        "mixed": load.mixed,
    }
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            arguments = json.loads(line)
            action = actions[arguments.pop("do")]
            print(json.dumps(runner.run(action(**arguments))), flush=True)  # type: ignore[operator]


if __name__ == "__main__":
    main()

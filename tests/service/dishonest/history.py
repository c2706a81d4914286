"""The whole history of a ledger, as an operator could rewrite it who has every key and the database.

    history = History.read(settings)
    history.drop("acme/main@1")
    history.sign_anew({"operator": OPERATOR})
    history.write(settings)

`write` takes the triggers away and puts everything there again: entries, lines, tiles, heads, read
models, a checkpoint of every size, and the checkpoint file. All of it is signed with the log's own
key, so that the ledger looks whole to itself. No rule is asked: the read models are folded by a
program whose rules were cut out, and what cannot be folded at all leaves no figure.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
import psycopg
import pytest

from ledger.log import batch
from ledger.log.batch import Seen, Statement, parse_statement, split_submission
from ledger.log.canonical import decode, encode_struct
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.names import party_of, split_event
from ledger.log.tree import CompactRange
from ledger.machine import read_events, whole_entry
from ledger.service import Settings, open_ledger
from ledger.service.engine import Engine
from ledger.service.home import Home
from ledger.store.database import Connection
from ledger.store.packing import pack, unpack
from ledger.store.tile_store import completed_tiles
from ledger.store.view_store import ViewStore
from tests.workload import OPERATOR, SIGNED_AT

Lines = Sequence[tuple[str, bytes]]
RULES: Final = (
    "ledger.parties.rules",
    "ledger.carbon.rules",
    "ledger.carbon.organisation.rules",
    "ledger.carbon.redaction.rules",
    "ledger.carbon.seal.rules",
    "ledger.carbon.area.rules",
)
TABLES: Final = (
    "log_entries", "entry_events", "log_tiles", "stream_heads", "cosignatures", "checkpoints",
    "state_view", "source_lines", "mass_delta", "mass_total", "activity_delta", "activity_total",
    "quality_delta", "quality_total",
)  # fmt: skip


class History:
    """Every submission of a log, in order, to be changed by whoever has its keys."""

    def __init__(self, log: str, bodies: Sequence[bytes]) -> None:
        self.log = log
        self.bodies = list(bodies)

    @classmethod
    def read(cls, settings: Settings) -> History:
        """The history as the database has it."""
        with psycopg.connect(settings.database_url or "") as conn:
            rows = conn.execute(
                "SELECT jws, packed FROM ledger.log_entries JOIN ledger.entry_events USING (index) "
                "ORDER BY index"
            ).fetchall()
        bodies = [bytes(jws) + b"\n" + unpack(packed) for jws, packed in rows]
        return cls(Home(settings.home).ledger().log, bodies)

    # --- looking ---------------------------------------------------------------------------------

    def statements(self) -> list[Statement]:
        """What was signed, entry by entry."""
        return [_statement(body) for body in self.bodies]

    def at(self, event: str) -> int:
        """The index of the first entry that holds an event."""
        stream, version = split_event(event)
        for index, said in enumerate(self.statements()):
            if said.stream == stream and said.first <= version <= said.last:
                return index
        raise LookupError(event)

    def head(self, stream: str) -> tuple[int, str]:
        """Version and leaf of a stream's last event."""
        found = [(said.last, said.head) for said in self.statements() if said.stream == stream]
        return found[-1] if found else (0, ZEROS_HEX)

    def seen(self) -> Seen:
        """What an author is shown who asks now."""
        tree = CompactRange().extend([_leaf(body) for body in self.bodies])
        return Seen(root=tree.root().hex(), size=tree.size)

    # --- changing --------------------------------------------------------------------------------

    def drop(self, event: str) -> bytes:
        """Take out the entry that holds an event."""
        return self.bodies.pop(self.at(event))

    def double(self, event: str) -> None:
        """Log the entry that holds an event a second time, byte by byte."""
        self.bodies.append(self.bodies[self.at(event)])

    def cut(self, size: int) -> None:
        """Forget everything from an index on."""
        del self.bodies[size:]

    def append(
        self,
        key: PrivateKey,
        stream: str,
        *events: msgspec.Struct,
        lines: Lines = (),
        at: int | None = None,
        signed_at: str = SIGNED_AT,
        seen: Seen | None = None,
    ) -> str:
        """Put a batch at the end, or at an index; its `lines` need not be events. Its last event."""
        version, leaf = self.head(stream)
        named = [*((type(event).__name__, encode_struct(event)) for event in events), *lines]
        body = batch.build(key, self.log, stream, version + 1, leaf, named, seen, signed_at)
        self.bodies.insert(len(self.bodies) if at is None else at, body)
        return f"{stream}@{version + len(named)}"

    def change(self, event: str, key: PrivateKey, change: Callable[[bytes], bytes]) -> None:
        """Say something else in the place of an event, signed with this key."""
        index, (_, version) = self.at(event), split_event(event)
        said, lines = _statement(self.bodies[index]), split_submission(self.bodies[index])[1]
        at = version - said.first
        changed = change(lines[at])
        assert changed != lines[at], "nothing was changed"
        lines[at] = changed
        self.bodies[index] = self._signed(key, said, said.first, said.previous, lines)

    def sign_anew(self, keys: Mapping[str, PrivateKey]) -> None:
        """Chain and sign the batches of these parties again: whoever holds their keys can."""
        ends: dict[str, tuple[int, str]] = {}
        for index, body in enumerate(self.bodies):
            said, lines = _statement(body), split_submission(body)[1]
            first, previous = ends.get(said.stream, (0, ZEROS_HEX))
            key = keys.get(party_of(said.stream))
            if said.stream == f"{party_of(said.stream)}/keys" and said.first == 1:
                key = keys.get("operator")
            if key is not None:
                self.bodies[index] = self._signed(key, said, first + 1, previous, lines)
                said = _statement(self.bodies[index])
            ends[said.stream] = said.last, said.head

    def _signed(
        self, key: PrivateKey, said: Statement, first: int, previous: str, lines: Sequence[bytes]
    ) -> bytes:
        named = [(str(decode(line)["type"]), line) for line in lines]
        return batch.build(
            key, self.log, said.stream, first, previous, named, said.seen, said.signed_at
        )

    # --- writing ---------------------------------------------------------------------------------

    def write(self, settings: Settings) -> None:
        """Let this be the ledger's history: in the database, and in the checkpoint file."""
        asyncio.run(self._write(settings))

    async def _write(self, settings: Settings) -> None:
        leaves = [_leaf(body) for body in self.bodies]
        async with open_ledger(settings, writing=False, opening=True) as ledger:
            async with ledger.database.owner() as conn, conn.transaction():
                await _empty(conn)
                await self._write_entries(conn)
                await _write_tree(conn, leaves)
                said = await _write_checkpoints(conn, Home(settings.home), leaves)
            async with ledger.database.owner() as conn, conn.transaction():
                await self._write_views(conn)
        Home(settings.home).checkpoints.write_bytes(said)

    async def _write_entries(self, conn: Connection) -> None:
        notification = 1
        for index, body in enumerate(self.bodies):
            jws, lines = split_submission(body)
            said = _statement(body)
            types = [str(decode(line)["type"]) for line in lines]
            await conn.execute(
                "INSERT INTO ledger.log_entries VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    index, said.stream, said.first, said.count, notification,
                    types[:1] if len(set(types)) == 1 else types, jws,
                ),
            )  # fmt: skip
            await conn.execute(
                "INSERT INTO ledger.entry_events VALUES (%s, %s)",
                (index, pack(b"".join(line + b"\n" for line in lines))),
            )
            await conn.execute(
                "INSERT INTO ledger.stream_heads VALUES (%s, %s, %s, %s) ON CONFLICT (stream) DO "
                "UPDATE SET version = excluded.version, leaf = excluded.leaf, index = excluded.index",
                (said.stream, said.last, bytes.fromhex(said.head), index),
            )
            notification += said.count
        await conn.execute("UPDATE ledger.log_head SET next_notification = %s", (notification,))

    async def _write_views(self, conn: Connection) -> None:
        engine = Engine(ViewStore())
        with without_rules():
            for index, body in enumerate(self.bodies):
                jws, lines = split_submission(body)
                with contextlib.suppress(Exception):
                    entry = whole_entry(index, parse_statement(jws), read_events(lines))
                    folded = await engine.fold(conn, entry, until=index)
                    engine.keep(folded)
                    await engine.views.write(conn, engine.unwritten(), [(index, folded.rows)])
                    engine.written()


@contextlib.contextmanager
def without_rules() -> Iterator[None]:
    """Inside, the program folds whatever it is given, whoever has signed it."""
    with pytest.MonkeyPatch.context() as patch:
        for module in RULES:
            patch.setattr(f"{module}.decide", lambda *_: None)
        patch.setattr("ledger.service.engine.authorise", lambda *_: OPERATOR.public)
        yield


async def _empty(conn: Connection) -> None:
    rows = await conn.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'ledger' AND relkind IN ('r', 'p')"
    )
    for (table,) in await rows.fetchall():
        await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
    await conn.execute(f"TRUNCATE {', '.join(f'ledger.{name}' for name in TABLES)}".encode())


async def _write_tree(conn: Connection, leaves: Sequence[LeafHash]) -> None:
    tree = CompactRange().extend(leaves)
    await conn.execute(
        "UPDATE ledger.log_head SET size = %s, root = %s, edge = %s",
        (len(leaves), tree.root(), b"".join(tree.edge)),
    )
    for tile in await completed_tiles(conn, 0, leaves):
        await conn.execute(
            "INSERT INTO ledger.log_tiles (level, number, root, hashes) VALUES (%s, %s, %s, %s)",
            (tile.level, tile.number, tile.root, tile.hashes),
        )


async def _write_checkpoints(conn: Connection, home: Home, leaves: Sequence[LeafHash]) -> bytes:
    """A signed checkpoint of every size; the lines of the checkpoint file."""
    key, origin, tree, said = home.log_key(), home.ledger().origin, CompactRange(), b""
    for leaf in leaves:
        tree = tree.extend([leaf])
        note = sign_checkpoint(key, Checkpoint(origin, tree.size, tree.root()))
        await conn.execute(
            "INSERT INTO ledger.checkpoints VALUES (%s, %s)", (tree.size, note.decode())
        )
        said += b"%d %s\n" % (tree.size, tree.root().hex().encode())
    return said


def _statement(body: bytes) -> Statement:
    return parse_statement(split_submission(body)[0]).statement


def _leaf(body: bytes) -> LeafHash:
    return leaf_hash(split_submission(body)[0])

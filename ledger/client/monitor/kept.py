"""What a monitor keeps of one log, in one file that a crash at any moment leaves whole.

    log       vkey, size and note of the newest checkpoint that everything below was held against
    entries   of each entry: leaf hash, root of the tree that ends with it, and what its statement says
    parties   who is registered, in which roles, and since which entry
    seals     of each seal that was checked: its entry, and what was wrong with it
    opening   what the log's opening says of the log before it, as JSON
    notes     checkpoints seen elsewhere that the log has still to come up to
    reported  up to which entry a party's or stream's owner was told

Entries above `size` were fetched and are not yet held against a checkpoint: they count for nothing.
Every change is a transaction, on the disk when it returns. Source: specification, monitoring.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec

from ledger.client import durable_file
from ledger.errors import BadFile, Damaged, LedgerError, ProofFailed, Unavailable
from ledger.log import note
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.hashes import EMPTY_ROOT, LeafHash, RootHash
from ledger.log.seals import Head

FILE: Final = "watched.sqlite"
EVIDENCE: Final = "evidence-*.json"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS log (
    one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS entries (
    at INTEGER PRIMARY KEY, leaf BLOB NOT NULL, root BLOB NOT NULL, stream TEXT NOT NULL,
    first INTEGER NOT NULL, count INTEGER NOT NULL, previous TEXT NOT NULL, head TEXT NOT NULL,
    kid TEXT NOT NULL, signed_at TEXT NOT NULL, fault TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_of_a_stream ON entries (stream, at);
CREATE INDEX IF NOT EXISTS entries_with_a_fault ON entries (at) WHERE fault <> '';
CREATE TABLE IF NOT EXISTS parties (
    name TEXT PRIMARY KEY, at INTEGER NOT NULL, roles TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seals (at INTEGER PRIMARY KEY, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opening (
    one INTEGER PRIMARY KEY CHECK (one = 1), continues BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS notes (note BLOB PRIMARY KEY, said_by TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reported (name TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
"""
_MEMBERS: Final = "at, leaf, root, stream, first, count, previous, head, kid, signed_at, fault"


class KeptEntry(msgspec.Struct, frozen=True):
    """An entry of the log. One that is no statement in form has an empty `stream`."""

    index: int
    leaf: LeafHash
    root: RootHash
    """Of the tree that ends with this entry."""
    stream: str = ""
    first: int = 0
    count: int = 0
    previous: str = ""
    head: str = ""
    kid: str = ""
    signed_at: str = ""
    fault: str = ""
    """What is wrong with it; empty where nothing is."""

    @property
    def last(self) -> int:
        """Version of its last event."""
        return self.first + self.count - 1


class KeptNotes(msgspec.Struct, frozen=True):
    """The checkpoints that a watch has of a log."""

    vkey: str | None
    """The log's; None where the watch has not begun."""
    notes: tuple[bytes, ...]
    """The newest one that was followed, if there is one, and those that the log has still to come up to."""


def read_notes(folder: Path) -> KeptNotes:
    """The checkpoints in a folder that somebody watches with, now or once. Nothing is written there.

    Raises OSError where its file may not be read or is not there, BadFile for what is none.
    """
    path = folder / FILE
    with path.open("rb"):
        pass  # SQLite would not say why it cannot be opened
    try:
        # Not `immutable`: a watch that runs may write while this reads.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.execute("BEGIN")  # both tables as they are at one moment
            log = db.execute("SELECT CAST(vkey AS TEXT), CAST(note AS BLOB) FROM log").fetchone()
            awaited = db.execute("SELECT CAST(note AS BLOB) FROM notes").fetchall()
    except sqlite3.DatabaseError as error:
        raise BadFile(
            f"{path} cannot be read",
            expected="what watch has kept of a log",
            found=str(error),
            advice="If a watch was killed there, let it look once more, or copy the folder and watch "
            "with the copy as --state.",
        ) from error
    vkey, newest = log or (None, b"")
    return KeptNotes(vkey, tuple(note for note in (newest, *(one for (one,) in awaited)) if note))


class Kept:
    """The file of one log, for one process at a time. Use as `with`, or close it."""

    def __init__(self, folder: Path) -> None:
        """Open what is there, or begin. Raises Unavailable, BadFile, Damaged."""
        durable_file.make_folder(folder)
        self.folder: Final = folder
        self._lock = _locked(folder)
        try:
            self._db = sqlite3.connect(folder / FILE, isolation_level=None)
        except sqlite3.DatabaseError as error:
            os.close(self._lock)
            raise _bad_file(folder / FILE, str(error)) from error
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(
                f"BEGIN; {_SCHEMA} COMMIT;"
            )  # once on the disk, not for each table
            self._read()
        except sqlite3.DatabaseError as error:
            self.close()
            raise _bad_file(folder / FILE, str(error)) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process have it."""
        self._db.close()
        os.close(self._lock)

    def _read(self) -> None:
        self._entries("at = -1", ())  # a file of another form than this one is not read
        row = self._db.execute("SELECT vkey, size, note FROM log").fetchone()
        self.vkey: str | None = row[0] if row else None
        self.note = bytes(row[2]) if row else b""
        """The newest checkpoint that all entries below `size` were held against; empty before it."""
        self.size = int(row[1]) if row else 0
        if self.vkey is None or not self.note:
            return
        try:
            head = open_checkpoint(self.note, self.vkey)
        except LedgerError as error:
            raise _bad_file(self.folder / FILE, str(error)) from error
        if head.size != self.size or self.root_at(self.size) != head.root:
            raise Damaged(
                f"{self.folder / FILE} is damaged",
                expected=f"the entries of the checkpoint of size {head.size}",
                found="others",
                advice="Move the folder away and watch again: the log is read anew.",
            )

    def check_log(self, vkey: str) -> str:
        """The origin of the log of this vkey, if it is the one of before. Raises ProofFailed, BadNote."""
        origin = note.parse_vkey(vkey).name
        if self.vkey is None:
            with self._change() as db:
                db.execute("INSERT INTO log VALUES (1, ?, 0, x'')", (vkey,))
            self.vkey = vkey
        if vkey != self.vkey:
            raise ProofFailed(
                "this is another log than before",
                expected=self.vkey,
                found=vkey,
                advice=f"A log never changes its key. To watch another, use another folder than {self.folder}",
            )
        return origin

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint that was followed."""
        return open_checkpoint(self.note, self.vkey) if self.note and self.vkey else None

    # --- entries -------------------------------------------------------------------------------

    def fetched(self) -> int:
        """How many entries are there, held against a checkpoint or not."""
        (found,) = self._db.execute("SELECT coalesce(max(at) + 1, 0) FROM entries").fetchone()
        return int(found)

    def append(self, entries: Sequence[KeptEntry]) -> None:
        """Keep further entries; they count for nothing before `advance`."""
        with self._change() as db:
            marks = ", ".join("?" * len(KeptEntry.__struct_fields__))
            db.executemany(
                f"INSERT INTO entries ({_MEMBERS}) VALUES ({marks})",  # noqa: S608  (names of ours)
                [msgspec.structs.astuple(one) for one in entries],
            )

    def forget_above(self, size: int) -> None:
        """Forget entries that were never held against a checkpoint."""
        if size < self.size:
            raise AssertionError("what was held against a checkpoint is never forgotten")
        with self._change() as db:
            db.execute("DELETE FROM entries WHERE at >= ?", (size,))

    def advance(self, signed: bytes, head: Checkpoint) -> None:
        """All entries below this checkpoint's size have its root: they count from now on."""
        if head.size < self.size or self.root_at(head.size) != head.root:
            raise AssertionError("a checkpoint counts only with entries that have its root")
        with self._change() as db:
            db.execute("UPDATE log SET size = ?, note = ?", (head.size, signed))
        self.size, self.note = head.size, signed

    def end(self, size: int) -> None:
        """All entries below this size are the whole log, which another one continues: they count.

        What they were held against is in the opening of that one.
        """
        if size < self.size or self.root_at(size) is None:
            raise AssertionError("a log ends behind all of its entries")
        if size > self.size:
            with self._change() as db:
                db.execute("UPDATE log SET size = ?", (size,))
            self.size = size

    def root_at(self, size: int) -> RootHash | None:
        """The root of the first `size` entries; None where there are not so many."""
        if size == 0:
            return EMPTY_ROOT
        row = self._db.execute("SELECT root FROM entries WHERE at = ?", (size - 1,)).fetchone()
        return None if row is None else RootHash(bytes(row[0]))

    def leaves(self, size: int) -> Iterator[LeafHash]:
        """The leaf hashes of the first `size` entries."""
        for (leaf,) in self._db.execute(
            "SELECT leaf FROM entries WHERE at < ? ORDER BY at", (size,)
        ):
            yield LeafHash(bytes(leaf))

    def entry(self, index: int) -> KeptEntry:
        """The entry at an index, which is there."""
        (found,) = self._entries("at = ?", (index,))
        return found

    def end_of(self, stream: str) -> KeptEntry | None:
        """The newest entry of a stream."""
        found = self._entries("stream = ? ORDER BY at DESC LIMIT 1", (stream,))
        return found[0] if found else None

    def of_stream(self, stream: str, above: int) -> list[KeptEntry]:
        """The entries of a stream from an index on, that count."""
        return self._entries(
            "stream = ? AND at >= ? AND at < ? ORDER BY at", (stream, above, self.size)
        )

    def begun(self, above: int = 0) -> list[KeptEntry]:
        """The first entry of each stream, of those that begin above a version."""
        return self._entries(
            "first > ? AND at IN (SELECT min(at) FROM entries WHERE at < ? AND stream <> '' "
            "GROUP BY stream) ORDER BY at",
            (above, self.size),
        )

    def with_faults(self) -> list[KeptEntry]:
        """The entries that count and that a log must not have."""
        return self._entries("fault <> '' AND at < ? ORDER BY at", (self.size,))

    def strays(self) -> int:
        """How many entries were fetched that are no statements."""
        (found,) = self._db.execute("SELECT count(*) FROM entries WHERE stream = ''").fetchone()
        return int(found)

    def heads(self, size: int) -> list[Head]:
        """Where each stream ends below a size, by stream."""
        rows = self._db.execute(
            "SELECT stream, first + count - 1, head FROM entries WHERE at IN "
            "(SELECT max(at) FROM entries WHERE at < ? AND stream <> '' GROUP BY stream)",
            (size,),
        )
        found = [Head(head=head, stream=stream, version=last) for stream, last, head in rows]
        return sorted(found, key=lambda one: one.stream.encode())

    def matching(self, name: str, above: int) -> Iterator[KeptEntry]:
        """The entries from an index on of a stream, or of all streams under a name that ends in `/`."""
        end = name[:-1] + chr(ord("/") + 1) if name.endswith("/") else name
        where = (
            "stream >= ? AND stream < ?" if name.endswith("/") else "stream >= ? AND stream <= ?"
        )
        yield from self._entries(
            f"{where} AND at >= ? AND at < ? ORDER BY at", (name, end, above, self.size)
        )

    def _entries(self, where: str, values: tuple[object, ...]) -> list[KeptEntry]:
        rows = self._db.execute(f"SELECT {_MEMBERS} FROM entries WHERE {where}", values)  # noqa: S608  (texts of ours)
        return [
            KeptEntry(at, LeafHash(bytes(leaf)), RootHash(bytes(root)), *rest)
            for at, leaf, root, *rest in rows
        ]

    # --- opening, parties and seals ------------------------------------------------------------

    def opening(self) -> bytes | None:
        """What the opening says of the log before, as it was kept; None before it was looked at."""
        row = self._db.execute("SELECT continues FROM opening").fetchone()
        return None if row is None else bytes(row[0])

    def add_opening(self, continues: bytes) -> None:
        """Remember what the opening says of the log before."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO opening VALUES (1, ?)", (continues,))

    def registrations(self, size: int) -> list[KeptEntry]:
        """The first entries of all streams `P/keys` below a size."""
        return self._entries(
            "at IN (SELECT min(at) FROM entries WHERE at < ? AND stream LIKE '%/keys' "
            "AND stream NOT LIKE '%/%/keys' GROUP BY stream) ORDER BY at",
            (size,),
        )

    def parties(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """The entry and the roles with which each known party was registered."""
        rows = self._db.execute("SELECT name, at, roles FROM parties")
        return {name: (at, tuple(roles.split(","))) for name, at, roles in rows}

    def add_party(self, name: str, index: int, roles: Iterable[str]) -> None:
        """Remember the registration of a party."""
        with self._change() as db:
            db.execute(
                "INSERT OR REPLACE INTO parties VALUES (?, ?, ?)", (name, index, ",".join(roles))
            )

    def checked_seals(self) -> dict[int, str]:
        """By its entry, what was wrong with each seal that was checked; empty where nothing was."""
        return dict(self._db.execute("SELECT at, fault FROM seals ORDER BY at").fetchall())

    def add_seal(self, index: int, fault: str) -> None:
        """Remember what the check of a seal's entry has found."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?)", (index, fault))

    # --- notes from elsewhere, and who was told ------------------------------------------------

    def notes(self) -> dict[bytes, str]:
        """Checkpoints that the log has still to come up to, and who has shown each."""
        rows = self._db.execute("SELECT note, said_by FROM notes")
        return {bytes(signed): said_by for signed, said_by in rows}

    def add_note(self, signed: bytes, said_by: str) -> None:
        """Hold the log to this checkpoint when it has come so far."""
        with self._change() as db:
            db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?)", (signed, said_by))

    def drop_note(self, signed: bytes) -> None:
        """The log has come up to this checkpoint, and has its root."""
        with self._change() as db:
            db.execute("DELETE FROM notes WHERE note = ?", (signed,))

    def reported(self, name: str) -> int:
        """Up to which size the owner of this name was told of every entry."""
        row = self._db.execute("SELECT size FROM reported WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def report(self, name: str, size: int) -> None:
        """The owner of this name has been told of every entry below a size."""
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO reported VALUES (?, ?)", (name, size))

    def evidence(self) -> list[Path]:
        """Files of evidence that were written here."""
        return sorted(self.folder.glob(EVIDENCE))

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled back already
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"{self.folder / FILE} cannot be written",
                expected="a disk with room, and the right to write",
                found=str(error),
                advice="Make room there, then watch again: what was followed is kept.",
            ) from error


def _locked(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Unavailable(
            "another process watches with this folder",
            expected=f"{folder} for this one alone",
            found="its lock is held",
            advice="Stop the other one, or choose another folder with --state.",
        ) from None
    return handle


def _bad_file(path: Path, found: str) -> BadFile:
    return BadFile(
        f"{path} cannot be used",
        expected="what watch has kept of a log",
        found=found,
        advice="Move the folder away and watch again: the log is read anew.",
    )

"""What this home has posted to each stream, reading by reading, so nothing is posted twice.

A small SQLite database beside the outbox keeps a digest of every event's content (its salt left
out) with the batch that carried it. It is written before the batch is kept in the outbox, so:

    intended, neither pending nor acknowledged in the outbox    never sent: forgotten
    intended, pending                                           will be sent as it is
    intended, acknowledged                                      posted

Of a profile it also keeps 8 bytes for each reading, so that a day which is imported again with more
rows, or with some in another form, posts what is new and nothing twice.

The journal may be lost: it is filled again from the ledger. One process at a time imports into a
stream; the lock is released by the kernel when its process ends.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from ledger.client import durable_file
from ledger.client.importer.marks import Marks, marks_in, marks_of
from ledger.client.outbox import Outbox, PendingBatch
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, Overloaded, Unavailable
from ledger.log.redacted import Redacted

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batch (
    name TEXT PRIMARY KEY, stream TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
    posted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (
    stream TEXT NOT NULL, digest BLOB NOT NULL, batch TEXT NOT NULL,
    PRIMARY KEY (stream, digest, batch)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS profile (
    stream TEXT NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL, step INTEGER NOT NULL,
    marks BLOB NOT NULL, batch TEXT NOT NULL,
    PRIMARY KEY (stream, start, until, batch)
) WITHOUT ROWID;
"""
_CHUNK: Final = 500
_encoder = msgspec.json.Encoder(order="sorted")


def content_digest(event: msgspec.Struct, scope: str = "") -> bytes:
    """16 bytes that name an event's content; `scope` keeps equal contents of two places apart."""
    line = _encoder.encode(msgspec.structs.replace(event, salt=UNSALTED))
    return sha256(scope.encode() + b"\n" + line).digest()[:16]


class Journal:
    """The journal of one party for one ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.path: Final = folder / "imports.sqlite"
        self._confirmed: list[str] = []
        self._longest_s: dict[str, int] = {}
        durable_file.make_folder(folder)
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=60)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise self._not_now(error) from error
        except sqlite3.DatabaseError as error:
            raise BadFile(
                f"the journal {self.path} is damaged",
                found=str(error),
                advice="Move it away and run the import again: it is filled again from the ledger",
            ) from error

    def close(self) -> None:
        """Write what is left to write, and close the file."""
        try:
            if self._confirmed:
                with self._transaction():
                    pass
        finally:
            self._db.close()

    @contextmanager
    def lock(self, stream: str) -> Iterator[None]:
        """Be the only one to import into a stream; raises Overloaded when another process is."""
        name = sha256(stream.encode()).hexdigest()[:32]
        descriptor = os.open(self.folder / f"import-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Overloaded(
                    f"another import into {stream} is running in this home",
                    advice="Wait until it ends, then run this again",
                ) from error
            yield
        finally:
            os.close(descriptor)

    def intend(
        self, pending: PendingBatch, digests: Sequence[bytes], profiles: Sequence[Marks] = ()
    ) -> None:
        """Write down a batch that is about to be kept in the outbox."""
        said = pending.signed.statement
        with self._transaction():
            self._forget_intended(said.stream)
            self._insert(pending.name, said.stream, said.first, said.count, digests, posted=0)
            self._insert_profiles(pending.name, said.stream, profiles)

    def confirm(self, name: str) -> None:
        """The ledger has acknowledged this batch; written with what comes next.

        If that never comes, `reconcile` finds the receipt in the outbox.
        """
        self._confirmed.append(name)

    def learn(self, stream: str, first: int, events: Sequence[msgspec.Struct]) -> None:
        """Events of the stream, from a version on, that this journal did not know as a whole.

        One whose data was redacted counts as known, and nothing is kept of it.
        """
        name = f"read back: {stream}@{first}"
        there = [event for event in events if not isinstance(event, Redacted)]
        with self._transaction():
            self._insert(
                name, stream, first, len(events), list(map(content_digest, there)), posted=1
            )
            self._insert_profiles(name, stream, marks_of(there))

    def reconcile(self, stream: str, outbox: Outbox) -> None:
        """Settle what was intended, once nothing of the stream is pending any more."""
        rows = self._db.execute(
            "SELECT name FROM batch WHERE stream = ? AND posted = 0", (stream,)
        ).fetchall()
        for (name,) in rows:
            if outbox.is_acknowledged(name):
                self.confirm(name)
        with self._transaction():
            self._forget_intended(stream)

    def known(self, stream: str, digests: Sequence[bytes]) -> set[bytes]:
        """Which of these contents are posted."""
        found: set[bytes] = set()
        for at in range(0, len(digests), _CHUNK):
            chunk = digests[at : at + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._db.execute(
                f"SELECT DISTINCT digest FROM reading WHERE stream = ? AND digest IN ({marks})",  # noqa: S608
                (stream, *chunk),
            )
            found.update(bytes(row[0]) for row in rows)
        return found

    def marks(self, stream: str, start_s: int, until_s: int) -> dict[tuple[int, int], bytes]:
        """The readings of posted profiles from one time to another: (start, length) to mark."""
        longest_s = self._longest(stream)
        rows = self._db.execute(
            "SELECT start, step, marks FROM profile "
            "WHERE stream = ? AND start > ? AND start < ? AND until > ?",
            (stream, start_s - longest_s, until_s, start_s),
        )
        return {
            (first_s + at * step_s, step_s): mark
            for first_s, step_s, marks in rows
            for at, mark in marks_in(marks)
        }

    def unknown_versions(self, stream: str, last: int) -> Iterator[int]:
        """The versions up to `last` of events that this journal does not know."""
        with self._transaction():
            pass
        expected = 1
        rows = self._db.execute(
            "SELECT first, count FROM batch WHERE stream = ? AND posted = 1 ORDER BY first",
            (stream,),
        ).fetchall()
        for first, count in [*rows, (last + 1, 0)]:
            yield from range(expected, first)
            expected = max(expected, first + count)

    def last_version(self, stream: str) -> int:
        """The greatest version of the stream that the ledger has acknowledged to this home; or 0."""
        with self._transaction():
            pass
        row = self._db.execute(
            "SELECT max(first + count - 1) FROM batch WHERE stream = ? AND posted = 1", (stream,)
        ).fetchone()
        return int(row[0] or 0)

    def _insert(
        self,
        name: str,
        stream: str,
        first: int,
        count: int,
        digests: Sequence[bytes],
        *,
        posted: int,
    ) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO batch VALUES (?, ?, ?, ?, ?)",
            (name, stream, first, count, posted),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO reading VALUES (?, ?, ?)",
            [(stream, digest, name) for digest in digests],
        )

    def _longest(self, stream: str) -> int:
        """Seconds of the longest profile: what starts earlier than that before a time is over."""
        if stream not in self._longest_s:
            row = self._db.execute(
                "SELECT max(until - start) FROM profile WHERE stream = ?", (stream,)
            ).fetchone()
            self._longest_s[stream] = int(row[0] or 0)
        return self._longest_s[stream]

    def _insert_profiles(self, name: str, stream: str, profiles: Sequence[Marks]) -> None:
        longest_s = max((p.until_s - p.start_s for p in profiles), default=0)
        self._longest_s[stream] = max(self._longest(stream), longest_s)
        self._db.executemany(
            "INSERT OR IGNORE INTO profile VALUES (?, ?, ?, ?, ?, ?)",
            [(stream, p.start_s, p.until_s, p.step_s, p.marks, name) for p in profiles],
        )

    def _forget_intended(self, stream: str) -> None:
        for table in ("reading", "profile"):
            self._db.execute(
                f"DELETE FROM {table} WHERE stream = ? AND batch IN "  # noqa: S608
                "(SELECT name FROM batch WHERE stream = ? AND posted = 0)",
                (stream, stream),
            )
        self._db.execute("DELETE FROM batch WHERE stream = ? AND posted = 0", (stream,))

    def _not_now(self, error: sqlite3.OperationalError) -> Unavailable:
        return Unavailable(
            f"the journal {self.path} cannot be written",
            expected="room on its disk, and the right to write",
            found=str(error),
            advice="Remove the cause and run the import again; nothing is posted twice.",
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._whole():
                yield
        except sqlite3.OperationalError as error:
            raise self._not_now(error) from error

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(
                "UPDATE batch SET posted = 1 WHERE name = ?", [(name,) for name in self._confirmed]
            )
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has rolled it back already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        self._confirmed.clear()

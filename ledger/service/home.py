"""The home folder of a ledger: where its keys, checkpoints and embedded database lie.

    ledger.json         origin and verifier key of the log, operator       (public)
    log.key             the log's private key, 0600: who has it can sign checkpoints
    checkpoints         what the log has signed, outside the database
    ended               the log that continues this one, which signs nothing any more
    continuing          while this log is being opened to continue another one
    witnesses.json      the witnesses that the log asks, and its policy; written by the operator
    witness/            a witness that is run here, of whatever logs
    keys/<party>/…      private keys of parties that were made here
    outbox/, journal/   what a party is about to send, and what it has sent
    postgres/           the embedded database

The log's key is made here, at run time, and never leaves. Writing is atomic: a file is there whole
or not at all.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

import msgspec

from ledger.errors import BadFile, Conflict, NotFound
from ledger.log.keys import SEED_BYTES, PrivateKey
from ledger.log.note import log_vkey
from ledger.store.checkpoint_file import ENDED, read_ended


class LedgerFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `ledger.json` says."""

    origin: str
    log: str
    operator: str


class Home:
    """The paths of one home folder, and the two files that the service itself keeps there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = path / "keys"
        self.checkpoints = path / "checkpoints"
        self._ledger = path / "ledger.json"
        self._log_key = path / "log.key"
        self._ended = path / ENDED
        self.continuing = path / "continuing"

    def make(self) -> None:
        """Make the folder, for its owner alone, if it is not there."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def opened(self) -> bool:
        """Whether a ledger was opened in this home."""
        return self._ledger.exists()

    def ledger(self) -> LedgerFile:
        """Which ledger lies here. Raises BadFile if none does, or the file cannot be read."""
        try:
            return msgspec.json.decode(self._ledger.read_bytes(), type=LedgerFile)
        except FileNotFoundError:
            raise BadFile(
                f"no ledger in {self.path}",
                expected="a home folder in which a ledger was opened",
                found="none",
                advice="Open one with carbon-ledger init, name its home with --home, or use a "
                "ledger elsewhere with --url.",
            ) from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadFile(
                str(self._ledger), expected="the file that init wrote", found=str(error)
            ) from error

    def write_ledger(self, ledger: LedgerFile) -> None:
        """Say which ledger lies here, once and for ever. Raises Conflict."""
        if self.opened:
            raise Conflict(
                "home of a ledger",
                expected="a home without a ledger",
                found=f"{self.path}, which has {self.ledger().origin}",
                advice="Choose another folder with --home; a ledger is never overwritten.",
            )
        write_file(self._ledger, msgspec.json.format(msgspec.json.encode(ledger)) + b"\n", 0o644)

    @property
    def ended(self) -> str | None:
        """The vkey of the log that continues this one, or None while this one goes on."""
        return read_ended(self.path)

    def check_end(self, log: str) -> None:
        """Raise Conflict if another log than this one continues what lies here."""
        if (ended := self.ended) not in {None, log}:
            raise Conflict(
                f"the log in {self.path}",
                expected="a log that has not ended",
                found=f"it is continued by {ended}",
                advice="A log is continued once. If no log was opened with that key, remove the "
                f"file {self._ended}.",
            )

    def end(self, log: str) -> None:
        """Say that this log has ended and which one continues it. Raises Conflict for another one."""
        self.check_end(log)
        write_file(self._ended, log.encode() + b"\n", 0o644)

    def go_on(self, log: str) -> None:
        """Say that this log has not ended after all, since the one with this vkey was not opened."""
        if self.ended == log:
            self._ended.unlink()

    @property
    def log_key_made(self) -> bool:
        """Whether the log's key lies here."""
        return self._log_key.exists()

    def make_log_key(self) -> PrivateKey:
        """The log's key, made now if an earlier attempt has not made it."""
        if not self._log_key.exists():
            seed = base64.b64encode(secrets.token_bytes(SEED_BYTES))
            write_file(self._log_key, seed + b"\n", 0o600)
        return self.log_key()

    def log_key(self) -> PrivateKey:
        """The log's key. Raises NotFound or BadFile."""
        try:
            text = self._log_key.read_bytes()
            return PrivateKey.from_seed(base64.b64decode(text.strip(), validate=True))
        except FileNotFoundError:
            raise NotFound(
                f"the log's key, {self._log_key}",
                advice="Bring it back from where you keep it. Without it this log cannot go on, and "
                "carbon-ledger continue opens one that continues it.",
            ) from None
        except (binascii.Error, ValueError) as error:
            raise BadFile(
                str(self._log_key), expected="the key that init wrote", found="another content"
            ) from error

    def checked_log_key(self) -> PrivateKey:
        """The log's key, if it is the one that `ledger.json` names. Raises BadFile."""
        key, ledger = self.log_key(), self.ledger()
        if log_vkey(ledger.origin, key.public) != ledger.log:
            raise BadFile(
                str(self._log_key),
                expected=f"the key of {ledger.log}",
                found="another key",
                advice="Bring back the key that belongs to this ledger.",
            )
        return key


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, and make sure that it lasts."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

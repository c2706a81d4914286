"""A batch is on disk before it is sent, so no crash can post it twice or lose it.

    <folder>/pending/<number>-<digest>.batch     signed, not yet acknowledged: send these bytes
    <folder>/receipts/<number>-<digest>.receipt  acknowledged: the JWS, LF, the log's receipt
    <folder>/refused/<number>-<digest>.batch     refused by the ledger for good, and
    <folder>/refused/<number>-<digest>.reason    why

Rules: a body is signed once and never changes; the log takes identical bytes any number of times
and answers with the receipt. The receipt is written before the body goes, so at every moment a
batch is pending, or acknowledged with its receipt. Numbers grow, so `pending` is in order of
signing; the digest keeps two processes apart that draw the same number.
Source: formats, section 4, idempotence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from ledger.client import durable_file
from ledger.errors import BadFile, LedgerError
from ledger.log import batch
from ledger.log.batch import SignedStatement

_NAME = re.compile(r"([0-9]{12})-[0-9a-f]{16}")


class PendingBatch(msgspec.Struct, frozen=True):
    """A signed body that was not acknowledged yet."""

    name: str
    body: bytes
    signed: SignedStatement

    @property
    def what(self) -> str:
        """The batch in words, for messages."""
        said = self.signed.statement
        return f"events {said.first} to {said.last} of {said.stream}, signed at {said.signed_at}"


class Outbox:
    """The batches of one party for one log."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._pending = folder / "pending"
        self._receipts = folder / "receipts"
        self._refused = folder / "refused"
        self._number: int | None = None

    def prepare(self, body: bytes) -> PendingBatch:
        """A signed body with the name that it will have here; nothing is on disk yet."""
        jws, _ = batch.split_submission(body)
        name = f"{self._next_number():012d}-{sha256(jws).hexdigest()[:16]}"
        return PendingBatch(name, body, batch.parse_statement(jws))

    def keep(self, pending: PendingBatch) -> None:
        """Keep a signed body durably; from here on it will be sent."""
        durable_file.write_new(self._pending / f"{pending.name}.batch", pending.body)

    def path_of(self, pending: PendingBatch) -> Path:
        """The file of a batch that is pending: the JWS, then an event a line."""
        return self._pending / f"{pending.name}.batch"

    def pending(self) -> list[PendingBatch]:
        """What was not acknowledged yet, in the order of signing; raises BadFile for damage."""
        found = []
        for name in self._names(self._pending, ".batch"):
            path = self._pending / f"{name}.batch"
            try:
                body = path.read_bytes()
                jws, _ = batch.split_submission(body)
                found.append(PendingBatch(name, body, batch.parse_statement(jws)))
            except FileNotFoundError:
                continue  # Another process has just sent it.
            except LedgerError as error:
                raise BadFile(f"{path} is damaged", found=str(error)) from error
        return found

    def done(self, pending: PendingBatch, receipt: str) -> None:
        """The log has acknowledged a batch: keep the receipt, then let the body go."""
        kept = pending.signed.jws.raw + b"\n" + receipt.encode()
        durable_file.write(self._receipts / f"{pending.name}.receipt", kept)
        (self._pending / f"{pending.name}.batch").unlink(missing_ok=True)

    def refuse(self, pending: PendingBatch, reason: str) -> Path:
        """The log will never take a batch: put it and the reason aside; where the body lies now."""
        durable_file.write(self._refused / f"{pending.name}.reason", f"{reason}\n".encode())
        path = self._pending / f"{pending.name}.batch"
        aside = self._refused / path.name
        if path.exists():
            path.replace(aside)
            durable_file.flush_folder(self._refused)
            durable_file.flush_folder(self._pending)
        return aside

    def discard(self, pending: PendingBatch) -> None:
        """The versions of a batch were taken before it was sent: it is signed anew, this one goes."""
        (self._pending / f"{pending.name}.batch").unlink(missing_ok=True)

    def is_acknowledged(self, name: str) -> bool:
        """Whether a batch of this name is in the log, by its receipt."""
        return (self._receipts / f"{name}.receipt").exists()

    def receipts(self) -> Iterator[tuple[bytes, str]]:
        """(JWS, receipt) of every acknowledged batch, in the order of signing."""
        for name in self._names(self._receipts, ".receipt"):
            jws, _, receipt = (self._receipts / f"{name}.receipt").read_bytes().partition(b"\n")
            yield jws, receipt.decode()

    def _next_number(self) -> int:
        """Greater than every number that was given out before and still shows."""
        if self._number is None:
            folders = ((self._pending, ".batch"), (self._receipts, ".receipt"))
            names = [name for folder, suffix in folders for name in self._names(folder, suffix)]
            self._number = max((int(name[:12]) for name in names), default=0)
        self._number += 1
        return self._number

    @staticmethod
    def _names(folder: Path, suffix: str) -> list[str]:
        found = (path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}"))
        return sorted(name for name in found if _NAME.fullmatch(name))

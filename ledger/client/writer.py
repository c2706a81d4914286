"""Events go in, a verified receipt comes out, and each event is posted exactly once.

The order is: what an earlier run left pending is sent first; the stream's head is asked; one batch
is built, signed and put into the outbox; its bytes are sent; the receipt is verified against the
log's key and kept. A crash at any point leaves a batch that is either pending, and will be sent as
it is, or acknowledged.

Rules: the writer draws the salts. When somebody else takes the versions in between, the batch could
never have been logged, so it is signed anew behind the new head. A batch that the ledger refuses
for good is put aside with its reason. Source: formats, sections 4 and 7.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ledger.carbon.info import EarlierInfo, Posted, StreamHead
from ledger.client.checkpoint_memory import CheckpointMemory
from ledger.client.connection import Connection
from ledger.client.keyring import utc_now, utc_text
from ledger.client.outbox import Outbox, PendingBatch
from ledger.client.succession import pending_for_another
from ledger.errors import Conflict, InvalidInput, NotFound, ProofFailed, Refused
from ledger.log import batch
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.log.keys import PrivateKey
from ledger.log.receipt import parse_receipt, verify_receipt

UNSALTED: Final = ""
"""The salt of an event that is handed to a writer."""

SALT_BYTES: Final = 16
ATTEMPTS: Final = 5
"""How often a batch is signed anew because others write to the same stream."""


class Writer:
    """Posts one party's events to one ledger."""

    def __init__(
        self,
        connection: Connection,
        key: PrivateKey,
        party: str,
        outbox: Outbox,
        now: Callable[[], datetime] = utc_now,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.party: Final = party
        self.outbox: Final = outbox
        self.memory: Final = CheckpointMemory(outbox.folder / "checkpoint")
        self._connection = connection
        self._key = key
        self._now = now
        self._random = random
        self._log: str | None = None
        self._earlier: Sequence[EarlierInfo] = ()
        self._heads: dict[str, StreamHead | None] = {}
        self._resumed = False

    async def log_key(self) -> str:
        """The log's vkey: the one of before, or ProofFailed."""
        if self._log is None:
            status = await self._connection.status()
            self._log = self.memory.check_log(status.log_key, status.earlier)
            self._earlier = status.earlier
        return self._log

    async def resume(self) -> list[Posted]:
        """Send what an earlier run left pending, as it was signed; raises Refused for what cannot be."""
        log = await self.log_key()
        posted = []
        for pending in self.outbox.pending():
            if pending.signed.statement.log != log:
                head = await self._head(pending.signed.statement.stream)
                raise pending_for_another(pending, log, self._earlier, head, self.outbox)
            posted.append(await self._send_pending(pending))
        self._resumed = True
        return posted

    async def post(
        self,
        stream: str,
        events: Sequence[msgspec.Struct],
        before: Callable[[PendingBatch], None] | None = None,
    ) -> Posted:
        """Post events as one batch behind the stream's head.

        `before` is called with each batch that is signed for them, before it is kept or sent.
        Raises Refused and InvalidInput when the ledger does not take them, and Unavailable when it
        could not be reached: then the batch stays pending and `resume` sends it.
        """
        if not self._resumed:
            await self.resume()
        log = await self.log_key()
        lines = [(type(event).__name__, encode_struct(self._salted(event))) for event in events]
        for _ in range(ATTEMPTS):
            head = await self._head(stream)
            body = batch.build(
                self._key,
                log,
                stream,
                head.version + 1 if head else 1,
                head.leaf if head else ZEROS_HEX,
                lines,
                self.memory.seen,
                utc_text(self._now()),
            )
            pending = self.outbox.prepare(body)
            if before is not None:
                before(pending)
            self.outbox.keep(pending)
            try:
                return await self._send(pending)
            except Conflict as error:
                self._heads.pop(stream, None)
                if await self._head(stream) == head:
                    self.outbox.refuse(pending, str(error))
                    raise
                self.outbox.discard(pending)
            except (InvalidInput, Refused, NotFound) as error:
                self.outbox.refuse(pending, str(error))
                raise
        raise Conflict(
            f"others write to {stream} all the time",
            expected=f"the versions of a batch to be free, in {ATTEMPTS} attempts",
            advice="Let one program write to a stream, then run this again",
        )

    async def _send_pending(self, pending: PendingBatch) -> Posted:
        try:
            return await self._send(pending)
        except (InvalidInput, Refused, NotFound) as error:
            aside = self.outbox.refuse(pending, str(error))
            taken = isinstance(error, Conflict) and bool(error.logged_jws)
            raise type(error)(
                f"left over from an earlier run, and refused: {pending.what}: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=(
                    "Other events took these versions. Run the command of then again: it signs anew"
                    if taken
                    else error.advice or "Run the command of then again, with the cause removed"
                )
                + f". The refused batch lies in {aside}",
            ) from error

    async def _send(self, pending: PendingBatch) -> Posted:
        posted = await self._connection.post(pending.body)
        said = pending.signed.statement
        if (posted.stream, posted.first, posted.count) != (said.stream, said.first, said.count):
            raise ProofFailed(
                "the ledger acknowledges something else",
                expected=pending.what,
                found=f"events {posted.first} to {posted.last} of {posted.stream}",
            )
        receipt = parse_receipt(posted.receipt.encode())
        if receipt.index != posted.index:
            raise ProofFailed(
                "the receipt is for another entry",
                expected=f"index {posted.index}",
                found=f"index {receipt.index}",
            )
        verify_receipt(receipt, pending.signed.jws.raw, await self.log_key())
        self.memory.remember(receipt.checkpoint)
        self.outbox.done(pending, posted.receipt)
        self._heads[said.stream] = StreamHead(stream=said.stream, version=said.last, leaf=said.head)
        return posted

    async def _head(self, stream: str) -> StreamHead | None:
        if stream not in self._heads:
            self._heads[stream] = await self._connection.head(stream)
        return self._heads[stream]

    def _salted(self, event: msgspec.Struct) -> msgspec.Struct:
        return msgspec.structs.replace(event, salt=self._random(SALT_BYTES).hex())

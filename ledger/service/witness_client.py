"""Asks one witness over HTTP, and believes of its answer only what its keys have signed.

Source: C2SP tlog-witness, add-checkpoint.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import httpx

from ledger.errors import BadNote, LedgerError, ProofFailed, Unavailable
from ledger.log import note
from ledger.log.add_checkpoint import PATH, AddCheckpoint, format_request, parse_size
from ledger.log.checkpoint import open_cosigned
from ledger.log.witnesses import Witness

ANSWER_BYTES: Final = 256 * 1024
CONNECT_TIMEOUT_S: Final = 2.0
ANSWER_TIMEOUT_S: Final = 10.0


class WitnessClient:
    """One witness; `close` after the last request."""

    def __init__(self, witness: Witness, url: str, log: str) -> None:
        """`log` is the vkey of the log whose checkpoints are cosigned."""
        self.witness = witness
        self._log = log
        self._url = url + PATH
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._client = httpx.AsyncClient(timeout=timeout)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def add_checkpoint(self, request: AddCheckpoint) -> tuple[str, ...] | int:
        """Its signature lines (each without LF), or the size that it knows instead.

        Raises ProofFailed when it says that its history does not lead here, Unavailable when it is
        away or answers something else.
        """
        try:
            status, body = await self._post(format_request(request))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._away(type(error).__name__) from error
        if status == HTTPStatus.CONFLICT:
            return self._size(body)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise ProofFailed(
                f"witness {self.witness.name} has seen another history",
                expected=f"one that goes on from size {request.old}",
                found="a proof that does not hold",
            )
        if status != HTTPStatus.OK:
            raise self._away(f"status {status}")
        return self._lines(request.checkpoint, body)

    async def _post(self, content: bytes) -> tuple[int, bytes]:
        async with self._client.stream("POST", self._url, content=content) as answer:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > ANSWER_BYTES:
                    raise self._away("an answer without end")
            return answer.status_code, bytes(body)

    def _size(self, body: bytes) -> int:
        try:
            return parse_size(body)
        except BadNote as error:
            raise self._away(str(error)) from error

    def _lines(self, checkpoint: bytes, body: bytes) -> tuple[str, ...]:
        """Those of its own keys; the others are ignored."""
        mine = {(one.name, one.key_id) for one in self.witness.verifiers}
        try:
            lines = tuple(
                line for line in body.decode().splitlines() if note.signer_of(line) in mine
            )
            cosigned = checkpoint + "".join(f"{line}\n" for line in lines).encode()
            opened = open_cosigned(cosigned, self._log, self.witness.verifiers)
        except (LedgerError, UnicodeDecodeError) as error:
            raise self._away(str(error)) from error
        if not opened.cosignatures:
            raise self._away("no signature of a key that is listed")
        return lines

    def _away(self, found: str) -> Unavailable:
        return Unavailable(
            f"witness {self.witness.name} does not answer as a witness",
            expected="its cosignature, or the size that it knows",
            found=found[:200],
            advice="Ask whoever runs it; the ledger goes on and asks again.",
        )

"""Cosigns a checkpoint if it continues the last one of its log, and otherwise says why not.

Rules, in this order: the log is known; its key has signed; the asker knows the size that we know;
the same size has the same root; the proof leads from there to here; whoever runs the witness has
nothing against it. Then the new state is written, and only then is anything signed. One request of
a log after the other.
Source: C2SP tlog-witness, add-checkpoint; tlog-cosignature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.errors import BadNote, BadValue, NotFound, ProofFailed, Unavailable
from ledger.log import note
from ledger.log.add_checkpoint import AddCheckpoint, parse_request
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.proof import verify_consistency
from ledger.witness.state import LogState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.witness.home import WitnessHome


class Lines(msgspec.Struct, frozen=True):
    """The witness has cosigned."""

    origin: str
    size: int
    lines: str
    """A signature line for each of its keys, each with LF."""


class Known(msgspec.Struct, frozen=True):
    """The witness knows another history than the asker thinks."""

    origin: str
    size: int
    """What the witness has cosigned last."""
    contradicts: bool
    """Whether the log has signed another root for this very size."""


class Witness:
    """A witness of some logs; its methods block, and may be called from several threads."""

    def __init__(
        self,
        home: WitnessHome,
        vkeys: Iterable[str],
        now_s: Callable[[], int],
        allow: Callable[[Checkpoint], None] = lambda _head: None,
    ) -> None:
        """`now_s` gives seconds since the epoch; `allow` raises why a checkpoint is not cosigned yet.

        Raises NotFound, BadFile, BadNote, Damaged.
        """
        self._allow = allow
        self._keys = home.keys()
        self._now_s = now_s
        self.logs: dict[str, LogState] = {}
        for vkey in dict.fromkeys(vkeys):
            state = LogState(home, vkey)
            if note.parse_vkey(vkey).kind != note.ED25519:
                raise BadValue(f"the key of {state.origin}", expected="the vkey of a log")
            if state.origin in self.logs:
                raise BadValue(
                    f"the key of {state.origin}", expected="one key for an origin", found="two"
                )
            self.logs[state.origin] = state

    @property
    def name(self) -> str:
        """The name under which it cosigns."""
        return self._keys.name

    def add_checkpoint(self, body: bytes) -> Lines | Known:
        """Answer a request.

        Raises BadNote for one out of form, NotFound for an unknown log, BadSignature where its key
        has not signed, ProofFailed for a proof that does not hold, Unavailable when it cannot write.
        """
        request = parse_request(body)
        log = self.logs.get(request.checkpoint.partition(b"\n")[0].decode(errors="replace"))
        if log is None:
            raise NotFound(
                "this witness does not follow such a log",
                advice="Ask whoever runs it to add the log's verifier key.",
            )
        head = open_checkpoint(request.checkpoint, log.vkey)
        if request.old > head.size:
            raise BadNote(
                "a log does not shrink", expected=f"old at most {head.size}", found=f"{request.old}"
            )
        with log.lock:
            return self._answer(log, request, head)

    def _answer(self, log: LogState, request: AddCheckpoint, head: Checkpoint) -> Lines | Known:
        if request.old != log.known.size:
            return Known(log.origin, log.known.size, contradicts=False)
        if head.size == log.known.size and head.root != log.known.root:
            log.keep_evidence(request.checkpoint)
            return Known(log.origin, log.known.size, contradicts=True)
        if request.old:
            known = log.known
            verify_consistency(known.size, known.root, head.size, head.root, request.proof)
        elif request.proof:
            raise ProofFailed("from size 0 the proof is empty", found=f"{len(request.proof)} lines")
        self._allow(head)
        try:
            log.advance(request.checkpoint, head)
        except OSError as error:
            raise Unavailable(
                "the witness could not write its state, so nothing is cosigned",
                found=error.strerror or type(error).__name__,
                advice="Ask again later; whoever runs it has to look at its disk.",
            ) from error
        return Lines(log.origin, head.size, self._cosign(request.checkpoint.decode()))

    def _cosign(self, signed: str) -> str:
        time_s = self._now_s()  # read after writing: what is signed was on the disk at that time
        return "".join(
            note.cosignature(signed, key, self._keys.name, time_s) for key in self._keys.keys
        )

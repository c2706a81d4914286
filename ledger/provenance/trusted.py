"""Whom the reader of a file trusts beside the log's key, and which of them have cosigned it."""

from __future__ import annotations

import msgspec

from ledger.errors import ProofFailed, refusing
from ledger.log.checkpoint import Checkpoint, open_cosigned
from ledger.log.names import is_origin
from ledger.log.note import parse_vkey
from ledger.log.witnesses import Cosigned, Policy, Witness, check_policy, cosigned_by


class OtherLog(ProofFailed):
    """The file is of another log than that whose key the reader gave."""


class Trusted(msgspec.Struct, frozen=True):
    """The log's vkey; witnesses of its growth, how many are enough; witnesses that replay it."""

    log_key: str
    witnesses: tuple[Witness, ...] = ()
    policy: Policy | None = None
    replayed: tuple[Witness, ...] = ()


class Witnessed(msgspec.Struct, frozen=True):
    """A checkpoint that the log has signed, and whose cosignatures hold."""

    checkpoint: Checkpoint
    cosigned: tuple[Cosigned, ...]
    replayed: tuple[Cosigned, ...]


def check_witnessed(checkpoint: bytes, trusted: Trusted) -> Witnessed:
    """Which of the trusted ones have cosigned a checkpoint.

    A key that is trusted to replay the log counts in no policy: whoever has it may run a witness
    of the log's growth beside it, and would count twice.
    Raises BadNote, BadSignature, ProofFailed if too few have cosigned.
    """
    everyone = (*trusted.witnesses, *trusted.replayed)
    verifiers = [one for witness in everyone for one in witness.verifiers]
    with refusing("checkpoint"):
        check_origin(checkpoint, trusted.log_key)
        opened = open_cosigned(checkpoint, trusted.log_key, verifiers)
    found = Witnessed(
        opened.checkpoint,
        cosigned_by(opened.cosignatures, trusted.witnesses),
        cosigned_by(opened.cosignatures, trusted.replayed),
    )
    if trusted.policy is not None:
        with refusing("policy"):
            replaying = {key for witness in trusted.replayed for key in witness.verifiers}
            counted = [one for one in opened.cosignatures if one.verifier not in replaying]
            check_policy(trusted.policy, cosigned_by(counted, trusted.witnesses))
    return found


def check_origin(checkpoint: bytes, log_key: str) -> None:
    """Raise OtherLog where a checkpoint names another log than the key does."""
    origin = checkpoint.partition(b"\n")[0].decode(errors="replace")
    name = parse_vkey(log_key).name
    if is_origin(origin) and origin != name:
        raise OtherLog(
            f"the file is of the log {origin}; you gave the key of {name}",
            advice="If the one continues the other, you need the newer key, from somebody you trust.",
            defect="checkpoint",
        )


def witnessed(
    checkpoint: bytes, log_key: str, witnesses: tuple[Witness, ...], policy: Policy | None
) -> tuple[Cosigned, ...]:
    """Which of these witnesses have cosigned a checkpoint; raises ProofFailed if too few have."""
    return check_witnessed(checkpoint, Trusted(log_key, witnesses, policy)).cosigned


def another_history(cosigned: tuple[Cosigned, ...], witnesses: tuple[Witness, ...]) -> list[str]:
    """That others may be shown another history, where no trusted witness excludes it."""
    if cosigned:
        return []
    why = "none of the named ones has cosigned" if witnesses else "no witness was named"
    return [f"another history of this log, shown to somebody else: {why}"]

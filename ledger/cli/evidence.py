"""The verdict on a file of evidence: has the log of this key signed two histories?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.cli.output import show
from ledger.log.evidence import open_evidence, read_evidence
from ledger.log.witnesses import cosigned_by, time_text

if TYPE_CHECKING:
    from ledger.cli.call import Call
    from ledger.log.checkpoint import OpenedCheckpoint
    from ledger.log.witnesses import Witness

CHECKED = (
    "both checkpoints are signed by the log key",
    "the later one's tree begins with another tree than the earlier one's, as the path shows",
)


def show_evidence(call: Call, data: bytes, log_key: str, trusted: tuple[Witness, ...]) -> None:
    """Say what the evidence shows. Raises BadNote, BadSignature, ProofFailed where it shows nothing."""
    verifiers = [key for one in trusted for key in one.verifiers]
    found = open_evidence(read_evidence(data), log_key, verifiers)
    heads = (found.first, found.second)
    value = {
        "ok": True,
        "kind": "two-histories",
        "log_key": log_key,
        "checked": CHECKED,
        "checkpoints": [
            {
                "size": one.checkpoint.size,
                "root": one.checkpoint.root.hex(),
                "cosigned": cosigned_by(one.cosignatures, trusted),
            }
            for one in heads
        ],
        "root_in_second": found.root.hex(),
    }
    first, second = (one.checkpoint for one in heads)
    if first.size == second.size:
        why = f"It has signed two roots for one size, {first.size}."
    else:
        why = (
            f"It has signed size {second.size}, whose first {first.size} entries have another root "
            f"than the one that it has signed for size {first.size}: {found.root.hex()}."
        )
    show(
        call,
        value,
        f"The evidence holds: the log of this key has two histories.\n\nlog key  {log_key}\n\n{why}\n",
        *(_lines(one, trusted) for one in heads),
        "\nChecked:",
        *(f"  - {line}" for line in CHECKED),
        "\nNot shown: which of the two is right, and who used the log's key.",
    )


def _lines(one: OpenedCheckpoint, trusted: tuple[Witness, ...]) -> str:
    lines = [f"size {one.checkpoint.size}, root {one.checkpoint.root.hex()}"]
    for found in cosigned_by(one.cosignatures, trusted):
        at = "at no stated time" if found.time_s is None else time_text(found.time_s)
        lines.append(f"  cosigned by {found.witness} ({found.role}), {at}, {found.algorithm}")
    return "\n".join(lines)

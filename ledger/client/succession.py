"""What a party is told when the ledger that it knew goes on in another log.

A ledger's own word that its log has ended moves nobody on: the party compares the new log's key
with the one that its operator gave it, and moves what it remembers out of the way itself.
Source: formats, section 5; specification, keys, a log that continues another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.carbon.info import EarlierInfo, StreamHead
from ledger.client.outbox import Outbox, PendingBatch
from ledger.errors import BadBatch, LedgerError, ProofFailed
from ledger.log import note


def another_log(
    known: str, found: str, earlier: Sequence[EarlierInfo], memory: Path
) -> ProofFailed:
    """The refusal of a log with another vkey than the one that the file `memory` keeps.

    `earlier` are the logs that this one continues, as the ledger says.
    """
    if known not in {one.log_key for one in earlier}:
        return ProofFailed(
            "this is another log than before",
            expected=known,
            found=found,
            advice="A log never changes its key, and this ledger does not say that it continues the "
            "one of before. If you mean another ledger, use another home folder; what is remembered "
            f"here lies in {memory}",
        )
    folder = memory.parent
    return ProofFailed(
        f"{_name(known)} has ended, as the ledger says, and {_name(found)} continues it",
        expected=known,
        found=found,
        advice="Compare the key that was found with the one that your operator gave you by another "
        f"way than this address. Only if it is the same, move {folder} away, keep it as evidence of "
        "what the earlier log has signed, and run this again: the new log's key is then remembered."
        + _waiting(folder),
    )


def pending_for_another(
    pending: PendingBatch,
    log: str,
    earlier: Sequence[EarlierInfo],
    head: StreamHead | None,
    outbox: Outbox,
) -> BadBatch:
    """The refusal to send a batch that was signed for another log than this one.

    `head` is where the ledger's stream of the batch ends now.
    """
    signed_for, said = pending.signed.statement.log, pending.signed.statement
    path = outbox.path_of(pending)
    if signed_for not in {one.log_key for one in earlier}:
        what, advice = "pending for another log", f"Use the home of that ledger; it lies in {path}"
    else:
        what = f"pending for {_name(signed_for)}, which has ended"
        if head is not None and (head.version, head.leaf) == (said.last, said.head):
            do = "The ledger has it: move the file away, and record nothing of it again"
        elif head is None or head.version < said.first:
            do = (
                "The ledger has nothing of it: move the file away, then record or import again what "
                "it holds, signed for the new log"
            )
        else:
            do = (
                f"The ledger has events up to {head.stream}@{head.version}, which may be these: "
                "compare them first, move the file away, then record again what is not there"
            )
        advice = f"It takes no more entries. {do}. The events stand as text in {path}"
    return BadBatch(f"{what}: {pending.what}", expected=log, found=signed_for, advice=advice)


def _waiting(folder: Path) -> str:
    """What the outbox holds that was signed for the log of before and never acknowledged."""
    outbox = Outbox(folder)
    try:
        waiting = outbox.pending()
    except LedgerError as error:
        return f" Look at this first: {error}"
    if not waiting:
        return ""
    batches = "; ".join(f"{one.what}, in {outbox.path_of(one)}" for one in waiting[:3])
    more = f"; and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    return (
        f" It holds what was never acknowledged, and is signed for the log that ended: {batches}{more}. "
        "The events stand there as text. Record or import again what the ledger does not have of them"
    )


def _name(vkey: str) -> str:
    return note.parse_vkey(vkey).name

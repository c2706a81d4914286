"""What can be checked of a batch without the log, in any process: bytes in, a small summary out.

Signature, one spelling of every line, salts, leaf hashes, chain, batch root; and, for readings, what
they come to on the ground that the caller knows. What is left for whoever owns the state: whether
the key may say this now, whether the stream goes on here, whether the summary still holds.
Nobody parses the lines again, unless there is no summary. Pure but for the packing of bytes.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.summary import Summary, ground_from, summarise
from ledger.errors import LedgerError
from ledger.log.batch import SignedStatement, chain, split_lines
from ledger.log.hashes import LeafHash
from ledger.log.keys import PublicKey
from ledger.machine import read_events, types_of
from ledger.store.packing import pack


class Task(msgspec.Struct, frozen=True):
    """A batch to be checked: its statement, its event lines in one piece, and what is known.

    `key` is None where the batch brings its own key, which is checked in place; `basis` (as
    `summary.encode_basis` gives it) is None where the lines shall be folded one by one.
    """

    signed: SignedStatement
    lines: bytes
    key: PublicKey | None
    basis: bytes | None


class Checked(msgspec.Struct, frozen=True):
    """What follows from the lines. `types` is one if all events are alike, else one for each."""

    leaf: LeafHash
    types: tuple[str, ...]
    packed: bytes
    summary: Summary | None


def check(task: Task) -> Checked:
    """Check one batch; raises InvalidInput, BadSignature."""
    signed, statement = task.signed, task.signed.statement
    if task.key is not None:
        signed.jws.verify(task.key)
    lines = split_lines(task.lines)
    events = read_events(lines)
    types = types_of(events)
    leaves = chain(lines, types * len(lines) if len(types) == 1 else types, statement)
    summary = None
    if task.basis is not None:
        summary = summarise(ground_from(task.basis), events)
    return Checked(leaf=leaves[-1], types=types, packed=pack(task.lines), summary=summary)


def check_all(tasks: list[Task]) -> list[Checked | LedgerError]:
    """Check some batches apart from each other: what is wrong with one is its own answer."""
    answers: list[Checked | LedgerError] = []
    for task in tasks:
        try:
            answers.append(check(task))
        except LedgerError as error:
            answers.append(error)
    return answers

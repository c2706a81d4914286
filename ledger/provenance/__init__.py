"""What a bundle shows, derived again from the entries in the file: pure, offline, all or nothing.

    verdict = verify_bundle(data, log_key)

No number is taken from the file's subject. What a file cannot show the verdict says.
Source: formats, section 8; specification, bundles.
"""

from __future__ import annotations

from typing import cast

import msgspec

from ledger.errors import BadBundle
from ledger.fold.spelled import check_spelled
from ledger.log.bundle import read_bundle
from ledger.log.bundle_kinds import as_value, kind_of
from ledger.log.bundle_proof import open_bundle
from ledger.log.witnesses import Policy, Witness
from ledger.machine import read_event, read_events
from ledger.provenance.kinds import DERIVES
from ledger.provenance.trusted import Trusted, check_witnessed
from ledger.provenance.verdict import (
    ANOTHER_HISTORY,
    AUDITED,
    EARLIER_HISTORY,
    SEALED,
    Verdict,
    facts,
    says,
)

__all__ = ["Verdict", "facts", "says", "verify_bundle"]


def _read(line: bytes) -> msgspec.Struct:
    """The event, whose times and quantities are in form before any rule looks at them."""
    event = read_event(line)
    check_spelled(event)
    return event


def _read_all(lines: list[bytes]) -> tuple[msgspec.Struct, ...]:
    events = read_events(lines)
    for event in events:
        check_spelled(event)
    return events


def verify_bundle(
    data: bytes,
    log_key: str,
    witnesses: tuple[Witness, ...] = (),
    policy: Policy | None = None,
    replayed: tuple[Witness, ...] = (),
) -> Verdict:
    """Check a bundle of any kind as a whole, under the log of this vkey.

    `witnesses` are those that the caller trusts, `policy` says how many are enough, `replayed` are
    those that it trusts to have derived the whole log. Raises LedgerError whose `defect` says what
    is wrong: InvalidInput for a file out of form, ProofFailed or Refused for one that does not hold.
    """
    bundle = read_bundle(data)
    trusted = Trusted(log_key, witnesses, policy, replayed)
    witnessed = check_witnessed(bundle.checkpoint, trusted)
    opened = open_bundle(bundle, log_key, _read, _read_all, opened=witnessed.checkpoint)
    kind = kind_of(bundle.subject)
    derive = DERIVES.get(type(bundle.subject))
    if derive is None:
        raise BadBundle(f"claims of kind {kind.name} are not derived here", defect="form")
    finding = derive(opened, trusted)
    # A kind that derives everything is sealed only where data is gone, which no witness need have read.
    audited = finding.strength == SEALED and bool(witnessed.replayed) and not kind.whole
    codes = set(finding.not_excluded)
    if not (witnessed.cosigned or witnessed.replayed):
        codes.add(ANOTHER_HISTORY)
    if opened.entries and opened.entries[0].index < 0:
        codes.add(EARLIER_HISTORY)
    return Verdict(
        kind=kind.name,
        subject=cast("dict[str, object]", as_value(bundle.subject)),
        origin=opened.checkpoint.origin,
        log_key=log_key,
        size=opened.checkpoint.size,
        finding=finding,
        strength=AUDITED if audited else finding.strength,
        withheld=tuple(
            item.name for entry in opened.entries for item in entry.events if item.data is None
        ),
        cosigned=witnessed.cosigned,
        replayed=witnessed.replayed,
        policy=None if policy is None else str(policy),
        not_excluded=tuple(sorted(codes)),
        named=bool(witnesses or replayed),
    )

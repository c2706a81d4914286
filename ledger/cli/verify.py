"""`verify`: does this file prove what it says, under this log key? Offline; needs no home.

A file is a proof that `prove` wrote, a receipt together with the entry that it is for, or evidence of
two histories that `watch` wrote.
Everything is derived again from the entries in the file; no number is taken from it. A file that
does not hold, or is not even in form, is a no: exit status 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ledger.cli.arguments import read_file
from ledger.cli.call import Call, command
from ledger.cli.claims import claim_lines
from ledger.cli.evidence import show_evidence
from ledger.cli.output import pairs, show
from ledger.errors import BadFile, LedgerError, ProofFailed
from ledger.log import names
from ledger.log import receipt as receipts
from ledger.log.evidence import is_evidence
from ledger.log.note import parse_vkey
from ledger.log.witnesses import Cosigned, Policy, parse_policy, parse_witnesses, time_text

if TYPE_CHECKING:
    from ledger.log.witnesses import Witness
    from ledger.provenance import Verdict
OR_EARLIER = "or in the earlier log whose end the first entry of the next one names"
IN_LOG = "every entry is in the log of that checkpoint"
CHECKED = (
    "the checkpoint is signed by the log key",
    IN_LOG,
    "every entry is signed with a key that was valid there, for that stream and type",
)
"""Of every file; what else was checked depends on its kind."""
ASK_AGAIN = "Ask for a complete file."
READERS_ADVICE = {
    "checkpoint": "Ask for the file again, and for the log key from somebody you trust.",
    "cosignature": "Ask for the file again, and for the key of this witness from somebody you trust.",
    "opening": ASK_AGAIN,
    "signature": ASK_AGAIN,
}
"""By defect: what whoever reads a file can do, where an error's own advice is for whoever signs."""
STRENGTHS = {
    "re-derived": "everything that the figure follows from is in the file and gives it",
    "audited": "the operator has committed to the figure, and a witness that you trust has derived "
    "the whole log itself up to this size",
    "sealed": "the operator has committed to the figure; that it follows from the readings is not "
    "shown here, but in an audit",
    "logged": "the event stands where it says, signed by its author; data is withheld that a figure "
    "would need",
}

NO_FIGURE = "everything that the event stands on is in the file, and the ledger's rules admit it"
"""Of an event that no figure follows from."""
UNTRUE = (
    "that what was measured or stated is untrue: meters, bills and the world are not in the file"
)
"""No file shows this, and no code says it, so it is said each time."""


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "verify",
        example="carbon-ledger verify reading.json --log-key 'ledger.example/log+6aef1f0b+AQx5…'",
    )
    def verify(
        call: Call,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help="What prove or watch wrote, or a receipt.")
        ],
        log_key: Annotated[
            str,
            typer.Option(
                metavar="VKEY", help="Key of the log that you trust; log_key of its status."
            ),
        ],
        witness: Annotated[
            list[str] | None,
            typer.Option(
                metavar="[ROLE=]VKEY",
                help="A witness that you trust, perhaps as certifier= or regulator=; repeatable.",
            ),
        ] = None,
        replayed: Annotated[
            list[str] | None,
            typer.Option(
                metavar="[ROLE=]VKEY",
                help="The key of a witness that replays the log, which you trust; repeatable.",
            ),
        ] = None,
        policy: Annotated[
            str | None,
            typer.Option(
                metavar="POLICY",
                help="How many of them must have cosigned: 2, or certifier=1,regulator=1.",
            ),
        ] = None,
        entry: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help="With a receipt: what was posted, or its first line, the signed statement.",
            ),
        ] = None,
    ) -> None:
        """Check a proof, offline, against the key of the log. Exit status 1 when it is refused.

        With --witness the verdict names whose cosignatures hold, and when they were made. With
        --replayed a sealed figure is audited where that witness has cosigned.
        """
        # All rules; only this needs them.
        from ledger.provenance import verify_bundle  # noqa: PLC0415
        from ledger.provenance.trusted import OtherLog  # noqa: PLC0415

        parse_vkey(log_key)
        trusted = parse_witnesses(witness or ())
        derived = parse_witnesses(replayed or ())
        wanted = None if policy is None else parse_policy(policy)
        data = read_file(file)
        jws, receipt = _split(data, entry)
        try:
            if is_evidence(data):
                show_evidence(call, data, log_key, trusted)
                return
            if receipt:
                _receipt(call, jws, receipt, log_key, (*trusted, *derived), wanted)
                return
            verdict = verify_bundle(data, log_key, trusted, wanted, derived)
        except OtherLog:
            raise
        except LedgerError as error:
            # Out of form is a no as well.
            raise ProofFailed(
                f"the file proves nothing: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=_advice(error),
                defect=error.defect,
            ) from error
        show(call, members(verdict), *report(verdict))


def _advice(error: LedgerError) -> str:
    """What the reader of a file can do about it."""
    return READERS_ADVICE.get(error.defect, error.advice)


def _split(data: bytes, entry: Path | None) -> tuple[bytes, bytes]:
    """Signed statement and receipt; an outbox keeps both in one file. Empty for another file."""
    header = receipts.HEADER.encode()
    first, _, rest = data.partition(b"\n")
    if rest.startswith(header):
        return first, rest
    if names.is_origin(first.decode(errors="replace")):
        raise BadFile(
            "this is a checkpoint, not a proof",
            expected="what prove or watch wrote, or a receipt",
            found=f"a checkpoint of {first.decode()}",
            advice="carbon-ledger audit --against compares checkpoints.",
        )
    if not data.startswith(header):
        return b"", b""
    if entry is None:
        raise BadFile(
            "a receipt is for an entry",
            expected="--entry with what was posted",
            found="none",
            advice="The outbox of whoever posted it keeps both in one file.",
        )
    return read_file(entry).partition(b"\n")[0], data


def _receipt(
    call: Call,
    jws: bytes,
    data: bytes,
    log_key: str,
    trusted: tuple[Witness, ...],
    policy: Policy | None,
) -> None:
    """Check a receipt for an entry, and say which place it shows."""
    from ledger.provenance.trusted import (  # noqa: PLC0415  (as above)
        another_history,
        check_origin,
        witnessed,
    )

    found = receipts.parse_receipt(data)
    check_origin(found.checkpoint, log_key)
    head = receipts.verify_receipt(found, jws, log_key)
    cosigned = witnessed(found.checkpoint, log_key, trusted, policy)
    value = {
        "ok": True,
        "index": found.index,
        "size": head.size,
        "origin": head.origin,
        "log_key": log_key,
        "cosigned": cosigned,
        "policy": None if policy is None else str(policy),
        "not_excluded": another_history(cosigned, trusted),
    }
    show(
        call,
        value,
        f"The receipt holds: the statement is entry {found.index} of a log of {head.size}.\n",
        pairs({"log key": log_key}),
        *cosigned_lines(cosigned),
        *(f"\nNot excluded: {line}" for line in another_history(cosigned, trusted)),
    )


def cosigned_lines(cosigned: tuple[Cosigned, ...]) -> list[str]:
    """Whose cosignatures hold, as text; without any, what is not excluded says so."""
    if not cosigned:
        return []
    lines = ["\nCosigned, after checking that the log only grew:"]
    for one in cosigned:
        at = "at no stated time" if one.time_s is None else time_text(one.time_s)
        lines.append(f"  - {one.witness} ({one.role}), {at}, {one.algorithm}")
    return lines


def checked(found: Verdict) -> tuple[str, ...]:
    """What was checked of the file, in words."""
    from ledger.provenance.verdict import EARLIER_HISTORY  # noqa: PLC0415  (as above)

    reaches = EARLIER_HISTORY in found.not_excluded
    in_log = f"{IN_LOG}, {OR_EARLIER}" if reaches else IN_LOG
    always = (in_log if one == IN_LOG else one for one in CHECKED)
    return (*always, *found.finding.checked)


def members(found: Verdict) -> dict[str, object]:
    """The verdict as a JSON object: what every verifier says, and more for people."""
    from ledger.provenance import facts, says  # noqa: PLC0415  (as above)

    data = None if found.finding.data is None else msgspec.json.decode(found.finding.data)
    return {
        "ok": True,
        **facts(found),
        "subject": found.subject,
        "log_key": found.log_key,
        "area": found.finding.area,
        "data": data,
        "checked": checked(found),
        "cosignatures": msgspec.to_builtins([*found.cosigned, *found.replayed]),
        "policy": found.policy,
        "notes": found.notes,
        "open": [*(says(found, code) for code in found.not_excluded), UNTRUE],
    }


def report(found: Verdict) -> list[str]:
    """The verdict as text: what holds, under which key, and what the file cannot show."""
    from ledger.provenance import says  # noqa: PLC0415  (as above)

    about = {**found.finding.about, "log key": found.log_key, "area": found.finding.area}
    bare = found.kind in ("event", "current-event") and not found.claim["masses"]
    parts = [f"The proof holds: {found.strength}.\n", pairs(about), "\nChecked:"]
    parts += [f"  - {line}" for line in checked(found)]
    parts += claim_lines(found.kind, found.claim, found.strength)
    means = NO_FIGURE if bare and found.strength == "re-derived" else STRENGTHS[found.strength]
    parts.append(f"\nStrength: {found.strength}, which means that {means}.")
    parts += ["", *(f"Note: {note}" for note in found.notes)] if found.notes else []
    parts += [f"\nWithheld: {', '.join(found.withheld)}"] if found.withheld else []
    parts += cosigned_lines((*found.cosigned, *found.replayed))
    if found.replayed:
        names = ", ".join(sorted({one.witness for one in found.replayed}))
        parts.append(f"\nDerived again from all entries, up to this size: by {names}.")
    parts.append(f"\nNot excluded as of log size {found.size}:")
    parts += [f"  - {says(found, code)}" for code in found.not_excluded]
    parts.append(f"  - {UNTRUE}")
    return parts

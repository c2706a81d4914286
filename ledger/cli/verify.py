"""`verify`: does this file prove what it says, under this log key? Offline; needs no home.

A file is a proof that `prove` wrote, or a receipt together with the entry that it is for.
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
from ledger.cli.footprint import masses_text
from ledger.cli.output import pairs, show
from ledger.errors import BadFile, LedgerError, ProofFailed
from ledger.log import receipt as receipts
from ledger.log.note import parse_vkey
from ledger.log.witnesses import Cosigned, Policy, parse_policy, parse_witnesses, time_text

if TYPE_CHECKING:
    from ledger.log.witnesses import Witness
    from ledger.provenance import Verdict
CHECKED = (
    "the checkpoint is signed by the log key",
    "every entry is in the log of that checkpoint",
    "every entry is signed with a key that was valid there, for that stream and type",
    "every event shown is in its signed batch, unchanged, and follows the one before it",
    "the ledger's rules admit every event, and give the masses below",
)


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
            Path, typer.Argument(metavar="FILE", help="What prove wrote, or a receipt.")
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

        With --witness the verdict names whose cosignatures hold, and when they were made.
        """
        from ledger.provenance import verify_event  # noqa: PLC0415  (all rules; only this needs them)

        parse_vkey(log_key)
        trusted = parse_witnesses(witness or ())
        wanted = None if policy is None else parse_policy(policy)
        data = read_file(file)
        jws, receipt = _split(data, entry)
        try:
            if receipt:
                _receipt(call, jws, receipt, log_key, trusted, wanted)
                return
            verdict = verify_event(data, log_key, trusted, wanted)
        except LedgerError as error:
            if error.exit_status == 1:
                raise
            # Out of form is a no as well: the file proves nothing.
            raise ProofFailed(
                f"{file} proves nothing: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=error.advice,
            ) from error
        show(
            call,
            {"ok": True, "checked": CHECKED, **members(verdict)},
            *report(verdict),
        )


def _split(data: bytes, entry: Path | None) -> tuple[bytes, bytes]:
    """Signed statement and receipt; an outbox keeps both in one file. Empty for another file."""
    header = receipts.HEADER.encode()
    first, _, rest = data.partition(b"\n")
    if rest.startswith(header):
        return first, rest
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
    from ledger.provenance import another_history, witnessed  # noqa: PLC0415  (as above)

    found = receipts.parse_receipt(data)
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


def members(found: Verdict) -> dict[str, object]:
    """The verdict as a JSON object; the event's data is one too."""
    data = None if found.data is None else msgspec.json.decode(found.data)
    rest = msgspec.structs.replace(found, data=None)
    return {**msgspec.to_builtins(rest), "data": data}


def report(found: Verdict) -> list[str]:
    """The verdict as text: what holds, under which key, and what the file cannot show."""
    about = {
        "event": f"{found.event}, {found.type}",
        "author": f"{found.party_name} ({found.party})",
        "key": found.key,
        "signed at": f"{found.signed_at}, as the author says",
        "entry": f"{found.index} of a log of {found.size}",
        "log key": found.log_key,
        "area": found.area,
    }
    parts = [f"The proof holds: {found.strength}.\n", pairs(about), "\nChecked:"]
    parts += [f"  - {line}" for line in CHECKED]
    if found.masses:
        parts.append("\nMasses that follow from it:")
        parts += [
            f"  {one.month}, {one.role}: {masses_text(one.mass_mg)} "
            f"({masses_text(one.mass_mg, 'mg')})"
            for one in found.masses
        ]
    if found.withdrawn:
        parts.append(f"\nWithdrawn in {found.corrected_by}: it counts no more.")
    elif found.corrected_by:
        parts.append(
            f"\nCorrected in {found.corrected_by}; the masses are those of the correction."
        )
    parts += [f"\nNote: {note}" for note in found.notes]
    parts += [f"\nWithheld: {', '.join(found.withheld)}"] if found.withheld else []
    parts += cosigned_lines(tuple(found.cosigned))
    parts.append(f"\nNot excluded as of log size {found.size}:")
    parts += [f"  - {line}" for line in found.not_excluded]
    return parts

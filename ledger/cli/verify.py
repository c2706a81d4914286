"""`verify`: does this file prove what it says, under this log key? Offline; needs no home.

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
from ledger.errors import LedgerError, ProofFailed
from ledger.log.note import parse_vkey

if TYPE_CHECKING:
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
        file: Annotated[Path, typer.Argument(metavar="FILE", help="What prove wrote.")],
        log_key: Annotated[
            str,
            typer.Option(
                metavar="VKEY", help="Key of the log that you trust; log_key of its status."
            ),
        ],
    ) -> None:
        """Check a proof, offline, against the key of the log. Exit status 1 when it is refused."""
        from ledger.provenance import verify_event  # noqa: PLC0415  (all rules; only this needs them)

        parse_vkey(log_key)
        data = read_file(file)
        try:
            verdict = verify_event(data, log_key)
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
    parts.append(f"\nNot excluded as of log size {found.size}:")
    parts += [f"  - {line}" for line in found.not_excluded]
    return parts

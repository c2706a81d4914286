"""`import`: a meter's file becomes signed events, each exactly once, however often it is run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from ledger.cli.call import Call, command, flag
from ledger.cli.output import hint, pairs, progress, show
from ledger.cli.where import Place, ask, may_say
from ledger.errors import BadFile, NotSignedIn, advising
from ledger.log.names import parse_stream, party_of

if TYPE_CHECKING:
    from ledger.client.importer.run import ImportResult, Tolerate


class Refused(StrEnum):
    """How many refused rows may be left out."""

    none = "none"
    few = "few"
    any = "any"


SHOWN: Final = 20
"""Refused rows that are shown to a person; JSON lists them all, up to the importer's limit."""
TOLERATED: Final[dict[Refused, Tolerate]] = {
    Refused.none: "none",
    Refused.few: "few",
    Refused.any: "any",
}
TYPES: Final = {"readings": "ActivityRecorded", "profile": "ProfileRecorded"}


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "import",
        example="carbon-ledger import meter.csv --stream steelworks/plant/electricity "
        "--map meter.toml",
    )
    def import_(
        call: Call,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.")],
        stream: Annotated[str, typer.Option(help="The source whose readings these are.")],
        map_: Annotated[
            Path,
            typer.Option("--map", metavar="MAP.toml", help="Which column means what."),
        ],
        *,
        dry_run: Annotated[bool, flag("--dry-run", "Check every row and post nothing.")] = False,
        sheet: Annotated[
            str | None, typer.Option(help="Of an XLSX file; else what the map says.")
        ] = None,
        refused: Annotated[
            Refused,
            typer.Option(
                help="How many refused rows may be left out of a file that is posted: "
                "none, few (up to a quarter) or any.",
            ),
        ] = Refused.few,
    ) -> int:
        """Post the readings of a file as signed events.

        All rows are checked first. A refused row is named and left out, and the exit status is 1; of
        a file with more than a quarter refused nothing is posted, since its map is wrong. After any interruption run it again: what was posted stays, and is
        not posted twice.
        """
        return _import(
            call,
            file,
            parse_stream(stream),
            map_,
            sheet,
            dry_run=dry_run,
            tolerate=TOLERATED[refused],
        )


def _import(
    call: Call,
    file: Path,
    stream: str,
    map_: Path,
    sheet: str | None,
    *,
    dry_run: bool,
    tolerate: Tolerate,
) -> int:
    from ledger.client.importer.mapfile import read_map  # noqa: PLC0415  (only this needs them)
    from ledger.client.importer.run import import_file  # noqa: PLC0415

    mapping = read_map(map_)
    if sheet is not None:
        mapping = msgspec.structs.replace(
            mapping, file=msgspec.structs.replace(mapping.file, sheet=sheet)
        )
    if not file.is_file():
        raise BadFile(f"{file} cannot be read", expected="a CSV or XLSX file", found="none")
    party = party_of(stream)
    with progress(call, f"importing {file.name}", bytes_=True) as shown:

        async def work(place: Place) -> ImportResult:
            fits = may_say(stream, {TYPES[mapping.form]})
            writer = None
            if not dry_run or place.keyring.list(party):
                writer = await place.writer(party, fits)
            with advising(
                NotSignedIn,
                "import reads the source, and what is posted already. Let an admin key "
                f"authorise one that reads: carbon-ledger key add {party} --read --scope …. "
                "Without reading, carbon-ledger record posts a single reading, with no --unit.",
            ):
                return await import_file(
                    place.connection,
                    writer,
                    stream,
                    file,
                    mapping,
                    dry_run=dry_run,
                    tolerate=tolerate,
                    progress=lambda done, total, _rows: shown(done, total),
                )

        found = ask(call, work, about=party, writing=not dry_run)
    value = {**msgspec.to_builtins(found), "ok": found.ok}
    show(call, value, _headline(found), pairs(_counts(found)))
    if not call.json:
        for row in found.refused[:SHOWN]:
            hint(f"refused: {row}")
        if found.refused_count > SHOWN:
            hint(f"... and {found.refused_count - SHOWN} more; --json lists them.")
    return 0 if found.ok else 1


def _headline(found: ImportResult) -> str:
    if found.dry_run and not found.ok and found.events_posted == 0:
        return f"Nothing was posted to {found.stream}: {found.refused_count} rows are refused.\n"
    if found.dry_run:
        return f"Every row can be posted to {found.stream}; nothing was posted.\n"
    if found.events_posted == 0 and found.readings_skipped:
        return f"All of it is on {found.stream} already.\n"
    left_out = f"; {found.refused_count} rows were refused" if found.refused_count else ""
    posted = f"{found.events_posted} events"
    if found.readings_posted > found.events_posted:
        profiles = "profile" if found.events_posted == 1 else "profiles"
        posted = f"{found.readings_posted} readings in {found.events_posted} {profiles}"
    return f"Posted {posted} to {found.stream}{left_out}.\n"


def _counts(found: ImportResult) -> dict[str, object]:
    counts: dict[str, object] = {
        "rows": found.rows,
        "readings": found.readings,
        "sum": f"{found.quantity} {found.unit}",
    }
    if found.first_start and found.last_end:
        counts["period"] = f"{found.first_start} to {found.last_end}"
    if found.events_posted:
        counts["batches"] = f"{found.batches}, entries {found.first_index} to {found.last_index}"
    if found.readings_skipped:
        counts["already there"] = found.readings_skipped
    if found.refused_count:
        counts["refused"] = found.refused_count
    if found.checkpoint_size is not None:
        counts["log size"] = found.checkpoint_size
    return counts

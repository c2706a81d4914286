"""`factor import`: a public table becomes published factors, and every row that does not says why."""

from __future__ import annotations

import hashlib
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from ledger.carbon.rulepack import CURRENT_VERSION, RulePack, load
from ledger.cli.arguments import read_file
from ledger.cli.call import Call, command, flag
from ledger.cli.factor_publisher import Published, publish_new
from ledger.cli.output import Progress, hint, pairs, progress, show, table
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, BadValue
from ledger.log.values import parse_day

if TYPE_CHECKING:
    from ledger.carbon.tables.outcome import Outcome

SHOWN: Final = 20
"""Refused rows that are shown to a person; JSON lists them all."""


class Format(StrEnum):
    """Tables that the program knows by name."""

    china_grid = "china-grid"
    gwp = "gwp"
    desnz = "desnz"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is to be read."""

    file: Path
    format: Format | None
    map: Path | None
    gwp: str | None
    until: str | None


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "import",
        example="carbon-ledger factor import china_grid_factors.csv --format china-grid --dry-run",
    )
    def import_(
        call: Call,
        file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The table, in UTF-8.")],
        format_: Annotated[
            Format | None,
            typer.Option(
                "--format",
                help="A table that the program knows: China's grid factors, potentials (compared "
                "with the rules, never imported), the UK government's conversion factors.",
            ),
        ] = None,
        map_: Annotated[
            Path | None,
            typer.Option("--map", metavar="MAP.toml", help="Which column means what, else."),
        ] = None,
        gwp: Annotated[
            str | None,
            typer.Option(metavar="AR6", help="GWP set of values in CO2e where the table has none."),
        ] = None,
        until: Annotated[
            str | None,
            typer.Option(metavar="DAY", help="The day after the last that they are allowed for."),
        ] = None,
        *,
        dry_run: Annotated[bool, flag("--dry-run", "Read every row and post nothing.")] = False,
    ) -> int:
        """Publish the factors of a table. Each refused row is named with its reason.

        After an interruption run it again: what is published already is not published twice.
        """
        reading = Reading(file=file, format=format_, map=map_, gwp=gwp, until=until)
        if (format_ is None) == (map_ is None):
            raise BadValue(
                "how to read the table",
                expected="either --format or --map",
                found="both" if format_ else "neither",
            )
        if until is not None:
            parse_day(until)
        text = _text(file)
        if format_ is Format.gwp:
            return _compare(call, text)
        return _import(call, reading, text, dry_run=dry_run)


def read_table(reading: Reading, text: str, pack: RulePack, shown: Progress) -> Outcome:
    """What the rows of a table become under these rules. Raises BadFile, BadValue."""
    from ledger.carbon.tables import china_grid, desnz, mapped  # noqa: PLC0415
    from ledger.carbon.tables.outcome import Told  # noqa: PLC0415

    if reading.gwp is not None and reading.gwp not in pack.gwp:
        raise BadValue("--gwp", expected="one of " + ", ".join(sorted(pack.gwp)), found=reading.gwp)
    sha256 = hashlib.sha256(read_file(reading.file)).hexdigest()
    told = Told(shown)
    if reading.map is not None:
        map_ = mapped.read_map(_text(reading.map))
        return mapped.read(text, map_, pack, UNSALTED, sha256, told=told)
    if reading.format is Format.china_grid:
        return china_grid.read(
            text, pack, UNSALTED, sha256, gwp=reading.gwp, until=reading.until, told=told
        )
    return desnz.read(text, pack, UNSALTED, sha256, until=reading.until, told=told)


def _import(call: Call, reading: Reading, text: str, *, dry_run: bool) -> int:
    with progress(call, f"importing {reading.file.name}") as shown:

        async def work(place: Place) -> tuple[Outcome, Published]:
            outcome = read_table(reading, text, load((await place.status()).rules_version), shown)
            return outcome, await publish_new(place, [one.event for one in outcome.found], shown)

        if dry_run:
            outcome, published = read_table(reading, text, load(CURRENT_VERSION), shown), None
        else:
            outcome, published = ask(call, work, writing=True)
    value: dict[str, Any] = {
        "rows": outcome.rows,
        "imported": outcome.imported,
        "factors": len(outcome.found),
        "refused": msgspec.to_builtins(outcome.refused),
        "dry_run": dry_run,
        "posted": published.posted if published else 0,
        "already": published.already if published else 0,
    }
    show(call, value, _headline(outcome, published), pairs(_counts(outcome, published)))
    if not call.json:
        _explain(outcome)
    return 0 if outcome.found else 1


def _headline(outcome: Outcome, published: Published | None) -> str:
    many = f"{len(outcome.found)} factors of {outcome.imported} rows"
    if published is None:
        return f"{many} can be published; nothing was posted.\n"
    return f"Published {published.posted} of {many} as {published.publisher}.\n"


def _counts(outcome: Outcome, published: Published | None) -> dict[str, object]:
    counts: dict[str, object] = {
        "rows": outcome.rows,
        "in factors": outcome.imported,
        "refused": len(outcome.refused),
    }
    if published and published.already:
        counts["already there"] = published.already
    if published and published.batches:
        first, last = published.batches[0], published.batches[-1]
        counts["batches"] = f"{len(published.batches)}, entries {first.index} to {last.index}"
    return counts


def _explain(outcome: Outcome) -> None:
    """Reasons with their numbers; then the first rows, by line and name."""
    for reason, count in Counter(one.reason for one in outcome.refused).most_common(SHOWN):
        hint(f"refused {count}: {reason}")
    for one in outcome.refused[:SHOWN]:
        hint(f"  line {one.line}, {one.name}: {one.reason}")
    if len(outcome.refused) > SHOWN:
        hint(f"... and {len(outcome.refused) - SHOWN} more; --json lists them.")


def _compare(call: Call, text: str) -> int:
    from ledger.carbon.tables.gwp import compare  # noqa: PLC0415  (only this needs it)

    found = compare(text, load(CURRENT_VERSION))
    counts = Counter(one.result for one in found)
    rows = [
        (one.species, one.gwp, one.table, one.pack or "-", one.gas or "-", one.result)
        for one in found
        if one.result != "equal"
    ]
    columns = ("species", "set", "table", "rules", "gas", "")
    text = f"{len(found)} values: " + ", ".join(f"{n} {name}" for name, n in counts.most_common())
    show(
        call,
        {"rules": CURRENT_VERSION, "compared": msgspec.to_builtins(found), "counts": dict(counts)},
        f"{text}. Potentials are rules and are never imported.\n",
        table(columns, rows),
    )
    return 0


def _text(file: Path) -> str:
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{file} is not in UTF-8", found=str(error)) from error

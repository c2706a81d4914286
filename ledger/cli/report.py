"""`report`: reports of a company or the area in several formats, and where a figure comes from.

As text, masses are rounded to 0.001 t for reading; the other formats are exact. What is missing in the
period stands first. A report for people leaves the longest tables to the other formats and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from ledger.carbon.info import EarlierInfo
from ledger.carbon.mass_text import mass_text
from ledger.carbon.reports.catalogue import FORMS, GWP, Form
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import MASS, Figure, Report, Table, tonnes
from ledger.carbon.reports.write_csv import write_csv
from ledger.carbon.reports.write_json import write_json
from ledger.cli.arguments import parse_period, write_file
from ledger.cli.call import Call, command, flag
from ledger.cli.footprint import AsOf, Period
from ledger.cli.output import clean, console, show, table, write_bytes
from ledger.cli.where import Place, ask
from ledger.errors import BadValue
from ledger.log.names import parse_party, parse_stream
from ledger.log.spoken import number_words

if TYPE_CHECKING:
    from rich.console import RenderableType

LONGEST: Final = 60
"""Rows of a table that are shown as text; a longer one is for the other formats."""
LABELS: Final = 24
"""Columns of a terminal that the labels of a row can always have; longer ones are folded."""


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"
    csv = "csv"
    xlsx = "xlsx"


ENDINGS: Final = {
    "": Format.text,
    ".txt": Format.text,
    ".text": Format.text,
    ".json": Format.json,
    ".csv": Format.csv,
    ".xlsx": Format.xlsx,
}
"""How a file is written that is called so."""

Company = Annotated[str | None, typer.Option("--company", metavar="PARTY", help="Of this party.")]
Area = Annotated[bool, flag("--area", "Of the whole area.")]
Gwp = Annotated[
    str, typer.Option("--gwp", metavar="SET", help="Global warming potentials: AR4, AR5 or AR6.")
]
As = Annotated[
    Format | None,
    typer.Option("--format", help="How it is written; else as the file is called, or text."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to the screen."),
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    for form in FORMS.values():
        _add_form(app, form)

    @command(
        app,
        "explain",
        example="carbon-ledger report explain "
        "ghg-protocol:steelworks:inventory.AR6:2018-01..2018-12:812:scopes:1:CO2",
    )
    def explain(
        call: Call,
        figure: Annotated[
            str, typer.Argument(metavar="FIGURE", help="The identifier of a figure.")
        ],
        stream: Annotated[
            str | None,
            typer.Option("--stream", metavar="STREAM", help="Only the terms of this stream."),
        ] = None,
    ) -> None:
        """Where a figure comes from: its terms, the entries behind them, and how to prove them."""
        about = parse_figure(figure).party
        wanted = None if stream is None else parse_stream(stream)

        async def work(place: Place) -> tuple[Explanation, Sequence[EarlierInfo]]:
            found = await place.connection.explanation(figure, wanted)
            return found, (await place.status()).earlier

        found, earlier = ask(call, work, about=about)
        show(call, msgspec.to_builtins(found), *explained(found, earlier))


def _add_form(app: typer.Typer, form: Form) -> None:
    who = "--company steelworks" if form.of_party else "--area"

    def report(
        call: Call,
        period: Period,
        company: Company = None,
        as_of: AsOf = None,
        gwp: Gwp = GWP,
        format: As = None,  # noqa: A002  (the option's name)
        output: Output = None,
        *,
        area: Area = False,
    ) -> None:
        party = _who(form, company, area=area)
        months = parse_period(period)
        kind = _format(call, format, output)
        found = ask(
            call,
            lambda place: place.connection.report(form.name, party, months, as_of, gwp),
            about=party,
        )
        _answer(call, found, kind, output)

    report.__doc__ = f"{form.title}."
    example = f"carbon-ledger report {form.name} {who} --period 2018 -o {form.name}.xlsx"
    command(app, form.name, example=example)(report)


def _who(form: Form, company: str | None, *, area: bool) -> str | None:
    """The party, or None for the area. Raises BadValue unless exactly one is said."""
    if company is not None and area:
        raise BadValue("--company and --area", expected="one of them", found="both")
    if company is not None:
        return parse_party(company)
    if area or not form.of_party:
        return None
    raise BadValue(
        f"the report {form.name}",
        expected="--company PARTY" + (" or --area" if form.of_area else ""),
        found="neither",
    )


def _format(call: Call, chosen: Format | None, output: Path | None) -> Format:
    """As asked for, as the file is called, or as every answer of the program."""
    if chosen is Format.xlsx and output is None:
        raise BadValue("--format xlsx", expected="a file: -o report.xlsx", found="none")
    if chosen is not None:
        return chosen
    if output is None:
        return Format.json if call.json else Format.text
    found = ENDINGS.get(output.suffix.lower())
    if found is None:
        raise BadValue(
            "ending of the file",
            expected=f"{', '.join(ending for ending in ENDINGS if ending)} or none",
            found=output.suffix,
            advice="Or say with --format how it is written.",
        )
    return found


def _answer(call: Call, found: Report, kind: Format, output: Path | None) -> None:
    if kind is Format.text and output is None:
        show(call, found, *shown(found))
        return
    data = written(found, kind)
    if output is None:
        write_bytes(data)
        return
    write_file(output, data)
    said = f"Wrote {found.title} of {found.name} to {output}, {len(data)} bytes"
    lacks = f"; {len(found.gaps)} things are missing in it" if found.gaps else ""
    answer = {"report": found.report, "file": str(output), "bytes": len(data)}
    show(call, {**answer, "size": found.size, "gaps": list(found.gaps)}, f"{said}{lacks}.")


def written(found: Report, kind: Format) -> bytes:
    """The report in a format."""
    if kind is Format.json:
        return write_json(found)
    if kind is Format.csv:
        return write_csv(found)
    if kind is Format.xlsx:
        from ledger.workbook import write_xlsx  # noqa: PLC0415  (openpyxl is slow to load)

        return write_xlsx(found)
    return _plain(shown(found)).encode()


def shown(found: Report) -> list[RenderableType]:
    """The report as text: what it is, what it lacks, its tables."""
    who = found.name if found.name == found.who else f"{found.name} ({found.who})"
    parts: list[RenderableType] = [
        f"{found.title} of {who}",
        (
            f"{found.first_month} to {found.last_month}, as known at log size {found.size}; "
            f"view {found.view}, {found.gwp}, rules {found.rules}; months begin in {found.timezone}."
        ),
    ]
    if found.gaps:
        parts.append("NOT COMPLETE:")
        parts += [f"  {gap}" for gap in found.gaps]
    parts += [f"Note: {note}" for note in found.notes]
    for one in found.tables:
        if one.rows:
            parts += ["", one.title, *_body(one, console().width)]
    figures = next(iter(found.figures()), None)
    if figures is not None:
        parts += [
            "",
            (
                "Masses are in tonnes, rounded half-even to 0.001 t; --format json, csv and xlsx are "
                "exact and name every figure."
            ),
            f"Where a figure comes from:  carbon-ledger report explain {figures.id}",
        ]
    return parts


def _body(one: Table, width: int) -> list[RenderableType]:
    if len(one.rows) > LONGEST:
        return [f"  {len(one.rows)} rows: see them with --format csv or xlsx."]
    heads = [f"{c.title} {'t' if c.unit == MASS else c.unit}".strip() for c in one.columns]
    rows = [(*row.labels, *(_cell(figure) for figure in row.figures)) for row in one.rows]
    at = len(one.labels)
    if sum(_widest(rows, heads, at, column) for column in range(len(heads))) + LABELS > width:
        # Each figure in a line of its own, so that none is cut.
        rows = [
            (*row[:at], head, amount)
            for row in rows
            for head, amount in zip(heads, row[at:], strict=True)
            if amount
        ]
        if len(rows) > LONGEST:
            return [f"  {len(one.rows)} rows: see them with --format csv or xlsx."]
        heads, right = ["of", "amount"], range(at + 1, at + 2)
    else:
        right = range(at, at + len(heads))
    return [table((*one.labels, *heads), rows, right=right), *one.notes]


def _widest(rows: Iterable[tuple[str, ...]], heads: Sequence[str], at: int, column: int) -> int:
    """How wide a column of figures is, with the space behind it."""
    return 2 + max(len(heads[column]), *(len(row[at + column]) for row in rows))


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.unit == MASS:
        return _grouped(tonnes(int(figure.value)))
    return figure.value if figure.unit in {"MWh", "%"} else f"{figure.value} {figure.unit}"


def _grouped(text: str) -> str:
    """A decimal with its thousands apart."""
    whole, point, places = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return sign + f"{int(whole.removeprefix('-')):,}".replace(",", " ") + point + places


def explained(found: Explanation, earlier: Sequence[EarlierInfo] = ()) -> list[RenderableType]:
    """The explanation as text; `earlier` are the logs that the ledger continues."""
    value = found.figure.value
    if found.figure.unit == MASS:
        value = f"{mass_text(int(value), MASS)} mg"
    else:
        value = f"{value} {found.figure.unit}"
    parts: list[RenderableType] = [
        found.figure.id,
        f"{found.title}: {value}",
        f"It is {found.rule}.",
    ]
    if found.gases_mg:
        rows = [
            (gas, mass_text(int(amount), MASS), found.potentials.get(gas, ""))
            for gas, amount in found.gases_mg.items()
        ]
        parts += ["", table(("gas", "mg", "potential"), rows, right=(1, 2))]
    if found.terms:
        parts += ["", _terms(found)]
    entries = [
        (
            term.stream,
            term.month,
            term.role,
            term.gas,
            number_words(e.index, earlier),
            _events(e.stream, e.first, e.last),
            e.amount,
        )
        for term in found.terms
        for e in term.entries or ()
    ]
    if entries:
        heads = ("stream", "month", "role", "gas", "entry", "events", "added")
        parts += ["", table(heads, entries, right=(6,))]
    if found.figures:
        parts += [
            "",
            "Made of these figures:",
            *(f"  {one.id} = {one.value} {one.unit}" for one in found.figures),
        ]
    if found.events:
        parts += ["", "Rests on these statements:", *(f"  {event}" for event in found.events)]
    if found.note:
        parts += ["", found.note, "  Add --stream STREAM."]
    if found.prove:
        parts += ["", "To prove it:", *(f"  {one}" for one in found.prove)]
    return parts


def _terms(found: Explanation) -> RenderableType:
    rows = [
        (one.stream, one.month, one.role, one.gas, one.counted, one.recorded, one.unit)
        for one in found.terms
    ]
    return table(
        ("stream", "month", "role", "gas", "counts", "recorded", "unit"), rows, right=(4, 5)
    )


def _events(stream: str, first: int, last: int) -> str:
    return f"{stream}@{first}" if first == last else f"{stream}@{first} to @{last}"


def _plain(parts: Iterable[RenderableType]) -> str:
    """The same as a file of text."""
    import io  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    text = io.StringIO()
    screen = Console(file=text, markup=False, highlight=False, emoji=False, width=200)
    for one in parts:
        screen.print(clean(one) if isinstance(one, str) else one, soft_wrap=isinstance(one, str))
    return text.getvalue()

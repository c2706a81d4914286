"""`prove`: one file from which anybody checks a figure or an event, without this ledger.

What is proven follows from what is named: an event, a party, a line, a target, or with a seal alone
the whole area.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, cast

import typer

from ledger.carbon.reports.figure_id import parse_figure
from ledger.cli.arguments import write_file
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show
from ledger.cli.stated import parse_months
from ledger.cli.where import Place, ask
from ledger.errors import BadValue, LedgerError
from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    InventorySubject,
    LineSubject,
    PartSubject,
    Select,
    Subject,
    TargetSubject,
    as_value,
    kind_of,
    parse_subject,
)
from ledger.log.canonical import decode, encode
from ledger.log.names import parse_party, parse_stream, party_of, split_event

_EVENT: Final = "An event, for itself or (--seal) as of a seal."


class MethodName(StrEnum):
    """Which Scope 2 is added."""

    location = "location"
    market = "market"


_METHODS: Final[dict[MethodName, Literal["location", "market"]]] = {
    MethodName.location: "location",
    MethodName.market: "market",
}


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "prove",
        example="carbon-ledger prove steelworks/plant/electricity@42 -o reading.json",
    )
    def prove(
        call: Call,
        output: Annotated[
            Path,
            typer.Option("--output", "-o", metavar="FILE", help="Where the proof is written."),
        ],
        event: Annotated[str | None, typer.Argument(metavar="STREAM@VERSION", help=_EVENT)] = None,
        seal: Annotated[
            str | None,
            typer.Option(
                metavar="SEAL", help="Number of a seal, or its event: alone, the area's totals."
            ),
        ] = None,
        company: Annotated[
            str | None, typer.Option(metavar="PARTY", help="A party's sealed sums.")
        ] = None,
        scope: Annotated[
            int | None, typer.Option(min=1, max=3, help="Of --company: lines of this scope alone.")
        ] = None,
        method: Annotated[
            MethodName | None,
            typer.Option(help="Of --company: Scope 2 by this method.", show_default="location"),
        ] = None,
        months: Annotated[
            str | None,
            typer.Option(
                metavar="PERIOD", help="Of --company: 2026-03, 2026-Q1, 2026-01..2026-06."
            ),
        ] = None,
        category: Annotated[
            int | None,
            typer.Option(min=1, max=15, help="Of --company: this category of Scope 3 alone."),
        ] = None,
        stream: Annotated[
            str | None,
            typer.Option(metavar="STREAM", help="Of --company: this source alone."),
        ] = None,
        line: Annotated[
            str | None,
            typer.Option(metavar="JSON", help="Of --company: one line, by its key in the seal."),
        ] = None,
        target: Annotated[
            str | None,
            typer.Option(metavar="STREAM@VERSION", help="A sealed year beside this target."),
        ] = None,
        figure: Annotated[
            str | None,
            typer.Option(
                metavar="FIGURE", help="A report's figure by its identifier, from all entries."
            ),
        ] = None,
        withhold: Annotated[
            list[str] | None,
            typer.Option(
                metavar="STREAM@VERSION",
                help="This event stands in the file without its data; repeatable.",
            ),
        ] = None,
        *,
        full: Annotated[
            bool,
            flag("--full", "Of --company: all of its events, from which its sums are derived."),
        ] = False,
    ) -> None:
        """Write what a claim stands on to a file that anybody checks offline with the log's key.

        An event: its data, source and factors, and nothing else of its batch. With --seal also that
        nothing changed it as of the seal. A sealed figure: the seal and the lines that lead to it.
        With --full, and for --figure, the file holds all events that it is derived from.
        """
        wanted = (scope, method, months, category, stream)
        select = None
        if any(one is not None for one in wanted):
            select = Select(
                method=_METHODS[method or MethodName.location],
                category=category,
                months=None if months is None else parse_months(months),
                scope=cast("Literal[1, 2, 3] | None", scope),
                stream=None if stream is None else parse_stream(stream),
            )
        named = _Named(event, company, line, target, figure, full=full)
        named.check(seal, select)
        for name in withhold or ():
            split_event(name)
        if seal is not None:
            _seal_event(seal, "operator")

        async def work(place: Place) -> tuple[Subject, bytes, str]:
            status = await place.status()
            said = None if seal is None else _seal_event(seal, status.operator)
            subject = named.subject(said, select)
            data = await place.connection.prove(subject, withhold or ())
            return subject, data, status.log_key

        subject, data, log_key = ask(call, work, about=named.about())
        write_file(output, data)
        kind = kind_of(subject).name
        show(
            call,
            {
                "kind": kind,
                "subject": as_value(subject),
                "file": str(output),
                "bytes": len(data),
                "log_key": log_key,
            },
            f"Wrote the proof of {_words(subject)} to {output}, {len(data)} bytes. "
            "To check it anywhere:",
            f"  carbon-ledger verify {output} --log-key '{log_key}'",
        )


class _Named:
    """What the caller named; exactly one of these, or nothing."""

    def __init__(
        self,
        event: str | None,
        company: str | None,
        line: str | None,
        target: str | None,
        figure: str | None,
        *,
        full: bool,
    ) -> None:
        self.event = event
        self.figure = figure
        self.full = full
        self.company = None if company is None else parse_party(company)
        self.line = line
        self.target = target
        for name in (event, target):
            if name is not None:
                split_event(name)

    def check(self, seal: str | None, select: Select | None) -> None:
        """Raise BadValue for a call that names too much or too little."""
        named = (self.event, self.company, self.target, self.figure)
        things = [one for one in named if one is not None]
        if len(things) > 1:
            raise BadValue(
                "what to prove",
                expected="one of an event, --company, --target and --figure",
                found=", ".join(things),
            )
        if self.figure is not None:
            parse_figure(self.figure)
            if seal is not None:
                raise BadValue("a figure", expected="no --seal: its identifier names a size")
        elif seal is None and self.event is None:
            raise BadValue(
                "what to prove",
                expected="an event, or a figure of a seal (--seal)",
                advice="carbon-ledger seal list shows the seals; carbon-ledger report explain leads "
                "from a figure to its events.",
            )
        if (select is not None or self.line is not None) and self.company is None:
            raise BadValue("lines of an inventory", expected="--company says whose", found="none")
        if select is not None and self.line is not None:
            raise BadValue("lines of an inventory", expected="--line, or what selects lines")
        if self.full and (self.company is None or select is not None or self.line is not None):
            raise BadValue(
                "--full",
                expected="--company and --seal, and nothing that selects lines",
                advice="What is derived from all of its events are the party's sums.",
            )

    def about(self) -> str | None:
        """Whose private data is read; None where everybody may have the file."""
        if self.event is not None:
            return party_of(split_event(self.event)[0])
        return self.company

    def subject(self, seal: str | None, select: Select | None) -> Subject:
        """What the file is about."""
        if self.event is not None:
            if seal is None:
                return EventSubject(event=self.event)
            return CurrentSubject(event=self.event, seal=seal)
        if self.figure is not None:
            return FigureSubject(figure=self.figure)
        if seal is None:
            raise AssertionError("checked before")
        if self.target is not None:
            return TargetSubject(seal=seal, target=self.target)
        if self.company is None:
            return AreaSubject(seal=seal)
        if self.line is not None:
            return _line(self.line, self.company, seal)
        if select is not None:
            return PartSubject(party=self.company, seal=seal, select=select)
        if self.full:
            return InventorySubject(party=self.company, seal=seal)
        return CompanySubject(party=self.company, seal=seal)


def _line(text: str, party: str, seal: str) -> LineSubject:
    """One line by its key in canonical JSON. Raises BadValue."""
    try:
        value = {"line": decode(text.encode()), "party": party, "seal": seal}
        return cast("LineSubject", parse_subject("inventory-line", encode(value)))
    except LedgerError as error:
        raise BadValue(
            "the key of a line",
            expected="canonical JSON with column, gas, line, month, role, scope, stream",
            found=str(error),
            advice="carbon-ledger seal show NUMBER --lines --json has the lines.",
        ) from error


def _seal_event(text: str, operator: str) -> str:
    """The event of a seal that was given by number or by name. Raises BadValue, BadName."""
    if text.isascii() and text.isdigit():
        return f"{operator}/seals@{int(text)}"
    split_event(text)
    return text


def _words(subject: Subject) -> str:
    match subject:
        case EventSubject():
            return subject.event
        case CurrentSubject():
            return f"{subject.event} as of {subject.seal}"
        case TargetSubject():
            return f"{subject.target} in {subject.seal}"
        case AreaSubject():
            return f"the area's totals in {subject.seal}"
        case LineSubject() | PartSubject():
            return f"lines of {subject.party} in {subject.seal}"
        case FigureSubject():
            return f"the figure {subject.figure}"
        case InventorySubject():
            return f"all that the sums of {subject.party} in {subject.seal} follow from"
        case CompanySubject():
            return f"the sums of {subject.party} in {subject.seal}"

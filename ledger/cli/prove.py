"""`prove`: one file from which anybody checks a figure or an event, without this ledger.

What is proven follows from what is named: an event, a party, a line, a target, or with a seal alone
the whole area.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, cast

import msgspec
import typer

from ledger.carbon.info import EarlierInfo, TargetInfo
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.seal.info import SealInfo
from ledger.cli.arguments import write_file
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show
from ledger.cli.stated import parse_months
from ledger.cli.where import Place, ask
from ledger.errors import BadValue, LedgerError, NotFound, advising
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
from ledger.log.canonical import encode
from ledger.log.names import parse_party, parse_stream, party_of, split_event
from ledger.log.spoken import number_words

_NOT_ITS_KEY: Final = frozenset({"mass_mg", "salt"})
"""Members of a sealed line that are not part of its key."""

_EVENT: Final = "An event, for itself or (--seal) as of a seal."
_ALONE: Final = (
    "Only this command derives it: the stand-alone verify.py and the page in a browser give no "
    "verdict on files of this kind."
)
_ALL_LINES: Final = (
    "The file holds every line of the party's sealed inventory, since a part is complete only beside "
    "the rest. Give single lines with --line to whoever may not see them all."
)


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
            typer.Option(
                metavar="JSON",
                help="Of --company: one line, as seal show NUMBER --lines PARTY --json has it.",
            ),
        ] = None,
        target: Annotated[
            str | None,
            typer.Option(
                metavar="STREAM@VERSION",
                help="A sealed year beside this target; target list names the events.",
            ),
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
        With --full, and for --figure, the file holds all events that it is derived from. A part that
        --scope, --months and the like select holds all lines of the company's inventory.
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

        async def work(place: Place) -> tuple[Subject, bytes, str, list[str]]:
            status = await place.status()
            said = None if seal is None else _seal_event(seal, status.operator)
            subject = named.subject(said, select)
            if isinstance(subject, TargetSubject):
                known = await place.connection.targets(status.operator)
                check_target(subject.target, known)
            with advising(NotFound, _who_may_have_it(named.about())):
                data = await place.connection.prove(subject, withhold or ())
            later = []
            if said is not None:
                number = split_event(said)[1]
                covered = await place.connection.seal(number)
                later = _later(covered, status.size, status.earlier)
            return subject, data, status.log_key, later

        subject, data, log_key, later = ask(call, work, about=named.about())
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
            *later,
            *([_ALONE] if kind in {"company-inventory", "figure"} else []),
            *([_ALL_LINES] if isinstance(subject, PartSubject) else []),
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
    """One line by its key, which is what stands in a line beside mass and salt. Raises BadValue."""
    try:
        line = msgspec.json.decode(text)
        if isinstance(line, dict):
            line = {name: one for name, one in line.items() if name not in _NOT_ITS_KEY}
        value = {"line": line, "party": party, "seal": seal}
        return cast("LineSubject", parse_subject("inventory-line", encode(value)))
    except (LedgerError, msgspec.DecodeError) as error:
        raise BadValue(
            "the key of a line",
            expected="JSON with column, gas, line, month, role, scope, stream",
            found=str(error),
            advice=f"carbon-ledger seal show {seal.rpartition('@')[2]} --lines {party} --json has "
            "the lines; each of them will do.",
        ) from error


def check_target(name: str, known: Iterable[TargetInfo]) -> None:
    """Raise NotFound, with the events that will do, unless the event states a target."""
    events = [one.event for one in known]
    if name not in events:
        raise NotFound(
            f"target {name}",
            expected=f"an event that sets a target: {', '.join(events) or 'there is none yet'}",
            found=name,
            advice="See: carbon-ledger target list",
        )


def _seal_event(text: str, operator: str) -> str:
    """The event of a seal that was given by number or by name. Raises BadValue, BadName."""
    if text.isascii() and text.isdigit():
        return f"{operator}/seals@{int(text)}"
    split_event(text)
    return text


def _who_may_have_it(party: str | None) -> str:
    """Advice where a ledger does not say whether something is there."""
    whose = "a party of its own data" if party is None else party
    return (
        f"Compare how it is written. What is private is proven to {whose}, a regulator and the "
        "operator: name with --as which party asks, or with --home where its key lies."
    )


def _later(seal: SealInfo, size: int, earlier: Sequence[EarlierInfo]) -> list[str]:
    """That the log has gone on behind what the seal covers, in words; its own entry is not counted."""
    more = size - seal.size - 1
    if more < 1:
        return []
    entries = "1 entry" if more == 1 else f"{more} entries"
    covers = f"The seal covers the log up to size {number_words(seal.size, earlier)};"
    return [
        f"{covers} {entries} came after that beside its own, and the proof says nothing of what they change."
    ]


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

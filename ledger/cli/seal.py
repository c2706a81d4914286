"""`seal`: the operator commits to the area's figures; anybody lists them and adds them up.

A seal is made at one log size and stays true for it. The lists behind it are held against its roots
before they are shown, whoever they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ledger.carbon.info import EarlierInfo
from ledger.carbon.reports.catalogue import GWP
from ledger.carbon.seal.info import SealInfo
from ledger.cli.arguments import parse_period
from ledger.cli.call import Call, command, flag
from ledger.cli.footprint import AsOf, Period, masses_text
from ledger.cli.output import hint, pairs, show, table, write_bytes
from ledger.cli.seal_lists import (
    Grid,
    bridge_grid,
    column_of,
    companies_grid,
    heads_grid,
    lines_grid,
    seals_grid,
)
from ledger.cli.stated import parse_months
from ledger.cli.where import Place, ask, may_say
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.log.names import parse_party
from ledger.log.seals import add_up
from ledger.log.spoken import entry_words, number_words

if TYPE_CHECKING:
    from rich.console import RenderableType


class ViewName(StrEnum):
    """A view of the area, as the event's members name it (`area.events.View`)."""

    companies = "companies"
    gpc_basic = "gpc-basic"
    gpc_basic_plus = "gpc-basic-plus"
    park = "park"
    territorial = "territorial"


Views = Annotated[
    list[ViewName] | None,
    typer.Option("--view", help="Of the area; may be given again.", show_default="companies"),
]
OnlyViews = Annotated[
    list[ViewName] | None,
    typer.Option("--view", help="Only of this view; may be given again.", show_default="all"),
]
Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="Of the seal.")]
Csv = Annotated[bool, flag("--csv", "Answer with a CSV table, exact to the milligram.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_make(app)
    _add_list(app)
    _add_show(app)


def _add_make(app: typer.Typer) -> None:
    @command(app, "make", example="carbon-ledger seal make --period 2018 --view companies")
    def make(
        call: Call,
        period: Period,
        view: Views = None,
        as_of: AsOf = None,
        gwp: Annotated[
            str, typer.Option("--gwp", metavar="SET", help="In which equivalents are shown.")
        ] = GWP,
        *,
        every: Annotated[bool, flag("--every-view", "All views, in one batch.")] = False,
    ) -> None:
        """Seal a period as known at a log size: sign its figures and lists, and post them.

        Everybody can read a seal, and nobody can take it back. Only the operator seals.
        """
        if every and view:
            raise BadValue("--view and --every-view", expected="one of them", found="both")
        views = list(ViewName) if every else list(dict.fromkeys(view or (ViewName.companies,)))
        months = parse_months(period)

        async def work(place: Place) -> list[SealInfo]:
            operator = await place.operator_here()
            size = (await place.status()).size if as_of is None else as_of
            drafts = [
                await place.connection.seal_draft(one.value, months, size, gwp) for one in views
            ]
            stream = f"{operator}/seals"
            writer = await place.writer(operator, may_say(stream, {"FootprintSealed"}))
            signed: list[object] = []

            def told(pending: object) -> None:
                if signed:
                    hint(
                        f"Somebody else has posted in {stream} meanwhile; signing again behind it."
                    )
                signed.append(pending)

            posted = await writer.post(stream, [one.event(UNSALTED) for one in drafts], told)
            return [
                await place.connection.seal(number)
                for number in range(posted.first, posted.first + posted.count)
            ]

        found = ask(call, work, writing=True)
        show(call, {"seals": msgspec.to_builtins(found)}, *(_told(one, ()) for one in found))


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger seal list --period 2018")
    def list_(
        call: Call,
        period: Annotated[
            str | None, typer.Option(metavar="PERIOD", help="Only of exactly this period.")
        ] = None,
        view: OnlyViews = None,
        *,
        as_csv: Csv = False,
    ) -> None:
        """The area's sealed figures, the oldest first.

        Emissions in CO2 equivalents of the seal's own set; seal show has each gas.
        """
        months = None if period is None else parse_period(period)

        async def work(place: Place) -> tuple[Sequence[SealInfo], Sequence[EarlierInfo]]:
            return await place.connection.seals(), (await place.status()).earlier

        seals, earlier = ask(call, work)
        found = [
            one
            for one in seals
            if (months is None or (one.first_month, one.last_month) == months)
            and (not view or one.view in view)
        ]
        empty = "Nothing is sealed yet." if period is None and not view else "No such seal."
        value = {"seals": msgspec.to_builtins(found)}
        grid = seals_grid(found, earlier, exact=as_csv)
        _answer(call, value, grid, as_csv=as_csv, empty=empty)


def _add_show(app: typer.Typer) -> None:
    @command(app, "show", example="carbon-ledger seal show 1 --companies")
    def show_(
        call: Call,
        number: Number,
        lines: Annotated[
            str | None,
            typer.Option("--lines", metavar="PARTY", help="A party's own lines. Private."),
        ] = None,
        *,
        companies: Annotated[
            bool, flag("--companies", "Every party, once, with its sums.")
        ] = False,
        heads: Annotated[bool, flag("--heads", "Where every stream stood.")] = False,
        as_csv: Csv = False,
    ) -> None:
        """A seal, or one of its lists, held against its roots."""
        if companies + heads + (lines is not None) > 1:
            raise BadValue(
                "--companies, --heads and --lines", expected="one of them", found="several"
            )
        about = None if lines is None else parse_party(lines)

        async def work(place: Place) -> tuple[object, Grid, list[str]]:
            ledger = place.connection
            seal = await ledger.seal(number)
            if heads:
                found = await ledger.seal_heads(number)
                return msgspec.to_builtins(found), heads_grid(found), []
            if about is not None:
                own = await ledger.seal_lines(number, about)
                value = [msgspec.json.decode(line.encode()) for line in own]
                return value, lines_grid(own), []
            listed = await ledger.seal_companies(number)
            if companies:
                return msgspec.to_builtins(listed), companies_grid(listed, exact=as_csv), []
            grid = bridge_grid(seal.totals, add_up([one.sums for one in listed]))
            earlier = (await place.status()).earlier
            return msgspec.to_builtins(seal), grid, [_told(seal, earlier), ""]

        value, grid, first = ask(call, work, about=about)
        name = "heads" if heads else "lines" if about else "companies" if companies else ""
        answer = {"seal": number, name: value} if name else value
        _answer(call, answer, grid, as_csv=as_csv, empty="The list is empty.", first=first)


def _answer(
    call: Call,
    value: object,
    grid: Grid,
    *,
    as_csv: bool,
    empty: str,
    first: Sequence[RenderableType] = (),
) -> None:
    if as_csv and call.json:
        raise BadValue("--csv and --json", expected="one of them", found="both")
    if as_csv:
        write_bytes(grid.csv())
        return
    body = table(grid.columns, grid.rows, right=grid.right) if grid.rows else empty
    show(call, value, *first, body)


def _told(seal: SealInfo, earlier: Sequence[EarlierInfo]) -> str:
    of_which = "" if seal.index < 0 else " of the log"
    return (
        f"Seal {seal.number}: {seal.view}, {seal.first_month} to {seal.last_month}, as known at log "
        f"size {number_words(seal.size, earlier)}\n"
        + pairs(
            {
                "  emitted": masses_text(column_of(seal.totals, "emitted")),
                "  removed": masses_text(column_of(seal.totals, "removed")),
                "  biogenic": masses_text(column_of(seal.totals, "biogenic")),
                "  parties": f"{seal.companies_count}, root {seal.companies_root}",
                "  heads": f"{seal.heads_count}, root {seal.heads_root}",
                "  rules": f"{seal.rules}, {seal.gwp}",
                "  event": f"{seal.event}, {entry_words(seal.index, earlier)}{of_which}",
            }
        )
    )

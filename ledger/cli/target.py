"""`target`: where a company, or for the operator the area, means to be, and the events that say so."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import typer

from ledger.carbon.area.events import TargetSet
from ledger.carbon.info import TargetInfo
from ledger.carbon.mass_text import mass_text
from ledger.cli.call import Call, command
from ledger.cli.output import show, table
from ledger.cli.stated import (
    Reason,
    Supersedes,
    parse_event,
    parse_number,
    parse_path,
    parse_tonnes,
    parse_year,
    post_in,
)
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_party

View = Literal["companies", "gpc-basic", "gpc-basic-plus", "park", "territorial"]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_set(app)
    _add_list(app)


def _add_set(app: typer.Typer) -> None:
    @command(
        app,
        "set",
        example="carbon-ledger target set operator neutral-2028 --view park --gwp AR5 "
        "--base-year 2023 --base 17768.92 --path 2026=9000 --path 2028=0 "
        '--credits-percent 10 --neutral-year 2028 --reason "neutral by 2028"',
    )
    def set_target(
        call: Call,
        party: Annotated[str, typer.Argument(help="Whose target.")],
        name: Annotated[str, typer.Argument(help="Its name, by which it is set again.")],
        view: Annotated[View, typer.Option(help="The view that it is about.")],
        base_year: Annotated[int, typer.Option(help="The year that is compared with.")],
        base: Annotated[str, typer.Option(metavar="TONNES", help="Its CO2e in that view.")],
        path: Annotated[
            list[str],
            typer.Option(
                metavar="YEAR=TONNES", help="What a later year may have; may be given again."
            ),
        ],
        credits_percent: Annotated[
            str, typer.Option(help="What credits may take off at most, per cent of the base.")
        ],
        neutral_year: Annotated[int, typer.Option(help="The year with a balance of 0 or less.")],
        reason: Reason,
        gwp: Annotated[str, typer.Option(help="By which gases are added up.")] = "AR5",
        base_size: Annotated[
            int | None,
            typer.Option(help="The log size as of which the base is known.", show_default="now"),
        ] = None,
        gas: Annotated[
            list[str] | None,
            typer.Option(help="A gas that it counts; may be given again.", show_default="all"),
        ] = None,
        supersedes: Supersedes = None,
    ) -> None:
        """Set a target, or set it again: base, yearly path, cap on credits."""
        parse_party(party)

        async def work(place: Place) -> None:
            event = TargetSet(
                salt=UNSALTED,
                target=name,
                view=view,
                gwp=gwp,
                base_year=parse_year(base_year),
                base_size=(await place.status()).size if base_size is None else base_size,
                base_mg=parse_tonnes(base),
                path=parse_path(path),
                credits_percent=parse_number(credits_percent),
                neutral_year=parse_year(neutral_year),
                gases=tuple(sorted(set(gas or ()))),
                reason=reason,
                supersedes=None if supersedes is None else parse_event(supersedes),
            )
            text = f"{party} means to be neutral by {neutral_year} in the view {view}"
            more = {"target": name, "base_mg": event.base_mg}
            await post_in(place, call, party, event, text, **more)

        ask(call, work, about=party, writing=True)


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger target list --year 2026 --view park")
    def list_targets(
        call: Call,
        party: Annotated[
            str | None,
            typer.Argument(metavar="PARTY", help="Whose; private.", show_default="the area's"),
        ] = None,
        view: Annotated[
            View | None, typer.Option(help="Only those about this view.", show_default="all")
        ] = None,
        year: Annotated[
            int | None, typer.Option(help="What each of them allows this year.")
        ] = None,
    ) -> None:
        """Targets, with the event that prove --target takes; the area's are public.

        Every statement is listed; of a target that was set again the last one stands.
        """
        wanted = None if party is None else parse_party(party)

        async def work(place: Place) -> list[TargetInfo]:
            whose = wanted or (await place.status()).operator
            return await place.connection.targets(whose)

        found = [one for one in ask(call, work, about=wanted) if view in {None, one.view}]
        named = "path" if year is None else str(year)
        rows = [
            (
                one.event,
                one.target,
                one.view,
                one.gwp,
                f"{one.base_year}: {_tonnes(one.base_mg)}",
                _path(one) if year is None else _allowed(one, year),
                "stands" if one.stands else "set again",
            )
            for one in found
        ]
        columns = ("event", "target", "view", "set", "base, t CO2e", f"{named}, t CO2e", "")
        value = {"targets": msgspec.to_builtins(found)}
        show(call, value, table(columns, rows) if rows else "No target is set.")


def _tonnes(mass_mg: str) -> str:
    return mass_text(int(mass_mg), "t")


def _path(one: TargetInfo) -> str:
    return ", ".join(f"{year}: {_tonnes(mass_mg)}" for year, mass_mg in one.path)


def _allowed(one: TargetInfo, year: int) -> str:
    """The latest amount of the path at or before a year, as a proof of kind target-progress has it."""
    before = [mass_mg for at, mass_mg in one.path if at <= year]
    return _tonnes(before[-1] if before else one.base_mg)

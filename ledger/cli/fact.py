"""`fact`: what is stated beside the masses, of a company or of the area."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.carbon.organisation.catalogue import facts
from ledger.carbon.organisation.events import AreaFactRecorded, CompanyFactRecorded
from ledger.carbon.rulepack import load
from ledger.cli.arguments import parse_evidence, parse_quantity, parse_site
from ledger.cli.call import Call, command
from ledger.cli.output import show, table
from ledger.cli.stated import Evidence, Period, Supersedes, parse_event, parse_months, post_in
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_party

Fact = Annotated[str, typer.Argument(help="Such as revenue; see fact list.")]
Value = Annotated[str, typer.Argument(help="How much.")]
Unit = Annotated[str, typer.Argument(help="Such as person, t, MWh or CNY@2026.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_company(app)
    _add_area(app)
    _add_list(app)


def _add_company(app: typer.Typer) -> None:
    @command(
        app,
        "company",
        example="carbon-ledger fact company steelworks headcount 1200 person --period 2026",
    )
    def company(
        call: Call,
        party: Annotated[str, typer.Argument(help="Which company.")],
        fact: Fact,
        value: Value,
        unit: Unit,
        period: Period,
        evidence: Evidence = None,
        supersedes: Supersedes = None,
    ) -> None:
        """State a fact of a company over a period: revenue, headcount, energy by source."""
        parse_party(party)

        async def work(place: Place) -> None:
            event = CompanyFactRecorded(
                salt=UNSALTED,
                fact=fact,
                period=parse_months(period),
                value=parse_quantity(value),
                unit=await place.unit(unit),
                evidence=parse_evidence(evidence or ()),
                supersedes=None if supersedes is None else parse_event(supersedes),
            )
            text = f"{fact} of {party} in {period}: {event.value} {event.unit}"
            more = {"fact": fact, "value": event.value, "unit": event.unit}
            await post_in(place, call, party, event, text, **more)

        ask(call, work, about=party, writing=True)


def _add_area(app: typer.Typer) -> None:
    @command(
        app,
        "area",
        example="carbon-ledger fact area population 1200 person --period 2026 "
        "--sub-area north-quarter/homes",
    )
    def area(
        call: Call,
        fact: Fact,
        value: Value,
        unit: Unit,
        period: Period,
        sub_area: Annotated[
            str | None,
            typer.Option(
                metavar="PARTY/SITE", help="A part of the area: a site of a guarded aggregate."
            ),
        ] = None,
        evidence: Evidence = None,
        supersedes: Supersedes = None,
    ) -> None:
        """State a fact of the area or a part of it; only the operator may.

        How many people live in a part must be stated before its sources are registered, and stands
        for a group that is large enough.
        """
        if sub_area is not None:
            parse_site(sub_area)

        async def work(place: Place) -> None:
            event = AreaFactRecorded(
                salt=UNSALTED,
                fact=fact,
                period=parse_months(period),
                value=parse_quantity(value),
                unit=await place.unit(unit),
                sub_area=sub_area,
                evidence=parse_evidence(evidence or ()),
                supersedes=None if supersedes is None else parse_event(supersedes),
            )
            operator = (await place.status()).operator
            text = f"{fact} of {sub_area or 'the area'} in {period}: {event.value} {event.unit}"
            more = {"fact": fact, "sub_area": sub_area, "value": event.value, "unit": event.unit}
            await post_in(place, call, operator, event, text, **more)

        ask(call, work, writing=True)


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger fact list")
    def list_facts(call: Call) -> None:
        """The facts that the ledger's rules know, with the units that they take."""

        async def work(place: Place) -> str:
            return (await place.status()).rules_version

        found = facts(load(ask(call, work))).values()
        rows = [
            (one.fact, one.title, ", ".join(one.dimensions), ", ".join(one.about)) for one in found
        ]
        value = [
            {"fact": fact, "title": title, "dimensions": units, "about": about}
            for fact, title, units, about in rows
        ]
        show(call, {"facts": value}, table(("fact", "what it is", "unit of", "of"), rows))

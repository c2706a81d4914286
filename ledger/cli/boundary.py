"""`boundary`: what a company answers for, since when, and which year it compares with."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ledger.carbon.organisation.events import BaseYearRestated, BoundarySet, SiteTransferred
from ledger.cli.arguments import parse_quantity, parse_site
from ledger.cli.call import Call, command
from ledger.cli.stated import (
    FromMonth,
    Reason,
    parse_one_month,
    parse_shares,
    parse_year,
    post,
    post_in,
)
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_party

Approach = Literal["equity", "financial", "operational"]
Party = Annotated[str, typer.Argument(help="Which company.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_set(app)
    _add_transfer_site(app)
    _add_base_year(app)


def _add_set(app: typer.Typer) -> None:
    @command(
        app,
        "set",
        example="carbon-ledger boundary set steelworks --from 2026-01 --approach equity "
        '--site plant=1 --site harbour=0.5 --reason "what we own"',
    )
    def set_boundary(
        call: Call,
        party: Party,
        from_: FromMonth,
        approach: Annotated[Approach, typer.Option(help="What decides who answers for a site.")],
        site: Annotated[
            list[str],
            typer.Option(
                metavar="SITE=SHARE",
                help="A site with its share, such as plant=1 or harbour=1/3; may be given again. "
                "A site that is not named is outside.",
            ),
        ],
        reason: Reason,
    ) -> None:
        """Say which sites a company answers for from a month on, each with its share."""
        event = BoundarySet(
            salt=UNSALTED,
            approach=approach,
            from_=parse_one_month(from_),
            sites=parse_shares(site, parse_party(party)),
            reason=reason,
        )
        named = ", ".join(site)
        decided = "equity share" if approach == "equity" else f"{approach} control"
        text = f"From {from_} on {party} answers for {named}, by {decided}"
        post(call, party, event, text, sites=dict(one.split("=") for one in site))


def _add_transfer_site(app: typer.Typer) -> None:
    @command(
        app,
        "transfer-site",
        example="carbon-ledger boundary transfer-site steelworks/harbour --to shipyard "
        "--from 2026-07 --reason sold",
    )
    def transfer_site(
        call: Call,
        site: Annotated[str, typer.Argument(metavar="PARTY/SITE", help="Such as acme/plant-7.")],
        to: Annotated[str, typer.Option(metavar="PARTY", help="Who answers for it then.")],
        from_: FromMonth,
        reason: Reason,
    ) -> None:
        """Hand a site over: its sources take no reading that ends after that month's start."""
        party, segment = parse_site(site)
        event = SiteTransferred(
            salt=UNSALTED,
            site=segment,
            to=parse_party(to),
            from_=parse_one_month(from_),
            reason=reason,
        )
        post(call, party, event, f"From {from_} on {to} answers for {site}", site=site, to=to)


def _add_base_year(app: typer.Typer) -> None:
    @command(
        app,
        "base-year",
        example="carbon-ledger boundary base-year steelworks 2023 "
        '--reason "first year with all meters"',
    )
    def base_year(
        call: Call,
        party: Party,
        year: Annotated[int, typer.Argument(help="Such as 2023.")],
        reason: Reason,
        size: Annotated[
            int | None,
            typer.Option(
                help="The log size as of which its figures are known.", show_default="now"
            ),
        ] = None,
        threshold: Annotated[
            str,
            typer.Option(metavar="PERCENT", help="A change above it asks for a restatement."),
        ] = "5",
    ) -> None:
        """Choose the base year, or restate it as it is known at a log size."""
        parse_party(party)
        parse_year(year)

        async def work(place: Place) -> None:
            known = (await place.status()).size if size is None else size
            event = BaseYearRestated(
                salt=UNSALTED,
                year=year,
                size=known,
                threshold_percent=parse_quantity(threshold),
                reason=reason,
            )
            text = f"{party} compares with {year} as known at size {known}"
            await post_in(place, call, party, event, text, year=year, size=known)

        ask(call, work, about=party, writing=True)

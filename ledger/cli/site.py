"""`site`: the places of a party, inside the area or not."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from ledger.carbon.events import SiteRegistered
from ledger.cli.arguments import parse_site
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_party


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "add", example="carbon-ledger site add steelworks/plant --region CN-JS")
    def add_site(
        call: Call,
        site: Annotated[str, typer.Argument(metavar="PARTY/SITE", help="Such as acme/plant-7.")],
        region: Annotated[str, typer.Option(help="Country, or its part, such as CN-JS.")],
        *,
        outside: Annotated[bool, flag("--outside", "The site lies outside the area.")] = False,
        name: Annotated[str | None, typer.Option(help="Its full name.")] = None,
    ) -> None:
        """Register a place of a party."""
        party, segment = parse_site(site)
        event = SiteRegistered(
            salt=UNSALTED, site=segment, region=region, inside=not outside, name=name
        )

        async def work(place: Place) -> None:
            posted = await place.post(f"{party}/register", [event])
            where = "outside" if outside else "inside"
            show_posted(
                call, posted, f"Registered site {site}, {region}, {where} the area", site=site
            )

        ask(call, work, about=party, writing=True)

    @command(app, "list", example="carbon-ledger site list steelworks")
    def list_sites(call: Call, party: Annotated[str, typer.Argument(help="Whose sites.")]) -> None:
        """The sites of a party."""
        parse_party(party)
        found = ask(call, lambda place: place.connection.sites(party), about=party)
        rows = [
            (f"{one.party}/{one.site}", one.region, "yes" if one.inside else "no", one.name or "")
            for one in found
        ]
        show(
            call,
            {"sites": msgspec.to_builtins(found)},
            table(("site", "region", "inside", "name"), rows),
        )

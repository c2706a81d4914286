"""`party`: who is on the ledger, and in which roles. Only the operator adds a party."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.cli.call import Call, command
from ledger.cli.output import hint, show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask, here_only
from ledger.client.keyring import KeyRequest, make_request, read_request
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, Conflict
from ledger.log.names import parse_party
from ledger.parties.events import PARTY_ROLES, PartyRegistered
from ledger.parties.rules import check_registration

ROLES = ", ".join(role for role in PARTY_ROLES if role != "operator")


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(
        app,
        "add",
        example='carbon-ledger party add steelworks --role company --name "Steel works" '
        "--request request.json",
    )
    def add_party(
        call: Call,
        party: Annotated[str, typer.Argument(help="Its name in streams: a-z, 0-9, hyphens.")],
        role: Annotated[list[str], typer.Option(help=f"May be given again. One of {ROLES}.")],
        name: Annotated[str, typer.Option(help="Its full name.")],
        request: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="What the party made with carbon-ledger key new."),
        ] = None,
        lei: Annotated[str | None, typer.Option(help="Legal entity identifier.")] = None,
        uscc: Annotated[
            str | None, typer.Option(help="Chinese unified social credit code.")
        ] = None,
        region: Annotated[str | None, typer.Option(help="Such as CN-JS.")] = None,
    ) -> None:
        """Register a party with its first key. Without --request the key is made in this home."""
        here_only(call, "party add")
        parse_party(party)
        asked = read_request(request) if request else None
        check_registration(role, lei, uscc)  # before a key is made for nothing

        async def work(place: Place) -> None:
            operator = await place.operator_here()
            log = (await place.status()).log_key
            found = asked or await _key_made_here(place, party, log)
            _check_request(found, party, log)
            event = PartyRegistered(
                salt=UNSALTED,
                name=name,
                roles=tuple(sorted(set(role))),
                key=found.key,
                proof=found.proof,
                lei=lei,
                uscc=uscc,
                region=region,
            )
            posted = await place.post(f"{party}/keys", [event], party=operator)
            key = found.public_key.thumbprint
            file = None if asked else str(call.keys / party / f"{key}.json")
            show_posted(
                call,
                posted,
                f"Registered {name} as {party}, {', '.join(event.roles)}, key {key}",
                party=party,
                key=key,
                key_file=file,
            )
            if file:
                hint(
                    f"The key of {party} was made in this home: {file}\n"
                    "Who operates this ledger can sign for this party. A company that shall be its "
                    "own master makes its key at home, with carbon-ledger key new, and hands in the "
                    "request."
                )

        ask(call, work, writing=True)

    @command(app, "list", example="carbon-ledger party list")
    def list_parties(call: Call) -> None:
        """All parties, their roles and how many valid keys they have."""
        found = ask(call, lambda place: place.connection.parties())
        rows = [
            (
                one.party,
                one.name,
                ", ".join(one.roles),
                str(sum(key.revoked is None for key in one.keys)),
                one.region or "",
            )
            for one in found
        ]
        show(
            call,
            {"parties": msgspec.to_builtins(found)},
            table(("party", "name", "roles", "keys", "region"), rows, right=[3]),
        )


async def _key_made_here(place: Place, party: str, log: str) -> KeyRequest:
    """A request by a key of this home; one that an interrupted attempt left is used again."""
    for known in await place.connection.parties():
        if known.party == party:
            raise Conflict("party", expected="a new name", found=f"{party}, registered already")
    keyring = place.keyring
    key = keyring.key(party) if keyring.list(party) else keyring.make(party)
    return make_request(key, log, party)


def _check_request(request: KeyRequest, party: str, log: str) -> None:
    if (request.party, request.log) != (party, log):
        raise BadFile(
            "the request is for something else",
            expected=f"party {party} on {log}",
            found=f"party {request.party} on {request.log}",
            advice="Ask the party for a request made for this ledger: carbon-ledger key new "
            f"{party} --log-key '{log}' -o request.json",
        )

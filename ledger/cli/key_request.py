"""The key that a command is about: one that was made elsewhere, or one that is made here and now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.output import hint
from ledger.cli.where import Place
from ledger.client.keyring import KeyRequest, make_request, read_request
from ledger.errors import BadFile
from ledger.log.names import parse_party

Party = Annotated[str, typer.Argument(help="Whose key it is.")]
Reason = Annotated[str, typer.Option(help="Why; everybody can read it who may read the event.")]
Request = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A request for a key that was made elsewhere."),
]


async def request_for(place: Place, party: str, file: Path | None) -> KeyRequest:
    """The request of a file, or of a key that is made here and now."""
    log = (await place.status()).log_key
    if file is None:
        key = place.keyring.make(parse_party(party))
        hint(f"Made in this home: {place.call.keys / party / key.public.thumbprint}.json")
        return make_request(key, log, party)
    request = read_request(file)
    if (request.party, request.log) != (party, log):
        raise BadFile(
            f"{file} is for something else",
            expected=f"party {party} on {log}",
            found=f"party {request.party} on {request.log}",
        )
    return request

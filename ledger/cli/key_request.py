"""The key that a command is about: one that was made elsewhere, or one that is made here and now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.cli.output import hint
from ledger.cli.where import Place
from ledger.client.keyring import KeyRequest, make_request, read_request
from ledger.errors import BadFile, BadValue
from ledger.log.names import parse_party
from ledger.log.values import KeyId

Party = Annotated[str, typer.Argument(help="Whose key it is.")]
Reason = Annotated[str, typer.Option(help="Why; everybody can read it who may read the event.")]
Request = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A request for a key that was made elsewhere."),
]


def parse_thumbprint(text: str, party: str) -> str:
    """The thumbprint of a key (RFC 7638, base64url). Raises BadValue, with how to find one of the party."""
    try:
        return msgspec.convert(text, KeyId)
    except msgspec.ValidationError:
        raise BadValue(
            "not the thumbprint of a key",
            expected="its 43 letters, digits, - and _",
            found=text,
            advice=f"See: carbon-ledger key list {party}",
        ) from None


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

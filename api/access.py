"""Who asks, and what they may read. Nothing here tells whether a private thing exists.

A reader sends `Authorization: Bearer <carbon-read+jwt>`, signed with a registered key of its own
(formats, section 12). Without a token that holds, every private route answers 401, before anything
is looked up. With one, a reader to whom a thing does not belong gets the 404 of a thing that is not
there. A company sees its own data; the operator and the regulator see everyone's, and what the
regulator asks for is recorded. Source: architecture, "Roles and reading".
"""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from ledger.errors import LedgerError, NotAuthorised, NotFound, NotSignedIn
from ledger.log.names import party_of
from ledger.parties.rules import place_of
from ledger.service.ledger import Ledger
from ledger.service.reader import Reader
from ledger.service.sight import PUBLIC_PLACES

_log = structlog.get_logger("carbon-ledger.access")
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="reader",
    bearerFormat="carbon-read+jwt",
    description="A JWT of at most five minutes, signed with the reader's registered key.",
)


async def running_ledger(request: Request) -> Ledger:
    """The ledger that this process serves."""
    ledger: Ledger = request.app.state.ledger
    return ledger


RunningLedger = Annotated[Ledger, Depends(running_ledger)]


async def optional_reader(request: Request, ledger: RunningLedger) -> Reader | None:
    """Who asks, or None without a token; raises NotSignedIn for a token that does not hold."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("not a reader's token", expected="Authorization: Bearer <token>")
    try:
        return await ledger.reader(token.strip())
    except NotSignedIn:
        raise
    except (NotAuthorised, NotFound) as error:
        raise _not_signed_in(error) from error


async def known_reader(
    reader: Annotated[Reader | None, Depends(optional_reader)],
    _documented: Annotated[object, Depends(_bearer)],
) -> Reader:
    """Who asks; raises NotSignedIn without a token."""
    if reader is None:
        raise NotSignedIn(
            "this is private",
            expected="Authorization: Bearer <token>",
            advice="Sign a token of at most five minutes with a key that may read.",
        )
    return reader


KnownReader = Annotated[Reader, Depends(known_reader)]
OptionalReader = Annotated[Reader | None, Depends(optional_reader)]


def check_may_read(reader: Reader, party: str, what: str) -> None:
    """Raise NotFound, as for a thing that is not there, unless this reader may read the party's."""
    if not reader.may_read(party):
        raise not_found(what)
    if reader.party != party:
        record_reading(reader, what, party=party)


def whose(reader: Reader, party: str | None, what: str) -> str | None:
    """The party whose `what` this reader is shown if he asks for this one's, or for all he may see.

    None is everybody. Raises NotFound, as for a party that is not there.
    """
    if party is not None:
        check_may_read(reader, party, "such party")
        return party
    if not reader.sees_all:
        return reader.party
    record_reading(reader, f"{what} of all parties")
    return None


def record_reading(reader: Reader, what: str, **where: str) -> None:
    """Write down what a regulator reads of others; the operator has all of it anyway."""
    if "operator" not in reader.roles:
        _log.info("regulator-read", reader=reader.party, what=what, **where)


def check_may_read_event(reader: Reader | None, stream: str, what: str) -> None:
    """Raise NotSignedIn or NotFound unless this reader, or anybody, may read the stream's events."""
    try:
        place = place_of(stream)
    except LedgerError as error:
        raise not_found(what) from error
    if place in PUBLIC_PLACES:
        return
    if reader is None:
        raise NotSignedIn(
            "events of this stream are private",
            expected="Authorization: Bearer <token>",
            advice="Sign a token of at most five minutes with a key that may read.",
        )
    check_may_read(reader, party_of(stream), what)


def check_may_read_area(reader: Reader) -> None:
    """Raise NotAuthorised unless this reader may see figures of the area that are not sealed."""
    if not reader.sees_all:
        raise NotAuthorised(
            "figures of the area that are not sealed",
            expected="the operator or a regulator",
            advice="The difference between two sizes is somebody's reading. What is sealed is for "
            "everybody: /v1/seals, or carbon-ledger seal list.",
        )
    record_reading(reader, "figures of the area that are not sealed")


def check_may_seal(reader: Reader) -> None:
    """Raise NotAuthorised unless this reader is the operator."""
    if "operator" not in reader.roles:
        raise NotAuthorised(
            "what is about to be sealed",
            expected="the operator",
            found=reader.party,
            advice="What is sealed is for everybody: /v1/seals, or carbon-ledger seal list.",
        )


def not_found(what: str) -> NotFound:
    """What is said of a thing that is not there, and of one that the asker may not know of."""
    return NotFound(f"there is no {what}, or it is not yours to read")


def _not_signed_in(error: LedgerError) -> NotSignedIn:
    return NotSignedIn(
        "the reader's token does not hold",
        expected=error.expected,
        found=error.what,
        advice=error.advice,
    )

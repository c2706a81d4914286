"""Who asks, by the read token of a request."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.errors import NotAuthorised
from ledger.log.keys import PublicKey
from ledger.machine import public_key_of
from ledger.parties.pieces import KEY, PARTY, KeyPiece
from ledger.parties.token import Claims, read_token
from ledger.service.reader import Reader
from ledger.store import log_store
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore


async def read_reader(conn: Connection, views: ViewStore, token: str, origin: str) -> Reader:
    """The party whose key has signed the token for this ledger. Raises NotAuthorised."""
    seen: dict[str, KeyPiece] = {}

    head = await log_store.read_head(conn)
    kid = Claims.kid_of(token)
    found = await views.load_pieces(conn, [(KEY.name, kid)])
    value = found.get((KEY.name, kid))
    if value is not None:
        seen[kid] = KEY.decode(value)

    def lookup(thumbprint: str) -> PublicKey | None:
        piece = seen.get(thumbprint)
        if piece is None or not piece.read or not piece.valid_at(head.size):
            return None
        return public_key_of(piece)

    read_token(token, lookup, datetime.now(UTC), origin)
    party = seen[kid].party
    parties = await views.load_pieces(conn, [(PARTY.name, party)])
    value = parties.get((PARTY.name, party))
    if value is None:
        raise NotAuthorised("reading", expected="a registered party", found=party)
    return Reader(party=party, roles=PARTY.decode(value).roles)

"""What most questions begin with: whose ledger this is, who is registered, which log size is meant."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import BadValue, LogStopped, NotFound
from ledger.log.note import parse_vkey
from ledger.parties.pieces import LEDGER, PARTY, LedgerPiece
from ledger.store import earlier_store, log_store
from ledger.store.database import Connection
from ledger.store.earlier_store import EarlierRow
from ledger.store.view_store import ViewStore


async def read_about(conn: Connection, views: ViewStore) -> LedgerPiece:
    """Whose ledger this is, and its rules. Raises LogStopped before entry 0."""
    found = await views.load_pieces(conn, [(LEDGER.name, "")])
    value = found.get((LEDGER.name, ""))
    if value is None:
        raise LogStopped("the ledger has no entry 0", advice="Run carbon-ledger init again.")
    return LEDGER.decode(value)


async def require_party(conn: Connection, views: ViewStore, party: str) -> None:
    """Raise NotFound unless the party is registered."""
    if (PARTY.name, party) not in await views.load_pieces(conn, [(PARTY.name, party)]):
        raise NotFound(
            f"party {party}",
            expected="a registered party",
            found=party,
            advice="See carbon-ledger party list.",
        )


async def size_asked(conn: Connection, as_of: int | None) -> int:
    """The log size that is meant, None being now. Raises BadValue for one not reached yet."""
    size = (await log_store.read_head(conn)).size
    if as_of is None:
        return size
    if not 0 <= as_of <= size:
        raise BadValue(
            "--as-of",
            expected=f"a log size from 0 to {size}",
            found=str(as_of),
            advice=_before(await earlier_store.earlier_logs(conn)),
        )
    return as_of


def _before(earlier: Sequence[EarlierRow]) -> str:
    """Where what was known before this log can be asked for."""
    if not earlier:
        return ""
    origin = parse_vkey(earlier[-1].log).name
    return (
        f"Size 0 is the end of {origin}. What was known at its own sizes is asked of its own home: "
        "carbon-ledger … --home THAT_FOLDER --as-of SIZE."
    )

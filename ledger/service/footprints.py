"""Footprints of a party and of the area, over whole months, as known at a log size."""

from __future__ import annotations

from ledger.carbon.footprint import Footprint, area_footprint, company_footprint
from ledger.carbon.rulepack import RulePack, load
from ledger.parties.pieces import PARTY, LedgerPiece
from ledger.service.about import read_about, require_party, size_asked
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore


async def read_footprint(
    conn: Connection, views: ViewStore, party: str, months: tuple[str, str], as_of: int | None
) -> Footprint:
    """A party's footprint; `months` are the first and last. Raises NotFound, BadValue."""
    await require_party(conn, views, party)
    about = await read_about(conn, views)
    size = await size_asked(conn, as_of)
    masses = await views.masses(conn, party, *months, as_of)
    activity = await views.activities(conn, party, *months, as_of)
    pack = _pack_with(about, *months)
    return company_footprint(pack, party, months, size, masses, activity, about.timezone)


async def read_area(
    conn: Connection, views: ViewStore, months: tuple[str, str], as_of: int | None
) -> Footprint:
    """The area's footprint, with what no company answers for beside it. Raises BadValue."""
    about = await read_about(conn, views)
    size = await size_asked(conn, as_of)
    companies = [
        piece.key
        async for piece in views.pieces_of_kind(conn, PARTY.name)
        if piece.value is not None and "company" in PARTY.decode(piece.value).roles
    ]
    masses, others = await views.area_masses(conn, companies, *months, as_of)
    pack = _pack_with(about, *months)
    return area_footprint(pack, about.area, months, size, masses, others, about.timezone)


def _pack_with(about: LedgerPiece, *months: str) -> RulePack:
    """The rules in force; raises BadValue for a month outside their calendar, as reports do."""
    pack = load(about.rules_version)
    calendar = pack.calendar(about.timezone)
    for month in months:
        calendar.bounds_s(month)
    return pack

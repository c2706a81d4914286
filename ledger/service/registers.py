"""What is registered, from the read models: parties, factors, sites, sources, transfers, targets."""

from __future__ import annotations

from ledger.carbon.area.listed import transfers_of
from ledger.carbon.area.pieces import TARGET, TRANSFER
from ledger.carbon.area.stated_targets import targets_of
from ledger.carbon.info import (
    FactorInfo,
    PartyInfo,
    SiteInfo,
    SourceInfo,
    TargetInfo,
    TransferInfo,
)
from ledger.carbon.pieces import FACTOR, SITE, SOURCE
from ledger.carbon.rulepack import load
from ledger.parties.pieces import KEY, PARTY
from ledger.service.about import read_about, require_party
from ledger.service.describe import factor_info, party_info, site_info, source_info
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore


async def read_parties(conn: Connection, views: ViewStore) -> list[PartyInfo]:
    """All parties with their keys, by name."""
    keys = {
        piece.key: KEY.decode(piece.value)
        async for piece in views.pieces_of_kind(conn, KEY.name)
        if piece.value is not None
    }
    return [
        party_info(PARTY.decode(piece.value), keys)
        async for piece in views.pieces_of_kind(conn, PARTY.name)
        if piece.value is not None
    ]


async def read_factors(conn: Connection, views: ViewStore) -> list[FactorInfo]:
    """All published factors, by name."""
    return [
        factor_info(FACTOR.decode(piece.value))
        async for piece in views.pieces_of_kind(conn, FACTOR.name)
        if piece.value is not None
    ]


async def read_sites(conn: Connection, views: ViewStore, party: str) -> list[SiteInfo]:
    """The sites of a party, by name."""
    return [
        site_info(piece.key, SITE.decode(piece.value))
        async for piece in views.pieces_of_kind(conn, SITE.name, f"{party}/")
        if piece.value is not None
    ]


async def read_sources(conn: Connection, views: ViewStore, party: str) -> list[SourceInfo]:
    """The sources of a party, by stream."""
    return [
        source_info(SOURCE.decode(piece.value))
        async for piece in views.pieces_of_kind(conn, SOURCE.name, f"{party}/")
        if piece.value is not None
    ]


async def read_source(conn: Connection, views: ViewStore, stream: str) -> SourceInfo | None:
    """One source, or None."""
    found = await views.load_pieces(conn, [(SOURCE.name, stream)])
    value = found.get((SOURCE.name, stream))
    return None if value is None else source_info(SOURCE.decode(value))


async def read_transfers(
    conn: Connection, views: ViewStore, party: str, months: tuple[str, str] | None
) -> list[TransferInfo]:
    """The transfers that a party sent or is named in, by month, as that party may see them.

    `months` are the first and last, both included; None: all. Raises NotFound.
    """
    first, last = months or ("", "9999-12")
    await require_party(conn, views, party)
    about = await read_about(conn, views)
    found = [
        TRANSFER.decode(piece.value)
        async for piece in views.pieces_between(conn, TRANSFER.name, first, f"{last} \U0010ffff")
        if piece.value is not None
    ]
    return transfers_of(load(about.rules_version), party, found)


async def read_targets(conn: Connection, views: ViewStore, party: str) -> list[TargetInfo]:
    """Every statement of a party's targets, in the order of the log. Raises NotFound."""
    await require_party(conn, views, party)
    return targets_of(
        [
            TARGET.decode(piece.value)
            async for piece in views.pieces_of_kind(conn, TARGET.name, f"{party} ")
            if piece.value is not None
        ]
    )

"""How pieces of state are shown to people and programs: as the structs of `ledger.carbon.info`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ledger.carbon.info import EarlierInfo, FactorInfo, KeyInfo, PartyInfo, SiteInfo, SourceInfo
from ledger.carbon.pieces import FactorPiece, SitePiece, SourcePiece
from ledger.carbon.views import number
from ledger.log.note import parse_vkey
from ledger.parties.pieces import KeyPiece, LedgerPiece, PartyPiece
from ledger.store.earlier_store import EarlierRow


def party_info(piece: PartyPiece, keys: dict[str, KeyPiece]) -> PartyInfo:
    """A party with its keys, in the order of their arrival."""
    return PartyInfo(
        party=piece.party,
        name=piece.name,
        roles=piece.roles,
        event=piece.event,
        lei=piece.lei,
        uscc=piece.uscc,
        region=piece.region,
        keys=tuple(
            KeyInfo(
                key=key.thumbprint,
                authorised=key.authorised,
                revoked=key.revoked,
                scope=key.scope,
                event_types=key.event_types,
                admin=key.admin,
                read=key.read,
                recovered=key.recovered,
                compromised_from=key.compromised_from,
                confirmed=key.confirmed,
            )
            for key in (keys[thumbprint] for thumbprint in piece.keys)
        ),
    )


def earlier_info(about: LedgerPiece, rows: Sequence[EarlierRow]) -> list[EarlierInfo]:
    """The logs that a ledger continues, oldest first."""
    kept = {row.first: row for row in rows}
    return [
        EarlierInfo(
            origin=parse_vkey(one.log).name,
            log_key=one.log,
            size=one.size,
            root=kept[one.opened].root.hex(),
            signed_size=one.signed,
            checkpoint=kept[one.opened].note,
        )
        for one in about.earlier
        if one.opened in kept
    ]


def factor_info(piece: FactorPiece) -> FactorInfo:
    """A published factor."""
    return FactorInfo(
        factor=piece.ref,
        activity=piece.activity,
        unit=piece.unit,
        kind=piece.kind,
        region=piece.region,
        year=piece.year,
        valid=piece.valid,
        gases_kg_per_unit={gas: number(num, den) for gas, num, den in piece.gases},
        title=piece.title,
        event=piece.event,
        number=piece.number,
        sha256=piece.sha256,
        properties={name: number(num, den) for name, num, den in piece.properties},
        uncertainty_percent=piece.uncertainty_percent,
        unverified=piece.unverified(),
        confirmed_by=tuple(one.event for one in piece.confirmed),
    )


def site_info(key: str, piece: SitePiece) -> SiteInfo:
    """A site, from its key `<party>/<site>` and its piece."""
    party, _, site = key.partition("/")
    return SiteInfo(
        party=party,
        site=site,
        region=piece.region,
        inside=piece.inside,
        event=piece.event,
        name=piece.name,
    )


def source_info(piece: SourcePiece) -> SourceInfo:
    """A source as it stands now."""
    terms = piece.terms[-1]
    line = piece.lines[terms.line]
    closed = piece.closed_at_s
    return SourceInfo(
        stream=piece.stream,
        party=piece.party,
        site=terms.site,
        region=line.region,
        inside=line.inside,
        activity=piece.activity,
        unit=piece.unit,
        scope=piece.scope,
        key_area=terms.key_area,
        kind=piece.kind,
        flow=piece.flow,
        factors={role: timeline[-1].factor for role, timeline in piece.factors.items()},
        event=piece.events[0],
        category=terms.category,
        balance_group=piece.balance_group,
        interval_s=terms.interval_s,
        gpc=terms.gpc,
        part_of=terms.part_of,
        plausible=terms.plausible,
        uncertainty_percent=terms.uncertainty_percent,
        name=terms.name,
        closed_at=None
        if closed is None
        else datetime.fromtimestamp(closed, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )

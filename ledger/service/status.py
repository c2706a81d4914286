"""Whose ledger this is, under which rules, and how far it has come."""

from __future__ import annotations

from ledger.carbon.info import LedgerStatus, WitnessInfo
from ledger.service.about import read_about
from ledger.service.describe import earlier_info
from ledger.service.redacting import read_waiting
from ledger.service.witnesses import Witnesses
from ledger.store import checkpoint_store, earlier_store, log_store
from ledger.store.database import Connection
from ledger.store.view_store import ViewStore


async def read_status(
    conn: Connection,
    views: ViewStore,
    origin: str,
    log: str,
    witnesses: Witnesses | None,
    continued_by: str | None,
) -> LedgerStatus:
    """The status of the ledger with this origin and this vkey. Raises LogStopped before entry 0."""
    head = await log_store.read_head(conn)
    about = await read_about(conn, views)
    earlier = earlier_info(about, await earlier_store.earlier_logs(conn))
    waiting = len(await read_waiting(conn, views))
    infos, witnessed, policy = list[WitnessInfo](), None, None
    if witnesses is not None:
        newest = await checkpoint_store.latest_checkpoint(conn)
        infos = await witnesses.infos(conn, 0 if newest is None else newest.size)
        witnessed = await witnesses.witnessed(conn)
        policy = str(witnesses.policy)
    return LedgerStatus(
        origin=origin,
        log_key=log,
        operator=about.operator,
        area=about.area,
        timezone=about.timezone,
        rules_version=about.rules_version,
        rules_sha256=about.rules_sha256,
        size=head.size,
        events=head.events,
        root=head.root.hex(),
        witness_policy=policy,
        witnessed_size=None if witnessed is None else witnessed.size,
        witnesses=infos,
        earlier=earlier,
        continued_by=continued_by,
        redactions_waiting=waiting,
    )

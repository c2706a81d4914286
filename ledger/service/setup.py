"""Opening a ledger: the database's tables, the log's key, and entry 0.

An interrupted opening can be run again with the same keys: nothing is signed before `ledger.json`
says which ledger this is, and entry 0 is the first thing that is signed.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from ledger.carbon.info import Posted
from ledger.carbon.rulepack import CURRENT_VERSION, load
from ledger.errors import Conflict
from ledger.log.batch import build
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.names import parse_origin, parse_party
from ledger.log.note import log_vkey
from ledger.parties.events import Jwk, LedgerOpened, RulesRef
from ledger.service.home import Home, LedgerFile
from ledger.service.opening import open_ledger
from ledger.service.settings import Settings


async def initialise(
    settings: Settings,
    *,
    origin: str,
    area: str,
    timezone: str,
    operator: str,
    operator_key: PrivateKey,
    recovery_key: PrivateKey,
) -> Posted:
    """Open a new ledger in this home and append entry 0, signed with the operator's first key.

    Raises Conflict if the home or the database has a ledger, BadName or BadValue for an origin,
    operator or time zone out of form.
    """
    parse_origin(origin)
    parse_party(operator)
    pack = load(CURRENT_VERSION)
    pack.calendar(timezone)
    home = Home(settings.home)
    home.make()
    if home.opened:
        known = home.ledger()
        if (known.origin, known.operator) != (origin, operator):
            home.write_ledger(known)  # says that a home has one ledger
    log = log_vkey(origin, home.make_log_key().public)
    if not home.opened:
        home.write_ledger(LedgerFile(origin=origin, log=log, operator=operator))
    event = LedgerOpened(
        salt=secrets.token_hex(16),
        origin=origin,
        log=log,
        operator=operator,
        key=Jwk(**operator_key.public.jwk),
        proof=possession_proof(operator_key, log, operator),
        recovery_key=Jwk(**recovery_key.public.jwk),
        recovery_proof=possession_proof(recovery_key, log, operator),
        area=area,
        timezone=timezone,
        rules=RulesRef(version=pack.version, sha256=pack.sha256),
        continues=None,
    )
    body = build(
        operator_key,
        log,
        f"{operator}/ledger",
        1,
        ZEROS_HEX,
        [(LedgerOpened.__name__, encode_struct(event))],
        None,
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    async with open_ledger(settings, opening=True) as ledger:
        if await ledger.size():
            raise Conflict(
                "opening a ledger",
                expected="a home without a ledger",
                found=f"{settings.home}, which has {origin}",
                advice="Choose another folder with --home; a ledger is never overwritten.",
            )
        return await ledger.post(body)

"""Opening a log that continues another one: bring it over, check it whole, name its end.

The order is: the earlier home says that its log has ended; its rows are copied, verbatim, below entry
0, and folded, in one transaction; an audit derives all of it again from its bytes; entry 0 is signed.
Whatever interrupts that, the same call again goes on where it stopped; where it is refused, the
earlier log has not ended, and the new home is as it was (`attempt`). A database that is behind what
its log has signed is continued from what is there, and entry 0 says what was lost; one that
contradicts what was signed, or is behind what a witness has seen and nobody can show, is not
continued. Source: formats, section 5.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final

import msgspec

from ledger.carbon.info import Posted
from ledger.carbon.rulepack import CURRENT_VERSION, load
from ledger.errors import Conflict, Damaged, NotAuthorised, NotFound, Refused, RuleBroken
from ledger.log.batch import build, parse_statement
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX, LeafHash
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.names import parse_origin
from ledger.log.seals import Head, heads_root
from ledger.parties.events import Continued, Jwk, LedgerOpened, RulesRef, Signed
from ledger.parties.pieces import KEY, LEDGER
from ledger.service.attempt import Attempt
from ledger.service.home import Home
from ledger.service.ledger import Ledger, silent
from ledger.service.opening import open_database, open_ledger
from ledger.service.ranging import steps
from ledger.service.replay import Progress, Replay
from ledger.service.settings import Settings
from ledger.service.signed_end import EarlierEnd, Told
from ledger.service.spread import spread
from ledger.service.witness_list import read_witness_list
from ledger.store import (
    audit_store,
    checkpoint_store,
    earlier_store,
    log_store,
    redaction_store,
)
from ledger.store.database import Connection, Database, translated
from ledger.store.earlier_store import EarlierRow
from ledger.store.log_store import StoredEntry, StreamHead
from ledger.store.view_store import ViewStore

DAMAGES_TOLD: Final = 3


async def continue_log(
    settings: Settings,
    earlier: Settings,
    *,
    origin: str,
    operator_key: PrivateKey,
    recovery_key: PrivateKey,
    outside: Sequence[tuple[str, bytes]] = (),
    progress: Progress = silent,
    told: Told = lambda _: None,
    keep: Callable[[], None] = lambda: None,
) -> Posted:
    """Open a log in this home that continues the one of the earlier home, which ends.

    `operator_key` is an admin key of the operator at the earlier end; or any new key, if
    `recovery_key` is the earlier log's. `outside` are checkpoints of the earlier log that somebody
    has kept, by names for people; `told` hears what a person should know. `keep` writes down keys that
    are new, in the new home, when nothing speaks against them any more. Raises BadFile, BadValue,
    Conflict, Damaged, NotFound, RuleBroken and what the rules refuse.
    """
    parse_origin(origin)
    attempt = Attempt(Home(settings.home), Home(earlier.home), origin)
    about = attempt.about
    if about.origin == origin:
        raise RuleBroken(
            "origin of a continuing log", expected="a new one", found=origin,
            advice="Choose another --origin: the earlier log keeps its own.",
        )  # fmt: skip
    attempt.check()
    async with AsyncExitStack() as stack:
        listed = await asyncio.to_thread(read_witness_list, earlier.witness_file)
        source = await open_database(earlier, stack, migrate=True)
        end = EarlierEnd(source, attempt.earlier, about.log)
        await _check_keys(source, operator_key, recovery_key)
        await end.signed(outside)  # what is wrong with it is said before anything is written
        stack.enter_context(attempt.made())
        keep()
        attempt.open_home()
        ledger = await stack.enter_async_context(open_ledger(settings, opening=True))
        if await ledger.size():
            attempt.opened()
            raise Conflict(
                "opening a ledger",
                expected="a home without a ledger",
                found=f"{settings.home}, which has {origin}",
                advice="It was opened already; a ledger is never overwritten.",
            )
        # From here on the earlier log signs nothing, so that what is brought over is all of it.
        attempt.end_earlier()
        with attempt.over_where(Exception):
            await _wait_for_appending(source)
            signed = await end.signed(outside)
            if listed is not None:
                await end.ask(listed.asked, signed, told)
            continues = await _bring_over(source, ledger.database, about.log, signed, progress)
            await _check_whole(ledger, progress)
            body = await _opening(ledger, continues, operator_key, recovery_key)
        attempt.posting()
        with attempt.over_where(Refused):
            return await ledger.post(body)


async def _check_keys(source: Database, operator_key: PrivateKey, recovery_key: PrivateKey) -> None:
    """Raise NotAuthorised for an operator's key that is new, beside a recovery key that is new too.

    The rules say the rest, when all is brought over.
    """
    first, recovery = operator_key.public.thumbprint, recovery_key.public.thumbprint
    async with source.read() as conn:
        found = await ViewStore().load_pieces(conn, [(LEDGER.name, ""), (KEY.name, first)])
    if (LEDGER.name, "") not in found or (KEY.name, first) in found:
        return
    expected = LEDGER.decode(found[LEDGER.name, ""]).recovery_key
    if recovery != expected:
        raise NotAuthorised(
            "opening of a continuing log",
            expected=f"a key of the operator, or the earlier log's recovery key {expected}",
            found=f"a new key, and the recovery key {recovery}",
            advice="Name with --recovery-key the key that was moved away when that log was opened.",
        )


async def _wait_for_appending(source: Database) -> None:
    """Until whoever appends is done: whoever comes after sees that the log has ended."""
    async with source.owner() as conn, translated(), conn.transaction():
        await log_store.lock(conn)


async def _opening(
    ledger: Ledger, continues: Continued, operator_key: PrivateKey, recovery_key: PrivateKey
) -> bytes:
    """The submission of entry 0: what stays is as the earlier log has it."""
    about = await ledger.status()
    pack = load(CURRENT_VERSION)
    event = LedgerOpened(
        salt=secrets.token_hex(16),
        origin=ledger.origin,
        log=ledger.log,
        operator=about.operator,
        key=Jwk(**operator_key.public.jwk),
        proof=possession_proof(operator_key, ledger.log, about.operator),
        recovery_key=Jwk(**recovery_key.public.jwk),
        recovery_proof=possession_proof(recovery_key, ledger.log, about.operator),
        area=about.area,
        timezone=about.timezone,
        rules=RulesRef(version=pack.version, sha256=pack.sha256),
        continues=continues,
    )
    return build(
        operator_key,
        ledger.log,
        f"{about.operator}/ledger",
        1,
        ZEROS_HEX,
        [(LedgerOpened.__name__, encode_struct(event))],
        None,
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


async def _check_whole(ledger: Ledger, progress: Progress) -> None:
    """Derive all that was brought over again. Raises Damaged."""
    report = await ledger.audit(progress)
    if not report.ok:
        told = "; ".join(f"{one.place}: {one.what}" for one in report.damages[:DAMAGES_TOLD])
        raise Damaged(
            "the earlier log is damaged",
            expected="a log that an audit finds whole",
            found=f"{len(report.damages)} damages, such as {told}",
            advice="No log was opened. Bring back an earlier database that is whole; where the new "
            "home's is outside it, take another one.",
        )


# --- bringing over -----------------------------------------------------------------------------


async def _bring_over(
    source: Database, target: Database, log: str, signed: Signed | None, progress: Progress
) -> Continued:
    """Copy the earlier log below entry 0 and fold it; what its end is called."""
    async with source.read() as old, target.owner() as conn, translated(), conn.transaction():
        await log_store.lock(conn)
        size = (await log_store.read_head(old)).size
        if size == 0:
            raise NotFound("the earlier log", expected="a log with entries", found="none")
        written = await earlier_store.earlier_logs(conn)
        if not written:
            written = await _copy(old, conn, log, progress)
            await _fold(conn, written, progress)
        end = written[-1]
        if (end.log, end.size) != (log, size):
            raise Conflict(
                "an earlier log was brought over before",
                expected=f"{size} entries of {log}",
                found=f"{end.size} entries of {end.log}",
                advice="It has grown since the last attempt. Begin again; where the new home's database "
                "is outside it, take another one.",
            )
    return Continued(
        log=end.log,
        size=end.size,
        root=end.root.hex(),
        heads_root=end.heads_root.hex(),
        heads_count=end.heads_count,
        signed=signed,
    )


async def _copy(
    old: Connection, conn: Connection, log: str, progress: Progress
) -> list[EarlierRow]:
    """Copy all rows that are not read models; the earlier logs as they are written down now."""
    head = await log_store.read_head(old)
    before = await earlier_store.earlier_logs(old)
    first = before[0].first if before else 0
    await earlier_store.ensure_earlier_partitions(conn, first - head.size)
    ends = _Ends(head.size, len(before) + 1)
    at = first
    while at < head.size:
        stored = await audit_store.stored_entries(old, at, head.size)
        if not stored or [one.index for one in stored] != list(range(at, at + len(stored))):
            raise Damaged(
                f"entry {at} of the earlier log, or one behind it, is missing",
                expected="every index below its head's",
                advice="Run carbon-ledger audit in the earlier home.",
            )
        await earlier_store.insert_entries(conn, [ends.moved(one) for one in stored])
        at += len(stored)
        progress(at - first, head.size - first)
    for opened in (*(row.first for row in before), 0):
        await _copy_tiles(old, conn, opened, opened - head.size)
    for gone in await redaction_store.redactions(old):
        await earlier_store.insert_redaction(
            conn, msgspec.structs.replace(gone, index=gone.index - head.size)
        )
    note = await checkpoint_store.latest_checkpoint(old)
    lines = ends.heads()
    rows = [
        *(msgspec.structs.replace(row, first=row.first - head.size) for row in before),
        EarlierRow(
            first=-head.size,
            size=head.size,
            log=log,
            root=head.root,
            heads_root=heads_root(lines),
            heads_count=len(lines),
            note=None if note is None else note.cosigned_note,
        ),
    ]
    for row in rows:
        await earlier_store.insert_earlier_log(conn, row)
    await earlier_store.insert_heads(conn, ends.going_on())
    await earlier_store.begin_notifications(conn, head.next_notification)
    return rows


async def _copy_tiles(old: Connection, conn: Connection, opened: int, here: int) -> None:
    after = (-1, -1)
    while found := await earlier_store.stored_tiles(old, opened, after):
        await earlier_store.insert_tiles(conn, here, found)
        after = found[-1][:2]


async def _fold(conn: Connection, earlier: Sequence[EarlierRow], progress: Progress) -> None:
    """Fold the earlier logs into the read models, as they stand in the tables. Raises Damaged."""
    replay, first = Replay(conn, ViewStore()), earlier[0].first
    async with spread(1, None) as workers:
        async for step in steps(conn, workers, "", 0, hashes=False, earlier=earlier):
            await replay.prepare(step)
            for stored, found, basis in step.entries:
                if found.signed is None or found.damage:
                    raise Damaged(f"entry {stored.index - earlier[-1].first}: {found.damage}")
                await replay.fold(stored, found.signed, found, basis)
            progress(step.size - first, -first)
    await replay.finish()


class _Ends:
    """Moves entries below 0, and remembers where each stream ends."""

    def __init__(self, size: int, number: int) -> None:
        """Of a log of this size, which is the earlier log of this number, from 1, now."""
        self._size = size
        self._number = number
        self._of: dict[str, StreamHead] = {}

    def moved(self, stored: StoredEntry) -> StoredEntry:
        """The entry as it is called and where it stands below the new log."""
        statement = parse_statement(stored.jws).statement
        index = stored.index - self._size
        column = stored.stream
        if stored.index >= 0:
            column = earlier_store.column_of(stored.stream, self._number)
        leaf = LeafHash(bytes.fromhex(statement.head))
        self._of[column] = StreamHead(column, statement.last, leaf, index)
        return msgspec.structs.replace(stored, index=index, stream=column)

    def heads(self) -> list[Head]:
        """The lines of all streams at the end of this log."""
        return [
            Head(
                head=one.leaf.hex(),
                stream=earlier_store.stream_of(column),
                version=one.version,
            )
            for column, one in sorted(self._of.items())
            if earlier_store.number_of(column) in {None, self._number}
        ]

    def going_on(self) -> list[StreamHead]:
        """The streams that go on in the new log."""
        return [one for column, one in self._of.items() if earlier_store.number_of(column) is None]

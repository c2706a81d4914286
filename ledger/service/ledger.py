"""A running ledger: the wiring from settings, and its use cases, one verb each.

Everything that a program, a page or a route may ask stands here; the parts below do not know each
other's neighbours. Answers that show figures name the log size that they are true for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from ledger.carbon.area.listed import transfers_of
from ledger.carbon.area.pieces import TARGET, TRANSFER
from ledger.carbon.area.stated_targets import targets_of
from ledger.carbon.footprint import Footprint, area_footprint, company_footprint
from ledger.carbon.info import (
    FactorInfo,
    LedgerStatus,
    PartyInfo,
    Posted,
    SiteInfo,
    SourceInfo,
    StreamHead,
    TargetInfo,
    TransferInfo,
    WitnessInfo,
)
from ledger.carbon.known import Known
from ledger.carbon.pieces import FACTOR, SITE, SOURCE
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.info import RedactionInfo
from ledger.carbon.reports.catalogue import GWP, wanted
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import Report
from ledger.carbon.rulepack import RulePack, load
from ledger.carbon.seal.info import SealDraft, SealInfo, seal_info
from ledger.carbon.seal.lists import SealLists
from ledger.carbon.seal.pieces import SealPiece
from ledger.errors import BadValue, LedgerError, LogStopped, NotAuthorised, NotFound
from ledger.log import tiles
from ledger.log.bundle import named_by
from ledger.log.bundle_kinds import (
    NOTHING,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    Further,
    InventorySubject,
    Subject,
    TargetSubject,
)
from ledger.log.keys import PublicKey
from ledger.log.names import parse_stream, split_event
from ledger.log.note import parse_vkey
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.seals import CompanyLine, Head, InventoryLine
from ledger.machine import public_key_of
from ledger.parties.pieces import KEY, LEDGER, PARTY, KeyPiece, LedgerPiece
from ledger.parties.token import Claims, read_token
from ledger.service import audit as auditing
from ledger.service.audit import AuditReport
from ledger.service.describe import earlier_info, factor_info, party_info, site_info, source_info
from ledger.service.home import Home
from ledger.service.known import read_known
from ledger.service.log_page import page_from
from ledger.service.prove import (
    Proving,
    build_bundle,
    build_whole,
    check_nothing_withheld,
    seal_named,
    sealed_part,
)
from ledger.service.prove_whole import Whole, check_one_log
from ledger.service.reader import HOLDER, Reader
from ledger.service.rebuild import RebuildReport, rebuild
from ledger.service.redacting import (
    erase_confirmed,
    read_redaction_draft,
    read_redactions,
    read_waiting,
)
from ledger.service.replay import Progress
from ledger.service.report import read_explanation, read_report
from ledger.service.seal import Lists, read_draft, read_seal, read_seals
from ledger.service.sequencer import Sequencer
from ledger.service.settings import Settings
from ledger.service.spread import spread
from ledger.service.stream_page import page_of
from ledger.service.turns import Turns
from ledger.service.under import Under, kept_checkpoint
from ledger.service.witness_list import read_witness_list
from ledger.service.witnesses import Witnesses
from ledger.store import checkpoint_store, earlier_store, log_store, tile_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, Database
from ledger.store.earlier_store import EarlierRow
from ledger.store.embedded import EmbeddedServer
from ledger.store.migrate import check_migrated
from ledger.store.view_store import ViewStore

_LOG: Final = logging.getLogger(__name__)

WHOLE_WAITING: Final = 4
"""Files that derive everything: so many wait or are being made, one at a time."""


def silent(done: int, total: int) -> None:
    """Shows no progress."""


@asynccontextmanager
async def open_ledger(
    settings: Settings, *, opening: bool = False, writing: bool = True
) -> AsyncIterator[Ledger]:
    """The ledger of a home, ready to serve; closed, with its embedded database, at the end.

    `opening` says that entry 0 may be missing. Without `writing` nothing is appended or signed, and
    a database that disagrees with the checkpoint file is opened all the same, so that it can be
    audited: no key is needed for that, and nothing is made. Raises NotFound, LogStopped,
    DatabaseUnavailable.
    """
    home = Home(settings.home)
    about = home.ledger()
    if writing and (ended := home.ended) is not None:
        raise LogStopped(
            f"the log {about.origin} has ended",
            expected="a log that goes on",
            found=f"it is continued by {ended}",
            advice="Post to that log. This home can still be read and audited. If no log was opened "
            f"with that key, remove the file {home.path / 'ended'}.",
        )
    key = home.checked_log_key() if writing else None
    async with AsyncExitStack() as stack:
        database = await open_database(settings, stack, migrate=writing)
        checkpoints = None
        if writing or home.checkpoints.exists():
            checkpoints = await asyncio.to_thread(CheckpointFile, home.checkpoints, _LOG.warning)
            stack.callback(checkpoints.close)
        listed = await asyncio.to_thread(read_witness_list, settings.witness_file)
        witnesses = None if listed is None else Witnesses(database, about.log, listed)
        if witnesses is not None:
            stack.push_async_callback(witnesses.stop)
        ledger = Ledger(database, checkpoints, about.origin, about.log, witnesses)
        stack.push_async_callback(ledger.stop)
        if not opening and await ledger.size() == 0:
            raise LogStopped(
                f"the database of {about.origin} is empty",
                expected="the entries of this ledger",
                found="none",
                advice="Run carbon-ledger init again if it was interrupted, or bring back the "
                "database that belongs to this home.",
            )
        if key is not None and checkpoints is not None:
            sequencer = Sequencer(
                database,
                checkpoints,
                key,
                about.origin,
                about.log,
                (lambda: None) if witnesses is None else witnesses.published,
            )
            if witnesses is not None:
                await witnesses.check()
            stack.push_async_callback(sequencer.stop)
            await sequencer.start()
            if witnesses is not None:
                witnesses.start(sequencer.stop_growing)
            ledger.sequencer = sequencer
            await ledger.erase_confirmed()
        yield ledger


async def open_database(settings: Settings, stack: AsyncExitStack, *, migrate: bool) -> Database:
    """The database of a home, open until the stack is closed; brought up to date with `migrate`."""
    if settings.external:
        owner, server = settings.database_url or "", settings.serving_url
        database = Database(owner, server)
    else:
        embedded = EmbeddedServer(settings.home)
        await asyncio.to_thread(embedded.start)
        stack.push_async_callback(asyncio.to_thread, embedded.stop)
        owner, server = embedded.conninfo("ledger_owner"), embedded.conninfo("ledger_server")
        database = Database(owner, server, revive=embedded.revive)
    if migrate and owner:
        await database.migrate()
    await stack.enter_async_context(database)
    if migrate and not owner:
        async with database.server() as conn:
            await check_migrated(conn)
    return database


class Ledger:
    """The use cases of one running ledger."""

    def __init__(
        self,
        database: Database,
        checkpoints: CheckpointFile | None,
        origin: str,
        log: str,
        witnesses: Witnesses | None = None,
    ) -> None:
        self.database = database
        self.origin = origin
        self.log = log
        self.sequencer: Sequencer | None = None
        self.witnesses = witnesses
        self._checkpoints = checkpoints
        self._views = ViewStore()
        self._lists = Lists(database, self._views)
        self._whole = Turns("files that derive everything", WHOLE_WAITING)

    async def stop(self) -> None:
        """Wait for what is being derived, so that the database may be closed."""
        await self._whole.stop()
        await self._lists.stop()

    # --- the log -------------------------------------------------------------------------------

    async def post(self, body: bytes) -> Posted:
        """Append a submission. Durable, in the tree and under a signed checkpoint when it returns.

        Raises InvalidInput, Refused, BadSignature; Conflict carries the JWS already logged.
        """
        if self.sequencer is None:
            raise _read_only()
        posted = await self.sequencer.submit(body)
        if posted.stream.endswith("/redactions"):
            await self.erase_confirmed()
        return posted

    async def precheck(self, jws: bytes) -> None:
        """Raise why a batch with this first line is refused, whatever follows it.

        Its key and signature are looked at, not whether it fits: that is decided in its turn.
        """
        if self.sequencer is None:
            raise _read_only()
        await self.sequencer.precheck(jws)

    async def size(self) -> int:
        """How many entries the log has."""
        async with self.database.read() as conn:
            return (await log_store.read_head(conn)).size

    async def status(self) -> LedgerStatus:
        """Whose ledger this is, under which rules, and how far it has come."""
        async with self.database.read() as conn:
            head = await log_store.read_head(conn)
            about = await self._ledger(conn)
            earlier = earlier_info(about, await earlier_store.earlier_logs(conn))
            waiting = len(await read_waiting(conn, self._views))
            infos, witnessed, policy = list[WitnessInfo](), None, None
            if self.witnesses is not None:
                newest = await checkpoint_store.latest_checkpoint(conn)
                infos = await self.witnesses.infos(conn, 0 if newest is None else newest.size)
                witnessed = await self.witnesses.witnessed(conn)
                policy = str(self.witnesses.policy)
        return LedgerStatus(
            origin=self.origin,
            log_key=self.log,
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
            redactions_waiting=waiting,
        )

    async def head(self, stream: str) -> StreamHead | None:
        """Version and leaf hash of a stream's last event, or None before its first."""
        parse_stream(stream)
        async with self.database.read() as conn:
            found = await log_store.stream_head(conn, stream)
        if found is None:
            return None
        return StreamHead(stream=stream, version=found.version, leaf=found.leaf.hex())

    async def checkpoint(self) -> str:
        """The newest published checkpoint, with its cosignatures. Raises NotFound before the first.

        Where witnesses are configured, only what meets their policy is published.
        """
        async with self.database.read() as conn:
            if self.witnesses is None:
                return (await self._checkpoint(conn)).cosigned_note
            found = await self.witnesses.witnessed(conn)
        if found is None:
            raise NotFound(
                "no checkpoint is published yet",
                expected=f"one that meets the policy {self.witnesses.policy}",
                found="too few cosignatures",
                advice="Ask again: witnesses are asked after each batch. /v1/status shows who is away.",
            )
        return found.cosigned_note

    async def receipt(self, index: int) -> str:
        """The receipt of an entry under the newest cosigned checkpoint over it. Raises NotFound.

        Of an earlier log's entry, whose index is below 0, under that log's last checkpoint.
        """
        async with self.database.read() as conn:
            stored = await self._checkpoint(conn)
            under = await self._under(conn, index)
            if not under.opened <= index < stored.size or (index < 0 and under.earlier is None):
                raise NotFound(
                    f"entry {index}",
                    expected=f"an index from 0 to {stored.size - 1}",
                    found=str(index),
                )
            place, size = index - under.opened, under.stored.size
            at_hand = self._tiles_at_hand() if index >= 0 else None
            cache = tile_store.TileCache(conn, size, at_hand, under.opened)
            path = await cache.prove(lambda read: tiles.inclusion_path(size, place, read))
        note = under.stored.cosigned_note.encode()
        return format_receipt(Receipt(place, tuple(path), note)).decode()

    async def tile(self, level: int, number: int, width: int) -> bytes:
        """A tile of the log's tree under the newest checkpoint. Raises NotFound."""
        async with self.database.read() as conn:
            size = (await self._checkpoint(conn)).size
            return await tile_store.read_tile(conn, size, level, number, width)

    async def entry_tile(self, number: int, width: int) -> bytes:
        """The entries (batch statements, without event data) of a tile. Raises NotFound."""
        async with self.database.read() as conn:
            size = (await self._checkpoint(conn)).size
            first = number * tiles.WIDTH
            if not 0 < width <= tiles.WIDTH or number < 0 or first + width > size:
                raise NotFound(f"a log of {size} entries has no entries tile {number}/{width}")
            found = [e.jws async for e in log_store.entries(conn, first, width)]
        return tiles.entry_bundle(found)

    # --- registers -----------------------------------------------------------------------------

    async def parties(self) -> list[PartyInfo]:
        """All parties with their keys, by name."""
        async with self.database.read() as conn:
            keys = {
                piece.key: KEY.decode(piece.value)
                async for piece in self._views.pieces_of_kind(conn, KEY.name)
                if piece.value is not None
            }
            return [
                party_info(PARTY.decode(piece.value), keys)
                async for piece in self._views.pieces_of_kind(conn, PARTY.name)
                if piece.value is not None
            ]

    async def factors(self) -> list[FactorInfo]:
        """All published factors, by name."""
        async with self.database.read() as conn:
            return [
                factor_info(FACTOR.decode(piece.value))
                async for piece in self._views.pieces_of_kind(conn, FACTOR.name)
                if piece.value is not None
            ]

    async def sites(self, party: str) -> list[SiteInfo]:
        """The sites of a party, by name."""
        async with self.database.read() as conn:
            return [
                site_info(piece.key, SITE.decode(piece.value))
                async for piece in self._views.pieces_of_kind(conn, SITE.name, f"{party}/")
                if piece.value is not None
            ]

    async def sources(self, party: str) -> list[SourceInfo]:
        """The sources of a party, by stream."""
        async with self.database.read() as conn:
            return [
                source_info(SOURCE.decode(piece.value))
                async for piece in self._views.pieces_of_kind(conn, SOURCE.name, f"{party}/")
                if piece.value is not None
            ]

    async def source(self, stream: str) -> SourceInfo | None:
        """One source, or None."""
        async with self.database.read() as conn:
            found = await self._views.load_pieces(conn, [(SOURCE.name, stream)])
        value = found.get((SOURCE.name, stream))
        return None if value is None else source_info(SOURCE.decode(value))

    async def transfers(
        self, party: str, months: tuple[str, str] | None = None
    ) -> list[TransferInfo]:
        """The transfers that a party sent or is named in, by month, as that party may see them.

        `months` are the first and last, both included; None: all. Raises NotFound.
        """
        first, last = months or ("", "9999-12")
        async with self.database.read() as conn:
            await self._require_party(conn, party)
            about = await self._ledger(conn)
            found = [
                TRANSFER.decode(piece.value)
                async for piece in self._views.pieces_between(
                    conn, TRANSFER.name, first, f"{last} \U0010ffff"
                )
                if piece.value is not None
            ]
        return transfers_of(load(about.rules_version), party, found)

    async def targets(self, party: str) -> list[TargetInfo]:
        """Every statement of a party's targets, in the order of the log. Raises NotFound."""
        async with self.database.read() as conn:
            await self._require_party(conn, party)
            return targets_of(
                [
                    TARGET.decode(piece.value)
                    async for piece in self._views.pieces_of_kind(conn, TARGET.name, f"{party} ")
                    if piece.value is not None
                ]
            )

    # --- figures -------------------------------------------------------------------------------

    async def footprint(
        self, party: str, first_month: str, last_month: str, as_of: int | None = None
    ) -> Footprint:
        """A party's footprint over whole months, as known at a log size. Raises NotFound, BadValue."""
        async with self.database.read() as conn:
            await self._require_party(conn, party)
            about = await self._ledger(conn)
            size = await self._size(conn, as_of)
            masses = await self._views.masses(conn, party, first_month, last_month, as_of)
            activity = await self._views.activities(conn, party, first_month, last_month, as_of)
        pack = _pack_with(about, first_month, last_month)
        return company_footprint(
            pack, party, (first_month, last_month), size, masses, activity, about.timezone
        )

    async def area(self, first_month: str, last_month: str, as_of: int | None = None) -> Footprint:
        """The area's footprint over whole months, with what no company answers for beside it."""
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            size = await self._size(conn, as_of)
            companies = [
                piece.key
                async for piece in self._views.pieces_of_kind(conn, PARTY.name)
                if piece.value is not None and "company" in PARTY.decode(piece.value).roles
            ]
            masses, others = await self._views.area_masses(
                conn, companies, first_month, last_month, as_of
            )
        pack = _pack_with(about, first_month, last_month)
        period = first_month, last_month
        return area_footprint(pack, about.area, period, size, masses, others, about.timezone)

    async def known(
        self, party: str | None, period: tuple[str, str], as_of: int | None = None
    ) -> Known:
        """All that reports are computed from, of a party or (None) of the area, at a log size.

        `period` is [first month, month after the last). Raises NotFound, BadValue.
        """
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            size = await self._size(conn, as_of)
            return await read_known(conn, self._views, about, period, size, party)

    async def report(
        self,
        name: str,
        party: str | None,
        months: tuple[str, str],
        as_of: int | None = None,
        gwp: str = GWP,
    ) -> Report:
        """A report of a party or (None) of the area, over whole months, both included.

        Raises NotFound for an unknown report or party, BadValue for what it is not made of.
        """
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            whole = wanted(name, party, months, await self._size(conn, as_of), gwp)
            return (await read_report(conn, self._views, about, whole)).report

    async def explanation(self, figure: str, stream: str | None = None) -> Explanation:
        """Where a figure of a report comes from; with a stream, the entries of its terms alone.

        Raises BadName, NotFound, BadValue for a size that the log has not reached.
        """
        async with self.database.read() as conn:
            await self._size(conn, parse_figure(figure).size)
            about = await self._ledger(conn)
            return await read_explanation(conn, self._views, about, figure, stream)

    # --- redactions ----------------------------------------------------------------------------

    async def redactions(self, party: str | None = None) -> list[RedactionInfo]:
        """The redactions that a party has asked for, or all parties, in the order of the log."""
        async with self.database.read() as conn:
            return await read_redactions(conn, self._views, party)

    async def redaction_draft(self, event: str) -> RedactionDraft:
        """What its author signs to redact a reading. Raises NotFound, RuleBroken."""
        async with self.database.read() as conn:
            return await read_redaction_draft(conn, self._views, event)

    async def erase_confirmed(self) -> None:
        """Take out the data of every confirmed redaction; what cannot be now, the next start does."""
        try:
            await erase_confirmed(self.database, self._views)
        except LedgerError as error:
            _LOG.error("the data of a confirmed redaction is still there: %s", error)

    # --- seals ---------------------------------------------------------------------------------

    async def seal_draft(
        self, view: str, period: tuple[str, str], size: int | None, gwp: str
    ) -> SealDraft:
        """What the operator signs to seal [first month, month after the last) at a log size, or now.

        Raises BadValue, RuleBroken.
        """
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            at = await self._size(conn, size)
            return await read_draft(conn, self._views, about, view, period, at, gwp)

    async def seals(self) -> list[SealInfo]:
        """All seals, in the order of the log."""
        async with self.database.read() as conn:
            return await read_seals(conn, self._views)

    async def seal(self, number: int) -> SealInfo:
        """The seal of this number, from 1. Raises NotFound."""
        async with self.database.read() as conn:
            return seal_info(await read_seal(conn, self._views, await self._ledger(conn), number))

    async def seal_lists(self, number: int) -> SealLists:
        """The lists that a seal commits to. Raises NotFound, Damaged, Overloaded."""
        return await self._lists.of(*await self._seal(number))

    async def seal_companies(self, number: int) -> list[CompanyLine]:
        """The public list of companies of a seal. Raises NotFound, Damaged, Overloaded."""
        return list(await self._lists.companies(*await self._seal(number)))

    async def seal_heads(self, number: int) -> list[Head]:
        """The public list of heads of a seal. Raises NotFound, Damaged, Overloaded."""
        _, seal = await self._seal(number)
        return list(await self._lists.heads(seal))

    async def _seal(self, number: int) -> tuple[LedgerPiece, SealPiece]:
        """A seal, over a connection that is free again when its lists are waited for."""
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            return about, await read_seal(conn, self._views, about, number)

    async def seal_lines(self, number: int, party: str) -> list[InventoryLine]:
        """The private list of a party's inventory lines of a seal. Raises NotFound, Damaged."""
        found = (await self.seal_lists(number)).lines.get(party)
        if found is None:
            raise NotFound(
                f"lines of {party} in seal {number}",
                expected="a company, public body or aggregate of the seal",
                found=party,
                advice=f"carbon-ledger seal show {number} --companies names them.",
            )
        return list(found)

    # --- proofs --------------------------------------------------------------------------------

    async def bundle(self, event: str, reader: Reader | None = HOLDER) -> bytes:
        """The provenance bundle of one event, as `prove` makes it for a reader. Raises NotFound."""
        split_event(event)
        return await self.prove(EventSubject(event=event), reader=reader)

    async def prove(
        self,
        subject: Subject,
        withheld: Sequence[str] = (),
        reader: Reader | None = HOLDER,
    ) -> bytes:
        """The file that shows a claim; events that are `withheld` stand in it without their data.

        So do those that the `reader`, None being anybody, may not read. Whether he may ask for the
        claim at all is judged before. Raises NotFound for what this ledger does not have, BadValue
        for what cannot be claimed or withheld, NotAuthorised where nothing can be withheld that he
        may not read, Damaged where the log no longer leads to a seal.
        """
        if isinstance(subject, InventorySubject | FigureSubject):
            check_nothing_withheld(withheld)
            return await self._whole.of(
                f"{subject!r} for {reader!r}", lambda: self._prove_whole(subject, reader)
            )
        _, further = await self._further(subject)
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            indexes = []
            for name in named_by(subject):
                place = await log_store.find_entry(conn, *split_event(name))
                indexes.append(0 if place is None else place.index)
            index = max(indexes, default=0)
            under = await self._under(conn, index)
            cache = tile_store.TileCache(
                conn, under.stored.size, self._tiles_at_hand() if index >= 0 else None, under.opened
            )
            proving = Proving(
                conn,
                self._views,
                about,
                further,
                under.stored,
                cache,
                reader,
                under.opened,
                under.earlier,
            )
            return await build_bundle(proving, subject, withheld)

    async def _prove_whole(
        self, subject: InventorySubject | FigureSubject, reader: Reader | None
    ) -> bytes:
        """A file that derives everything; over connections that are free while it is computed."""
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            check_one_log(about)
            if isinstance(subject, FigureSubject):
                index = parse_figure(subject.figure).size - 1
            else:
                place = await log_store.find_entry(conn, *split_event(subject.seal))
                index = 0 if place is None else place.index
            stored = await self._standing(conn, index)
        seal, further = await self._further(subject)
        whole = Whole(self.database, self._views, about, stored, self._tiles_at_hand(), reader)
        return await build_whole(whole, subject, seal, further)

    async def _further(self, subject: Subject) -> tuple[SealPiece | None, Further]:
        """The seal that a claim is about, and what is shown of its lists; no connection waits.

        Raises NotFound, Damaged, Overloaded.
        """
        if isinstance(subject, EventSubject | CurrentSubject | TargetSubject | FigureSubject):
            return None, NOTHING
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            seal = await seal_named(conn, self._views, subject.seal)
        return seal, await sealed_part(self._lists, about, seal, subject)

    def _tiles_at_hand(self) -> dict[tuple[int, int], bytes]:
        """The newest tiles, if this process has hashed them itself."""
        return {} if self.sequencer is None else self.sequencer.tiles_at_hand()

    async def stream_page(self, stream: str, version: int) -> bytes:
        """The page of a stream that begins with the entry of a version. Raises NotFound."""
        async with self.database.read() as conn:
            return await page_of(conn, stream, version)

    async def log_page(self, first: int) -> bytes:
        """The page of the log that begins with an index, of what is under a signed checkpoint.

        Also before witnesses have cosigned that: one of them may be waiting for these entries.
        """
        async with self.database.read() as conn:
            newest = await checkpoint_store.latest_checkpoint(conn)
            return await page_from(conn, first, 0 if newest is None else newest.size)

    # --- reading -------------------------------------------------------------------------------

    async def reader(self, token: str) -> Reader:
        """Who asks, by a read token. Raises NotAuthorised."""
        seen: dict[str, KeyPiece] = {}

        async with self.database.read() as conn:
            head = await log_store.read_head(conn)
            kid = Claims.kid_of(token)
            found = await self._views.load_pieces(conn, [(KEY.name, kid)])
            value = found.get((KEY.name, kid))
            if value is not None:
                seen[kid] = KEY.decode(value)

            def lookup(thumbprint: str) -> PublicKey | None:
                piece = seen.get(thumbprint)
                if piece is None or not piece.read or not piece.valid_at(head.size):
                    return None
                return public_key_of(piece)

            read_token(token, lookup, datetime.now(UTC), self.origin)
            party = seen[kid].party
            parties = await self._views.load_pieces(conn, [(PARTY.name, party)])
        value = parties.get((PARTY.name, party))
        if value is None:
            raise NotAuthorised("reading", expected="a registered party", found=party)
        return Reader(party=party, roles=PARTY.decode(value).roles)

    # --- checks --------------------------------------------------------------------------------

    async def audit(
        self, progress: Progress = silent, *, jobs: int = 1, dask: str | None = None
    ) -> AuditReport:
        """Re-derive everything from stored bytes; every damage is named by place.

        Over `jobs` processes (1 is this one alone), or on the Dask cluster of this address; the
        report is the same. Raises InvalidInput, Unavailable.
        """
        async with spread(jobs, dask) as workers, self.database.server() as conn:
            return await auditing.audit(
                conn, self._checkpoints, self.origin, self.log, progress, workers
            )

    async def rebuild(
        self, progress: Progress = silent, *, jobs: int = 1, dask: str | None = None
    ) -> RebuildReport:
        """Fold from zero into fresh views and compare digests; `jobs` and `dask` as in `audit`."""
        async with spread(jobs, dask) as workers, self.database.server() as conn:
            return await rebuild(conn, self.log, progress, workers)

    async def health(self) -> dict[str, object]:
        """The newest size, if the database answers and the log can grow; raises why it cannot."""
        if self.sequencer is not None:
            self.sequencer.check()
        return {"ok": True, "size": await self.size()}

    # --- inside --------------------------------------------------------------------------------

    async def _ledger(self, conn: Connection) -> LedgerPiece:
        found = await self._views.load_pieces(conn, [(LEDGER.name, "")])
        value = found.get((LEDGER.name, ""))
        if value is None:
            raise LogStopped("the ledger has no entry 0", advice="Run carbon-ledger init again.")
        return LEDGER.decode(value)

    async def _require_party(self, conn: Connection, party: str) -> None:
        if (PARTY.name, party) not in await self._views.load_pieces(conn, [(PARTY.name, party)]):
            raise NotFound(
                f"party {party}",
                expected="a registered party",
                found=party,
                advice="See carbon-ledger party list.",
            )

    async def _size(self, conn: Connection, as_of: int | None) -> int:
        size = (await log_store.read_head(conn)).size
        if as_of is None:
            return size
        if not 0 <= as_of <= size:
            raise BadValue(
                "--as-of",
                expected=f"a log size from 0 to {size}",
                found=str(as_of),
                advice=_before(await earlier_store.earlier_logs(conn)) if as_of < 0 else "",
            )
        return as_of

    async def _standing(self, conn: Connection, index: int) -> checkpoint_store.StoredCheckpoint:
        """The checkpoint for a proof about an entry: the newest over it that enough have cosigned.

        Where none is, the newest over it that anybody has cosigned, or else the newest: proofs wait
        for no witness. Raises NotFound in an empty log.
        """
        found = None if self.witnesses is None else await self.witnesses.witnessed(conn)
        if found is None or found.size <= index:
            found = await checkpoint_store.latest_cosigned_checkpoint(conn)
        if found is None or found.size <= index:
            return await self._checkpoint(conn)
        return found

    async def _under(self, conn: Connection, index: int) -> Under:
        """The checkpoint for a proof about an entry, also one of an earlier log. Raises NotFound."""
        earlier = await kept_checkpoint(conn, index) if index < 0 else None
        return earlier or Under(await self._standing(conn, index), 0, None)

    @staticmethod
    async def _checkpoint(conn: Connection) -> checkpoint_store.StoredCheckpoint:
        stored = await checkpoint_store.latest_checkpoint(conn)
        if stored is None:
            raise NotFound("checkpoint", expected="a log with an entry", found="none yet")
        return stored


def _pack_with(about: LedgerPiece, *months: str) -> RulePack:
    """The rules in force; raises BadValue for a month outside their calendar, as reports do."""
    pack = load(about.rules_version)
    calendar = pack.calendar(about.timezone)
    for month in months:
        calendar.bounds_s(month)
    return pack


def _before(earlier: Sequence[EarlierRow]) -> str:
    """Where what was known before this log can be asked for."""
    if not earlier:
        return ""
    origin = parse_vkey(earlier[-1].log).name
    return f"Size 0 is the end of {origin}; what was known before, its own home still tells."


def _read_only() -> LogStopped:
    return LogStopped("this ledger was opened for reading only")

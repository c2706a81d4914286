"""A running ledger: its use cases, one verb each.

Everything that a program, a page or a route may ask stands here; the parts below do not know each
other's neighbours. `opening` makes it out of settings. Answers that show figures name the log size
that they are true for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ledger.carbon.footprint import Footprint
from ledger.carbon.info import (
    DisputeInfo,
    FactorInfo,
    LedgerStatus,
    PartyInfo,
    Posted,
    SiteInfo,
    SourceInfo,
    StreamHead,
    TargetInfo,
    TransferInfo,
)
from ledger.carbon.known import Known
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.info import RedactionInfo
from ledger.carbon.reports.catalogue import GWP, wanted
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import Report
from ledger.carbon.seal.info import SealDraft, SealInfo, seal_info
from ledger.carbon.seal.lists import SealLists
from ledger.carbon.seal.pieces import SealPiece
from ledger.errors import LedgerError, LogStopped, NotFound
from ledger.log.bundle_kinds import EventSubject, Subject
from ledger.log.held import Held
from ledger.log.names import parse_stream, split_event
from ledger.log.seals import CompanyLine, Head, InventoryLine
from ledger.parties.pieces import LedgerPiece
from ledger.service import audit as auditing
from ledger.service.about import read_about, size_asked
from ledger.service.audit import AuditReport
from ledger.service.bundles import Bundles
from ledger.service.checkpoints import Checkpoints, last_checkpoint
from ledger.service.disputes import Disputes
from ledger.service.footprints import read_area, read_footprint
from ledger.service.known import read_known
from ledger.service.log_page import page_from
from ledger.service.read_token import read_reader
from ledger.service.reader import HOLDER, Reader
from ledger.service.rebuild import RebuildReport, rebuild
from ledger.service.redacting import erase_confirmed, read_redaction_draft, read_redactions
from ledger.service.registers import (
    read_factors,
    read_parties,
    read_sites,
    read_source,
    read_sources,
    read_targets,
    read_transfers,
)
from ledger.service.replay import Progress
from ledger.service.report import read_explanation, read_report
from ledger.service.seal import Lists, derive_draft, read_seal, read_seals
from ledger.service.seal_deriving import Deriving
from ledger.service.sequencer import Sequencer
from ledger.service.spread import spread
from ledger.service.status import read_status
from ledger.service.stream_page import column_in, page_of
from ledger.service.tree import earlier_log, read_entry_tile, read_receipt, read_tile
from ledger.service.witnesses import Witnesses
from ledger.store import checkpoint_store, log_store
from ledger.store.checkpoint_file import CheckpointFile
from ledger.store.database import Connection, Database
from ledger.store.view_store import ViewStore

_LOG: Final = logging.getLogger(__name__)


def silent(done: int, total: int) -> None:
    """Shows no progress."""


class Ledger:
    """The use cases of one running ledger."""

    def __init__(
        self,
        database: Database,
        checkpoints: CheckpointFile | None,
        origin: str,
        log: str,
        witnesses: Witnesses | None = None,
        continued_by: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`continued_by` asks for the vkey of the log that continues this one, once it has ended."""
        self.database = database
        self.origin = origin
        self.log = log
        self.sequencer: Sequencer | None = None
        self.witnesses = witnesses
        self.deriving = Deriving(database)
        self._checkpoint_file = checkpoints
        self._continued_by = continued_by
        self._checkpoints = Checkpoints(witnesses)
        self._views = ViewStore()
        self._lists = Lists(database, self._views)
        self._disputes = Disputes(database, self._views)
        self._bundles = Bundles(
            database, self._views, self._lists, self._checkpoints, self._tiles_at_hand
        )

    async def stop(self) -> None:
        """Wait for what is being derived, so that the database may be closed."""
        await self._bundles.stop()
        await self._lists.stop()
        await self._disputes.stop()
        await self.deriving.stop()

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
            return await read_status(
                conn, self._views, self.origin, self.log, self.witnesses, self._continued_by()
            )

    async def head(self, stream: str) -> StreamHead | None:
        """Version and leaf hash of a stream's last event, or None before its first."""
        parse_stream(stream)
        async with self.database.read() as conn:
            found = await log_store.stream_head(conn, stream)
        if found is None:
            return None
        return StreamHead(stream=stream, version=found.version, leaf=found.leaf.hex())

    async def checkpoint(self, path: str | None = None) -> str:
        """The newest published checkpoint, with its cosignatures. Raises NotFound before the first.

        Where witnesses are configured, only what meets their policy is published. With the `path` of
        a log that this one continues, that log's last one.
        """
        async with self.database.read() as conn:
            if self._is_own(path):
                return (await self._checkpoints.published(conn)).cosigned_note
            return last_checkpoint(await earlier_log(conn, path or ""))

    async def receipt(self, index: int) -> str:
        """The receipt of an entry under the newest cosigned checkpoint over it. Raises NotFound.

        Of an earlier log's entry, whose index is below 0, under that log's last checkpoint.
        """
        async with self.database.read() as conn:
            return await read_receipt(conn, self._checkpoints, index, self._tiles_at_hand())

    async def tile(self, level: int, number: int, width: int, path: str | None = None) -> bytes:
        """A tile of the log's tree under the newest checkpoint. Raises NotFound.

        With the `path` of a log that this one continues, of that log's whole tree.
        """
        async with self.database.read() as conn:
            of = None if self._is_own(path) else await earlier_log(conn, path or "")
            return await read_tile(conn, self._checkpoints, level, number, width, of)

    async def entry_tile(self, number: int, width: int, path: str | None = None) -> bytes:
        """The entries (batch statements, without event data) of a tile. Raises NotFound."""
        async with self.database.read() as conn:
            of = None if self._is_own(path) else await earlier_log(conn, path or "")
            return await read_entry_tile(conn, self._checkpoints, number, width, of)

    def _is_own(self, path: str | None) -> bool:
        """Whether this is the path of this very log: what stands behind the host in its origin."""
        return path is None or path == self.origin.partition("/")[2]

    # --- registers -----------------------------------------------------------------------------

    async def parties(self) -> list[PartyInfo]:
        """All parties with their keys, by name."""
        async with self.database.read() as conn:
            return await read_parties(conn, self._views)

    async def disputes(self, party: str | None = None) -> list[DisputeInfo]:
        """The oldest open disputes of a party, or of all, in the order of the log.

        Raises NotFound, Overloaded.
        """
        return await self._disputes.of(party)

    async def factors(self) -> list[FactorInfo]:
        """All published factors, by name."""
        async with self.database.read() as conn:
            return await read_factors(conn, self._views)

    async def sites(self, party: str) -> list[SiteInfo]:
        """The sites of a party, by name."""
        async with self.database.read() as conn:
            return await read_sites(conn, self._views, party)

    async def sources(self, party: str) -> list[SourceInfo]:
        """The sources of a party, by stream."""
        async with self.database.read() as conn:
            return await read_sources(conn, self._views, party)

    async def source(self, stream: str) -> SourceInfo | None:
        """One source, or None."""
        async with self.database.read() as conn:
            return await read_source(conn, self._views, stream)

    async def transfers(
        self, party: str, months: tuple[str, str] | None = None
    ) -> list[TransferInfo]:
        """The transfers that a party sent or is named in, by month, as that party may see them.

        `months` are the first and last, both included; None: all. Raises NotFound.
        """
        async with self.database.read() as conn:
            return await read_transfers(conn, self._views, party, months)

    async def targets(self, party: str) -> list[TargetInfo]:
        """Every statement of a party's targets, in the order of the log. Raises NotFound."""
        async with self.database.read() as conn:
            return await read_targets(conn, self._views, party)

    # --- figures -------------------------------------------------------------------------------

    async def footprint(
        self, party: str, first_month: str, last_month: str, as_of: int | None = None
    ) -> Footprint:
        """A party's footprint over whole months, as known at a log size. Raises NotFound, BadValue."""
        async with self.database.read() as conn:
            return await read_footprint(conn, self._views, party, (first_month, last_month), as_of)

    async def area(self, first_month: str, last_month: str, as_of: int | None = None) -> Footprint:
        """The area's footprint over whole months, with what no company answers for beside it."""
        async with self.database.read() as conn:
            return await read_area(conn, self._views, (first_month, last_month), as_of)

    async def known(
        self, party: str | None, period: tuple[str, str], as_of: int | None = None
    ) -> Known:
        """All that reports are computed from, of a party or (None) of the area, at a log size.

        `period` is [first month, month after the last). Raises NotFound, BadValue.
        """
        async with self.database.read() as conn:
            about = await self._ledger(conn)
            size = await size_asked(conn, as_of)
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
            whole = wanted(name, party, months, await size_asked(conn, as_of), gwp)
            return (await read_report(conn, self._views, about, whole)).report

    async def explanation(self, figure: str, stream: str | None = None) -> Explanation:
        """Where a figure of a report comes from; with a stream, the entries of its terms alone.

        Raises BadName, NotFound, BadValue for a size that the log has not reached.
        """
        async with self.database.read() as conn:
            await size_asked(conn, parse_figure(figure).size)
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
            at = await size_asked(conn, size)
        return await derive_draft(self.deriving, about, view, period, at, gwp)

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
        return await self._bundles.of(subject, withheld, reader)

    def _tiles_at_hand(self) -> dict[tuple[int, int], bytes]:
        """The newest tiles, if this process has hashed them itself."""
        return {} if self.sequencer is None else self.sequencer.tiles_at_hand()

    async def stream_page(self, stream: str, version: int, log: str | None = None) -> bytes:
        """The page of a stream that begins with the entry of a version. Raises NotFound.

        `log` is the origin of a log that this one continues: of the stream that each log begins anew,
        that of it.
        """
        async with self.database.read() as conn:
            column = stream if log in {None, self.origin} else await column_in(conn, stream, log)
            return await page_of(conn, column, version)

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
        async with self.database.read() as conn:
            return await read_reader(conn, self._views, token, self.origin)

    # --- checks --------------------------------------------------------------------------------

    async def audit(
        self,
        progress: Progress = silent,
        *,
        jobs: int = 1,
        dask: str | None = None,
        outside: Sequence[tuple[str, Held]] = (),
    ) -> AuditReport:
        """Re-derive everything from stored bytes; every damage is named by place.

        What was kept `outside`, by names for people, is put beside it.
        Over `jobs` processes (1 is this one alone), or on the Dask cluster of this address; the
        report is the same. Raises InvalidInput, Unavailable.
        """
        async with spread(jobs, dask) as workers, self.database.server() as conn:
            report = await auditing.audit(
                conn, self._checkpoint_file, self.origin, self.log, progress, workers, outside
            )
        return msgspec.structs.replace(report, continued_by=self._continued_by())

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
        return await read_about(conn, self._views)


def _read_only() -> LogStopped:
    return LogStopped("this ledger was opened for reading only")

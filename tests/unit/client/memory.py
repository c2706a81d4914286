"""A ledger in memory, run by the real machine: its refusals, conflicts and receipts are real."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from ledger import machine
from ledger.carbon import rulepack
from ledger.carbon.events import Document, FactorPublished, SiteRegistered, SourceRegistered
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
from ledger.carbon.pieces import SITE, SOURCE
from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.info import RedactionInfo
from ledger.carbon.reports.explain import Explanation
from ledger.carbon.reports.table import Report
from ledger.carbon.rows import EntryRows
from ledger.carbon.seal.info import SealDraft, SealInfo
from ledger.errors import BadBatch, Conflict, NotFound
from ledger.fold.state import Memory, Overlay
from ledger.log import batch, bundle, jws, note
from ledger.log.batch import SignedStatement
from ledger.log.bundle_kinds import EventSubject, Subject
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.keys import PrivateKey
from ledger.log.names import split_event
from ledger.log.page import write_page
from ledger.log.receipt import Receipt, format_receipt
from ledger.log.seals import CompanyLine, Head, InventoryLine
from ledger.log.tree import path_of, root_of
from ledger.parties.events import Jwk, LedgerOpened, PartyRegistered, RulesRef

ORIGIN = "ledger.example/log"
LOG, OPERATOR, RECOVERY, STEEL = (PrivateKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3, 4))
VKEY = note.log_vkey(ORIGIN, LOG.public)
STREAM = "steelworks/plant/electricity"
DIESEL = "steelworks/plant/diesel"
PACK = rulepack.load("1")


class MemoryEntry(msgspec.Struct, frozen=True):
    """An entry with everything that a proof of one of its events needs."""

    signed: SignedStatement
    lines: list[bytes]
    leaves: tuple[LeafHash, ...]
    types: list[str]


class MemoryConnection:
    """A whole ledger; `Connection` to the client."""

    def __init__(self, timezone: str = "Asia/Shanghai") -> None:
        self.state = Memory()
        self.entries: list[MemoryEntry] = []
        self.rows: list[EntryRows] = []
        self.heads: dict[str, StreamHead] = {}
        self.log_key = VKEY
        self.posts = 0
        self.dies_before: BaseException | None = None
        """What the next posts end with, before the ledger has seen them."""
        self.dies_after: BaseException | None = None
        """... and after the ledger has taken them."""
        self.page_entries = 2
        """Entries that a page holds; few, so that tests meet more than one."""
        self.timezone = timezone
        self.open()

    # --- what a client asks ------------------------------------------------------------------

    async def status(self) -> LedgerStatus:
        return LedgerStatus(
            origin=ORIGIN, log_key=self.log_key, operator="operator", area="Example park",
            timezone=self.timezone, rules_version="1", rules_sha256=PACK.sha256,
            size=len(self.entries), events=sum(len(e.lines) for e in self.entries),
            root=self.checkpoint_now().root.hex(),
        )  # fmt: skip

    async def head(self, stream: str) -> StreamHead | None:
        return self.heads.get(stream)

    async def post(self, body: bytes) -> Posted:
        self.posts += 1
        if self.dies_before is not None:
            raise self.dies_before
        raw, lines = batch.split_submission(body)
        signed = batch.parse_statement(raw)
        said = signed.statement
        machine.check_log(said.log, VKEY)
        for index, entry in enumerate(self.entries):
            if entry.signed.jws.raw == raw:
                return self._posted(index, repeated=True)
        head = self.heads.get(said.stream)
        version, leaf = (head.version, head.leaf) if head else (0, ZEROS_HEX)
        if said.first <= version:
            conflict = Conflict("versions taken", expected=f"first {version + 1}")
            conflict.logged_jws = self._entry_of(said.stream, said.first)[1].signed.jws.raw
            raise conflict
        if said.first != version + 1 or said.previous != leaf:
            raise BadBatch("a gap", expected=f"first {version + 1}", found=f"{said.first}")
        events = machine.read_events(lines)
        types = [type(event).__name__ for event in events]
        leaves = batch.chain(lines, types, said)
        whole = machine.whole_entry(len(self.entries), signed, events)
        overlay, rows = Overlay(self.state), EntryRows()
        signed.jws.verify(machine.authorise(overlay, whole))
        machine.fold(overlay, whole, rows)
        overlay.merge_into(self.state.pieces)
        self.entries.append(MemoryEntry(signed, lines, leaves, types))
        self.rows.append(rows)
        self.heads[said.stream] = StreamHead(
            stream=said.stream, version=said.last, leaf=leaves[-1].hex()
        )
        if self.dies_after is not None:
            raise self.dies_after
        return self._posted(len(self.entries) - 1, repeated=False)

    async def receipt(self, index: int) -> str:
        if not 0 <= index < len(self.entries):
            raise NotFound("no such entry")
        return self._receipt(index)

    async def checkpoint(self) -> str:
        return sign_checkpoint(LOG, self.checkpoint_now()).decode()

    async def sources(self, party: str) -> list[SourceInfo]:
        found = [p for (kind, _), p in self.state.pieces.items() if kind == SOURCE.name and p]
        streams = sorted(p.stream for p in found)  # type: ignore[attr-defined]
        infos = [await self.source(s) for s in streams if s.startswith(f"{party}/")]
        return [info for info in infos if info]

    async def source(self, stream: str) -> SourceInfo | None:
        piece = self.state.get(SOURCE, stream)
        if piece is None:
            return None
        terms = piece.terms[-1]
        site = self.state.get(SITE, f"{piece.party}/{terms.site}")
        assert site is not None
        return SourceInfo(
            stream=stream, party=piece.party, site=terms.site, region=site.region,
            inside=site.inside, activity=piece.activity, unit=piece.unit, scope=piece.scope,
            key_area=terms.key_area, kind=piece.kind, flow=piece.flow, event=piece.events[0],
            factors={role: given[-1].factor for role, given in piece.factors.items()},
            interval_s=terms.interval_s, plausible=terms.plausible,
        )  # fmt: skip

    async def bundle(self, event: str) -> bytes:
        stream, version = split_event(event)
        index, entry = self._entry_of(stream, version)
        at = version - entry.signed.statement.first
        said = entry.signed.statement
        before = entry.leaves[at - 1].hex() if at else said.previous
        item = bundle.BundleEvent(entry.lines[at], path_of(entry.leaves, at), at, before)
        raw = entry.signed.jws.raw
        proven = bundle.BundleEntry((item,), index, raw, path_of(self.log_leaves(), index))
        signed = sign_checkpoint(LOG, self.checkpoint_now())
        subject = EventSubject(event=event)
        return bundle.write_bundle(bundle.Bundle(signed, (proven,), subject))

    async def prove(self, subject: Subject, withheld: Sequence[str] = ()) -> bytes:
        raise NotImplementedError

    async def stream_page(self, stream: str, version: int) -> bytes:
        index, _ = self._entry_of(stream, version)
        own = [e for e in self.entries[index:] if e.signed.statement.stream == stream]
        return write_page(
            (e.signed.jws.raw, b"".join(line + b"\n" for line in e.lines))
            for e in own[: self.page_entries]
        )

    async def parties(self) -> list[PartyInfo]:
        raise NotImplementedError

    async def factors(self) -> list[FactorInfo]:
        raise NotImplementedError

    async def sites(self, party: str) -> list[SiteInfo]:
        raise NotImplementedError

    async def transfers(
        self, party: str, months: tuple[str, str] | None = None
    ) -> list[TransferInfo]:
        raise NotImplementedError

    async def targets(self, party: str) -> list[TargetInfo]:
        raise NotImplementedError

    async def disputes(self, party: str | None = None) -> list[DisputeInfo]:
        raise NotImplementedError

    async def redactions(self, party: str | None = None) -> list[RedactionInfo]:
        raise NotImplementedError

    async def redaction_draft(self, event: str) -> RedactionDraft:
        raise NotImplementedError

    async def footprint(
        self, party: str, first_month: str, last_month: str, as_of: int | None
    ) -> Footprint:
        raise NotImplementedError

    async def area(self, first_month: str, last_month: str, as_of: int | None) -> Footprint:
        raise NotImplementedError

    async def report(
        self,
        name: str,
        party: str | None,
        months: tuple[str, str],
        as_of: int | None,
        gwp: str,
    ) -> Report:
        raise NotImplementedError

    async def explanation(self, figure: str, stream: str | None) -> Explanation:
        raise NotImplementedError

    async def seal_draft(
        self, view: str, period: tuple[str, str], size: int | None, gwp: str
    ) -> SealDraft:
        raise NotImplementedError

    async def seals(self) -> list[SealInfo]:
        raise NotImplementedError

    async def seal(self, number: int) -> SealInfo:
        raise NotImplementedError

    async def seal_companies(self, number: int) -> list[CompanyLine]:
        raise NotImplementedError

    async def seal_heads(self, number: int) -> list[Head]:
        raise NotImplementedError

    async def seal_lines(self, number: int, party: str) -> list[InventoryLine]:
        raise NotImplementedError

    # --- what a test asks --------------------------------------------------------------------

    def mass_mg(self) -> int:
        return sum(mass for rows in self.rows for mass, _ in rows.masses.values())

    def events(self, stream: str) -> list[msgspec.Struct]:
        """All events of a stream, in order; asserts that no version is missing or doubled."""
        own = [e for e in self.entries if e.signed.statement.stream == stream]
        versions = [
            v for e in own for v in range(e.signed.statement.first, e.signed.statement.last + 1)
        ]
        assert versions == list(range(1, len(versions) + 1))
        return [machine.read_event(line) for entry in own for line in entry.lines]

    def checkpoint_now(self) -> Checkpoint:
        return Checkpoint(ORIGIN, len(self.entries), root_of(self.log_leaves()))

    def log_leaves(self) -> list[LeafHash]:
        return [leaf_hash(entry.signed.jws.raw) for entry in self.entries]

    def build(self, key: PrivateKey, stream: str, events: Sequence[msgspec.Struct]) -> bytes:
        """A batch behind the stream's head, signed as somebody else's program would."""
        head = self.heads.get(stream)
        version, leaf = (head.version, head.leaf) if head else (0, ZEROS_HEX)
        salted = [
            msgspec.structs.replace(event, salt=sha256(f"{stream}@{at}".encode()).hexdigest()[:32])
            for at, event in enumerate(events, start=version + 1)
        ]
        lines = [(type(event).__name__, encode_struct(event)) for event in salted]
        return batch.build(
            key, VKEY, stream, version + 1, leaf, lines, None, "2026-11-22T06:00:00Z"
        )

    def append(self, key: PrivateKey, stream: str, *events: msgspec.Struct) -> None:
        """Post as somebody else."""
        coroutine = MemoryConnection.post(self, self.build(key, stream, events))
        try:
            coroutine.send(None)
        except StopIteration:
            self.posts -= 1
            return
        raise AssertionError("posting in memory does not wait")

    def open(self) -> None:
        """The steel works with an electricity meter and a diesel tank."""
        opened = LedgerOpened(
            salt="", origin=ORIGIN, log=VKEY, operator="operator", key=jwk(OPERATOR),
            proof=jws.possession_proof(OPERATOR, VKEY, "operator"), recovery_key=jwk(RECOVERY),
            recovery_proof=jws.possession_proof(RECOVERY, VKEY, "operator"), area="Example park",
            timezone=self.timezone, rules=RulesRef(version="1", sha256=PACK.sha256), continues=None,
        )  # fmt: skip
        registered = PartyRegistered(
            salt="", name="Steel works", roles=("company",), key=jwk(STEEL),
            proof=jws.possession_proof(STEEL, VKEY, "steelworks"),
        )  # fmt: skip
        grid = FactorPublished(
            salt="", id="grid-jiangsu", version="2023", activity="electricity.purchased",
            unit="kWh", kind="grid-average", region="CN-JS", year=2023,
            valid=("2018-01-01", "2027-01-01"), gases_kg_per_unit={"CO2": "0.5827"},
            source=Document(title="Notice 2025-47", sha256=None),
        )  # fmt: skip
        meter = SourceRegistered(
            salt="", stream=STREAM, site="plant", activity="electricity.purchased", unit="kWh",
            scope=2, key_area="industry", kind="continuous", interval_s=900,
            factors={"location": "operator/grid-jiangsu@2023"}, plausible=("0", "1000"),
        )  # fmt: skip
        tank = SourceRegistered(
            salt="", stream=DIESEL, site="plant", activity="electricity.purchased", unit="kWh",
            scope=2, key_area="industry", kind="discrete",
            factors={"location": "operator/grid-jiangsu@2023"},
        )  # fmt: skip
        self.append(OPERATOR, "operator/ledger", opened)
        self.append(OPERATOR, "steelworks/keys", registered)
        self.append(OPERATOR, "operator/factors", grid)
        site = SiteRegistered(salt="", site="plant", region="CN-JS")
        self.append(STEEL, "steelworks/register", site, meter, tank)

    def _entry_of(self, stream: str, version: int) -> tuple[int, MemoryEntry]:
        for index, entry in enumerate(self.entries):
            said = entry.signed.statement
            if said.stream == stream and said.first <= version <= said.last:
                return index, entry
        raise NotFound("no such event")

    def _receipt(self, index: int) -> str:
        signed = sign_checkpoint(LOG, self.checkpoint_now())
        path = path_of(self.log_leaves(), index)
        return format_receipt(Receipt(index, path, signed)).decode()

    def _posted(self, index: int, *, repeated: bool) -> Posted:
        said = self.entries[index].signed.statement
        return Posted(
            index=index, stream=said.stream, first=said.first, count=said.count,
            size=len(self.entries),
            receipt=self._receipt(index), repeated=repeated,
        )  # fmt: skip


def jwk(key: PrivateKey) -> Jwk:
    return Jwk(**key.public.jwk)

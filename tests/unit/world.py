"""A whole ledger in memory, with named parties who sign real batches.

    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source("acme/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [reading("2018-01-01T00:00:00+08:00", "PT15M", "3.17")])
    assert world.total() == 1_847_159

Everything is signed, split, parsed, chained, authorised, verified, decided and applied by the
product's own code, so what a test posts is refused exactly as the ledger refuses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar

import msgspec

from ledger import machine
from ledger.carbon import rulepack
from ledger.carbon.area.events import (
    TargetSet,
    TransferAcknowledged,
    TransferRecorded,
    TransferWithdrawn,
)
from ledger.carbon.area.pieces import TARGET, TRANSFER
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Body,
    Document,
    FactorAssigned,
    FactorPublished,
    Number,
    ProfileRecorded,
    SiteRegistered,
    SourceAmended,
    SourceRegistered,
)
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.known import Known, KnownParty
from ledger.carbon.organisation.events import (
    AreaFactRecorded,
    BaseYearRestated,
    BoundarySet,
    CompanyFactRecorded,
    LineDeclared,
    MeterInstalled,
    MeterRemoved,
    SiteTransferred,
    SupplyMatched,
)
from ledger.carbon.organisation.pieces import FACT, ORGANISATION
from ledger.carbon.pieces import (
    FACTOR,
    HISTORY,
    RECORDED,
    SOURCE,
    HistoryPiece,
    RecordedPiece,
)
from ledger.carbon.rows import ActivityRow, Correction, EntryRows, LineRow, MassRow, QualityRow
from ledger.carbon.seal.draft import draft_seal, matched_streams
from ledger.carbon.seal.pieces import SEAL_GROUND, SealGround, parse_ground_key
from ledger.carbon.summary import admit, basis_of, encode_basis, ground_from, summarise
from ledger.errors import LedgerError
from ledger.fold.state import Kind, Memory, Overlay
from ledger.log import batch, note
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent, write_bundle
from ledger.log.bundle_kinds import EventSubject
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.event import event_leaf
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.seals import Head
from ledger.log.tree import path_of, root_of
from ledger.parties.events import Jwk, KeyAuthorized, LedgerOpened, PartyRegistered, RulesRef
from ledger.parties.pieces import PARTY
from ledger.parties.pieces import ledger as ledger_of

ORIGIN = "ledger.example/log"
SIGNED_AT = "2026-11-22T06:00:00Z"

K = TypeVar("K")
P = TypeVar("P", bound=msgspec.Struct)
_salts = count(1)


def salt() -> str:
    """A new salt; no two events of a test run have the same."""
    return f"{next(_salts):032x}"


@cache
def key_of(name: str) -> PrivateKey:
    """The key of this name: a test key, the same in every run."""
    return PrivateKey.from_seed(name.encode().ljust(32, b".")[:32])


def jwk(key: PrivateKey) -> Jwk:
    return Jwk(**key.public.jwk)


LOG_KEY = key_of("log")
LOG = note.log_vkey(ORIGIN, LOG_KEY.public)


def reading(start: str, length: str, quantity: str, **more: object) -> ActivityRecorded:
    """A reading that starts then and lasts so long: `PT15M`, `PT1H`, `P1D`, or until a time."""
    return ActivityRecorded(
        salt=salt(),
        period=(start, after(start, length)),
        quantity=quantity,
        **more,  # type: ignore[arg-type]
    )


def body(start: str, length: str, quantity: str, **more: object) -> ActivityBody:
    """The same as a body, for a correction."""
    return ActivityBody(period=(start, after(start, length)), quantity=quantity, **more)  # type: ignore[arg-type]


def profile(
    start: str, interval_s: int, quantities: Iterable[str | None], **more: object
) -> ProfileRecorded:
    return ProfileRecorded(
        salt=salt(),
        start=start,
        interval_s=interval_s,
        quantities=tuple(quantities),
        **more,  # type: ignore[arg-type]
    )


def after(start: str, length: str) -> str:
    """The time that lies so much later; a length that is a time is that time."""
    if not length.startswith("P"):
        return length
    units = {"M": "minutes", "H": "hours", "D": "days"}
    step = timedelta(**{units[length[-1]]: int(length.strip("PTMHD"))})
    later = (datetime.fromisoformat(start) + step).isoformat()
    return later.removesuffix("+00:00") + "Z" if start.endswith("Z") else later


class WholeState(Memory):
    """State with all of the ledger's events at hand."""

    def __init__(self, ground: Callable[[tuple[str, str], int], SealGround]) -> None:
        super().__init__()
        self.bodies: dict[str, tuple[Body, int]] = {}
        self.ground = ground

    def get(self, kind: Kind[P], key: str) -> P | None:
        if kind.name == SEAL_GROUND.name:
            return self.ground(*parse_ground_key(key))  # type: ignore[return-value]
        if kind.name == HISTORY.name:
            return HistoryPiece(  # type: ignore[return-value]
                tuple((n, b, i) for n, (b, i) in self.bodies.items() if n.startswith(f"{key}@"))
            )
        return super().get(kind, key)

    def show(self, name: str, event: object, index: int) -> None:
        if isinstance(event, ActivityCorrected):
            self.bodies[event.event] = (event.body, index)
            self.put(RECORDED, name, RecordedPiece("ActivityCorrected", event.body, index))
        elif isinstance(event, ActivityWithdrawn):
            del self.bodies[event.event]
        elif isinstance(event, Body):
            self.bodies[name] = (event, index)
            self.put(RECORDED, name, RecordedPiece(type(event).__name__, event, index))


class Logged(msgspec.Struct, frozen=True):
    """One entry of the log as it was signed, and what it added."""

    index: int
    jws: bytes
    lines: tuple[bytes, ...]
    leaves: tuple[LeafHash, ...]
    entry: machine.Entry
    rows: EntryRows


class World:
    """A ledger, opened by `operator`, whose area lies in one time zone."""

    def __init__(
        self,
        timezone: str = "Asia/Shanghai",
        *,
        opened: bool = True,
        rules: str = rulepack.CURRENT_VERSION,
    ) -> None:
        self.state = WholeState(self.ground)
        self.log: list[Logged] = []
        self.grounds: dict[str, SealGround] = {}
        self.heads: dict[str, tuple[int, str]] = {}
        self.summed = 0
        if opened:
            self.post("operator", "operator/ledger", [opening(timezone, rules=rules_ref(rules))])

    # --- saying things -------------------------------------------------------------------------

    def post(
        self,
        signer: str | PrivateKey,
        stream: str,
        events: Sequence[msgspec.Struct],
        log: str = LOG,
    ) -> Logged:
        """Sign the events as one batch and append it, or raise why not and change nothing."""
        key = key_of(signer) if isinstance(signer, str) else signer
        version, leaf = self.heads.get(stream, (0, ZEROS_HEX))
        named = [(type(event).__name__, encode_struct(event)) for event in events]
        submission = batch.build(key, log, stream, version + 1, leaf, named, None, SIGNED_AT)
        return self.submit(submission)

    def submit(self, submission: bytes) -> Logged:
        """Append a submission as the ledger does."""
        jws, lines = batch.split_submission(submission)
        signed = batch.parse_statement(jws)
        events = machine.read_events(lines)
        leaves = batch.chain(lines, [type(event).__name__ for event in events], signed.statement)
        entry = machine.whole_entry(len(self.log), signed, events)
        overlay, rows = Overlay(self.state), EntryRows()
        signed.jws.verify(machine.authorise(overlay, entry))
        summed = self._summed(entry)
        machine.fold(overlay, entry, rows)
        if summed is not None:
            self.summed += 1
            assert summed[0].changes == overlay.changes
            assert (summed[1].masses, summed[1].activity) == (rows.masses, rows.activity)
            assert summed[1].quality == rows.quality
        return self._keep(Logged(entry.index, jws, tuple(lines), leaves, entry, rows), overlay)

    def _keep(self, logged: Logged, overlay: Overlay) -> Logged:
        entry = logged.entry
        overlay.merge_into(self.state.pieces)
        for position, event in enumerate(entry.events):
            self.state.show(event_ref(entry.stream, entry.first + position), event, entry.index)
        self.heads[entry.stream] = (entry.first + entry.count - 1, logged.leaves[-1].hex())
        self.log.append(logged)
        return logged

    def _summed(self, entry: machine.Entry) -> tuple[Overlay, EntryRows] | None:
        """What the batch's summary changes, if it has one and that fits: as another process does it."""
        basis = basis_of(self.state, entry.stream)
        if basis is None:
            return None
        summary = summarise(ground_from(encode_basis(basis)), entry.events)
        overlay, rows = Overlay(self.state), EntryRows()
        fits = summary is not None and admit(overlay, entry.stream, summary, rows)
        if fits:
            try:
                machine.fold(Overlay(self.state), entry, EntryRows())
            except LedgerError as error:
                raise AssertionError("a summary accepts what one by one is refused") from error
        return (overlay, rows) if fits else None

    def party(self, party: str, *roles: str) -> None:
        """Register a party whose first admin key is named like it."""
        self.post("operator", f"{party}/keys", [registration(party, *roles)])

    def key(self, party: str, name: str, *scope: str, **more: object) -> PrivateKey:
        """Authorise a further key of the party, of that name."""
        self.post(party, f"{party}/keys", [authorisation(party, name, *scope, **more)])
        return key_of(name)

    def factor(self, name: str, publisher: str = "operator", /, **more: object) -> str:
        """Publish a factor; members in small letters, gases as they are written: `CO2="0.5"`."""
        event = factor(name, **more)
        self.post(publisher, f"{publisher}/factors", [event])
        return f"{publisher}/{event.id}@{event.version}"

    def source(self, stream: str, **more: object) -> None:
        """Register a source, and its site if that is new; roles are given as their factors."""
        party = party_of(stream)
        event = source(stream, **more)
        events: list[msgspec.Struct] = [event]
        if ("site", f"{party}/{event.site}") not in self.state.pieces:
            events.insert(0, site(event.site))
        self.post(party, f"{party}/register", events)

    def correct(
        self, event: str, new: ActivityBody | None, supersedes: str | None = None
    ) -> Logged:
        """Correct an event, or withdraw it where there is no new body."""
        stream = split_event(event)[0]
        return self.post(
            party_of(stream), f"{stream}/corrections", [correction(event, new, supersedes)]
        )

    def say(self, party: str, *events: msgspec.Struct) -> str:
        """Post these into the party's register; the name of the last one."""
        logged = self.post(party, f"{party}/register", events)
        return event_ref(f"{party}/register", logged.entry.first + len(events) - 1)

    def site(self, name: str, **more: object) -> None:
        """Register a site, `<party>/<site>`."""
        party, _, segment = name.partition("/")
        self.say(party, site(segment, **more))

    def boundary(self, party: str, from_: str, approach: str = "operational", **sites: str) -> str:
        """From a month on the party answers for these sites, `plant="0.5"`."""
        return self.say(party, boundary(from_, sites, approach=approach))

    def fact(self, party: str, name: str, period: str, value: str, unit: str, **more: str) -> str:
        """State a fact of a company over a period, such as `2026` or `2026-03`; name of the event."""
        return self.say(party, fact(name, period, value, unit, **more))

    def area_fact(self, name: str, period: str, value: str, unit: str, **more: str) -> str:
        """The same of the area, or of a `sub_area`, by the operator."""
        return self.say("operator", area_fact(name, period, value, unit, **more))

    def residents(self, site: str, people: str, period: str = "2026") -> str:
        """A guarded aggregate with this one site, new where it is new, and how many live there."""
        party, _, _ = site.partition("/")
        if ("party", party) not in self.state.pieces:
            self.party(party, "aggregate")
        if ("site", site) not in self.state.pieces:
            self.site(site)
        return self.area_fact("population", period, people, "person", sub_area=site)

    def transfer(
        self, stream: str, to: str | None, month: str, quantity: str, unit: str, **more: object
    ) -> str:
        """Record an `energy` transfer out of a stream, or one of another `kind`; its event.

        Factors are given by role: `direct="a/steam@1"`.
        """
        return self.say(party_of(stream), transfer(stream, to, month, quantity, unit, **more))

    def acknowledge(
        self, transfer: str, stream: str, quantity: str, unit: str, **more: object
    ) -> str:
        """The receiver says what its stream received of a transfer; the event's name."""
        found = [
            piece
            for (kind, key), piece in self.state.pieces.items()
            if kind == "transfer" and key.endswith(f" {transfer}")
        ]
        month = found[0].month if found else "2026-01"  # type: ignore[union-attr]
        members = {"month": month, **more}
        return self.say(
            party_of(stream), acknowledgement(transfer, stream, quantity, unit, **members)
        )

    def withdraw_transfer(self, transfer: str, month: str) -> str:
        """The sender takes a transfer back; the event's name."""
        return self.say(
            party_of(transfer),
            TransferWithdrawn(salt=salt(), transfer=transfer, month=month, reason="never happened"),
        )

    def target(self, party: str, name: str, **more: object) -> str:
        """Set a target; the event's name."""
        return self.say(party, target(name, **{"base_size": self.size, **more}))

    def seal(
        self,
        view: str = "companies",
        period: str = "2026",
        *,
        size: int | None = None,
        gwp: str = "AR6",
        **changed: object,
    ) -> str:
        """Seal a period as known at a log size, now unless said otherwise; the event's name.

        What is `changed` the seal says otherwise than it follows.
        """
        ground = self.ground(months(period), self.size if size is None else size)
        right = draft_seal(ground, view, gwp, salt())
        wrong = msgspec.structs.replace(right, **changed)
        logged = self.post("operator", "operator/seals", [wrong])
        return event_ref("operator/seals", logged.entry.first)

    # --- what is known -------------------------------------------------------------------------

    def at(self, size: int) -> World:
        """The same ledger when its log had this size."""
        earlier = World(opened=False)
        earlier.grounds = self.grounds
        for logged in self.log[:size]:
            overlay = Overlay(earlier.state)
            machine.fold(overlay, logged.entry, EntryRows())
            earlier._keep(logged, overlay)
        return earlier

    def ground(self, period: tuple[str, str], size: int) -> SealGround:
        """What a seal of a period follows from at a size."""
        key = f"{period} {size}"
        if key not in self.grounds:
            world = self if size == self.size else self.at(size)
            self.grounds[key] = world._ground(period)
        return self.grounds[key]

    def _ground(self, period: tuple[str, str]) -> SealGround:
        known = self.known(*period)
        pack = rulepack.load(known.rules)
        readings = {}
        for stream in matched_streams(known):
            history = self.state.get(HISTORY, stream)
            assert history is not None
            readings[stream] = readings_of(pack, known.sources[stream], history)
        salts = {
            party_of(logged.entry.stream): logged.entry.events[0].salt  # type: ignore[attr-defined]
            for logged in self.log
            if logged.entry.stream.endswith("/register") and logged.entry.first == 1
        }
        heads = tuple(
            Head(head=leaf, stream=stream, version=version)
            for stream, (version, leaf) in sorted(self.heads.items())
        )
        return SealGround(known=known, readings=readings, heads=heads, salts=salts)

    def known(
        self,
        first_month: str,
        end_month: str,
        *,
        party: str | None = None,
        size: int | None = None,
    ) -> Known:
        """What is known of a party, or the whole area, over [first_month, end_month).

        Figures as known at a log size; pieces as they stand now, with the index of each statement.
        """
        opened = ledger_of(self.state)
        sources = {s.stream: s for s in self._all(SOURCE) if party in (None, s.party)}
        masses, activity = self._figures(first_month, end_month, size, set(sources))
        transfers = [t for t in self._all(TRANSFER) if party in (None, t.sender, t.to)]
        named = {
            a.factor for s in sources.values() for timeline in s.factors.values() for a in timeline
        }
        named |= {ref for t in transfers for _, ref in t.factors}
        return Known(
            size=self.size if size is None else size,
            area=opened.area,
            operator=opened.operator,
            timezone=opened.timezone,
            rules=opened.rules_version,
            period=(first_month, end_month),
            parties={
                p.party: KnownParty(party=p.party, name=p.name, roles=p.roles, region=p.region)
                for p in self._all(PARTY)
            },
            sources=sources,
            masses=masses,
            activity=activity,
            quality=self._grades(first_month, end_month, size, set(sources)),
            **self._corrected(first_month, end_month, size, set(sources)),
            organisations={
                name: said
                for (kind, name) in sorted(self.state.pieces)
                if kind == ORGANISATION.name and party in (None, name)
                if (said := self.state.get(ORGANISATION, name)) is not None
            },
            facts=[f for f in self._all(FACT) if party in (None, f.party)],
            transfers=transfers,
            targets=[t for t in self._all(TARGET) if party in (None, t.party)],
            factors={f.ref: f for f in self._all(FACTOR) if f.ref in named},
        )

    def _all(self, kind: Kind[P]) -> list[P]:
        """All pieces of a kind, in order of their keys."""
        return [
            piece  # type: ignore[misc]
            for (name, _), piece in sorted(self.state.pieces.items())
            if name == kind.name and piece is not None
        ]

    def _figures(
        self, first_month: str, end_month: str, size: int | None, streams: set[str]
    ) -> tuple[list[MassRow], list[ActivityRow]]:
        lines = {(line.stream, line.line): line for line in self.lines}
        masses: dict[tuple[str, int, str, str, str], list[int]] = {}
        activity: dict[tuple[str, int, str], list[int]] = {}
        for logged in self.log[:size]:
            for key, row in logged.rows.masses.items():
                _add_up(masses, key, row)
            for place, use in logged.rows.activity.items():
                _add_up(activity, place, use)
        return (
            [
                MassRow(lines[stream, line], month, role, gas, *row)
                for (stream, line, month, role, gas), row in sorted(masses.items())
                if stream in streams and first_month <= month < end_month
            ],
            [
                ActivityRow(lines[stream, line], month, Decimal(use[0]).scaleb(-12), *use[1:])
                for (stream, line, month), use in sorted(activity.items())
                if stream in streams and first_month <= month < end_month
            ],
        )

    def _grades(
        self, first_month: str, end_month: str, size: int | None, streams: set[str]
    ) -> list[QualityRow]:
        lines = {(line.stream, line.line): line for line in self.lines}
        sums: Counter[tuple[str, int, str, str]] = Counter()
        for logged in self.log[:size]:
            for key, readings in logged.rows.quality.items():
                sums[key] += readings
        return [
            QualityRow(lines[stream, line], month, quality, readings)
            for (stream, line, month, quality), readings in sorted(sums.items())
            if stream in streams and first_month <= month < end_month
        ]

    def _corrected(
        self, first_month: str, end_month: str, size: int | None, streams: set[str]
    ) -> dict[str, list[Any]]:
        """Events that changed what was recorded, and what their entries added."""
        lines = {(line.stream, line.line): line for line in self.lines}
        corrections, corrected = [], []
        for logged in self.log[:size]:
            stream, first = logged.entry.stream, logged.entry.first
            said = [
                Correction(
                    index=logged.index,
                    event=event_ref(stream, first + at),
                    type=type(event).__name__,
                    reason=event.reason,
                    corrects=getattr(event, "event", None),
                )
                for at, event in enumerate(logged.entry.events)
                if isinstance(
                    event, ActivityCorrected | ActivityWithdrawn | FactorAssigned | SourceAmended
                )
            ]
            added = [
                (logged.index, MassRow(lines[key[0], key[1]], *key[2:], *row))
                for key, row in sorted(logged.rows.masses.items())
                if said and key[0] in streams and first_month <= key[2] < end_month
            ]
            corrections += said if added else []
            corrected += added
        return {"corrections": corrections, "corrected": corrected}

    # --- reading figures -----------------------------------------------------------------------

    @property
    def size(self) -> int:
        return len(self.log)

    def masses(self, size: int | None = None) -> Counter[tuple[str, str, str]]:
        """Milligrams by (month, role, gas), as known at a log size; none is zero."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for logged in self.log[:size]:
            for (_, _, month, role, gas), (mass_mg, _) in logged.rows.masses.items():
                sums[month, role, gas] += mass_mg
        return Counter({key: mass_mg for key, mass_mg in sums.items() if mass_mg})

    def rows(self, size: int | None = None) -> dict[tuple[str, ...], tuple[int, ...]]:
        """All read models of figures, summed up; rows of zeros left out."""
        sums: dict[tuple[str, ...], list[int]] = {}
        for logged in self.log[:size]:
            for table, found in (("mass", logged.rows.masses), ("use", logged.rows.activity)):
                for key, row in found.items():
                    _add_up(sums, (table, *map(str, key)), row)
        return {key: tuple(row) for key, row in sorted(sums.items()) if any(row)}

    def total(self, gas: str = "CO2", role: str | None = None, size: int | None = None) -> int:
        """Milligrams of a gas, in all months and roles or in one role."""
        return sum(
            mass_mg
            for (_, of, name), mass_mg in self.masses(size).items()
            if name == gas and role in (None, of)
        )

    def months(self, gas: str = "CO2") -> dict[str, int]:
        """Milligrams of a gas by month."""
        sums: Counter[str] = Counter()
        for (month, _, name), mass_mg in self.masses().items():
            sums[month] += mass_mg if name == gas else 0
        return dict(sorted(sums.items()))

    @property
    def lines(self) -> list[LineRow]:
        return [line for logged in self.log for line in logged.rows.lines]

    def pieces(self) -> dict[tuple[str, str], bytes]:
        """The stored state, as bytes."""
        return {
            key: Kind.encode(piece)
            for key, piece in sorted(self.state.pieces.items())
            if piece is not None and key[0] in machine.KINDS
        }

    # --- proving -------------------------------------------------------------------------------

    def bundle(
        self, subject: str, *shown: str, withheld: Sequence[str] = (), left_out: Sequence[str] = ()
    ) -> bytes:
        """A bundle about an event that shows these others, and all events of trust.

        `withheld` ones stand without their data; `left_out` ones do not stand at all.
        """
        named = {subject, *shown, *withheld, *self._trust()} - set(left_out)
        leaves = [LeafHash(leaf_hash(logged.jws)) for logged in self.log]
        entries = []
        for logged in self.log:
            events = tuple(
                _shown(logged, position, withheld)
                for position in range(logged.entry.count)
                if event_ref(logged.entry.stream, logged.entry.first + position) in named
            )
            if events:
                path = tuple(path_of(leaves, logged.index))
                entries.append(BundleEntry(events, logged.index, logged.jws, path))
        checkpoint = sign_checkpoint(LOG_KEY, Checkpoint(ORIGIN, len(leaves), root_of(leaves)))
        return write_bundle(Bundle(checkpoint, tuple(entries), EventSubject(event=subject)))

    def _trust(self) -> set[str]:
        return {
            event_ref(logged.entry.stream, logged.entry.first + position)
            for logged in self.log
            if logged.entry.stream.endswith(("/keys", "/ledger"))
            for position in range(logged.entry.count)
        }


def _add_up(sums: dict[K, list[int]], key: K, row: Sequence[int]) -> None:
    total = sums.setdefault(key, [0] * len(row))
    for at, value in enumerate(row):
        total[at] += value


def _shown(logged: Logged, position: int, withheld: Sequence[str]) -> BundleEvent | WithheldEvent:
    entry, line = logged.entry, logged.lines[position]
    previous = batch.parse_statement(logged.jws).statement.previous
    if position:
        previous = logged.leaves[position - 1].hex()
    kind = entry.types[position]
    assert event_leaf(line, previous, entry.stream, kind, entry.first + position)
    path = tuple(path_of(logged.leaves, position))
    if event_ref(entry.stream, entry.first + position) in withheld:
        return WithheldEvent(sha256(line).hexdigest(), path, position, previous, kind)
    return BundleEvent(line, path, position, previous)


# --- events ------------------------------------------------------------------------------------


def rules_ref(version: str) -> RulesRef:
    return RulesRef(version=version, sha256=rulepack.load(version).sha256)


def opening(timezone: str = "Asia/Shanghai", /, **changed: object) -> LedgerOpened:
    operator, recovery = key_of("operator"), key_of("recovery")
    members: dict[str, object] = {
        "salt": salt(),
        "origin": ORIGIN,
        "log": LOG,
        "operator": "operator",
        "key": jwk(operator),
        "proof": possession_proof(operator, LOG, "operator"),
        "recovery_key": jwk(recovery),
        "recovery_proof": possession_proof(recovery, LOG, "operator"),
        "area": "Example park",
        "timezone": timezone,
        "rules": rules_ref(rulepack.CURRENT_VERSION),
        "continues": None,
    }
    return LedgerOpened(**{**members, **changed})  # type: ignore[arg-type]


def registration(party: str, *roles: str, **more: object) -> PartyRegistered:
    key = key_of(party)
    members: dict[str, object] = {
        "salt": salt(),
        "name": party.title(),
        "roles": tuple(sorted(roles)) or ("company",),
        "key": jwk(key),
        "proof": possession_proof(key, LOG, party),
    }
    return PartyRegistered(**{**members, **more})  # type: ignore[arg-type]


def authorisation(party: str, name: str, *scope: str, **more: object) -> KeyAuthorized:
    key = key_of(name)
    members: dict[str, object] = {
        "salt": salt(),
        "key": jwk(key),
        "proof": possession_proof(key, LOG, party),
        "scope": tuple(sorted(scope)),
    }
    return KeyAuthorized(**{**members, **more})  # type: ignore[arg-type]


def site(name: str, **more: object) -> SiteRegistered:
    members: dict[str, object] = {"salt": salt(), "site": name, "region": "CN-JS"}
    return SiteRegistered(**{**members, **more})  # type: ignore[arg-type]


ROLES = ("direct", "lifecycle", "location", "market", "upstream")


def source(stream: str, **more: object) -> SourceRegistered:
    """Bought power in kWh unless said otherwise; roles are given as their factors."""
    factors = {role: more.pop(role) for role in ROLES if role in more}
    members: dict[str, object] = {
        "salt": salt(),
        "stream": stream,
        "site": "plant",
        "activity": "electricity.purchased",
        "unit": "kWh",
        "scope": 2,
        "key_area": "industry",
        "kind": "continuous",
        "factors": factors,
    }
    return SourceRegistered(**{**members, **more})  # type: ignore[arg-type]


def factor(name: str, **more: object) -> FactorPublished:
    """A grid's average in kg per kWh unless said otherwise."""
    gases: dict[str, Number] = {
        gas: more.pop(gas)  # type: ignore[misc]
        for gas in [gas for gas in more if gas[0].isupper()]
    }
    members: dict[str, object] = {
        "salt": salt(),
        "id": name,
        "version": "1",
        "activity": "electricity.purchased",
        "unit": "kWh",
        "kind": "grid-average",
        "region": "CN-JS",
        "year": 2023,
        "valid": ("2000-01-01", "2050-01-01"),
        "gases_kg_per_unit": gases or {"CO2": "0.5827"},
        "source": Document(title="Notice 2025-47", sha256=None),
    }
    return FactorPublished(**{**members, **more})  # type: ignore[arg-type]


def correction(
    event: str, new: ActivityBody | None, supersedes: str | None = None
) -> ActivityCorrected | ActivityWithdrawn:
    if new is None:
        return ActivityWithdrawn(
            salt=salt(), event=event, reason="never happened", supersedes=supersedes
        )
    return ActivityCorrected(
        salt=salt(), event=event, reason="typing error", supersedes=supersedes, activity=new
    )


# --- organisations and the area ------------------------------------------------------------------


def months(period: str) -> tuple[str, str]:
    """[first month, month after the last) of `2026`, `2026-03` or `2026-01/2026-04`."""
    if "/" in period:
        first, _, end = period.partition("/")
        return first, end
    year, _, month = period.partition("-")
    if not month:
        return f"{year}-01", f"{int(year) + 1}-01"
    return period, f"{int(year) + int(month) // 12}-{int(month) % 12 + 1:02d}"


def boundary(from_: str, sites: Mapping[str, Number], **more: object) -> BoundarySet:
    members: dict[str, object] = {
        "salt": salt(),
        "from_": from_,
        "sites": tuple(sorted(sites.items())),
        "approach": "operational",
        "reason": "what we run",
    }
    return BoundarySet(**{**members, **more})  # type: ignore[arg-type]


def site_transfer(name: str, to: str, from_: str) -> SiteTransferred:
    return SiteTransferred(salt=salt(), site=name, to=to, from_=from_, reason="sold")


def base_year(year: int, size: int, **more: object) -> BaseYearRestated:
    members: dict[str, object] = {
        "salt": salt(),
        "year": year,
        "size": size,
        "reason": "first full year",
        "threshold_percent": "5",
    }
    return BaseYearRestated(**{**members, **more})  # type: ignore[arg-type]


def declared(line: str, notation: str, period: str = "2026", **more: object) -> LineDeclared:
    members: dict[str, object] = {
        "salt": salt(),
        "line": line,
        "notation": notation,
        "period": months(period),
        "reason": "looked for",
    }
    return LineDeclared(**{**members, **more})  # type: ignore[arg-type]


def fact(name: str, period: str, value: str, unit: str, **more: object) -> CompanyFactRecorded:
    return CompanyFactRecorded(
        salt=salt(),
        fact=name,
        period=months(period),
        value=value,
        unit=unit,
        **more,  # type: ignore[arg-type]
    )


def area_fact(name: str, period: str, value: str, unit: str, **more: object) -> AreaFactRecorded:
    return AreaFactRecorded(
        salt=salt(),
        fact=name,
        period=months(period),
        value=value,
        unit=unit,
        **more,  # type: ignore[arg-type]
    )


def installed(stream: str, meter: str, at: str, register: str, **more: object) -> MeterInstalled:
    """A meter of five digits that counts single units unless said otherwise."""
    members: dict[str, object] = {
        "salt": salt(),
        "source": stream,
        "meter": meter,
        "at": at,
        "register": register,
        "digits": 5,
        "multiplier": "1",
    }
    return MeterInstalled(**{**members, **more})  # type: ignore[arg-type]


def removed(stream: str, meter: str, at: str, register: str) -> MeterRemoved:
    return MeterRemoved(
        salt=salt(), source=stream, meter=meter, at=at, register=register, reason="worn out"
    )


def matched(stream: str, supply: str | None, from_: str, interval: str = "month") -> SupplyMatched:
    return SupplyMatched(
        salt=salt(),
        source=stream,
        supply=supply,
        from_=from_,
        interval=interval,  # type: ignore[arg-type]
        reason="a contract",
    )


def transfer(
    stream: str, to: str | None, month: str, quantity: str, unit: str, **more: object
) -> TransferRecorded:
    """Energy that was handed over; factors are given by role."""
    factors = {role: more.pop(role) for role in ("direct", "location") if role in more}
    members: dict[str, object] = {
        "salt": salt(),
        "kind": "energy",
        "month": month,
        "stream": stream,
        "to": to,
        "quantity": quantity,
        "unit": unit,
        "factors": factors,
    }
    return TransferRecorded(**{**members, **more})  # type: ignore[arg-type]


def acknowledgement(
    transfer: str, stream: str, quantity: str, unit: str, **more: object
) -> TransferAcknowledged:
    return TransferAcknowledged(
        salt=salt(),
        transfer=transfer,
        stream=stream,
        quantity=quantity,
        unit=unit,
        **more,  # type: ignore[arg-type]
    )


def target(name: str, **more: object) -> TargetSet:
    """Half of the base in 2026 and nothing in 2028, unless said otherwise."""
    members: dict[str, object] = {
        "salt": salt(),
        "target": name,
        "view": "companies",
        "gwp": "AR5",
        "base_year": 2023,
        "base_size": 0,
        "base_mg": "1000000000",
        "path": ((2026, "500000000"), (2028, "0")),
        "credits_percent": "10",
        "neutral_year": 2028,
        "reason": "neutral by 2028",
    }
    return TargetSet(**{**members, **more})  # type: ignore[arg-type]

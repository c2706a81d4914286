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

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from typing import TypeVar

import msgspec

from ledger import machine
from ledger.carbon import rulepack
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Body,
    Document,
    FactorPublished,
    Number,
    ProfileRecorded,
    SiteRegistered,
    SourceRegistered,
)
from ledger.carbon.pieces import HISTORY, RECORDED, HistoryPiece, RecordedPiece
from ledger.carbon.rows import EntryRows, LineRow
from ledger.carbon.summary import admit, basis_of, encode_basis, ground_from, summarise
from ledger.errors import LedgerError
from ledger.fold.state import Kind, Memory, Overlay
from ledger.log import batch, note
from ledger.log.bundle import Bundle, BundleEntry, BundleEvent, WithheldEvent, write_bundle
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.event import event_leaf
from ledger.log.hashes import ZEROS_HEX, LeafHash, leaf_hash
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.tree import path_of, root_of
from ledger.parties.events import Jwk, KeyAuthorized, LedgerOpened, PartyRegistered, RulesRef

ORIGIN = "ledger.example/log"
SIGNED_AT = "2026-11-22T06:00:00Z"

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

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, tuple[Body, int]] = {}

    def get(self, kind: Kind[P], key: str) -> P | None:
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

    def __init__(self, timezone: str = "Asia/Shanghai", *, opened: bool = True) -> None:
        self.state = WholeState()
        self.log: list[Logged] = []
        self.heads: dict[str, tuple[int, str]] = {}
        self.summed = 0
        if opened:
            self.post("operator", "operator/ledger", [opening(timezone)])

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
        overlay.merge_into(self.state.pieces)
        for position, event in enumerate(events):
            self.state.show(event_ref(entry.stream, entry.first + position), event, entry.index)
        self.heads[entry.stream] = (signed.statement.last, leaves[-1].hex())
        self.log.append(Logged(entry.index, jws, tuple(lines), leaves, entry, rows))
        return self.log[-1]

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
        sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
        for logged in self.log[:size]:
            for table, found in (("mass", logged.rows.masses), ("use", logged.rows.activity)):
                for key, row in found.items():
                    total = sums[table, *map(str, key)]
                    for at, value in enumerate(row):
                        total[at] += value
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
        return write_bundle(Bundle(checkpoint, tuple(entries), subject))

    def _trust(self) -> set[str]:
        return {
            event_ref(logged.entry.stream, logged.entry.first + position)
            for logged in self.log
            if logged.entry.stream.endswith(("/keys", "/ledger"))
            for position in range(logged.entry.count)
        }


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
        "rules": RulesRef(version="1", sha256=rulepack.load("1").sha256),
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

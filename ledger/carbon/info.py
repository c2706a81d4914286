"""What the ledger tells about itself: the answers that service, API and client share.

One struct per kind of thing that people list: parties, factors, sites, sources, heads of streams,
the state of the ledger. They are what an answer's JSON looks like and nothing more; none of them is
hashed or signed, so a member may be added later. A struct that ignores what it does not know lets
an older client read a newer ledger.
"""

from __future__ import annotations

import msgspec

from ledger.carbon.events import Number


class WitnessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A witness of the log, and how far it has come."""

    witness: str
    role: str
    state: str
    """`cosigned` the newest checkpoint, `behind` it, or `away`: it does not answer."""
    size: int
    """Of the newest checkpoint that it has cosigned; 0 for none."""
    cosigned_at: str | None = None
    """When, as it says itself."""
    replays: bool = False
    """Whether it cosigns only what it has folded itself, from all entries."""


class EarlierInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A log that came to its end and is continued; where it ended, in its own numbers."""

    origin: str
    log_key: str
    size: int
    """Entries that are here."""
    root: str
    """RFC 6962 root over them, 64 hexadecimal digits."""
    signed_size: int
    """Of the newest checkpoint that it had signed: what is more than `size` was lost."""
    checkpoint: str | None = None
    """The newest note over entries that are here, under which they are proven."""


class LedgerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whose ledger this is and how far it has come."""

    origin: str
    log_key: str
    """The log's vkey: all that an outsider needs to check its signatures."""
    operator: str
    area: str
    timezone: str
    rules_version: str
    rules_sha256: str
    size: int
    """Entries in the log."""
    events: int
    root: str
    """RFC 6962 root over the entries, 64 hexadecimal digits."""
    witness_policy: str | None = None
    """How many witnesses make a checkpoint count as published; None where there are none."""
    witnessed_size: int | None = None
    """Size of the newest checkpoint that meets the policy; None where none does."""
    witnesses: list[WitnessInfo] = []
    earlier: list[EarlierInfo] = []
    """The logs that this one continues, oldest first."""
    continued_by: str | None = None
    """The vkey of the log that continues this one, which has ended; None while it goes on."""
    redactions_waiting: int = 0
    """Confirmed redactions whose data is still there: it could not be taken out."""


class StreamHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last event of a stream; the next one names its leaf hash."""

    stream: str
    version: int
    leaf: str
    """64 hexadecimal digits."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is in the log: where, and the receipt that shows it."""

    index: int
    stream: str
    first: int
    count: int
    size: int
    """Of the log in the receipt's checkpoint."""
    receipt: str
    repeated: bool = False
    """The same bytes had been posted before."""

    @property
    def last(self) -> int:
        """Version of the last event."""
        return self.first + self.count - 1


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A key over time: it signs entries with authorised < index <= revoked."""

    key: str
    """RFC 7638 thumbprint."""
    authorised: int
    revoked: int | None = None
    scope: tuple[str, ...] = ()
    event_types: tuple[str, ...] | None = None
    """None: all."""
    admin: bool = False
    read: bool = False
    recovered: bool = False
    compromised_from: int | None = None
    """Entries from this index on are disputed."""
    confirmed: tuple[tuple[int, int], ...] = ()
    """But for those in these intervals [from, until)."""


class PartyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A registered party with its keys in the order of their arrival."""

    party: str
    name: str
    roles: tuple[str, ...]
    event: str
    """The registration, `<stream>@<version>`."""
    lei: str | None = None
    uscc: str | None = None
    region: str | None = None
    keys: tuple[KeyInfo, ...] = ()


class DisputeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a compromised key that its party has neither confirmed nor undone."""

    party: str
    """Whose key it is."""
    key: str
    index: int
    stream: str
    first: int
    """Version of its first event."""
    count: int
    types: tuple[str, ...]
    """Of its events, each once."""
    signed_at: str
    settled: int
    """How many of its events were withdrawn, corrected or superseded since."""

    @property
    def last(self) -> int:
        """Version of the last event."""
        return self.first + self.count - 1


class FactorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A published factor; `valid` is [first day, day after the last)."""

    factor: str
    """`<publisher>/<id>@<version>`."""
    activity: str
    unit: str
    kind: str
    region: str
    year: int
    valid: tuple[str, str]
    gases_kg_per_unit: dict[str, Number]
    title: str
    event: str
    number: str | None = None
    """Of the document."""
    sha256: str | None = None
    """Of the document."""
    properties: dict[str, Number] = {}
    uncertainty_percent: str | None = None
    unverified: bool = False
    """A company's own, and no certifier has confirmed it."""
    confirmed_by: tuple[str, ...] = ()
    """Events in which certifiers confirmed it."""


class SiteInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a party."""

    party: str
    site: str
    region: str
    inside: bool
    event: str
    name: str | None = None


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it stands now: its latest terms, and the factor that fills each role."""

    stream: str
    party: str
    site: str
    region: str
    inside: bool
    activity: str
    unit: str
    scope: int | None
    key_area: str
    kind: str
    """`continuous` or `discrete`."""
    flow: str
    factors: dict[str, str]
    """Role to factor."""
    event: str
    """The registration, `<stream>@<version>`."""
    category: int | None = None
    balance_group: str | None = None
    interval_s: int | None = None
    gpc: str | None = None
    part_of: str | None = None
    plausible: tuple[str, str] | None = None
    uncertainty_percent: str | None = None
    name: str | None = None
    closed_at: str | None = None
    """A time in UTC."""


class TransferInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer as one of its two sides may see it, as it stands now."""

    event: str
    """The event that recorded it: the one to acknowledge."""
    month: str
    kind: str
    side: str
    """`sent` or `received`."""
    other: str | None
    """The other side; None where it left the area."""
    quantity: str
    unit: str
    state: str
    """`open`, `acknowledged`, `differs`, `withdrawn`, `superseded`, or `out` of the area."""
    reference: str | None = None
    """Number of the bill."""
    acknowledged: tuple[str, str] | None = None
    """Quantity and unit that the receiver last stated."""
    acknowledgement: str | None = None
    """The receiver's event; only the receiver is told."""
    stream: str | None = None
    """The party's own stream, from which it was sent or with which it was acknowledged."""


class TargetInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a target; amounts in milligrams of CO2e."""

    event: str
    """The `TargetSet`."""
    index: int
    """Of the log entry that holds it."""
    target: str
    stands: bool
    """Whether no later statement has taken its place."""
    view: str
    gwp: str
    gases: tuple[str, ...]
    """Those that it counts; none named: all."""
    base_year: int
    base_size: int
    """The log size that the base was read at."""
    base_mg: str
    path: tuple[tuple[int, str], ...]
    """What later years may have."""
    credits_percent: tuple[str, str]
    """What credits may take off: numerator and denominator, in per cent of the base."""
    neutral_year: int
    reason: str

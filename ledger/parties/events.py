"""The events of trust: the ledger's opening, parties, keys and rules.

Members exactly as in the reference of events. A key belongs to one party for ever; each arrives
with proof that somebody holds its private half. Source: formats, section 5.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec

from ledger.errors import BadValue
from ledger.fold.event import Event, RegionCode
from ledger.log.values import (
    EventTypeName,
    HashHex,
    KeyId,
    NameText,
    PartyName,
    ScopeItem,
    SegmentName,
    Size,
)

PARTY_ROLES = (
    "aggregate",
    "certifier",
    "company",
    "factor-publisher",
    "operator",
    "public-body",
    "registry",
    "regulator",
)


class Jwk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An Ed25519 public key inside an event (RFC 8037), with exactly these members."""

    crv: str
    kty: str
    x: str

    def members(self) -> dict[str, str]:
        """The members as a plain mapping, as `ledger.log.keys.public_key` takes them."""
        return {"crv": self.crv, "kty": self.kty, "x": self.x}


class RulesRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule pack by version and hash."""

    version: SegmentName
    sha256: HashHex


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Size and root of a checkpoint that a log has signed."""

    size: Size
    root: HashHex


class Continued(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The end of an earlier log that this one continues.

    `signed` is the newest checkpoint that the earlier log had signed, where it is of more entries
    than there are: so many were lost.
    """

    log: str
    size: Size
    root: HashHex
    heads_root: HashHex
    heads_count: Size
    signed: Signed | None = None


class LedgerOpened(Event, frozen=True, kw_only=True):
    """Entry 0: whose log this is, where, under which rules, and the key that recovers it."""

    origin: str
    log: str
    operator: PartyName
    key: Jwk
    proof: str
    recovery_key: Jwk
    recovery_proof: str
    area: NameText
    timezone: str
    rules: RulesRef
    continues: Continued | None


class RulesActivated(Event, frozen=True, kw_only=True):
    """From the next entry on, these rules decide; what stands before keeps its own."""

    rules: RulesRef


class PartyRegistered(Event, frozen=True, kw_only=True):
    """The party of this stream exists, in these roles, and this is its first admin key."""

    name: NameText
    roles: tuple[str, ...]
    key: Jwk
    proof: str
    lei: str | None = None
    uscc: str | None = None
    region: RegionCode | None = None

    def __post_init__(self) -> None:
        require_sorted("roles", self.roles)
        if not self.roles:
            raise BadValue("roles", expected="at least one role", found="none")


class KeyAuthorized(Event, frozen=True, kw_only=True):
    """A further key of the party, for these streams and types."""

    key: Jwk
    proof: str
    scope: tuple[ScopeItem, ...]
    event_types: tuple[EventTypeName, ...] | None = None
    admin: bool = False
    read: bool = False

    def __post_init__(self) -> None:
        require_sorted("scope", self.scope)
        if self.event_types is not None:
            require_sorted("event_types", self.event_types)


class KeyRevoked(Event, frozen=True, kw_only=True):
    """The key is valid up to this entry and no further.

    Once more for a revoked key, it only says from which earlier entry on the key was compromised.
    """

    key: KeyId
    reason: NameText
    compromised_from: Size | None


class KeyRecovered(Event, frozen=True, kw_only=True):
    """A new admin key for a party that lost its own, with the evidence for it."""

    key: Jwk
    proof: str
    reason: NameText
    evidence: tuple[HashHex, ...]
    replaces: tuple[KeyId, ...] = ()

    def __post_init__(self) -> None:
        require_sorted("evidence", self.evidence)
        require_sorted("replaces", self.replaces)
        if not self.evidence:
            raise BadValue("evidence", expected="at least one hash of a document", found="none")


class EntriesConfirmed(Event, frozen=True, kw_only=True):
    """The party stands by what a compromised key signed in entries [from, until) of the log."""

    key: KeyId
    entries: tuple[Size, Size]
    reason: NameText

    def __post_init__(self) -> None:
        if self.entries[0] >= self.entries[1]:
            raise BadValue(
                "entries",
                expected="[from, until) with from below until",
                found=f"[{self.entries[0]}, {self.entries[1]})",
            )


EVENTS = (
    LedgerOpened,
    RulesActivated,
    PartyRegistered,
    KeyAuthorized,
    KeyRevoked,
    KeyRecovered,
    EntriesConfirmed,
)


def require_sorted(member: str, items: tuple[str, ...]) -> None:
    """Raise BadValue unless the items ascend without repeats (one spelling for a set)."""
    for one, other in pairwise(items):
        if one >= other:
            raise BadValue(
                member,
                expected="items in ascending order without repeats",
                found=f"{one!r} before {other!r}",
            )

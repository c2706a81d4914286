"""What the rules know of the ledger, its parties and their keys."""

from __future__ import annotations

import msgspec

from ledger.fold.state import Kind, State


class EarlierLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log that came to its end and was continued; its entry 0 stands at index `opened` here.

    `signed` is the size of the newest checkpoint that it had signed, `size` what was left of it.
    """

    log: str
    opened: int
    size: int
    signed: int


class EndPiece(msgspec.Struct, frozen=True, kw_only=True):
    """What the log at hand has come to: what the opening of a continuing log must name.

    Hashes are hexadecimal. With `size` None nothing is at hand: a file of a few entries takes the
    continuation for the operator's word.
    """

    size: int | None
    root: str = ""
    heads_root: str = ""
    heads_count: int = 0


UNSEEN_END = EndPiece(size=None)


class LedgerPiece(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger itself: what `LedgerOpened` said, and the rules in force."""

    origin: str
    log: str
    operator: str
    area: str
    timezone: str
    recovery_key: str
    rules_version: str
    rules_sha256: str
    rules_since: int
    """The entry that brought them; they decide from the next one on."""
    earlier_rules: tuple[tuple[str, int], ...] = ()
    """(version, last entry that it decided), oldest first."""
    opened: int = 0
    """Index of entry 0 of the log at hand: 0, or less where that is one that was continued."""
    earlier: tuple[EarlierLog, ...] = ()
    """The logs that it continues, oldest first."""

    def index_of(self, said: int) -> int:
        """The index here of an index or size that an event of the log at hand names."""
        return self.opened + said

    def rules_at(self, index: int) -> str:
        """The version that decided the entry of this index."""
        for version, last in self.earlier_rules:
            if index <= last:
                return version
        return self.rules_version


class PartyPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A party: its registration, and all its keys in the order of their arrival."""

    party: str
    name: str
    roles: tuple[str, ...]
    event: str
    index: int
    keys: tuple[str, ...]
    lei: str | None = None
    uscc: str | None = None
    region: str | None = None
    recovered: tuple[str, ...] = ()


class KeyPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A key over time: valid for entry i when `authorised` < i <= `revoked`.

    `by` names the event that brought it, and `given_by` the key that signed that. `scope` items and `event_types` bound what it may say;
    an admin key also manages its party's keys. The ledger's recovery key has neither scope nor
    admin: it may only authorise and revoke in the operator's key stream.
    """

    thumbprint: str
    x: str
    party: str
    by: str
    authorised: int
    scope: tuple[str, ...]
    event_types: tuple[str, ...] | None = None
    admin: bool = False
    read: bool = False
    recovery: bool = False
    recovered: bool = False
    revoked: int | None = None
    revoked_by: str | None = None
    compromised_from: int | None = None
    compromised_by: str | None = None
    """The event that said so, which may be later than the revocation."""
    confirmed: tuple[tuple[int, int], ...] = ()
    """Entries [from, until) that the party stands by all the same."""
    given_by: str = ""

    def valid_at(self, index: int) -> bool:
        """Whether the key may sign the entry of this index."""
        return self.authorised < index and (self.revoked is None or index <= self.revoked)

    def disputed_at(self, index: int) -> bool:
        """Whether what the key signed in the entry of this index is disputed.

        It is from where the key was declared compromised on, but where the party has confirmed it.
        """
        return (
            self.compromised_from is not None
            and index >= self.compromised_from
            and not any(first <= index < until for first, until in self.confirmed)
        )


LEDGER = Kind("ledger", LedgerPiece)
PARTY = Kind("party", PartyPiece)
KEY = Kind("key", KeyPiece)

END = Kind("end", EndPiece, stored=False)
"""Under ""; told by whoever holds the state, before the entry that opens a continuing log."""

KINDS = (LEDGER, PARTY, KEY)


def ledger(state: State) -> LedgerPiece:
    """The ledger, which every entry but the first may rely on."""
    found = state.get(LEDGER, "")
    if found is None:
        raise AssertionError("asked for the ledger before entry 0")
    return found

"""What the rules know of sites, factors, sources and their readings."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger.carbon.coverage import Bounds
from ledger.carbon.events import Body
from ledger.fold.state import Kind

ALWAYS_S = -(2**53)
"""The `from` of what a source said at its registration: before all time."""
NEVER = -1
"""The entry that has evaluated nothing again, in a log whose entries begin at 0."""


class SitePiece(msgspec.Struct, frozen=True, kw_only=True):
    """A site, under `<party>/<site>`, and the streams of all sources that ever stood there.

    From `left_s` on, another party answers for it.
    """

    region: str
    inside: bool
    event: str
    name: str | None = None
    sources: tuple[str, ...] = ()
    left_s: int | None = None
    left_by: str | None = None


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A certifier's word for a company's own factor, at its log index."""

    index: int
    event: str
    certifier: str
    reason: str
    evidence: tuple[str, ...] = ()


class FactorPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A published factor, under its ref.

    Gases are (gas, numerator, denominator) in kg per unit, properties (name, numerator,
    denominator); `valid_s` is the half-open range of activity times, in epoch seconds of the
    area's calendar. `title`, `number` and `sha256` are those of its document. Of a kind that a
    company may publish, a certifier confirms it; its numbers never change.
    """

    ref: str
    activity: str
    unit: str
    kind: str
    region: str
    year: int
    valid: tuple[str, str]
    valid_s: tuple[int, int]
    gases: tuple[tuple[str, str, str], ...]
    event: str
    title: str
    number: str | None = None
    sha256: str | None = None
    index: int = -1
    properties: tuple[tuple[str, str, str], ...] = ()
    uncertainty_percent: str | None = None
    confirmable: bool = False
    confirmed: tuple[Confirmation, ...] = ()

    def unverified(self, size: int | None = None) -> bool:
        """Whether it needs a certifier's confirmation and, as known at a log size, has none."""
        return self.confirmable and not any(
            size is None or one.index < size for one in self.confirmed
        )


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a source is from `from_s` on; `line` numbers the line its masses go to."""

    from_s: int
    line: int
    site: str
    key_area: str
    category: int | None = None
    interval_s: int | None = None
    gpc: str | None = None
    part_of: str | None = None
    plausible: tuple[str, str] | None = None
    uncertainty_percent: str | None = None
    name: str | None = None


class Assigned(msgspec.Struct, frozen=True):
    """A factor that fills a role from a time on, until the next one."""

    from_s: int
    factor: str
    event: str


class Amended(msgspec.Struct, frozen=True):
    """Members that changed at a time, as the event gave them."""

    from_s: int
    members: dict[str, Any]


class LineKey(msgspec.Struct, frozen=True):
    """What decides to which line of a footprint a source's masses go."""

    site: str
    region: str
    inside: bool
    key_area: str
    category: int | None
    gpc: str | None
    part_of: str | None


class SourcePiece(msgspec.Struct, frozen=True, kw_only=True):
    """A source, under its stream. `events` are all register events that made it what it is.

    `left_s` says from when on another party answers for a site of its terms.
    """

    stream: str
    party: str
    activity: str
    unit: str
    scope: int | None
    kind: str
    flow: str
    balance_group: str | None
    terms: tuple[Terms, ...]
    amended: tuple[Amended, ...]
    factors: dict[str, tuple[Assigned, ...]]
    events: tuple[str, ...]
    lines: tuple[LineKey, ...]
    closed_at_s: int | None = None
    counted_again: int = NEVER
    """The last entry at which all that was recorded before was evaluated again.

    Where there is none, an entry before the first that can have been recorded.
    """
    left_s: dict[str, int] = {}

    def terms_at(self, at_s: int) -> Terms:
        """The terms in force at an instant."""
        found = self.terms[0]
        for terms in self.terms[1:]:
            if terms.from_s > at_s:
                break
            found = terms
        return found

    def left_site(self, start_s: int, end_s: int) -> str | None:
        """A site of the source that another party answers for in a part of this time, or None."""
        for at, terms in enumerate(self.terms):
            left_s = self.left_s.get(terms.site)
            until_s = self.terms[at + 1].from_s if at + 1 < len(self.terms) else end_s
            if left_s is not None and max(start_s, terms.from_s, left_s) < min(end_s, until_s):
                return terms.site
        return None

    def factor_at(self, role: str, at_s: int) -> str | None:
        """The factor that fills a role at an instant, or None."""
        found = None
        for assigned in self.factors.get(role, ()):
            if assigned.from_s > at_s:
                break
            found = assigned.factor
        return found


class CoverPiece(msgspec.Struct, frozen=True):
    """Covered time of a continuous source, under `<stream> <bucket>`."""

    bounds: Bounds


def cover_key(stream: str, bucket: int) -> str:
    """The key of the piece that holds a bucket of a stream's coverage."""
    return f"{stream} {bucket}"


class ReferencePiece(msgspec.Struct, frozen=True):
    """The event that carries a reference, under `<stream> <reference>`."""

    event: str


class ChangePiece(msgspec.Struct, frozen=True):
    """The latest correction or withdrawal of an event, under the event's name."""

    latest: str
    withdrawn: bool


class RegisterPiece(msgspec.Struct, frozen=True):
    """The last reading of a meter's register, under `<stream> <meter>`."""

    event: str


class RegisterLink(msgspec.Struct, frozen=True):
    """One register reading, under its event: where it began and ended, and what it follows."""

    begins: str
    ends: str
    follows: str | None


class RecordedPiece(msgspec.Struct, frozen=True):
    """An event as recorded, read from the log under its name: type, body, index of its entry."""

    type: str
    body: Body
    index: int


class HistoryPiece(msgspec.Struct, frozen=True):
    """All live bodies of a stream, read from the log, in the order of their events.

    (event, body as it stands, index of the entry that recorded or last corrected it)
    """

    items: tuple[tuple[str, Body, int], ...]


SITE = Kind("site", SitePiece)
FACTOR = Kind("factor", FactorPiece)
SOURCE = Kind("source", SourcePiece)
COVER = Kind("cover", CoverPiece)
REFERENCE = Kind("reference", ReferencePiece)
CHANGE = Kind("change", ChangePiece)
REGISTER = Kind("register", RegisterPiece)
REGISTER_LINK = Kind("register-link", RegisterLink)

RECORDED = Kind("recorded", RecordedPiece, stored=False)
HISTORY = Kind("history", HistoryPiece, stored=False)

KINDS = (SITE, FACTOR, SOURCE, COVER, REFERENCE, CHANGE, REGISTER, REGISTER_LINK)

"""What a bundle may claim: the kinds of subject, and what else a bundle of each kind holds.

    {"event":"acme/plant-7/electricity@42"}                               kind `event`
    {"party":"acme","seal":"operator/seals@3"}                            kind `company-total`
    {"line":{"column":"emitted",…},"party":"acme","seal":"operator/seals@3"}   kind `inventory-line`

`KINDS` is the whole table: a kind is a type of subject and the further members of the file, each
in exact form. A new kind is a line of it, a file in `ledger/provenance` that derives the claim, and
a line in the specification. Source: specification, bundles, "Kinds".
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal, Union, cast

import msgspec

from ledger.errors import BadBundle
from ledger.log.canonical import decode, encode
from ledger.log.hashes import HASH_BYTES, Hash
from ledger.log.seals import CompanyLine, Head, InventoryLine, LineName
from ledger.log.values import (
    AmountText,
    EventRef,
    MonthText,
    PartyName,
    SaltHex,
    Size,
    StreamName,
)

FIGURE_MAX: Final = 600
"""Characters of a figure's identifier."""

HashPath = tuple[Annotated[Hash, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)], ...]
"""From a leaf's sibling to the root's child; base64 in the file."""


# --- subjects --------------------------------------------------------------------------------------


class EventSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event gives, by month, role and gas."""

    event: EventRef


class CurrentSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, and that nothing later changes it, as of a seal."""

    event: EventRef
    seal: EventRef


class LineSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a party's sealed inventory."""

    line: LineName
    party: PartyName
    seal: EventRef


class CompanySubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party's sealed sums."""

    party: PartyName
    seal: EventRef


class Select(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Which lines of an inventory are added: those that are as every member says.

    `months` are [first month, month after the last). A line without a method always matches it.
    """

    method: Literal["location", "market"]
    category: Annotated[int, msgspec.Meta(ge=1, le=15)] | None = None
    months: tuple[MonthText, MonthText] | None = None
    scope: Literal[1, 2, 3] | None = None
    stream: StreamName | None = None

    def __post_init__(self) -> None:
        if self.months is not None and self.months[0] >= self.months[1]:
            raise ValueError("months ascend: [first, month after the last)")

    def matches(self, line: LineName) -> bool:
        """Whether a line is one of those."""
        return (
            line.method in (None, self.method)
            and self.category in (None, line.category)
            and self.scope in (None, line.scope)
            and self.stream in (None, line.stream)
            and (self.months is None or self.months[0] <= line.month < self.months[1])
        )


class PartSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sum of some lines of a party's sealed inventory."""

    party: PartyName
    seal: EventRef
    select: Select


class AreaSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A seal's totals, and the sum over all companies."""

    seal: EventRef


class TargetSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sealed year beside what a target allows; `target` names the event that set it."""

    seal: EventRef
    target: EventRef


class InventorySubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party's sealed sums, derived from all of its events."""

    party: PartyName
    seal: EventRef


class FigureSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of a report by its identifier, derived from all events."""

    figure: Annotated[str, msgspec.Meta(min_length=1, max_length=FIGURE_MAX)]


Subject = Union[  # noqa: UP007  (also a type at run time, for what stands in the table)
    EventSubject,
    CurrentSubject,
    LineSubject,
    CompanySubject,
    PartSubject,
    AreaSubject,
    TargetSubject,
    InventorySubject,
    FigureSubject,
]


# --- further members -------------------------------------------------------------------------------


class CompanyProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party's line, and its place in the list of companies."""

    line: CompanyLine
    path: HashPath
    position: Size


class ShownLine(LineName, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inventory line with all of its members."""

    mass_mg: AmountText
    salt: SaltHex

    def __post_init__(self) -> None:
        if self.mass_mg == "0":
            raise ValueError("the mass of an inventory line is above zero")

    def as_line(self) -> InventoryLine:
        """The line, its key apart."""
        members = {name: getattr(self, name) for name in LineName.__struct_fields__}
        return InventoryLine(LineName(**members), int(self.mass_mg), self.salt)


class LineProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inventory line, and its place in its party's list."""

    line: ShownLine
    path: HashPath
    position: Size


class HeadPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the list of heads, and its place there."""

    line: Head
    path: HashPath
    position: Size


class HeadShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a stream ended below the seal's size."""

    line: Head
    path: HashPath
    position: Size
    stream: StreamName


class HeadAbsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a stream had no entry below the seal's size: the heads on both sides of its place."""

    after: HeadPlace | None
    before: HeadPlace | None
    stream: StreamName


HeadProof = HeadShown | HeadAbsent


class Further(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a bundle that its kind adds; those of other kinds are None."""

    companies: tuple[CompanyLine, ...] | None = None
    company: CompanyProof | None = None
    heads: tuple[HeadProof, ...] | None = None
    line: LineProof | None = None
    lines: tuple[ShownLine, ...] | None = None


NOTHING: Final = Further()


# --- the table -------------------------------------------------------------------------------------


class Kind(msgspec.Struct, frozen=True):
    """One kind of bundle: its name, its subject, the members that it adds, its form of entries."""

    name: str
    subject: type[msgspec.Struct]
    further: tuple[str, ...] = ()
    whole: bool = False
    """Whether entries may stand in it whole, without a path for each event."""


KINDS: Final = (
    Kind("event", EventSubject),
    Kind("current-event", CurrentSubject, ("heads",)),
    Kind("inventory-line", LineSubject, ("company", "line")),
    Kind("company-total", CompanySubject, ("company",)),
    Kind("company-part", PartSubject, ("company", "lines")),
    Kind("area-total", AreaSubject, ("companies",)),
    Kind("target-progress", TargetSubject),
    Kind("company-inventory", InventorySubject, ("company",), whole=True),
    Kind("figure", FigureSubject, whole=True),
)

_BY_NAME: Final = {kind.name: kind for kind in KINDS}
_BY_SUBJECT: Final = {kind.subject: kind for kind in KINDS}
_FORMS: Final = {
    "companies": tuple[CompanyLine, ...],
    "company": CompanyProof,
    "line": LineProof,
    "lines": tuple[ShownLine, ...],
}


def kind_named(name: object) -> Kind:
    """The kind of this name; raises BadBundle."""
    kind = _BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadBundle(
            "this kind of bundle is not known",
            expected=", ".join(_BY_NAME),
            found=repr(name)[:80],
            advice="A newer release may know it.",
        )
    return kind


def parse_subject(kind: str, text: bytes) -> Subject:
    """The subject of a kind from its canonical JSON, without LF; raises BadBundle, NotCanonical."""
    return read_subject(kind_named(kind), decode(text))


def format_subject(subject: Subject) -> bytes:
    """The subject in canonical JSON; raises BadBundle for one that cannot be."""
    value = cast("dict[str, object]", as_value(subject))
    read_subject(kind_of(subject), value)
    return encode(value)


def kind_of(subject: Subject) -> Kind:
    """The kind whose subject this is."""
    return _BY_SUBJECT[type(subject)]


def read_subject(kind: Kind, value: object) -> Subject:
    """The subject of a kind, of exactly its members; raises BadBundle."""
    return cast("Subject", _read(kind.subject, value, "the subject"))


def read_further(kind: Kind, value: dict[str, object]) -> Further:
    """The further members of a kind, each in its form; raises BadBundle.

    `value` has exactly the members that the kind adds.
    """
    found: dict[str, object] = {}
    for name in kind.further:
        if name == "heads":
            found[name] = _read_heads(value[name])
        else:
            found[name] = _read(_FORMS[name], value[name], name)
    _check_companies(found.get("companies"))
    return Further(**found)  # type: ignore[arg-type]


def further_value(kind: Kind, further: Further) -> dict[str, object]:
    """The members as they are written; raises BadBundle where the kind has others."""
    there = {n for n in Further.__struct_fields__ if getattr(further, n) is not None}
    if there != set(kind.further):
        raise BadBundle(
            f"the members of a bundle of kind {kind.name}",
            expected=", ".join(kind.further) or "none",
            found=", ".join(sorted(there)) or "none",
        )
    return {name: as_value(getattr(further, name)) for name in kind.further}


def as_value(item: object) -> object:
    """A struct, or several, as canonical JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(item))


def _read(form: object, value: object, what: str) -> object:
    try:
        found: object = msgspec.convert(value, form, strict=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadBundle(f"{what} of a bundle is out of form", found=str(error)) from error
    if as_value(found) != value:
        raise BadBundle(
            f"{what} of a bundle is not in its one spelling",
            expected="base64 without loose bits, and no default spelled out",
        )
    return found


def _check_companies(companies: object) -> None:
    parties = [one.party for one in cast("tuple[CompanyLine, ...]", companies or ())]
    if any(a >= b for a, b in pairwise(parties)):
        raise BadBundle("companies stand once each, in order of party", found=f"{parties}"[:200])


def _read_heads(value: object) -> tuple[HeadProof, ...]:
    if not isinstance(value, list):
        raise BadBundle("heads of a bundle are an array")
    found = tuple(
        cast(
            "HeadProof",
            _read(
                HeadShown if isinstance(item, dict) and "line" in item else HeadAbsent,
                item,
                "a proof of a head",
            ),
        )
        for item in value
    )
    streams = [one.stream for one in found]
    if any(a >= b for a, b in pairwise(streams)):
        raise BadBundle("heads stand once each, in order of stream", found=f"{streams}"[:200])
    return found

"""The lists that a seal commits to, byte by byte: heads of streams, companies, inventory lines.

    {"head":"<leaf hash>","stream":"acme/plant-7/electricity","version":42}
    {"lines_count":2,"lines_root":"…","party":"acme","streams_root":"…","sums":{"CO2":{…}}}
    {"column":"emitted","gas":"CO2","line":0,"mass_mg":"1847159",…,"salt":"…","scope":2,…}

Each list is sorted and each of its lines once; its root is that of RFC 6962 over the canonical
lines. A seal names root and count of two lists, and a company's line those of a third, so a line is
shown by a path, and that a stream has no entry by its two neighbours.
Source: formats, section 9; specification, seals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal

import msgspec

from ledger.errors import BadValue
from ledger.log.canonical import StructReader, encode
from ledger.log.hashes import LeafHash, RootHash, leaf_hash
from ledger.log.names import party_of
from ledger.log.tree import root_of
from ledger.log.values import (
    AmountText,
    HashHex,
    MemberName,
    MonthText,
    PartyName,
    SaltHex,
    SegmentName,
    Size,
    StreamName,
    Version,
)

Column = Literal["biogenic", "emitted", "memo", "removed"]
SEALED_COLUMNS: Final = ("biogenic", "emitted", "removed")
"""The columns of sums and totals, never added to each other."""

_SALTED: Final = b"carbon-line/v1\n"


class Amounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Milligrams of one gas, by column; none is below zero."""

    biogenic: AmountText
    emitted: AmountText
    removed: AmountText


Sums = dict[MemberName, Amounts]
"""By gas; one whose amounts are all zero is left out."""


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a stream ends: its last version, and that event's leaf hash."""

    head: HashHex
    stream: StreamName
    version: Version


class CompanyLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One party of a sealed area; public. `streams_root` is over the heads of all its streams."""

    lines_count: Size
    lines_root: HashHex
    party: PartyName
    streams_root: HashHex
    sums: Sums


class LineName(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What an inventory line is about: its key in the list, in canonical JSON.

    `category` is that of Scope 3, `method` that of Scope 2, `role` the factor's role, `line` the
    numbered line of the source. Of what leaves a balance `subtract` is true.
    """

    column: Column
    gas: MemberName
    line: Size
    month: MonthText
    role: SegmentName
    scope: Literal[1, 2, 3]
    stream: StreamName
    category: Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] | None = None
    method: Literal["location", "market"] | None = None
    subtract: bool = False

    def key(self) -> bytes:
        """Its canonical JSON, by which lines are sorted."""
        return encode(_members(self))


class InventoryLine(msgspec.Struct, frozen=True):
    """One line of a party's inventory; private."""

    name: LineName
    mass_mg: int
    salt: str

    def encode(self) -> bytes:
        """The line in canonical JSON."""
        return encode({**_members(self.name), "mass_mg": str(self.mass_mg), "salt": self.salt})


class _LineBytes(LineName, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mass_mg: AmountText
    salt: SaltHex


_LINE: Final = StructReader(_LineBytes)
_HEAD: Final = StructReader(Head)
_COMPANY: Final = StructReader(CompanyLine)


def encode_head(head: Head) -> bytes:
    """The line of a stream's head."""
    return encode(msgspec.to_builtins(head))


def read_head(line: bytes) -> Head:
    """The head of a line in its one spelling. Raises NotCanonical, BadValue."""
    return _HEAD.decode(line)


def encode_company(company: CompanyLine) -> bytes:
    """The line of a party."""
    return encode(msgspec.to_builtins(company))


def read_company(line: bytes) -> CompanyLine:
    """The party's line of a line in its one spelling. Raises NotCanonical, BadValue."""
    return _COMPANY.decode(line)


def read_line(line: bytes) -> InventoryLine:
    """The inventory line of a line in its one spelling. Raises NotCanonical, BadValue."""
    found = _LINE.decode(line)
    if found.mass_mg == "0":
        raise BadValue("mass_mg of an inventory line", expected="above zero", found="0")
    members = {name: getattr(found, name) for name in LineName.__struct_fields__}
    return InventoryLine(LineName(**members), int(found.mass_mg), found.salt)


def line_salt(register_salt: str, key: bytes) -> str:
    """The salt of an inventory line: who has the party's register can compute it, nobody else.

    `register_salt` is that of the event `P/register@1`, `key` the line's canonical key.
    """
    return sha256(_SALTED + register_salt.encode("ascii") + key).hexdigest()[:32]


def leaves(lines: Iterable[bytes]) -> list[LeafHash]:
    """The leaf hashes of a list's lines."""
    return [leaf_hash(line) for line in lines]


def root(lines: Iterable[bytes]) -> RootHash:
    """The root over a list's lines, in order."""
    return root_of(leaves(lines))


def heads_root(heads: Iterable[Head]) -> RootHash:
    """The root over heads that ascend by stream."""
    return root(map(encode_head, heads))


def streams_root(heads: Iterable[Head], party: str) -> RootHash:
    """The root over the heads of a party's own streams."""
    return heads_root(head for head in heads if party_of(head.stream) == party)


def counts(name: LineName) -> bool:
    """Whether a line is part of its party's sums: Scope 1, and Scope 2 by location; no memo."""
    return name.column in SEALED_COLUMNS and (
        name.scope == 1 or (name.scope == 2 and name.method == "location")
    )


def sums_of(lines: Iterable[InventoryLine]) -> dict[str, dict[str, int]]:
    """Milligrams by gas and column of the lines that are part of the sums; not all are ≥ 0."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        if counts(line.name):
            row = found.setdefault(line.name.gas, dict.fromkeys(SEALED_COLUMNS, 0))
            row[line.name.column] += -line.mass_mg if line.name.subtract else line.mass_mg
    return {gas: row for gas, row in sorted(found.items()) if any(row.values())}


def as_sums(amounts: Mapping[str, Mapping[str, int]]) -> Sums:
    """Milligrams by gas and column as they are written; the caller has seen that none is below 0."""
    return {
        gas: Amounts(**{column: str(row.get(column, 0)) for column in SEALED_COLUMNS})
        for gas, row in sorted(amounts.items())
        if any(row.values())
    }


def add_up(sums: Sequence[Sums]) -> Sums:
    """What the sums of several parties make together."""
    found: dict[str, dict[str, int]] = {}
    for one in sums:
        for gas, amounts in one.items():
            row = found.setdefault(gas, dict.fromkeys(SEALED_COLUMNS, 0))
            for column in SEALED_COLUMNS:
                row[column] += int(getattr(amounts, column))
    return as_sums(found)


def _members(name: LineName) -> dict[str, object]:
    return {
        member: value
        for member in LineName.__struct_fields__
        if (value := getattr(name, member)) not in (None, False) or member == "line"
    }

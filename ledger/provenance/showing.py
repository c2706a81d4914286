"""What a file shows of a seal's lists: lines with their paths, heads, and the places of absent ones.

Whoever makes a file takes these from the lists behind a seal; whoever reads it checks them with the
code beside this. Source: specification, bundles, "Kinds".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from ledger.carbon.seal.lists import SealLists
from ledger.errors import NotFound
from ledger.log import seals
from ledger.log.bundle_kinds import (
    CompanyProof,
    HeadAbsent,
    HeadPlace,
    HeadProof,
    HeadShown,
    LineProof,
    ShownLine,
)
from ledger.log.seals import CompanyLine, Head, InventoryLine, LineName
from ledger.log.tree import parents, path_through


def company_shown(lists: SealLists, party: str) -> CompanyProof:
    """A party's line of the list of companies, with its path. Raises NotFound."""
    return company_among(lists.companies, party)


def company_among(companies: Sequence[CompanyLine], party: str) -> CompanyProof:
    """The same of who has that list alone; `companies` are all of a seal, sorted."""
    for position, line in enumerate(companies):
        if line.party == party:
            rows = _rows([seals.encode_company(one) for one in companies])
            return CompanyProof(line=line, path=path_through(rows, position), position=position)
    raise NotFound(
        f"the line of {party}",
        expected="a company, public body or aggregate of the seal",
        found=party,
        advice="carbon-ledger seal show --companies lists them.",
    )


def lines_shown(lists: SealLists, party: str) -> tuple[ShownLine, ...]:
    """A party's whole list of inventory lines."""
    return tuple(_shown(line) for line in lists.lines.get(party, ()))


def line_shown(lists: SealLists, party: str, name: LineName) -> LineProof:
    """One of a party's inventory lines, with its path. Raises NotFound."""
    lines = lists.lines.get(party, ())
    for position, line in enumerate(lines):
        if line.name == name:
            rows = _rows([one.encode() for one in lines])
            path = path_through(rows, position)
            return LineProof(line=_shown(line), path=path, position=position)
    raise NotFound(
        f"an inventory line of {party}",
        expected="a line of its sealed inventory",
        found=name.key().decode(),
        advice="carbon-ledger seal show lists them.",
    )


def heads_shown(heads: Sequence[Head], streams: Iterable[str]) -> tuple[HeadProof, ...]:
    """Where these streams end, or that they have no entry; `heads` are all of a seal, sorted."""
    rows = _rows([seals.encode_head(head) for head in heads])
    names = [head.stream for head in heads]

    def place(position: int) -> HeadPlace | None:
        if not 0 <= position < len(heads):
            return None
        path = path_through(rows, position)
        return HeadPlace(line=heads[position], path=path, position=position)

    found: list[HeadProof] = []
    for stream in sorted(set(streams)):
        at = bisect_left(names, stream)
        here = place(at)
        if here is not None and here.line.stream == stream:
            found.append(
                HeadShown(line=here.line, path=here.path, position=here.position, stream=stream)
            )
        else:
            found.append(HeadAbsent(after=here, before=place(at - 1), stream=stream))
    return tuple(found)


def _rows(lines: Sequence[bytes]) -> list[Sequence[bytes]]:
    rows: list[Sequence[bytes]] = [seals.leaves(lines)]
    while len(rows[-1]) > 1:
        rows.append(parents(rows[-1]))
    return rows


def _shown(line: InventoryLine) -> ShownLine:
    members = {name: getattr(line.name, name) for name in LineName.__struct_fields__}
    return ShownLine(**members, mass_mg=str(line.mass_mg), salt=line.salt)

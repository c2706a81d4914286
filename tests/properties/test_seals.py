"""Whatever a park is like, its seal adds up: lines to sums, sums and the view's bridge to totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.carbon.area.bridge import bridge
from ledger.carbon.known import Known
from ledger.carbon.pieces import LineKey, SourcePiece, Terms
from ledger.carbon.rows import LineRow
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SealGround
from ledger.errors import RuleBroken
from ledger.log import seals
from ledger.log.hashes import leaf_hash
from ledger.log.proof import root_from_path
from ledger.log.seals import SEALED_COLUMNS, Head, LineName, read_line
from ledger.log.tree import path_of
from tests.properties.test_bridge import PACK, VIEWS, parks

some = settings(max_examples=max(150, settings().max_examples // 5))
SALTS = {"acme": "1" * 32, "mill": "2" * 32}


def furnished(known: Known) -> Known:
    """The park with a source for each stream that has recorded something."""
    lines = {row.line.stream: row.line for row in known.masses}
    return msgspec.structs.replace(known, sources={s: source(one) for s, one in lines.items()})


def source(line: LineRow) -> SourcePiece:
    key = LineKey(*(getattr(line, member) for member in LineKey.__struct_fields__))
    return SourcePiece(
        stream=line.stream,
        party=line.party,
        activity=line.activity,
        unit=line.unit,
        scope=line.scope,
        kind=line.kind,
        flow=line.flow,
        balance_group=line.balance_group,
        terms=(Terms(from_s=0, line=line.line, site=line.site, key_area=line.key_area),),
        amended=(),
        factors={},
        events=(),
        lines=(key, key),
    )


furnished_parks = parks.map(furnished)


def sealed(known: Known, view: str) -> SealLists:
    """The lists of a park; one whose figures are below zero is not sealed."""
    try:
        return seal_lists(SealGround(known=known, salts=SALTS), PACK, view)
    except RuleBroken:
        assume(False)
        raise


def amounts(sums: Mapping[str, object]) -> Counter[tuple[str, str]]:
    """Milligrams by (gas, column), zeros left out."""
    found = {(gas, c): int(getattr(one, c)) for gas, one in sums.items() for c in SEALED_COLUMNS}
    return Counter({key: mass_mg for key, mass_mg in found.items() if mass_mg})


@some
@given(furnished_parks, st.sampled_from(VIEWS))
def test_lines_add_up_to_the_sums_of_their_party(known: Known, view: str):
    found = sealed(known, view)
    for company in found.companies:
        lines = found.lines[company.party]
        assert seals.as_sums(seals.sums_of(lines)) == company.sums
        assert all(line.mass_mg > 0 for line in lines)


@some
@given(furnished_parks, st.sampled_from(VIEWS))
def test_sums_and_the_bridge_of_the_view_add_up_to_its_totals(known: Known, view: str):
    found, steps = sealed(known, view), bridge(known, PACK, view)
    companies = [c.sums for c in found.companies if "company" in known.roles_of(c.party)]
    expected = Counter(
        {
            (gas, column): mass_mg
            for (gas, column), mass_mg in amounts(seals.add_up(companies)).items()
            if not steps.gases or gas in steps.gases
        }
    )
    for step in steps.lines:
        if step.kind != "companies":
            for column in SEALED_COLUMNS:
                for gas, mass_mg in getattr(step.mass, column).items():
                    expected[gas, column] += mass_mg
    assert {key: mass_mg for key, mass_mg in expected.items() if mass_mg} == amounts(found.totals)


@some
@given(furnished_parks)
def test_every_line_comes_back_and_has_a_path(known: Known):
    found = sealed(known, "companies")
    for company in found.companies:
        lines = [line.encode() for line in found.lines[company.party]]
        assert lines == sorted(lines, key=lambda one: read_line(one).name.key())
        assert len({read_line(one).name.key() for one in lines}) == company.lines_count
        leaves = seals.leaves(lines)
        for at, line in enumerate(lines):
            assert read_line(line).encode() == line
            path = path_of(leaves, at)
            root = root_from_path(leaf_hash(line), at, len(lines), path)
            assert root.hex() == company.lines_root


names = st.builds(
    LineName,
    column=st.sampled_from(["biogenic", "emitted", "memo", "removed"]),
    gas=st.sampled_from(["CO2", "CH4", "HFC-32"]),
    line=st.integers(0, 3),
    month=st.sampled_from(["2026-01", "2026-02"]),
    role=st.sampled_from(["direct", "location"]),
    scope=st.sampled_from([1, 2, 3]),
    stream=st.sampled_from(["acme/plant/gas", "acme/plant/power"]),
    category=st.sampled_from([None, 1, 15]),
    method=st.sampled_from([None, "location", "market"]),
    subtract=st.booleans(),
)


@given(names, names)
def test_two_lines_of_different_keys_never_have_one_salt(one: LineName, other: LineName):
    salt = "1" * 32
    same = seals.line_salt(salt, one.key()) == seals.line_salt(salt, other.key())
    assert same == (one == other)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.data())
def test_another_order_of_heads_has_another_root(streams: list[str], data: st.DataObject):
    heads = [Head(head=name * 64, stream=f"p/{name}", version=1) for name in sorted(streams)]
    other = data.draw(st.permutations(heads))
    assert (seals.heads_root(other) == seals.heads_root(heads)) == (other == heads)

"""Where the area, or a company, means to be. Source: accounting rules, section 5 (Neutral by 2028)."""

from __future__ import annotations

import pytest

from ledger.carbon.area.pieces import TARGET, TargetPiece, target_key
from ledger.carbon.events import Ratio
from ledger.errors import BadValue, LedgerError, RuleBroken
from tests.unit.world import World, target


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    return world


def stated(world: World, party: str = "operator") -> TargetPiece:
    found = world.state.get(TARGET, target_key(party, "neutral"))
    assert found is not None
    return found


def test_a_target_keeps_its_base_its_path_and_its_cap(world: World):
    event = world.target("operator", "neutral", view="park", gases=("CH4_fossil", "CO2"))
    one = stated(world).stated[0]
    assert (one.event, one.index, one.view, one.gwp) == (event, world.size - 1, "park", "AR5")
    assert (one.base_year, one.base_mg) == (2023, "1000000000")
    assert one.path == ((2026, "500000000"), (2028, "0"))
    assert (one.credits_percent, one.neutral_year) == (("10", "1"), 2028)
    assert one.gases == ("CH4_fossil", "CO2")


@pytest.mark.parametrize(
    "view", ["companies", "territorial", "gpc-basic", "gpc-basic-plus", "park"]
)
def test_the_operator_aims_in_every_view(world: World, view: str):
    world.target("operator", "neutral", view=view)


def test_a_company_aims_in_its_own_inventory_alone(world: World):
    world.target("acme", "neutral", view="companies")
    for view in ("territorial", "gpc-basic", "gpc-basic-plus", "park"):
        with pytest.raises(RuleBroken, match="views are operator's to aim in"):
            world.target("acme", "other", view=view)


def test_an_unknown_view_is_out_of_form(world: World):
    with pytest.raises(LedgerError):
        world.target("operator", "neutral", view="everything")


@pytest.mark.parametrize("year", [2019, 2022, 2023])
def test_a_target_before_the_base_year_is_refused(world: World, year: int):
    with pytest.raises(RuleBroken, match="after the base year, 2023"):
        world.target("operator", "neutral", path=((year, "5"), (2028, "0")))
    with pytest.raises(RuleBroken, match="after the base year, 2023"):
        world.target("operator", "neutral", neutral_year=year)


def test_a_path_has_years_in_order():
    for path in ((), ((2028, "0"), (2026, "1")), ((2026, "1"), (2026, "2"))):
        with pytest.raises(BadValue, match="ascending order"):
            target("neutral", path=path)


def test_the_base_is_known_as_of_a_size_that_the_log_has_had(world: World):
    world.target("operator", "neutral", base_size=world.size)
    with pytest.raises(RuleBroken, match=f"at most {world.size}"):
        world.target("operator", "other", base_size=world.size + 1)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"gwp": "AR9"}, "GWP set"),
        ({"gases": ("Phlogiston",)}, "unknown gas"),
        ({"credits_percent": "100.5"}, "credits_percent"),
        ({"credits_percent": Ratio(num="2", den="4")}, "lowest terms"),
    ],
)
def test_a_target_in_unknown_terms_is_refused(world: World, changed: dict[str, object], error: str):
    with pytest.raises(LedgerError, match=error):
        world.target("operator", "neutral", **changed)


def test_gases_are_a_set_in_one_spelling():
    with pytest.raises(BadValue, match="ascending"):
        target("neutral", gases=("CO2", "CH4_fossil"))


def test_a_second_statement_names_the_one_in_force(world: World):
    first = world.target("operator", "neutral")
    with pytest.raises(RuleBroken, match=f"expected {first}"):
        world.target("operator", "neutral", base_mg="5")
    world.target("operator", "neutral", base_mg="5", supersedes=first)
    assert [one.base_mg for one in stated(world).stated] == ["1000000000", "5"]


def test_a_first_statement_names_none(world: World):
    first = world.target("operator", "neutral")
    with pytest.raises(RuleBroken, match="no such member"):
        world.target("operator", "other", supersedes=first)


def test_targets_of_two_parties_may_have_one_name(world: World):
    world.target("operator", "neutral")
    world.target("acme", "neutral")
    assert stated(world, "acme").party == "acme"

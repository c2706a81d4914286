"""What a seal commits to, on the worked park: totals by view, sums of parties, lines, heads, salts."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.carbon import rulepack
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.log import seals
from ledger.log.canonical import encode
from tests.unit.carbon.area.park import KG, T, worked_park
from tests.unit.world import World, matched, months, reading


@pytest.fixture(scope="module")
def park() -> World:
    return worked_park()


def lists(world: World, view: str = "companies", period: str = "2026") -> SealLists:
    ground = world.ground(months(period), world.size)
    assert ground.known is not None
    return seal_lists(ground, rulepack.load(ground.known.rules), view)


def emitted(sums: seals.Sums) -> dict[str, int]:
    return {gas: int(one.emitted) for gas, one in sums.items()}


@pytest.mark.parametrize(
    ("view", "co2"),
    [
        ("companies", 34_154_190 * KG),
        ("gpc-basic", 70_648_736 * KG),
        ("gpc-basic-plus", 73_545_746 * KG),
        ("park", 17_768_920 * KG),
        ("territorial", 22_161_336 * KG),
    ],
)
def test_totals_are_those_of_the_view(park: World, view: str, co2: int) -> None:
    """The figures of the worked park, as its report has them."""
    assert emitted(lists(park, view).totals)["CO2"] == co2


def test_companies_are_the_same_whatever_the_view(park: World) -> None:
    assert lists(park, "park").companies == lists(park, "territorial").companies


def test_every_company_public_body_and_aggregate_stands_in_the_list_and_nobody_else(
    park: World,
) -> None:
    park = park.at(park.size)
    park.party("idle")
    park.party("judge", "certifier")
    found = {one.party: one for one in lists(park).companies}
    assert list(found) == ["a", "b", "c", "idle", "residents", "town"]
    idle = found["idle"]
    assert (idle.sums, idle.lines_count) == ({}, 0)
    assert idle.lines_root == sha256(b"").hexdigest()


def test_sums_are_scope_1_and_scope_2_by_location(park: World) -> None:
    found = {one.party: emitted(one.sums).get("CO2") for one in lists(park).companies}
    assert found["a"] == 8_660 * T
    assert found["b"] == 23_920_900 * KG
    waste = [line for line in lists(park).lines["b"] if line.name.scope == 3]
    assert waste
    assert not any(seals.counts(line.name) for line in waste)


def test_what_a_tree_takes_up_stands_in_a_column_of_its_own(park: World) -> None:
    [line] = [
        one for one in lists(park, period="2026-01").lines["town"] if "trees" in one.name.stream
    ]
    assert (line.name.column, line.mass_mg) == ("removed", 100 * T)


def test_a_party_s_streams_are_its_own_heads_alone(park: World) -> None:
    found = lists(park)
    own = [head for head in found.heads if head.stream.startswith("c/")]
    assert seals.heads_root(own).hex() == next(
        one.streams_root for one in found.companies if one.party == "c"
    )
    assert [one.stream for one in found.heads] == sorted({e.entry.stream for e in park.log})


def test_a_line_s_salt_follows_from_the_first_event_of_its_party_s_register(park: World) -> None:
    line = lists(park).lines["a"][0]
    first = next(e for e in park.log if e.entry.stream == "a/register")
    register_salt: str = first.entry.events[0].salt  # type: ignore[attr-defined]
    key = encode(
        {
            "column": "emitted",
            "gas": "CO2",
            "line": 0,
            "month": "2026-01",
            "role": "direct",
            "scope": 1,
            "stream": "a/plant/gas",
        }
    )
    expected = sha256(b"carbon-line/v1\n" + register_salt.encode() + key).hexdigest()[:32]
    assert (line.name.key(), line.salt) == (key, expected)


def test_what_leaves_a_balance_is_a_line_of_its_own_that_is_taken_off() -> None:
    world = World()
    world.party("mill")
    members = {"activity": "process.carbonate", "unit": "t", "scope": 1, "balance_group": "kiln"}
    world.factor("lime", activity="process.carbonate", unit="t", kind="process", CO2="440")
    for stream, flow, tonnes in (("mill/in", "in", "3"), ("mill/out", "out", "1")):
        world.source(stream, direct="operator/lime@1", flow=flow, **members)
        world.post("mill", stream, [reading("2026-01-05T00:00:00+08:00", "P1D", tonnes)])
    found = lists(world)
    lines = {one.name.stream: one for one in found.lines["mill"]}
    assert {s: (one.mass_mg, one.name.subtract) for s, one in lines.items()} == {
        "mill/in": (1320 * KG, False),
        "mill/out": (440 * KG, True),
    }
    assert emitted(found.companies[0].sums) == {"CO2": 880 * KG}


def test_streams_that_are_matched_by_the_hour_are_told_hour_by_hour() -> None:
    """Sun at noon and use at midnight: by the month they meet, by the hour they do not."""
    found = {}
    for interval in ("month", "hour"):
        world = World()
        world.party("acme")
        world.factor("grid", CO2="0.5")
        world.source("acme/plant/power", location="operator/grid@1")
        sun = {"activity": "electricity.generated-own-use", "scope": None}
        world.source("acme/plant/sun", **sun)
        world.say("acme", matched("acme/plant/power", "acme/plant/sun", "2026-01", interval))
        night, noon = "2026-01-05T00:00:00+08:00", "2026-01-05T12:00:00+08:00"
        world.post("acme", "acme/plant/power", [reading(night, "PT1H", "8")])
        world.post("acme", "acme/plant/sun", [reading(noon, "PT1H", "8")])
        world.seal()
        found[interval] = [(one.name.method, one.mass_mg) for one in lists(world).lines["acme"]]
    assert found["hour"] == [("location", 4 * KG), ("market", 4 * KG)]
    assert found["month"] == [("location", 4 * KG)]

"""The quality of activity data and of factors stand apart, in grades and in what they rest on."""

from __future__ import annotations

import pytest

from ledger.carbon.inventory.inventory_data import inventory_data
from ledger.carbon.inventory.quality import Quality, grade_of, quality
from tests.unit.carbon.inventory.plants import JANUARY, POWER, pack, use, works
from tests.unit.world import World, body, profile, reading


def of(world: World, size: int | None = None) -> Quality:
    return quality(world.known(*JANUARY, size=size), pack(), "acme")


def graded() -> World:
    world = works()
    world.post("acme", POWER, [
        reading("2026-01-01T00:00:00+08:00", "P1D", "24", quality="H"),
        reading("2026-01-02T00:00:00+08:00", "P1D", "24", quality="H"),
        reading("2026-01-03T00:00:00+08:00", "P1D", "24", estimated=True),
        profile("2026-01-04T00:00:00+08:00", 3600, ["1", "1", "1"], quality="L"),
    ])  # fmt: skip
    return world


def test_readings_are_counted_by_grade():
    [one] = of(graded()).activity
    assert (one.grades, one.unstated, one.estimated) == ({"H": 2, "L": 3}, 1, 1)
    assert of(graded()).grades == {"H": 2, "L": 3, "": 1}


def test_a_correction_takes_its_grade_along_and_the_old_one_stays_readable():
    world = graded()
    before = world.size
    world.correct(f"{POWER}@1", body("2026-01-01T00:00:00+08:00", "P1D", "24", quality="M"))
    world.correct(f"{POWER}@2", None)
    assert of(world).grades == {"M": 1, "L": 3, "": 1}
    assert of(world, before).grades == {"H": 2, "L": 3, "": 1}


def test_a_factor_shows_its_kind_its_lag_and_its_grade():
    world = works()
    use(world, POWER, "2026-01", "100")
    found = {one.role: one for one in of(world).factors}
    location = found["location"]
    assert (location.factor, location.kind, location.year) == (
        "operator/grid@1",
        "grid-average",
        2023,
    )
    assert (location.lag_years, location.grade, location.unverified) == ((3, 3), "M", False)
    assert found["market"].kind == "residual-mix"


def test_a_companys_own_factor_is_unverified():
    world = works()
    wind = world.factor("wind", "acme", kind="supplier", CO2="0.01", year=2026)
    world.source("acme/plant/second", location="operator/grid@1", market=wind)
    use(world, "acme/plant/second", "2026-01", "100")
    [own] = [one for one in of(world).factors if one.factor == wind]
    assert (own.unverified, own.grade) == (True, "H")


@pytest.mark.parametrize(
    ("kind", "lag", "grade"),
    [
        ("supplier", 0, "H"),
        ("supplier", 2, "M"),
        ("supplier", -2, "M"),
        ("grid-average", 1, "M"),
        ("grid-average", 4, "L"),
        ("default-heat", 0, "L"),
    ],
)
def test_the_lower_of_kind_and_age_decides(kind: str, lag: int, grade: str):
    world = works()
    piece = world.known(*JANUARY).factors["operator/grid@1"]
    changed = type(piece)(
        **{**{f: getattr(piece, f) for f in piece.__struct_fields__}, "kind": kind}
    )
    assert grade_of(inventory_data(pack()), changed, lag) == grade


def test_every_kind_of_factor_has_a_grade_and_the_tables_have_their_source():
    data = inventory_data(pack())
    assert set(data.kinds) == set(pack().kinds)
    assert {source.mark for source in (data.quality_source, data.national_source)} == {"k"}
    assert list(data.lag_years) == ["H", "M"]

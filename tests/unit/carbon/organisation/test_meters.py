"""Meters that are installed and removed: the register chains from the first reading to the last.

Source: accounting rules, section 3 (ActivityRecorded) and section 9, case 3.
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import RegisterReading
from ledger.errors import BadValue, Conflict, LedgerError, RuleBroken
from tests.unit.world import World, body, installed, reading, removed

POWER = "acme/plant/power"
T0, T1, T2, T3 = (f"2026-01-0{day}T00:00:00+08:00" for day in (1, 2, 3, 4))
NOON = "2026-01-01T12:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    return world


def register(meter: str, from_: str, to: str, **more: object) -> RegisterReading:
    members = {"digits": 5, "multiplier": "1", **more}
    return RegisterReading(meter=meter, from_=from_, to=to, **members)  # type: ignore[arg-type]


def read(world: World, start: str, meter: str, from_: str, to: str, **more: object) -> None:
    shown = register(meter, from_, to, **more)
    used = str(int(to) - int(from_) + shown.rollover * 100_000)
    world.post("acme", POWER, [reading(start, "P1D", used, register=shown)])


def refused(world: World, match: str, *events: object) -> LedgerError:
    before = world.pieces()
    with pytest.raises(LedgerError, match=match) as caught:
        world.say("acme", *events)  # type: ignore[arg-type]
    assert world.pieces() == before
    return caught.value


# --- installed -----------------------------------------------------------------------------------


def test_the_first_reading_starts_where_the_meter_stood(world: World):
    world.say("acme", installed(POWER, "m1", T0, "99950"))
    with pytest.raises(RuleBroken, match="expected a reading from 99950, where acme/register@3"):
        read(world, T0, "m1", "99960", "99970")
    read(world, T0, "m1", "99950", "30", rollover=1)
    read(world, T1, "m1", "30", "100")
    assert world.total() == (80 + 70) * 500_000


def test_a_withdrawn_first_reading_goes_back_to_the_installation(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    read(world, T0, "m1", "10", "20")
    world.correct(f"{POWER}@1", None)
    with pytest.raises(RuleBroken, match="expected a reading from 10"):
        read(world, T0, "m1", "20", "30")
    read(world, T0, "m1", "10", "25")


@pytest.mark.parametrize("changed", [{"digits": 6}, {"multiplier": "40"}])
def test_a_reading_has_the_digits_and_multiplier_of_its_meter(
    world: World, changed: dict[str, object]
):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    used = str(10 * int(str(changed.get("multiplier", "1"))))
    shown = register("m1", "10", "20", **changed)
    with pytest.raises(RuleBroken, match="5 digits and the multiplier 1, as installed"):
        world.post("acme", POWER, [reading(T0, "P1D", used, register=shown)])


def test_another_meter_than_the_installed_one_is_refused(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    with pytest.raises(RuleBroken, match="installed all the time: m1, found one that is not"):
        read(world, T0, "m2", "0", "10")


def test_a_reading_from_before_the_installation_is_refused(world: World):
    world.say("acme", installed(POWER, "m1", NOON, "10"))
    with pytest.raises(RuleBroken, match="begins before it was installed"):
        read(world, T0, "m1", "10", "20")


def test_a_source_without_an_installed_meter_is_not_asked(world: World):
    read(world, T0, "m1", "10", "20")
    read(world, T1, "m1", "20", "30")


def test_a_reading_without_a_register_may_stand_beside_a_meter(world: World):
    world.say("acme", installed(POWER, "m1", T1, "10"))
    world.post("acme", POWER, [reading(T0, "P1D", "5", estimated=True)])


def test_a_meter_with_readings_is_not_installed_again(world: World):
    read(world, T0, "m1", "10", "20")
    assert isinstance(
        refused(world, "without readings", installed(POWER, "m1", T1, "20")), Conflict
    )


def test_a_meter_is_installed_once(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    for name in ("m1", "m2"):
        refused(world, "no other meter that counts", installed(POWER, name, T1, "10"))


def test_meters_of_receipts_may_stand_side_by_side(world: World):
    world.source("acme/plant/bills", kind="discrete", location="operator/grid@1")
    world.say("acme", installed("acme/plant/bills", "m1", T0, "1"))
    world.say("acme", installed("acme/plant/bills", "m2", T0, "2"))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"multiplier": "0"}, BadValue),
        ({"register": "100000"}, RuleBroken),
        ({"at": "2026-02-30T00:00:00+08:00"}, BadValue),
        ({"at": "1800-01-01T00:00:00+08:00"}, BadValue),
        ({"source": "acme/plant/other"}, RuleBroken),
        ({"source": "other/plant/power"}, RuleBroken),
    ],
)
def test_an_installation_out_of_form_is_refused(
    world: World, changed: dict[str, str], error: type[LedgerError]
):
    event = installed(
        changed.pop("source", POWER),
        "m1",
        changed.pop("at", T0),
        changed.pop("register", "10"),
        **changed,
    )
    with pytest.raises(error):
        world.say("acme", event)


# --- removed and replaced ------------------------------------------------------------------------


def replaced(world: World) -> None:
    world.say("acme", installed(POWER, "m1", T0, "10"))
    read(world, T0, "m1", "10", "20")
    world.say("acme", removed(POWER, "m1", T1, "20"))


def test_a_replacement_goes_on_in_the_same_stream(world: World):
    replaced(world)
    world.say("acme", installed(POWER, "m2", T1, "3", digits=6))
    read(world, T1, "m2", "3", "13", digits=6)
    assert world.total() == 20 * 500_000


def test_a_removed_meter_takes_no_further_readings(world: World):
    replaced(world)
    with pytest.raises(RuleBroken, match="acme/register@4 removed"):
        read(world, T1, "m1", "20", "30")


def test_not_even_one_of_nothing_in_a_gap_that_it_left(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    read(world, T1, "m1", "10", "20")
    world.say("acme", removed(POWER, "m1", T2, "20"))
    with pytest.raises(RuleBroken, match="acme/register@4 removed"):
        read(world, T0, "m1", "20", "20")


def test_a_meter_ends_where_its_last_reading_ended(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    read(world, T0, "m1", "10", "20")
    for wrong in ("19", "21", "10"):
        refused(world, f"expected 20, where {POWER}@1 ended", removed(POWER, "m1", T1, wrong))


def test_a_meter_may_end_where_it_began(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    refused(world, "after its installation", removed(POWER, "m1", "2025-12-31T00:00:00Z", "10"))
    world.say("acme", removed(POWER, "m1", T0, "10"))


def test_a_meter_does_not_end_before_its_last_reading(world: World):
    world.say("acme", installed(POWER, "m1", T0, "10"))
    read(world, T0, "m1", "10", "20")
    refused(world, "its last reading", removed(POWER, "m1", NOON, "20"))
    world.correct(f"{POWER}@1", body(T0, NOON, "10", register=register("m1", "10", "20")))
    world.say("acme", removed(POWER, "m1", NOON, "20"))


def test_only_an_installed_meter_is_removed(world: World):
    refused(world, "none of that name", removed(POWER, "m1", T1, "20"))
    replaced(world)
    refused(world, "removed already by acme/register@4", removed(POWER, "m1", T2, "20"))


def test_the_last_register_of_a_removed_meter_stays(world: World):
    replaced(world)
    with pytest.raises(RuleBroken, match="a meter that still counts"):
        world.correct(f"{POWER}@1", None)
    with pytest.raises(RuleBroken, match="a meter that still counts"):
        world.correct(f"{POWER}@1", body(T0, "P1D", "11", register=register("m1", "10", "21")))
    world.correct(
        f"{POWER}@1", body(T0, "P1D", "10", register=register("m1", "10", "20"), quality="H")
    )


def test_a_later_meter_of_the_name_is_another_meter(world: World):
    replaced(world)
    refused(world, "from the removal of m1 on", installed(POWER, "m1", NOON, "500"))
    world.say("acme", installed(POWER, "m1", T2, "500", digits=4))
    with pytest.raises(RuleBroken, match="before it was installed"):
        read(world, T1, "m1", "500", "510", digits=4)
    read(world, T2, "m1", "500", "510", digits=4)
    world.correct(
        f"{POWER}@1", body(T0, "P1D", "10", register=register("m1", "10", "20"), quality="H")
    )
    with pytest.raises(RuleBroken, match="5 digits"):
        world.correct(
            f"{POWER}@1",
            body(T0, "P1D", "10", register=register("m1", "10", "20", digits=4)),
            f"{POWER}/corrections@1",
        )


def test_readings_from_before_the_first_installed_meter_may_be_corrected(world: World):
    read(world, T0, "old", "10", "20")
    world.say("acme", installed(POWER, "new", T1, "0"))
    read(world, T1, "new", "0", "7")
    world.correct(f"{POWER}@1", body(T0, "P1D", "11", register=register("old", "10", "21")))
    with pytest.raises(RuleBroken, match="not installed"):
        read(world, T2, "old", "21", "30")

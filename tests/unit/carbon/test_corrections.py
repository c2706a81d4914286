"""A correction takes the place of what it names, a withdrawal frees it, and both figures remain.

Source: accounting rules, section 3; formats, section 3.
"""

from __future__ import annotations

import pytest

from ledger.carbon.events import ActivityBody, ActivityCorrected, ProfileBody, RegisterReading
from ledger.errors import BadValue, Conflict, LedgerError, NotAuthorised, RuleBroken
from tests.unit.world import World, body, correction, profile, reading, salt

POWER = "acme/plant/power"
FIXES = f"{POWER}/corrections"
RECEIPTS = "acme/plant/diesel"
T0 = "2018-01-01T00:00:00+08:00"
T1 = "2018-01-02T00:00:00+08:00"
T2 = "2018-01-03T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    diesel = {"activity": "fuel.diesel", "unit": "L"}
    world.factor("diesel", **diesel, kind="combustion", CO2="2.6")
    world.source(RECEIPTS, **diesel, scope=1, kind="discrete", direct="operator/diesel@1")
    world.post("acme", POWER, [reading(T0, "P1D", "10"), reading(T1, "P1D", "20")])
    return world


def test_a_correction_changes_the_figure_and_leaves_the_old_one_readable(world: World):
    known = world.size
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    assert world.total() == 16_000_000
    assert world.total(size=known) == 15_000_000


def test_a_correction_of_a_correction_names_it(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    world.correct(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    assert world.total() == 17_000_000


def test_two_corrections_of_one_event_may_stand_in_one_batch(world: World):
    first = correction(f"{POWER}@1", body(T0, "P1D", "12"))
    second = correction(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    world.post("acme", FIXES, [first, second])
    assert world.total() == 17_000_000


@pytest.mark.parametrize("supersedes", [None, f"{FIXES}@2", f"{POWER}@1"])
def test_a_correction_that_does_not_name_the_latest_is_refused(
    world: World, supersedes: str | None
):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    with pytest.raises(RuleBroken, match=f"expected {FIXES}@1"):
        world.correct(f"{POWER}@1", body(T0, "P1D", "14"), supersedes)


def test_a_first_correction_supersedes_nothing(world: World):
    with pytest.raises(RuleBroken, match="not corrected yet"):
        world.correct(f"{POWER}@1", body(T0, "P1D", "12"), f"{FIXES}@1")


def test_a_withdrawal_frees_the_interval(world: World):
    world.correct(f"{POWER}@1", None)
    assert world.total() == 10_000_000
    world.post("acme", POWER, [reading(T0, "P1D", "11")])
    assert world.total() == 15_500_000


def test_a_withdrawn_event_stays_withdrawn(world: World):
    world.correct(f"{POWER}@1", None)
    for new in (None, body(T0, "P1D", "1")):
        with pytest.raises(RuleBroken, match="withdrawn already"):
            world.correct(f"{POWER}@1", new, f"{FIXES}@1")


def test_a_corrected_event_is_withdrawn_by_naming_the_correction(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    with pytest.raises(RuleBroken, match="supersedes"):
        world.correct(f"{POWER}@1", None)
    world.correct(f"{POWER}@1", None, f"{FIXES}@1")
    assert world.total() == 10_000_000


@pytest.mark.parametrize("name", [f"{POWER}@3", f"{POWER}@999"])
def test_what_was_not_recorded_is_not_corrected(world: World, name: str):
    with pytest.raises(RuleBroken, match="a recorded event"):
        world.correct(name, body(T0, "P1D", "1"))


def test_an_event_of_another_stream_is_not_corrected_here(world: World):
    world.post("acme", RECEIPTS, [reading(T0, "P1D", "1")])
    for other in (f"{RECEIPTS}@1", f"{FIXES}@1", "acme/register@1"):
        with pytest.raises(RuleBroken, match=f"an event of {POWER}"):
            world.post("acme", FIXES, [correction(other, None)])


def test_somebody_elses_event_is_not_corrected(world: World):
    world.party("other")
    world.source("other/shop/power", site="shop", location="operator/grid@1")
    world.post("other", "other/shop/power", [reading(T0, "P1D", "7")])
    before = world.rows()
    # Neither in the other's stream of corrections, nor by naming its event in one's own.
    with pytest.raises(NotAuthorised):
        world.post("acme", "other/shop/power/corrections", [correction("other/shop/power@1", None)])
    with pytest.raises(RuleBroken, match=f"an event of {POWER}"):
        world.post("acme", FIXES, [correction("other/shop/power@1", None)])
    with pytest.raises(NotAuthorised):
        world.post("operator", FIXES, [correction(f"{POWER}@1", None)])
    assert world.rows() == before


def test_corrections_of_a_stream_without_source_are_refused(world: World):
    with pytest.raises(RuleBroken, match="a recorded event"):
        world.post("acme", "acme/x/corrections", [correction("acme/x@1", None)])


def test_a_correction_is_of_the_type_that_was_recorded(world: World):
    as_profile = ActivityCorrected(
        salt=salt(),
        event=f"{POWER}@1",
        reason="finer",
        profile=ProfileBody(start=T0, interval_s=43_200, quantities=("5", "5")),
    )
    with pytest.raises(RuleBroken, match="the body of ActivityRecorded"):
        world.post("acme", FIXES, [as_profile])


def test_a_correction_has_exactly_one_body(world: World):
    with pytest.raises(BadValue, match="exactly one"):
        ActivityCorrected(salt=salt(), event=f"{POWER}@1", reason="none")
    with pytest.raises(BadValue, match="exactly one"):
        ActivityCorrected(
            salt=salt(),
            event=f"{POWER}@1",
            reason="both",
            activity=body(T0, "P1D", "1"),
            profile=ProfileBody(start=T0, interval_s=900, quantities=("5",)),
        )


def test_a_corrected_period_may_overlap_the_old_one_and_no_other(world: World):
    world.correct(f"{POWER}@1", body(T0, "PT12H", "6"))
    with pytest.raises(Conflict):
        world.correct(f"{POWER}@1", body(T0, "P2D", "6"), f"{FIXES}@1")
    world.post("acme", POWER, [reading("2018-01-01T12:00:00+08:00", "PT12H", "4")])
    assert world.total() == 15_000_000


def test_a_corrected_body_meets_all_rules_of_a_reading(world: World):
    for wrong in (
        body(T0, T0, "1"),
        body(T0, "P1D", "-1"),
        body(T0, "P1D", "1", unit="kg"),
        body(T0, "P1D", "1", factors={"location": "operator/none@1"}),
        body("2018-01-01T00:00:00", T1, "1"),
    ):
        with pytest.raises(LedgerError):
            world.correct(f"{POWER}@1", wrong)


def test_a_correction_moves_a_reading_to_another_month(world: World):
    world.correct(f"{POWER}@1", body("2018-03-01T00:00:00+08:00", "P1D", "10"))
    assert world.months() == {"2018-01": 10_000_000, "2018-03": 5_000_000}


def test_a_corrected_receipt_may_keep_or_change_its_reference(world: World):
    receipts = [reading(T0, "P1D", "1", reference=ref) for ref in ("A", "B")]
    world.post("acme", RECEIPTS, receipts)
    world.correct(f"{RECEIPTS}@1", body(T0, "P1D", "2", reference="A"))
    with pytest.raises(Conflict, match="B"):
        world.correct(
            f"{RECEIPTS}@1", body(T0, "P1D", "2", reference="B"), f"{RECEIPTS}/corrections@1"
        )
    world.correct(f"{RECEIPTS}@1", body(T0, "P1D", "2", reference="C"), f"{RECEIPTS}/corrections@1")
    world.post("acme", RECEIPTS, [reading(T0, "P1D", "5", reference="A")])
    with pytest.raises(Conflict, match=f"C, of {RECEIPTS}@1"):
        world.post("acme", RECEIPTS, [reading(T0, "P1D", "5", reference="C")])


def test_a_withdrawn_receipt_frees_its_reference(world: World):
    world.post("acme", RECEIPTS, [reading(T0, "P1D", "1", reference="A")])
    world.correct(f"{RECEIPTS}@1", None)
    world.post("acme", RECEIPTS, [reading(T0, "P1D", "1", reference="A")])


def test_a_profile_is_corrected_as_a_whole(world: World):
    world.post("acme", POWER, [profile(T2, 3600, ["1", None, "3"])])
    fixed = ActivityCorrected(
        salt=salt(),
        event=f"{POWER}@3",
        reason="gap filled",
        profile=ProfileBody(start=T2, interval_s=3600, quantities=("1", "2", "3")),
    )
    world.post("acme", FIXES, [fixed])
    assert world.total() == 15_000_000 + 3_000_000
    with pytest.raises(Conflict):
        world.post("acme", POWER, [reading("2018-01-03T01:00:00+08:00", "PT1H", "1")])


# --- registers ---------------------------------------------------------------------------------


def shown(from_: str, to: str, **more: object) -> RegisterReading:
    members: dict[str, object] = {"meter": "m-1", "digits": 5, "multiplier": "1"}
    return RegisterReading(from_=from_, to=to, **{**members, **more})  # type: ignore[arg-type]


def read(day: int, from_: str, to: str, quantity: str, **more: object) -> object:
    start = f"2018-02-{day:02d}T00:00:00+08:00"
    return reading(start, "P1D", quantity, register=shown(from_, to, **more))


def fixed(day: int, from_: str, to: str, quantity: str, **more: object) -> ActivityBody:
    start = f"2018-02-{day:02d}T00:00:00+08:00"
    return body(start, "P1D", quantity, register=shown(from_, to, **more))


@pytest.fixture
def metered(world: World) -> World:
    chain = [read(1, "100", "110", "10"), read(2, "110", "125.5", "15.5")]
    world.post("acme", POWER, chain)  # type: ignore[arg-type]
    return world


def post_reading(world: World, event: object) -> None:
    world.post("acme", POWER, [event])  # type: ignore[list-item]


def test_register_readings_chain_from_end_to_start(metered: World):
    post_reading(metered, read(3, "125.5", "130", "4.5"))
    with pytest.raises(RuleBroken, match="a reading from 130"):
        post_reading(metered, read(4, "131", "140", "9"))


def test_the_first_reading_of_a_meter_starts_anywhere(metered: World):
    post_reading(metered, read(3, "7", "8", "1", meter="m-2"))


@pytest.mark.parametrize(
    ("from_", "to", "quantity", "more"),
    [
        ("125.5", "130", "5", {}),
        ("125.5", "100", "0", {}),
        ("125.5", "125.5", "100000", {}),
        ("125.5", "100000", "99874.5", {}),
        ("125.5", "130", "4.5", {"multiplier": "2"}),
        ("125.5", "130", "4.5", {"rollover": 1}),
    ],
)
def test_the_quantity_of_a_register_reading_is_computed_again(
    metered: World, from_: str, to: str, quantity: str, more: dict[str, object]
):
    with pytest.raises(RuleBroken, match=r"register (reading )?of"):
        post_reading(metered, read(3, from_, to, quantity, **more))


def test_a_register_turns_over_where_it_says_so(metered: World):
    post_reading(metered, read(3, "125.5", "25.5", "99900", rollover=1))


def test_only_the_last_reading_of_a_register_moves_its_ends(metered: World):
    with pytest.raises(RuleBroken, match="last reading of its meter"):
        metered.correct(f"{POWER}@3", fixed(1, "100", "111", "11"))
    metered.correct(f"{POWER}@4", fixed(2, "110", "126", "16"))
    post_reading(metered, read(3, "126", "130", "4"))


def test_an_earlier_reading_is_corrected_within_its_ends(metered: World):
    metered.correct(
        f"{POWER}@3", fixed(1, "100", "110", "10", meter="m-1", multiplier="1", digits=6)
    )
    post_reading(metered, read(3, "125.5", "130", "4.5"))


def test_only_the_last_reading_of_a_register_is_withdrawn(metered: World):
    with pytest.raises(RuleBroken, match="later reading chains to"):
        metered.correct(f"{POWER}@3", None)
    metered.correct(f"{POWER}@4", None)
    metered.correct(f"{POWER}@3", None)
    post_reading(metered, read(1, "500", "501", "1"))


def test_after_a_withdrawal_the_chain_goes_on_from_the_reading_before(metered: World):
    metered.correct(f"{POWER}@4", None)
    with pytest.raises(RuleBroken, match="a reading from 110"):
        post_reading(metered, read(2, "125.5", "126", "0.5"))
    post_reading(metered, read(2, "110", "126", "16"))


def test_a_correction_keeps_the_meter(metered: World):
    for wrong in (
        body("2018-02-02T00:00:00+08:00", "P1D", "15.5"),
        fixed(2, "110", "125.5", "15.5", meter="m-2"),
    ):
        with pytest.raises(RuleBroken, match="same meter"):
            metered.correct(f"{POWER}@4", wrong)
    with pytest.raises(RuleBroken, match="same meter"):
        metered.correct(f"{POWER}@1", fixed(5, "0", "1", "1", meter="m-9"))

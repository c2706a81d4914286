"""The fold is a sum: no order, no split into batches and no detour changes what it comes to."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.carbon.events import ActivityBody, FactorAssigned, SourceAmended
from ledger.errors import LedgerError
from ledger.log.values import format_decimal
from ledger.provenance import verify_bundle
from tests.unit.world import LOG, World, body, correction, reading, salt

POWER = "acme/plant/power"
FIXES = f"{POWER}/corrections"
START = datetime(2018, 1, 31, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)

quantities = st.integers(0, 10**15).map(lambda tiny: format_decimal(tiny, 12))
bounded = settings(max_examples=25, deadline=None)


def at(hour: int) -> str:
    return (START + hour * HOUR).isoformat().removesuffix("+00:00") + "Z"


def metered() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", gases_kg_per_unit={"CO2": "0.5827", "N2O": "0.0000012"})
    world.factor("grid", CO2="0.4", version="2")
    world.source(POWER, location="operator/grid@1")
    return world


def split(events: Sequence[int], cuts: Sequence[int]) -> list[Sequence[int]]:
    places = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    return [events[a:b] for a, b in itertools.pairwise(places)]


@bounded
@given(
    st.lists(quantities, min_size=1, max_size=20),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 20), max_size=5),
)
def test_any_order_and_any_split_into_batches_gives_the_same_totals(
    amounts: list[str], chance: Random, cuts: list[int]
):
    one, other = metered(), metered()
    hours = list(range(len(amounts)))
    one.post("acme", POWER, [reading(at(h), "PT1H", amounts[h]) for h in hours])
    chance.shuffle(hours)
    for part in split(hours, cuts):
        other.post("acme", POWER, [reading(at(h), "PT1H", amounts[h]) for h in part])
    assert one.rows() == other.rows()
    covers = [{k: v for k, v in w.pieces().items() if k[0] == "cover"} for w in (one, other)]
    assert covers[0] == covers[1]


@bounded
@given(st.lists(quantities, min_size=2, max_size=8), quantities, st.integers(0, 7))
def test_a_correction_and_the_correction_back_give_the_original_sums(
    amounts: list[str], wrong: str, which: int
):
    world = metered()
    world.post("acme", POWER, [reading(at(h), "PT1H", q) for h, q in enumerate(amounts)])
    before, pieces = world.rows(), world.pieces()
    hour = which % len(amounts)
    name = f"{POWER}@{hour + 1}"
    world.correct(name, body(at(hour + 100), "PT1H", wrong))
    world.correct(name, body(at(hour), "PT1H", amounts[hour]), f"{FIXES}@1")
    assert world.rows() == before
    changed = {key for key, value in world.pieces().items() if pieces.get(key) != value}
    assert changed == {("change", name)}


@bounded
@given(st.lists(quantities, min_size=2, max_size=8), st.integers(0, 7))
def test_a_withdrawal_and_the_same_reading_again_give_the_original_sums(
    amounts: list[str], which: int
):
    world = metered()
    world.post("acme", POWER, [reading(at(h), "PT1H", q) for h, q in enumerate(amounts)])
    before = world.rows()
    hour = which % len(amounts)
    world.correct(f"{POWER}@{hour + 1}", None)
    world.post("acme", POWER, [reading(at(hour), "PT1H", amounts[hour])])
    assert world.rows() == before


class Ledger(RuleBasedStateMachine):
    """Readings, corrections, withdrawals, new factors and amendments in any order, against a model
    that only knows the bodies that count now and evaluates them from scratch."""

    def __init__(self) -> None:
        super().__init__()
        self.world = metered()
        self.live: dict[str, tuple[int, str, str | None]] = {}
        self.history: list[tuple[int, object]] = []
        self.fixes = 0
        self.recorded = 0
        self.registered: list[object] = []

    @rule(hour=st.integers(0, 40), quantity=quantities)
    def record(self, hour: int, quantity: str) -> None:
        free = all(hour != used for used, _, _ in self.live.values())
        if not free:
            with contextlib.suppress(LedgerError):
                self.world.post("acme", POWER, [reading(at(hour), "PT1H", quantity)])
                raise AssertionError("recorded twice")
            return
        self.world.post("acme", POWER, [reading(at(hour), "PT1H", quantity)])
        self.recorded += 1
        self.live[f"{POWER}@{self.recorded}"] = (hour, quantity, None)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), hour=st.integers(0, 40), quantity=quantities)
    def correct(self, data: st.DataObject, hour: int, quantity: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.live)))
        taken = {used for other, (used, _, _) in self.live.items() if other != name}
        if hour not in taken:
            self._fix(name, body(at(hour), "PT1H", quantity))
            self.live[name] = (hour, quantity, f"{FIXES}@{self.fixes}")

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.live)))
        self._fix(name, None)
        del self.live[name]

    def _fix(self, name: str, new: ActivityBody | None) -> None:
        self.world.post("acme", FIXES, [correction(name, new, self.live[name][2])])
        self.fixes += 1

    @rule(hour=st.integers(0, 40), version=st.sampled_from("12"))
    def assign(self, hour: int, version: str) -> None:
        self._register(
            FactorAssigned(
                salt=salt(),
                source=POWER,
                role="location",
                factor=f"operator/grid@{version}",
                from_=at(hour),
                reason="late",
            )
        )

    @rule(hour=st.integers(0, 40), key_area=st.sampled_from(["industry", "energy", "planning"]))
    def amend(self, hour: int, key_area: str) -> None:
        self._register(
            SourceAmended(
                salt=salt(), source=POWER, from_=at(hour), reason="moved", key_area=key_area
            )
        )

    def _register(self, event: object) -> None:
        self.world.post("acme", "acme/register", [event])  # type: ignore[list-item]
        self.registered.append(event)

    @invariant()
    def what_counts_now_is_a_fold_of_what_is_live(self) -> None:
        fresh = metered()
        for event in self.registered:
            fresh.post("acme", "acme/register", [event])  # type: ignore[list-item]
        for hour, quantity, _ in self.live.values():
            fresh.post("acme", POWER, [reading(at(hour), "PT1H", quantity)])
        assert self.world.rows() == fresh.rows()
        assert all(row[0] >= 0 for row in self.world.rows().values())

    @invariant()
    def deltas_over_a_prefix_are_a_fold_of_the_prefix(self) -> None:
        self.history.append((self.world.size, self.world.rows()))
        size, then = self.history[len(self.history) // 2]
        assert self.world.rows(size) == then

    def teardown(self) -> None:
        """A bundle of each live reading gives the masses that it has in the ledger."""
        found = 0
        register = [f"acme/register@{n + 1}" for n in range(2 + len(self.registered))]
        for name, (_, _, latest) in self.live.items():
            fixes = [f"{FIXES}@{n + 1}" for n in range(self.fixes)] if latest else []
            second = any(getattr(e, "factor", "") == "operator/grid@2" for e in self.registered)
            factors = ["operator/factors@1", "operator/factors@2"][: 1 + second]
            shown = [*factors, *register]
            own = [fix for fix in fixes if self._is_about(fix, name)]
            verdict = verify_bundle(self.world.bundle(name, *shown, *own), LOG)
            claimed: Any = verdict.claim["masses"]
            found += sum(
                int(mg)
                for roles in claimed.values()
                for gases in roles.values()
                for mg in gases.values()
            )
        assert found == self.world.total() + self.world.total("N2O")

    def _is_about(self, fix: str, name: str) -> bool:
        position = int(fix.rpartition("@")[2])
        posted = [logged for logged in self.world.log if logged.entry.stream == FIXES]
        return f'"event":"{name}"'.encode() in posted[position - 1].lines[0]


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=25, stateful_step_count=16, deadline=None)

"""A profile counts as its readings would, whatever is said about it later and in whatever order.

The expected figures are computed here with fractions, from the readings, the factors and the lines that
are in force in the end. Source: accounting rules, section 3.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.carbon.events import (
    ActivityCorrected,
    ActivityWithdrawn,
    FactorAssigned,
    ProfileBody,
    SourceAmended,
)
from ledger.log.values import format_decimal
from tests.unit.world import World, profile, reading, salt

POWER = "acme/plant/power"
START = datetime(2018, 1, 30, 16, tzinfo=timezone(timedelta(hours=8)))
FEBRUARY = datetime(2018, 2, 1, tzinfo=timezone(timedelta(hours=8)))
FACTORS = {"1": Fraction("0.333333333333"), "2": Fraction("0.000001"), "3": Fraction("0.5827")}
HOURS = 60

quantities = st.lists(
    st.none() | st.integers(0, 5_000_000_000).map(lambda number: format_decimal(number, 6)),
    min_size=1,
    max_size=HOURS,
).filter(any)
hours = st.integers(-3, HOURS + 3)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("assign"), hours, st.sampled_from(sorted(FACTORS))),
        st.tuples(st.just("amend"), hours, st.none()),
        st.tuples(st.just("correct"), quantities, st.none()),
    ),
    max_size=6,
)


def metered() -> World:
    world = World()
    world.party("acme")
    for version, per_kwh in FACTORS.items():
        text = f"{float(per_kwh):.12f}".rstrip("0")
        assert Fraction(text) == per_kwh
        world.factor("grid", version=version, CO2=text)
    world.source(POWER, location="operator/grid@1")
    return world


def at(hour: int) -> str:
    return (START + timedelta(hours=hour)).isoformat()


class Told:
    """What was said about one profile, beside the ledger that heard it."""

    def __init__(self, given: list[str | None]) -> None:
        self.world = metered()
        self.quantities = given
        self.factors: dict[int, Fraction] = {}
        self.lines: dict[int, int] = {}
        self._latest: str | None = None
        self._corrections = 0
        self.posted = False

    def post(self) -> None:
        self.world.post("acme", POWER, [profile(at(0), 3600, self.quantities)])
        self.posted = True

    def say(self, what: str, where: object, value: object) -> None:
        if what == "assign":
            assert isinstance(where, int)
            self.factors[where] = FACTORS[str(value)]
            self._register(
                FactorAssigned(
                    salt=salt(),
                    source=POWER,
                    role="location",
                    factor=f"operator/grid@{value}",
                    from_=at(where),
                    reason="later",
                )
            )
        elif what == "amend":
            assert isinstance(where, int)
            if any(where <= known for known in self.lines):
                return  # an amendment comes after those before it
            # Each says something new, and so begins a line.
            value = "energy" if len(self.lines) % 2 == 0 else "mobility"
            self.lines[where] = len(self.lines) + 1
            self._register(
                SourceAmended(
                    salt=salt(), source=POWER, from_=at(where), reason="moved", key_area=str(value)
                )
            )
        else:
            assert isinstance(where, list)
            self.quantities = where
            if self.posted:
                self.correct(where)

    def correct(self, given: list[str | None]) -> None:
        body = ProfileBody(start=at(0), interval_s=3600, quantities=tuple(given))
        self._change(
            ActivityCorrected(
                salt=salt(),
                event=f"{POWER}@1",
                reason="again",
                supersedes=self._latest,
                profile=body,
            )
        )

    def withdraw(self) -> None:
        self._change(
            ActivityWithdrawn(
                salt=salt(), event=f"{POWER}@1", reason="never", supersedes=self._latest
            )
        )

    def _change(self, event: ActivityCorrected | ActivityWithdrawn) -> None:
        self.world.post("acme", f"{POWER}/corrections", [event])
        self._corrections += 1
        self._latest = f"{POWER}/corrections@{self._corrections}"

    def _register(self, event: FactorAssigned | SourceAmended) -> None:
        self.world.post("acme", "acme/register", [event])

    def factor_at(self, hour: int) -> Fraction:
        """Of a reading that starts then."""
        from_ = max((one for one in self.factors if one <= hour), default=None)
        return FACTORS["1"] if from_ is None else self.factors[from_]

    def expected(self) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int]]:
        """Masses and numbers of readings, by line and month."""
        exact: dict[tuple[int, str], Fraction] = defaultdict(Fraction)
        counts: dict[tuple[int, str], int] = defaultdict(int)
        for hour, quantity in enumerate(self.quantities):
            if quantity is None:
                continue
            month = "2018-01" if START + timedelta(hours=hour) < FEBRUARY else "2018-02"
            line = self.lines.get(max((f for f in self.lines if f <= hour), default=-99), 0)
            exact[line, month] += Fraction(quantity) * self.factor_at(hour) * 10**6
            counts[line, month] += 1
        return {key: round(mass) for key, mass in exact.items() if round(mass)}, dict(counts)


def found(world: World) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], int]]:
    masses, counts = {}, {}
    for key, row in world.rows().items():
        if key[0] == "mass" and row[0]:
            masses[int(key[2]), key[3]] = row[0]
        elif key[0] == "use" and row[1]:
            counts[int(key[2]), key[3]] = row[1]
    return masses, counts


@settings(max_examples=60, deadline=None)
@given(quantities, changes, st.integers(0, 6))
def test_what_is_said_before_and_after_a_profile_gives_the_same_figures(
    given_quantities: list[str | None], said: list[tuple[str, object, object]], when: int
):
    told = Told(given_quantities)
    for number, change in enumerate(said):
        if number == when:
            told.post()
        told.say(*change)
    if not told.posted:
        told.post()
    assert found(told.world) == told.expected()


@settings(max_examples=20, deadline=None)
@given(quantities, changes)
def test_a_withdrawn_profile_leaves_nothing_behind(
    given_quantities: list[str | None], said: list[tuple[str, object, object]]
):
    told = Told(given_quantities)
    told.post()
    for change in said:
        told.say(*change)
    told.withdraw()
    assert found(told.world) == ({}, {})
    # Its time is free for the readings one by one.
    starts = [at(hour) for hour in range(len(told.quantities) + 1)]
    singles = [
        reading(starts[hour], starts[hour + 1], quantity)
        for hour, quantity in enumerate(told.quantities)
        if quantity is not None
    ]
    told.world.post("acme", POWER, singles)
    assert found(told.world)[1] == told.expected()[1]
    assert sum(found(told.world)[0].values()) == sum(
        round(Fraction(quantity) * told.factor_at(hour) * 10**6)
        for hour, quantity in enumerate(told.quantities)
        if quantity is not None
    )

"""What an invented party measures: its sources, and in which form their readings arrive.

    Profile     a load profile, one event a day or a month
    Readings    single readings at a fixed interval
    Monthly     one figure a month, with the meter's register where there is one
    Receipts    deliveries and top-ups on some days of the year, each with its reference
    Stack       gas masses of a month, from a measurement or a balance

The functions below name the usual ones, so that a roster of parties reads as a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from ledger.carbon.events import Role
from ledger.demo.shapes import EVEN, HEATING, SUN, Shape


@dataclass(frozen=True, slots=True)
class Profile:
    """A load profile in one event a day or a month."""

    shape: Shape
    span: Literal["day", "month"] = "month"
    interval_s: int = 3600


@dataclass(frozen=True, slots=True)
class Readings:
    """Single readings, one event each."""

    shape: Shape
    interval_s: int = 900


@dataclass(frozen=True, slots=True)
class Monthly:
    """One reading a month; `register` says whether it comes from a meter that counts on."""

    season: tuple[float, ...] = EVEN
    register: bool = False


@dataclass(frozen=True, slots=True)
class Receipts:
    """So many deliveries a year, each with a reference and the hash of its document."""

    a_year: int


@dataclass(frozen=True, slots=True)
class Stack:
    """Masses measured month by month: kg of each gas in a year."""

    gases_kg: dict[str, float]
    method: str


Feed = Profile | Readings | Monthly | Receipts | Stack


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an invented party. `year` is its quantity in a year, of its unit."""

    segment: str
    activity: str
    unit: str
    scope: Literal[1, 2, 3] | None
    year: float
    feed: Feed
    factors: dict[Role, str] = field(default_factory=dict)
    """Ids of the operator's factors, or of the party's own where they begin with `own:`."""
    gpc: str | None = None
    category: int | None = None
    site: str = "works"
    key_area: str | None = None
    """Where it differs from the party's."""


JIANGSU: Final[dict[Role, str]] = {"location": "grid-jiangsu", "market": "residual-mix"}
GWH: Final = 1e6


def power(
    year_gwh: float,
    feed: Feed,
    gpc: str,
    *,
    segment: str = "electricity",
    activity: str = "electricity.purchased",
    site: str = "works",
) -> Source:
    """Electricity bought, in kWh."""
    factors = JIANGSU
    if site == "branch":
        factors = {"location": "grid-shanghai", "market": "residual-mix"}
    return Source(segment, activity, "kWh", 2, year_gwh * GWH, feed, factors, gpc, site=site)


def sun(year_gwh: float) -> Source:
    """Electricity of the party's own roof, used by itself: shown, and in no total."""
    return Source(
        "solar", "electricity.generated-own-use", "kWh", None, year_gwh * GWH, Profile(SUN)
    )


def gas(year_m3: float, gpc: str, season: tuple[float, ...] = HEATING) -> Source:
    """Natural gas by the month, read from a register."""
    return Source(
        "gas", "fuel.natural-gas", "m3", 1, year_m3, Monthly(season, register=True),
        {"direct": "gas"}, gpc,
    )  # fmt: skip


def diesel(
    year_l: float, a_year: int, gpc: str, use: Literal["fuel", "mobile", "machinery"]
) -> Source:
    """Diesel by delivery: burnt in an engine that stands, in a vehicle, or in a machine."""
    ids = {"fuel": "diesel", "mobile": "diesel-vehicle", "machinery": "diesel-machine"}
    segments = {"fuel": "generator", "mobile": "trucks", "machinery": "machines"}
    return Source(
        segments[use], f"{use}.diesel", "L", 1, year_l, Receipts(a_year), {"direct": ids[use]}, gpc
    )


def cars(year_l: float) -> Source:
    """Petrol of company cars, by the filling."""
    return Source(
        "cars", "mobile.gasoline", "L", 1, year_l, Receipts(24), {"direct": "petrol-vehicle"},
        "II.1.1",
    )  # fmt: skip


def refrigerant(gas_id: str, year_kg: float, a_year: int = 3) -> Source:
    """Refrigerant that was topped up, and so had leaked."""
    return Source(
        f"cooling-{gas_id}", "fugitive.refrigerant", "kg", 1, year_kg, Receipts(a_year),
        {"direct": gas_id}, "IV.2",
    )  # fmt: skip


def heat(year_gj: float, gpc: str, activity: str = "steam.purchased") -> Source:
    """Steam or heat bought, by the month."""
    return Source(
        activity.partition(".")[0], activity, "GJ", 2, year_gj, Monthly(),
        {"location": "heat-default", "market": "heat-default"}, gpc,
    )  # fmt: skip


def freight(year_tkm: float) -> Source:
    """Goods carried by others: Scope 3, category 4."""
    return Source(
        "freight", "freight.road", "t.km", 3, year_tkm, Receipts(12), {"direct": "road-freight"},
        category=4,
    )  # fmt: skip


def stack(segment: str, activity: str, method: str, gpc: str, **gases_kg: float) -> Source:
    """Measured or balanced masses; `NF3=20` is 20 kg in a year."""
    return Source(segment, activity, "kg", 1, 0, Stack(gases_kg, method), {}, gpc)


def waste(segment: str, activity: str, year_t: float, factor: str, gpc: str) -> Source:
    """Waste treated, by the month."""
    return Source(segment, activity, "t", 1, year_t, Monthly(), {"direct": factor}, gpc)

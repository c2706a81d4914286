"""The parties of the synthetic park: kinds of companies over the eight key areas, and the rest.

Sizes are invented and only of a plausible order: an electric-arc furnace of some 90 GWh, a data
centre that never sleeps, an office block by day. The first eight kinds cover the eight key areas,
so that even a small park has something in each. Source: accounting rules, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.demo.factors import STEAM, Factor
from ledger.demo.shapes import (
    BOTH,
    EVEN,
    FLAT,
    FURNACE,
    HEATING,
    LAMPS,
    LODGING,
    NIGHT_CHARGE,
    OFFICE,
    SHOPS,
    SUN,
    THREE_SHIFTS,
    TWO_SHIFTS,
)
from ledger.demo.sources import (
    GWH,
    JIANGSU,
    Monthly,
    Profile,
    Readings,
    Receipts,
    Source,
    cars,
    diesel,
    freight,
    gas,
    heat,
    power,
    refrigerant,
    stack,
    sun,
    waste,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of party: what it is called, its key area, and what it measures."""

    slug: str
    title: str
    key_area: str
    sources: tuple[Source, ...]
    role: str = "company"
    own_factors: tuple[Factor, ...] = ()


BY_DAY: Final = "day"
QUARTERS: Final = 900

COMPANIES: Final = (
    Kind("design-institute", "Design Institute", "planning", (
        power(1.4, Profile(OFFICE), "I.2.2"),
        power(0.3, Profile(OFFICE), "I.2.2", segment="electricity-branch", site="branch"),
        gas(24_000, "I.2.1"), cars(9_000), sun(0.12), refrigerant("r-410a", 6),
    )),
    Kind("data-centre", "Data Centre", "digital-governance", (
        power(72, Profile(FLAT, interval_s=QUARTERS), "I.2.2"),
        diesel(46_000, 12, "I.2.1", "fuel"), refrigerant("r-134a", 140, 6),
        Source("fire", "fugitive.fire-suppression", "kg", 1, 25, Receipts(1),
               {"direct": "fm-200"}, "IV.2"),
    )),
    Kind("chp", "Combined Heat and Power", "energy", (
        Source("gas", "fuel.natural-gas", "m3", 1, 52e6, Profile(THREE_SHIFTS, BY_DAY),
               {"direct": "gas"}, "I.4.4"),
        Source("steam-out", "steam.exported", "GJ", None, 820_000, Profile(TWO_SHIFTS),
               {"direct": "own:steam"}, "I.4.4"),
        Source("power-out", "electricity.exported", "kWh", None, 190 * GWH, Profile(THREE_SHIFTS),
               {}, "I.4.4"),
        power(5.5, Profile(THREE_SHIFTS, BY_DAY), "I.4.2"), diesel(12_000, 4, "I.4.1", "fuel"),
    ), own_factors=(STEAM,)),
    Kind("landfill", "Landfill", "recycling", (
        waste("waste", "waste.landfill", 34_000, "landfill", "III.1.1"),
        power(0.8, Profile(TWO_SHIFTS), "I.3.2"), diesel(90_000, 24, "I.3.1", "machinery"),
    )),
    Kind("steel", "Steel", "industry", (
        power(58, Readings(FURNACE, QUARTERS), "I.3.2", segment="furnace"),
        power(31, Profile(THREE_SHIFTS, BY_DAY, QUARTERS), "I.3.2"),
        gas(6_200_000, "I.3.1", EVEN),
        stack("carbon-balance", "process.steel-carbon-balance",
              "Synthetic: carbon of pig iron, electrodes and scrap, less that of steel and dust",
              "IV.1", CO2=9_800_000),
        diesel(120_000, 36, "I.3.1", "machinery"), freight(21e6),
    )),
    Kind("builder", "Construction", "construction", (
        diesel(760_000, 60, "I.3.1", "machinery"), power(2.6, Profile(TWO_SHIFTS, BY_DAY), "I.3.2"),
        diesel(150_000, 36, "II.1.1", "mobile"),
    )),
    Kind("logistics", "Logistics", "mobility", (
        diesel(1_900_000, 90, "II.1.1", "mobile"),
        power(4.2, Profile(TWO_SHIFTS, BY_DAY), "I.2.2"),
        power(1.8, Profile(NIGHT_CHARGE), "II.1.2", segment="charging",
              activity="electricity.charging"),
        refrigerant("r-134a", 35, 6), sun(1.1),
    )),
    Kind("mall", "Shopping Centre", "lifestyle", (
        power(17, Profile(SHOPS, BY_DAY), "I.2.2"), gas(310_000, "I.2.1"),
        refrigerant("r-404a", 95, 8), sun(0.6),
    )),
    Kind("electronics", "Electronics", "industry", (
        power(118, Profile(THREE_SHIFTS, interval_s=QUARTERS), "I.3.2"), heat(64_000, "I.3.2"),
        gas(1_900_000, "I.3.1", EVEN),
        stack("etching", "process.electronics", "Synthetic: gas bought, less what was abated",
              "IV.1", CF4=260, C2F6=90, NF3=410, SF6=60),
        refrigerant("r-134a", 180, 6),
    )),
    Kind("composting", "Composting", "recycling", (
        waste("compost", "waste.composting", 18_000, "composting", "III.2.1"),
        power(0.5, Profile(TWO_SHIFTS), "I.3.2"), diesel(24_000, 12, "I.3.1", "machinery"),
    )),
    Kind("wastewater", "Wastewater", "recycling", (
        Source("inflow", "wastewater.municipal", "kg", 1, 8_200_000, Profile(LODGING),
               {"direct": "wastewater"}, "III.4.1"),
        power(9.5, Profile(THREE_SHIFTS, BY_DAY), "I.3.2"), diesel(5_000, 4, "I.3.1", "machinery"),
    )),
    Kind("bus", "Bus", "mobility", (
        power(13, Profile(NIGHT_CHARGE, BY_DAY), "II.1.2", segment="charging",
              activity="electricity.charging"),
        Source("cng", "mobile.cng", "m3", 1, 1_400_000, Receipts(120),
               {"direct": "gas-vehicle"}, "II.1.1"),
        refrigerant("r-134a", 90, 6),
    )),
    Kind("hotel", "Hotel", "lifestyle", (
        power(4.8, Profile(LODGING), "I.2.2"), gas(260_000, "I.2.1"), refrigerant("r-22", 18),
        heat(6_000, "I.2.2", "heat.purchased"),
    )),
    Kind("grid", "Distribution Grid", "energy", (
        Source("losses", "electricity.losses", "kWh", 2, 31 * GWH, Profile(THREE_SHIFTS),
               JIANGSU, "I.3.3"),
        Source("switchgear", "fugitive.sf6", "kg", 1, 14, Receipts(3), {"direct": "sf6"}, "IV.2"),
        power(1.1, Profile(OFFICE), "I.4.2"), diesel(30_000, 12, "II.1.1", "mobile"),
    )),
    Kind("gas-network", "Gas Network", "energy", (
        Source("leaks", "fugitive.natural-gas", "m3", 1, 310_000, Monthly(),
               {"direct": "gas-leak"}, "I.8.1"),
        power(0.9, Profile(OFFICE), "I.4.2"), cars(14_000),
    )),
    Kind("chemicals", "Chemicals", "industry", (
        power(64, Profile(THREE_SHIFTS, interval_s=QUARTERS), "I.3.2"), heat(310_000, "I.3.2"),
        gas(4_400_000, "I.3.1", EVEN),
        Source("acid", "process.nitric-acid", "t", 1, 21_000, Monthly(),
               {"direct": "nitric-acid"}, "IV.1"),
    )),
    Kind("glass", "Glass", "industry", (
        power(22, Profile(THREE_SHIFTS, BY_DAY), "I.3.2"), gas(11_500_000, "I.3.1", EVEN),
        Source("soda-ash", "process.carbonate", "t", 1, 16_000, Receipts(48),
               {"direct": "soda-ash"}, "IV.1"),
    )),
    Kind("concrete", "Concrete", "construction", (
        power(3.4, Profile(TWO_SHIFTS), "I.3.2"), diesel(210_000, 48, "II.1.1", "mobile"),
        Source("lime", "process.lime", "t", 1, 4_200, Receipts(36), {"direct": "lime"}, "IV.1"),
    )),
    Kind("solar", "Solar", "energy", (
        Source("power-out", "electricity.exported", "kWh", None, 46 * GWH,
               Profile(SUN, interval_s=QUARTERS), {}, "I.4.4"),
        power(0.2, Profile(OFFICE), "I.4.2"),
    )),
    Kind("incineration", "Waste to Energy", "recycling", (
        waste("waste", "waste.incineration", 128_000, "incineration", "I.4.4"),
        power(2.1, Profile(THREE_SHIFTS), "I.4.2"), gas(210_000, "I.4.1", EVEN),
    )),
    Kind("machinery", "Machinery", "industry", (
        power(12, Profile(TWO_SHIFTS), "I.3.2"), gas(420_000, "I.3.1"),
        diesel(45_000, 12, "I.3.1", "machinery"), sun(1.6), freight(4e6),
    )),
    Kind("food", "Food", "industry", (
        power(9, Profile(TWO_SHIFTS), "I.3.2"), heat(85_000, "I.3.2"), refrigerant("r-404a", 60, 6),
    )),
    Kind("pharma", "Pharmaceuticals", "industry", (
        power(15, Profile(THREE_SHIFTS), "I.3.2"), heat(72_000, "I.3.2"),
        refrigerant("r-410a", 45, 4),
    )),
    Kind("port", "River Port", "mobility", (
        power(7.5, Profile(TWO_SHIFTS), "II.5.2"), diesel(540_000, 60, "II.5.1", "machinery"),
    )),
    Kind("charging", "Charging Points", "mobility", (
        power(21, Profile(NIGHT_CHARGE), "II.1.2", segment="charging",
              activity="electricity.charging"),
    )),
    Kind("offices", "Office Tower", "lifestyle", (
        power(6.2, Profile(OFFICE), "I.2.2"), gas(140_000, "I.2.1"), refrigerant("r-410a", 30),
        heat(9_500, "I.2.2", "heat.purchased"), sun(0.2),
    )),
    Kind("telecom", "Telecom", "digital-governance", (
        power(19, Profile(FLAT), "I.2.2"), diesel(8_000, 6, "I.2.1", "fuel"), cars(11_000),
    )),
    Kind("battery", "Battery", "industry", (
        power(83, Profile(THREE_SHIFTS), "I.3.2"), heat(120_000, "I.3.2"),
        gas(900_000, "I.3.1", EVEN), sun(3.8),
    )),
    Kind("developer", "City Developer", "planning", (
        power(2.2, Profile(OFFICE), "I.2.2"), cars(22_000), refrigerant("r-410a", 9),
        Source("trees", "removal.trees", "ha", 1, 210, Monthly(), {"direct": "trees"}, "V.2"),
    )),
    Kind("software", "Software", "digital-governance", (
        power(3.1, Profile(OFFICE), "I.2.2"), heat(4_000, "I.2.2", "heat.purchased"), cars(5_000),
    )),
)  # fmt: skip
"""Kinds of companies, in the order in which a park of some size takes them."""

PUBLIC_BODIES: Final = (
    Kind("planning-office", "Planning Office", "planning", (
        power(0.9, Profile(OFFICE), "I.2.2"), gas(18_000, "I.2.1"), cars(6_000),
    ), "public-body"),
    Kind("city-platform", "City Platform", "digital-governance", (
        power(2.7, Profile(FLAT, BY_DAY), "I.2.2"), diesel(1_500, 4, "I.2.1", "fuel"),
    ), "public-body"),
    Kind("public-works", "Public Works", "construction", (
        power(6.8, Profile(LAMPS), "I.2.2", segment="street-lamps"),
        diesel(130_000, 36, "I.3.1", "machinery"),
    ), "public-body"),
    Kind("hospital", "Hospital", "lifestyle", (
        power(14, Profile(LODGING, BY_DAY), "I.2.2"), gas(520_000, "I.2.1"),
        heat(22_000, "I.2.2", "heat.purchased"), diesel(3_000, 4, "I.2.1", "fuel"),
    ), "public-body"),
    Kind("schools", "Schools", "lifestyle", (
        power(7.4, Profile(OFFICE), "I.2.2"), gas(260_000, "I.2.1"),
    ), "public-body"),
)  # fmt: skip

AGAIN: Final = tuple(
    kind
    for kind in COMPANIES
    if kind.slug
    in {
        "bus", "builder", "data-centre", "design-institute", "electronics", "food", "hotel",
        "logistics", "machinery", "mall", "offices", "pharma", "software",
    }
)  # fmt: skip
"""Kinds of which a park has several: taken again and again once it has one of each."""


def residents(people: int) -> Kind:
    """A guarded group of residents: a sub-area's sums by the month, never a household."""
    return Kind("residents", "residents", "lifestyle", (
        Source("electricity", "household.electricity", "kWh", 2, 1050 * people, Monthly(BOTH),
               JIANGSU, "I.1.2"),
        Source("gas", "household.gas", "m3", 1, 95 * people, Monthly(HEATING),
               {"direct": "gas"}, "I.1.1"),
        Source("traffic", "traffic.road", "L", 1, 110 * people, Monthly(),
               {"direct": "petrol-traffic"}, "II.1.1", key_area="mobility"),
        Source("waste", "household.waste-landfill", "t", 3, 0.12 * people, Monthly(),
               {"direct": "landfill"}, "III.1.2", category=5),
    ), "aggregate")  # fmt: skip

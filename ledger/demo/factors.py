"""The emission factors of the synthetic park. The park is invented; these values are not.

Each names in its title where its value is from. Values of the accounting rules' worked cases carry
them; [k] marks general knowledge of the field that was not read in a primary text, [s] what rests
on a transcription. A chain such as NCV × carbon × oxidation × 44/12 is computed in exact fractions
and published as a decimal where 12 places give it exactly, otherwise as a ratio.
Source: accounting rules, sections 1 to 3 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ledger.carbon.events import Document, FactorPublished, Number, Ratio

VALID: Final = ("2023-01-01", "2027-01-01")
_CO2_PER_C: Final = Fraction(44, 12)
_PLACES: Final = 10**12


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor before anybody has published it: kg of each gas per unit."""

    id: str
    activity: str
    unit: str
    kind: str
    gases: dict[str, Fraction]
    title: str
    year: int = 2023
    region: str = "CN"
    number: str | None = None
    version: str = "2023"

    def published(self, salt: str) -> FactorPublished:
        """The event that publishes it."""
        return FactorPublished(
            salt=salt,
            id=self.id,
            version=self.version,
            activity=self.activity,
            unit=self.unit,
            kind=self.kind,
            region=self.region,
            year=self.year,
            valid=VALID,
            gases_kg_per_unit={gas: number_of(value) for gas, value in self.gases.items()},
            source=Document(title=self.title, sha256=None, number=self.number),
        )


def number_of(value: Fraction) -> Number:
    """A fraction as a decimal, if 12 places give it exactly, otherwise in lowest terms."""
    scaled = value * _PLACES
    if scaled.denominator != 1:
        return Ratio(num=str(value.numerator), den=str(value.denominator))
    whole, part = divmod(scaled.numerator, _PLACES)
    return f"{whole}.{part:012d}".rstrip("0").rstrip(".")


def _burnt(gj_per_unit: str, carbon_kg_per_gj: str, oxidised: str) -> dict[str, Fraction]:
    """CO2 of a fuel: calorific value × carbon content × share oxidised × 44/12."""
    carbon = Fraction(gj_per_unit) * Fraction(carbon_kg_per_gj) * Fraction(oxidised)
    return {"CO2": carbon * _CO2_PER_C}


def _co2(kg_per_unit: str) -> dict[str, Fraction]:
    return {"CO2": Fraction(kg_per_unit)}


_GAS = _burnt("0.038931", "15.32", "0.99")
_GAS_TITLE = "389.31 GJ/10^4 m3, 15.32 tC/TJ, 0.99 oxidised, 44/12 (accounting rules, case 4)"
_DIESEL = {"CO2": _burnt("0.042652", "20.2", "0.98")["CO2"] * Fraction("0.84")}
_DIESEL_TITLE = "0.84 kg/L, 42.652 GJ/t, 20.2 tC/TJ, 0.98 oxidised (accounting rules, case 5)"
_PETROL = {"CO2": _burnt("0.043070", "18.9", "0.98")["CO2"] * Fraction("0.74")}
_PETROL_TITLE = "0.74 kg/L, 43.070 GJ/t, 18.9 tC/TJ, 0.98 oxidised, 44/12 [k]"
_GRID_TITLE = "Notice on electricity CO2 factors of 2023, provincial average [s]"
_NOTICE = "公告2025年第47号"
_BLEND_TITLE = "Composition of the blend by mass, ASHRAE 34 [k]"
_WASTE_BURNT = Fraction("0.20") * Fraction("0.95") * _CO2_PER_C

FACTORS: Final = (
    Factor(
        "grid-jiangsu", "electricity.purchased", "kWh", "grid-average", _co2("0.5827"),
        _GRID_TITLE, region="CN-JS", number=_NOTICE,
    ),
    Factor(
        "grid-shanghai", "electricity.purchased", "kWh", "grid-average", _co2("0.5737"),
        _GRID_TITLE, region="CN-SH", number=_NOTICE,
    ),
    Factor(
        "residual-mix", "electricity.purchased", "kWh", "residual-mix", _co2("0.6096"),
        "Notice on electricity CO2 factors of 2023, without market-traded non-fossil power [s]",
        number=_NOTICE,
    ),
    Factor(
        "heat-default", "heat.purchased", "GJ", "default-heat", _co2("110"),
        "Default of purchased heat, 0.11 tCO2/GJ (accounting rules, section 3)",
    ),
    Factor("gas", "fuel.natural-gas", "m3", "combustion", _GAS, _GAS_TITLE),
    Factor("gas-vehicle", "mobile.cng", "m3", "combustion", _GAS, _GAS_TITLE),
    Factor("diesel", "fuel.diesel", "L", "combustion", _DIESEL, _DIESEL_TITLE),
    Factor("diesel-vehicle", "mobile.diesel", "L", "combustion", _DIESEL, _DIESEL_TITLE),
    Factor("diesel-machine", "machinery.diesel", "L", "combustion", _DIESEL, _DIESEL_TITLE),
    Factor("petrol-vehicle", "mobile.gasoline", "L", "combustion", _PETROL, _PETROL_TITLE),
    Factor("petrol-traffic", "traffic.road", "L", "combustion", _PETROL, _PETROL_TITLE),
    Factor(
        "lime", "process.lime", "t", "process", _co2("750"),
        "0.75 t CO2 per t of lime, IPCC 2006, vol. 3, 2.3 [k]",
    ),
    Factor(
        "soda-ash", "process.carbonate", "t", "process", _co2("414.92"),
        "0.41492 t CO2 per t of Na2CO3, IPCC 2006, vol. 3, table 2.1 [k]",
    ),
    Factor(
        "nitric-acid", "process.nitric-acid", "t", "process", {"N2O": Fraction(5)},
        "5 kg N2O per t of acid, low-pressure plant, IPCC 2006, vol. 3, 3.3 [k]",
    ),
    Factor(
        "r-410a", "fugitive.refrigerant", "kg", "fugitive",
        {"HFC-32": Fraction("0.5"), "HFC-125": Fraction("0.5")}, _BLEND_TITLE,
    ),
    Factor(
        "r-404a", "fugitive.refrigerant", "kg", "fugitive",
        {"HFC-125": Fraction("0.44"), "HFC-143a": Fraction("0.52"), "HFC-134a": Fraction("0.04")},
        _BLEND_TITLE,
    ),
    Factor("r-134a", "fugitive.refrigerant", "kg", "fugitive", {"HFC-134a": Fraction(1)}, "Pure gas"),
    Factor("r-22", "fugitive.refrigerant", "kg", "fugitive", {"HCFC-22": Fraction(1)}, "Pure gas"),
    Factor("sf6", "fugitive.sf6", "kg", "fugitive", {"SF6": Fraction(1)}, "Pure gas"),
    Factor(
        "fm-200", "fugitive.fire-suppression", "kg", "fugitive", {"HFC-227ea": Fraction(1)},
        "Pure gas",
    ),
    Factor(
        "gas-leak", "fugitive.natural-gas", "m3", "fugitive", {"CH4_fossil": Fraction("0.65")},
        "Synthetic: 0.65 kg of methane per m3 of gas",
    ),
    Factor(
        "landfill", "waste.landfill", "t", "waste", {"CH4_bio": Fraction(50)},
        "Synthetic: DOC 0.15 x DOCf 0.5 x F 0.5 x 16/12, form of IPCC 2006, vol. 5, 3.2 [k]",
    ),
    Factor(
        "composting", "waste.composting", "t", "waste",
        {"CH4_bio": Fraction(4), "N2O": Fraction("0.24")},
        "4 g CH4 and 0.24 g N2O per kg of wet waste, IPCC 2006, vol. 5, table 4.1 [k]",
    ),
    Factor(
        "incineration", "waste.incineration", "t", "waste",
        {
            "CO2": _WASTE_BURNT * Fraction("0.39") * 1000,
            "CO2_bio": _WASTE_BURNT * Fraction("0.61") * 1000,
        },
        "20 % carbon, of it 39 % fossil, 95 % burnt, 44/12; provincial inventory guidelines [k]",
    ),
    Factor(
        "wastewater", "wastewater.municipal", "kg", "waste", {"CH4_bio": Fraction("0.0075")},
        "Per kg of COD: 0.25 kg CH4 x MCF 0.03, IPCC 2019 refinement, vol. 5, 6 [k]",
    ),
    Factor(
        "trees", "removal.trees", "ha", "land", _co2("12000"),
        "Synthetic: 12 t CO2 per ha and year of young urban forest",
    ),
    Factor(
        "road-freight", "freight.road", "t.km", "transport", _co2("0.1"),
        "Synthetic: 0.1 kg CO2 per t.km of road freight",
    ),
)  # fmt: skip
"""What the operator publishes."""

STEAM: Final = Factor(
    "steam", "steam.exported", "GJ", "supplier", _co2("60"),
    "Synthetic: the plant's fuel, shared out as in the accounting rules' worked example",
    region="CN-JS", year=2025, version="2025",
)  # fmt: skip
"""What the combined heat and power plant publishes for its own steam: a supplier's factor."""

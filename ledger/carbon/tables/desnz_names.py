"""What the UK government's conversion factors are here: activity, kind and unit of each of their rows.

The table sorts by four levels and a column text; the catalogue of activities sorts otherwise. A row
that has no place here is unusable, and the reason says why. Source: accounting rules, section 3
(importing DESNZ); the table's own headings.
"""

from __future__ import annotations

from typing import Final

from ledger.carbon.rulepack import RulePack
from ledger.carbon.tables.value import Unusable

Row = dict[str, str]
Meaning = tuple[str, str]
"""(activity, kind of factor)"""

FUELS: Final = {
    "Butane": "fuel.lpg",
    "CNG": "fuel.natural-gas",
    "LNG": "fuel.lng",
    "LPG": "fuel.lpg",
    "Natural gas": "fuel.natural-gas",
    "Natural gas (100% mineral blend)": "fuel.natural-gas",
    "Other petroleum gas": "fuel.refinery-gas",
    "Propane": "fuel.lpg",
    "Aviation spirit": "mobile.aviation-gasoline",
    "Aviation turbine fuel": "mobile.jet-kerosene",
    "Burning oil": "fuel.kerosene",
    "Diesel (100% mineral diesel)": "fuel.diesel",
    "Diesel (average biofuel blend)": "fuel.diesel",
    "Fuel oil": "fuel.fuel-oil",
    "Gas oil": "fuel.diesel",
    "Lubricants": "fuel.other",
    "Marine fuel oil": "mobile.marine-fuel-oil",
    "Marine gas oil": "mobile.marine-gas-oil",
    "Naphtha": "fuel.naphtha",
    "Petrol (100% mineral petrol)": "fuel.gasoline",
    "Petrol (average biofuel blend)": "fuel.gasoline",
    "Processed fuel oils - distillate oil": "fuel.fuel-oil",
    "Processed fuel oils - residual oil": "fuel.fuel-oil",
    "Refinery miscellaneous": "fuel.other",
    "Waste oils": "fuel.waste-oil",
    "Coal (domestic)": "fuel.coal.bituminous",
    "Coal (electricity generation - home produced coal only)": "fuel.coal.bituminous",
    "Coal (electricity generation)": "fuel.coal.bituminous",
    "Coal (industrial)": "fuel.coal.bituminous",
    "Coking coal": "fuel.coal.bituminous",
    "Petroleum coke": "fuel.petroleum-coke",
}
BIOFUELS: Final = {
    "Biomethane (compressed)": "fuel.biogas",
    "Biomethane (liquified)": "fuel.biogas",
    "Biogas": "fuel.biogas",
    "Landfill gas": "fuel.biogas",
    "Grass/straw": "fuel.biomass",
    "Wood chips": "fuel.biomass",
    "Wood logs": "fuel.biomass",
    "Wood pellets": "fuel.biomass",
}
VEHICLES: Final = {
    "Diesel": "mobile.diesel",
    "Petrol": "mobile.gasoline",
    "Hybrid": "mobile.gasoline",
    "Plug-in Hybrid Electric Vehicle": "mobile.gasoline",
    "CNG": "mobile.cng",
    "LPG": "mobile.lpg",
    "Unknown": "traffic.road",
    "Battery Electric Vehicle": "traffic.road",
}
TREATMENTS: Final = {
    "Landfill": "waste.landfill",
    "Combustion": "waste.incineration",
    "Composting": "waste.composting",
    "Anaerobic digestion": "waste.anaerobic-digestion",
    "Open-loop": "waste.recycling",
    "Closed-loop": "waste.recycling",
    "Re-used": "waste.recycling",
}
HEADINGS: Final[dict[str, Meaning]] = {
    "UK electricity": ("electricity.purchased", "grid-average"),
    "Managed assets- electricity": ("leased-assets.electricity", "grid-average"),
    "Managed assets- vehicles": ("leased-assets.fuel", "transport"),
    "Heat and steam": ("heat.purchased", "default-heat"),
    "Material use": ("purchased.goods", "lifecycle"),
    "Water supply": ("water.purchased", "lifecycle"),
    "Water treatment": ("wastewater.municipal", "waste"),
    "Hotel stay": ("travel.hotel", "lifecycle"),
    "Homeworking": ("commuting.homeworking", "lifecycle"),
    "Business travel- air": ("travel.air", "transport"),
    "Business travel- sea": ("travel.water", "transport"),
    "WTT- business travel- air": ("travel.air", "well-to-tank"),
    "WTT- business travel- sea": ("travel.water", "well-to-tank"),
    "WTT- UK electricity": ("electricity.purchased", "well-to-tank"),
    "WTT- heat and steam": ("heat.purchased", "well-to-tank"),
}
PER_DISTANCE: Final = {"UK electricity for EVs", "UK electricity T&D for EVs"}
UNITS: Final = {"per FTE Working Hour": "h"}
REGIONS: Final = {
    "United Kingdom": "GB", "Australia": "AU", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Chile": "CL", "People's Republic of China": "CN", "Colombia": "CO", "Costa Rica": "CR",
    "Egypt": "EG", "France": "FR", "Germany": "DE", "Hong Kong": "HK", "India": "IN",
    "Indonesia": "ID", "Italy": "IT", "Japan": "JP", "Jordan": "JO", "Korea": "KR",
    "Malaysia": "MY", "Maldives": "MV", "Mexico": "MX", "Netherlands": "NL", "Oman": "OM",
    "Philippines": "PH", "Portugal": "PT", "Qatar": "QA", "Russia": "RU", "Saudi Arabia": "SA",
    "Singapore": "SG", "South Africa": "ZA", "Spain": "ES", "Switzerland": "CH", "Thailand": "TH",
    "Turkey": "TR", "United Arab Emirates": "AE", "United States": "US", "Vietnam": "VN",
}  # fmt: skip
GASES: Final = {
    "Carbon dioxide": "CO2",
    "Methane": "CH4_fossil",
    "Nitrous oxide": "N2O",
    "Perfluoromethane (PFC-14)": "CF4",
    "Perfluoroethane (PFC-116)": "C2F6",
    "Perfluoropropane (PFC-218)": "C3F8",
    "Sulphur hexafluoride (SF6)": "SF6",
    "Nitrogen trifluoride": "NF3",
    "Carbon tetrachloride": "CCl4",
    "Methyl bromide": "CH3Br",
    "Methyl chloroform": "CH3CCl3",
}
"""Gases that the table calls by a name that is no alias of theirs."""


def meaning(row: Row) -> Meaning:
    """Activity and kind of a row's factor. Raises Unusable."""
    level_1, level_2, level_3 = row["Level 1"], row["Level 2"], row["Level 3"]
    text = row["Column Text"]
    if level_1 in HEADINGS:
        return HEADINGS[level_1]
    if level_1 in PER_DISTANCE:
        raise Unusable(
            "electricity of vehicles per distance: charging is recorded in energy, which a bill or "
            "charger says"
        )
    match level_1:
        case "Fuels" | "WTT- fuels":
            kind = "combustion" if level_1 == "Fuels" else "well-to-tank"
            return _known(FUELS, level_3, "fuel"), kind
        case "Bioenergy" | "WTT- bioenergy":
            kind = "combustion" if level_1 == "Bioenergy" else "well-to-tank"
            return BIOFUELS.get(level_3, "fuel.bioliquid"), kind
        case "Passenger vehicles" | "Delivery vehicles":
            return _vehicle(level_2, text), "transport"
        case "Waste disposal":
            return _known(TREATMENTS, text.removesuffix(" source"), "treatment of waste"), "waste"
        case "Transmission and distribution":
            carrier = "electricity" if "electricity" in level_2 else "heat"
            return f"{carrier}.purchased", "transmission-loss"
        case "Freighting goods" | "WTT- delivery vehs & freight":
            kind = "transport" if level_1 == "Freighting goods" else "well-to-tank"
            return f"freight.{_mode(level_2)}", kind
        case "Business travel- land" | "WTT- pass vehs & travel- land":
            kind = "transport" if level_1 == "Business travel- land" else "well-to-tank"
            return f"travel.{_mode(level_2)}", kind
        case "Refrigerant & other":
            return "fugitive.refrigerant", "fugitive"
    raise Unusable(f"heading {level_1!r}, which nothing here answers to")


def unit_of(row: Row, pack: RulePack) -> str:
    """The unit of a row's factor. Raises Unusable where kWh of a fuel are neither net nor gross."""
    name = row["UOM"].strip()
    if row["Column Text"] == "Gross CV":
        name += "-gross"
    name = {"kilowatt hour": "kWh", "kilowatt hour-gross": "kWh-gross"}.get(name, name)
    name = UNITS.get(name, pack.unit_aliases.get(name, name))
    if name not in pack.units:
        raise Unusable(f"unit {row['UOM']!r}, which the rules do not know")
    return name


def region_of(row: Row) -> str:
    """The country of a row."""
    return _known(REGIONS, row["region"], "region")


def gas_of(row: Row, pack: RulePack) -> str:
    """The gas that a row of products is about. Raises Unusable outside the closed list."""
    name = row["Level 3"].partition("/")[0].partition(" = ")[0]
    found = GASES.get(row["Level 3"]) or pack.gas_aliases.get(name, name)
    if "(" in name and found not in pack.gases:
        inner = name.partition("(")[2].rstrip(")")
        found = pack.gas_aliases.get(inner, inner)
    if found not in pack.gases:
        raise Unusable("a product that is not in the list of gases")
    return found


def leak_of(gas: str) -> str:
    """The activity in which a gas or a blend leaks."""
    if gas == "SF6":
        return "fugitive.sf6"
    if gas.startswith("Halon"):
        return "fugitive.fire-suppression"
    if gas.startswith(("HFC", "HCFC", "CFC", "CO2e")):
        return "fugitive.refrigerant"
    return "fugitive.product-use"


def _vehicle(level_2: str, text: str) -> str:
    if level_2.startswith("HGV"):
        return "mobile.diesel"
    if level_2 == "Motorbike":
        return "mobile.gasoline"
    return _known(VEHICLES, text, "fuel of a vehicle")


def _mode(level_2: str) -> str:
    name = level_2.removeprefix("WTT- ").casefold()
    for words, mode in (
        (("rail",), "rail"),
        (("flight",), "air"),
        (("ship", "tanker"), "sea"),
        (("car", "motorbike", "taxi", "bus", "van", "hgv"), "road"),
    ):
        if any(word in name for word in words):
            return mode
    raise Unusable(f"means of transport {level_2!r}")


def _known(names: dict[str, str], name: str, what: str) -> str:
    if name not in names:
        raise Unusable(f"{what} {name!r}, which nothing here answers to")
    return names[name]

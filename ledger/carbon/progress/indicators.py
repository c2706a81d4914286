"""The indicators of a park programme: carbon per unit of energy, and guiding shares.

The core indicator is the CO2 of the park's energy and processes over its energy, tCO2/tce: both
exact until they are shown, and never over money. What the programme leaves open is a parameter; for
every other choice the indicator is shown too. Every input is listed with its amount. With an input
missing there is no indicator, only what is missing. No verdict is given, pass or fail, while the
text of the counting method is not in the pack by hash, nor for less or more than a calendar year.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from ledger.carbon.known import Known
from ledger.carbon.organisation.pieces import Declared
from ledger.carbon.progress.energy import MG_PER_TCE, EnergyInput, ParkEnergy, rounded
from ledger.carbon.progress.park import MG_PER_T, CarbonInput, Park, ParkCore, shown
from ledger.carbon.progress.park_rules import Guiding, ParkRules
from ledger.carbon.progress.stated import StatedInput
from ledger.carbon.rulepack import RulePack, Source
from ledger.log.values import format_decimal

NO_METHOD = "no verdict: the text of the counting method is not in the rule pack by hash"
NOT_A_YEAR = "no verdict: thresholds are for a calendar year"
NOT_COMPLETE = "no verdict: inputs are missing"


class ParameterShown(msgspec.Struct, frozen=True, kw_only=True):
    """What is chosen for something that the programme leaves open.

    `otherwise` is the core indicator for every other choice; null where it cannot be given.
    """

    parameter: str
    title: str
    choice: str
    otherwise: dict[str, str | None]
    source: Source


class GuidingShown(msgspec.Struct, frozen=True, kw_only=True):
    """A guiding share in per cent; null where an input is missing or the park is exempt."""

    indicator: str
    title: str
    at_least_percent: str
    percent: str | None
    met: bool | None
    excluded: str | None
    excluded_by: str | None
    inputs: tuple[StatedInput, ...]
    missing: tuple[str, ...]


class ParkIndicators(msgspec.Struct, frozen=True, kw_only=True):
    """A programme's indicators for a period, as known at a log size.

    `t_per_tce` is tonnes of CO2 over tonnes of standard coal. `met` is null whenever `no_verdict`
    says why.
    """

    programme: str
    title: str
    source: Source
    method_title: str
    method_sha256: str | None
    area: str
    period: tuple[str, str]
    size: int
    rules: str
    energy_tce: str
    carbon_mg: int
    t_per_tce: str | None
    most_t_per_tce: str | None
    met: bool | None
    no_verdict: str | None
    energy_inputs: tuple[EnergyInput, ...]
    carbon_inputs: tuple[CarbonInput, ...]
    missing: tuple[str, ...]
    parameters: tuple[ParameterShown, ...]
    guiding: tuple[GuidingShown, ...]


def park_indicators(
    known: Known, pack: RulePack, changed: Mapping[str, str] | None = None
) -> ParkIndicators:
    """The programme's indicators; `changed` are other choices for what it leaves open.

    Raises InvalidInput for a pack without a programme, BadValue for a choice that there is not.
    """
    park = Park(known, pack)
    rules = park.rules
    choices = rules.choices(dict(changed or {}))
    core = park.core(choices)
    energy = core.energy
    # Only a year's energy tells which threshold is its own.
    most = rules.threshold(energy.total_tce).most_t_per_tce if _is_year(known.period) else None
    no_verdict = _no_verdict(rules, known.period, core.missing)
    return ParkIndicators(
        programme=rules.programme,
        title=rules.title,
        source=rules.source,
        method_title=rules.method_title,
        method_sha256=rules.method_sha256,
        area=known.area,
        period=known.period,
        size=known.size,
        rules=pack.version,
        energy_tce=format_decimal(rounded(energy.total_tce * MG_PER_TCE), 9),
        carbon_mg=core.carbon_mg,
        t_per_tce=core.ratio,
        most_t_per_tce=most,
        met=None if no_verdict or most is None else _within(core, most),
        no_verdict=no_verdict,
        energy_inputs=energy.inputs,
        carbon_inputs=core.carbon,
        missing=core.missing,
        parameters=tuple(
            ParameterShown(
                parameter=one.parameter,
                title=one.title,
                choice=choices[one.parameter],
                otherwise={
                    other: park.core({**choices, one.parameter: other}).ratio
                    for other in one.choices
                    if other != choices[one.parameter]
                },
                source=one.source,
            )
            for one in rules.parameters
        ),
        guiding=tuple(_guiding(park, one, core, choices) for one in rules.guiding),
    )


def _within(core: ParkCore, most: str) -> bool:
    return Fraction(core.carbon_mg, MG_PER_T) <= Fraction(most) * core.energy.total_tce


def _no_verdict(rules: ParkRules, period: tuple[str, str], missing: tuple[str, ...]) -> str | None:
    if rules.method_sha256 is None:
        return NO_METHOD
    if not _is_year(period):
        return NOT_A_YEAR
    return NOT_COMPLETE if missing else None


def _is_year(period: tuple[str, str]) -> bool:
    first, end = period
    return first[5:] == end[5:] == "01" and int(end[:4]) == int(first[:4]) + 1


# --- guiding shares --------------------------------------------------------------------------------


def _guiding(park: Park, guiding: Guiding, core: ParkCore, choices: dict[str, str]) -> GuidingShown:
    known, rules = park.known, park.rules
    excluded = _exclusion(known, guiding.indicator)
    upper = [park.stated(fact, guiding.unit) for fact in guiding.upper]
    lower = [park.stated(fact, guiding.unit) for fact in guiding.lower]
    missing = [gap for one in (*upper, *lower) for gap in one.gaps]
    if guiding.of == "energy":
        green = _green_tce(park, core.energy, choices)
        above = (
            core.energy.clean_tce
            + green
            + sum((rules.tce("heat", one.value) for one in upper if one.value), Fraction(0))
        )
        below = core.energy.total_tce
        missing += core.missing
    else:
        missing += [
            f"nobody states {fact}"
            for fact, one in zip((*guiding.upper, *guiding.lower), (*upper, *lower), strict=True)
            if one.value is None
        ]
        above = sum((one.value or Fraction(0) for one in upper), Fraction(0))
        below = sum((one.value or Fraction(0) for one in lower), Fraction(0))
    known_share = not missing and below > 0 and excluded is None
    share = 100 * above / below if known_share else None
    judged = share is not None and _no_verdict(rules, known.period, ()) is None
    return GuidingShown(
        indicator=guiding.indicator,
        title=guiding.title,
        at_least_percent=guiding.at_least_percent,
        percent=None if share is None else shown(share),
        met=share >= Fraction(guiding.at_least_percent) if judged and share is not None else None,
        excluded=None if excluded is None else excluded.reason,
        excluded_by=None if excluded is None else excluded.event,
        inputs=tuple({one.event: one for s in (*upper, *lower) for one in s.inputs}.values()),
        missing=tuple(dict.fromkeys(missing)),
    )


def _green_tce(park: Park, energy: ParkEnergy, choices: dict[str, str]) -> Fraction:
    """Purchased power that counts as clean, never more than was purchased."""
    green = sum(
        (park.stated(fact, "kWh").value or Fraction(0) for fact in park.green(choices)), Fraction(0)
    )
    bought = sum(energy.purchased_kwh.values(), Fraction(0))
    return park.rules.tce("electricity", min(green, bought))


def _exclusion(known: Known, indicator: str) -> Declared | None:
    """The operator's last word that the park has no such thing (the rules take nothing but NO)."""
    said = known.organisations.get(known.operator)
    first, end = known.period
    about = [
        one
        for one in (said.declared if said else ())
        if one.index < known.size
        and one.line == f"indicator.{indicator}"
        and one.period[0] <= first
        and end <= one.period[1]
    ]
    return about[-1] if about else None

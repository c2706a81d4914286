"""What a file claims, in words: its figures by kind, with their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import MASS
from ledger.cli.footprint import masses_text

GIVES_MASSES = (
    "ActivityCorrected",
    "ActivityRecorded",
    "ActivityWithdrawn",
    "EmissionMeasured",
    "ProfileRecorded",
)
"""Types of event that a figure follows from."""
NOT_CURRENT = (
    "This is as of what the file holds; a later correction is not excluded: ask for a file as of a "
    "seal."
)
"""Beside the figure of a file that a later correction may be left out of."""


def claim_lines(kind: str, claim: Mapping[str, Any], strength: str) -> list[str]:
    """The claim of a verdict, of any kind, as text; `claim` as the specification has it."""
    match kind:
        case "event" | "current-event":
            bare = strength == "logged" or claim["type"] not in GIVES_MASSES
            later = [] if bare or kind == "current-event" else [f"\n{NOT_CURRENT}"]
            return [*_event(claim, strength), *later]
        case "inventory-line":
            taken = ", taken off" if claim.get("subtract") else ""
            mass = _mass({claim["gas"]: claim["mass_mg"]})
            return ["\nThe line:", f"  {claim['month']}, {claim['column']}: {mass}{taken}"]
        case "company-total" | "company-inventory":
            return [f"\nSums of {claim['party']}:", *_sums(claim["sums"])]
        case "company-part":
            lines = [f"  {column}: {_mass(row)}" for column, row in claim["masses"].items()]
            none = ["  nothing: no line of this seal matches, or those that do come to nothing"]
            return [f"\nOf the selected lines of {claim['party']}:", *(lines or none)]
        case "area-total":
            return [
                f"\nTotals of the view {claim['view']}:",
                *_sums(claim["totals"]),
                f"\nSum over the {claim['companies']} parties of the list:",
                *_sums(claim["companies_sums"]),
            ]
        case "target-progress":
            return _target(claim)
        case _:
            return _figure(claim)


def _event(claim: Mapping[str, Any], strength: str) -> list[str]:
    parts = []
    if claim["masses"]:
        parts.append("\nMasses that follow from it:")
        parts += [
            f"  {month}, {role}: {_mass(gases)}"
            for month, roles in claim["masses"].items()
            for role, gases in roles.items()
        ]
    elif not claim["withdrawn"]:
        parts.append(f"\n{_no_masses(claim['type'], strength)}")
    if claim["withdrawn"]:
        parts.append(f"\nWithdrawn in {claim['corrected_by']}: it counts no more.")
    elif claim["corrected_by"]:
        parts.append(
            f"\nCorrected in {claim['corrected_by']}; the masses are those of the correction."
        )
    return parts


def _no_masses(kind: str, strength: str) -> str:
    if kind == "DataRedacted":
        return (
            "No figure follows from this event. Its deltas are the word of its author and of the "
            "operator."
        )
    if kind not in GIVES_MASSES:
        return "No figure follows from this event."
    if strength == "logged":
        return "No figure is shown: data that it needs is withheld."
    return "Its masses come to nothing."


def _sums(sums: Mapping[str, Mapping[str, str]]) -> list[str]:
    lines = [
        f"  {gas}, {column}: {_mass({gas: amount})}"
        for gas, row in sums.items()
        for column, amount in row.items()
        if amount != "0"
    ]
    return lines or ["  nothing"]


def _target(claim: Mapping[str, Any]) -> list[str]:
    base = int(claim["base_mg"])
    lines = [f"\nIn {claim['year']}:"]
    for what, member in (("emitted", "emitted_mg"), ("allowed", "allowed_mg"), ("base", "base_mg")):
        amount = claim[member]
        share = f", {1000 * int(amount) // base / 10:.1f} % of the base" if base else ""
        lines.append(f"  {what}: {_mass({'CO2e': amount})}{share if member != 'base_mg' else ''}")
    return lines


def _figure(claim: Mapping[str, Any]) -> list[str]:
    heading = parse_figure(claim["figure"]).heading
    value, unit = claim["value"], claim["unit"]
    mass = unit == MASS and value.lstrip("-").isdigit()
    shown = _mass({"": value}) if mass else f"{value} {unit}"
    return [f"\n{', '.join(heading)}:", f"  {shown}"]


def _mass(masses: Mapping[str, str]) -> str:
    return f"{masses_text(masses).strip()} ({masses_text(masses, 'mg').strip()})"

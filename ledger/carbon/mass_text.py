"""Masses for people to read: rounded half to even to three places, in the unit that reads best.

Until they are shown, masses are integers of milligrams; what is rounded here is never added up again.
"""

from __future__ import annotations

from typing import Final

UNITS: Final = (("t", 1_000_000_000), ("kg", 1_000_000), ("g", 1_000), ("mg", 1))


def unit_for(mass_mg: int) -> str:
    """The unit in which a mass is read best."""
    for unit, size in UNITS:
        if abs(mass_mg) >= size:
            return unit
    return "mg"


def mass_text(mass_mg: int, unit: str) -> str:
    """A mass in this unit, three places, digits in groups."""
    if unit == "mg":
        return f"{mass_mg:,}".replace(",", " ")
    size = dict(UNITS)[unit]
    thousandths, rest = divmod(abs(mass_mg) * 1_000, size)
    if rest * 2 > size or (rest * 2 == size and thousandths % 2):
        thousandths += 1
    whole, places = divmod(thousandths, 1_000)
    sign = "-" if mass_mg < 0 and thousandths else ""
    return f"{sign}{whole:,}".replace(",", " ") + f".{places:03d}"

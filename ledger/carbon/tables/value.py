"""A number as a table writes it, and why one cannot be used."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

_DECIMAL: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


class Unusable(Exception):
    """Why a row of a table becomes no factor, as a person reads it."""


def decimal(text: str) -> Fraction:
    """The number of a cell, exactly, as it is written. Raises Unusable."""
    plain = text.strip().replace(",", "")
    if not plain:
        raise Unusable("no value")
    if _DECIMAL.fullmatch(plain) is None:
        raise Unusable(f"not a number of 0 or more: {text!r}")
    return Fraction(plain)

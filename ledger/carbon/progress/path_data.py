"""The data of `paths.json`: the path of residents, and what a projection needs."""

from __future__ import annotations

import msgspec

from ledger.carbon.rulepack import Source


class PathPoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person may have in a year, in kg of CO2e."""

    year: int
    kg_per_person: str
    source: Source


class LifestylePath(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A path per head: points in the order of years, straight lines between them."""

    path: str
    covers: str
    note: str
    points: tuple[PathPoint, ...]
    between: Source


class ProjectionRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The least number of full years, and Student's t at 97.5 % for 1, 2, … degrees of freedom."""

    least_years: int
    student_t_975: tuple[str, ...]
    source: Source


class PathFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    lifestyle: LifestylePath
    projection: ProjectionRules

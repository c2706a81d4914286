"""A footprint as it is answered: integer milligrams as strings, by month, scope, activity and area.

The total is Scope 1 plus Scope 2 location-based; the other roles stand beside it. Figures are true
for one log size, which is among them. Source: accounting rules, sections 1, 3, 4 and 5.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import Answer, MassMg, Role, StreamName


class Figure(Answer):
    """Masses under one heading, in milligrams."""

    mass_mg: MassMg


class MonthFigure(Figure):
    """What a month adds to the total."""

    month: str = Field(description="Month in the area's time zone.", examples=["2018-01"])


class ScopeFigure(Figure):
    """A scope in one factor role."""

    scope: int | None = Field(description="1 to 3; null: outside the scopes.", examples=[2])
    role: Role = Field(description="Role of the factor.", examples=["location"])
    in_total: bool = Field(description="Whether the total counts it.")
    category: int | None = Field(description="Scope 3 category 1 to 15, or null.")


class ActivityFigure(Figure):
    """What an activity adds to the total."""

    activity: str = Field(
        description="Activity of the catalogue.", examples=["electricity.purchased"]
    )


class KeyAreaFigure(Figure):
    """What a key area adds to the total."""

    key_area: str = Field(description="One of the area's eight key areas.", examples=["industry"])
    unallocated_mg: MassMg = Field(
        description="Beside the total: public bodies and guarded groups of residents."
    )


class SourceFigure(Answer):
    """One line of a source: its activity over the period, and its masses by factor role."""

    stream: StreamName
    line: int = Field(
        description="A source that was amended has several lines, from 0.", examples=[0]
    )
    activity: str = Field(
        description="Activity of the catalogue.", examples=["electricity.purchased"]
    )
    scope: int | None = Field(description="1 to 3; null: outside the scopes.", examples=[2])
    key_area: str = Field(description="One of the area's eight key areas.", examples=["industry"])
    site: str = Field(description="The site's name within its party.", examples=["plant"])
    flow: str = Field(description="`in`, `out`, `opening` or `closing`.", examples=["in"])
    unit: str = Field(description="Unit of the quantity.", examples=["kWh"])
    quantity: str = Field(
        description="Activity over the period, a decimal.", examples=["959640.31"]
    )
    readings: int = Field(description="How many readings that are.", examples=[35040])
    estimated: int = Field(description="How many of them are estimates.", examples=[0])
    counted: bool = Field(description="False for a sub-meter: shown, and added to nothing.")
    roles: dict[Role, MassMg] = Field(
        description="Factor role to masses in milligrams.",
        examples=[{"location": {"CO2": "559182408637"}}],
    )


class GroupFigure(Figure):
    """The net of a balance group over the period."""

    party: str = Field(description="Whose group it is.", examples=["steelworks"])
    balance_group: str = Field(description="Its name within the party.", examples=["furnace-1"])
    ok: bool = Field(description="False below zero: then it is an error, and counts nowhere.")


class Footprint(Answer):
    """A company's or the area's footprint for a period, as known at a log size."""

    kind: Literal["company", "area"]
    name: str = Field(description="The party, or the area's name.", examples=["steelworks"])
    first_month: str = Field(description="First month of the period.", examples=["2018-01"])
    last_month: str = Field(description="Last month, included.", examples=["2018-12"])
    size: int = Field(
        description="The log size that the figures are true for; the same size gives the same "
        "figures for ever.",
        examples=[812],
    )
    timezone: str = Field(
        description="Months begin and end in this time zone.", examples=["Asia/Shanghai"]
    )
    rules: str = Field(description="Version of the rule pack.", examples=["1"])
    total: Figure = Field(description="Scope 1 plus Scope 2 location-based.")
    months: list[MonthFigure]
    scopes: list[ScopeFigure]
    activities: list[ActivityFigure]
    key_areas: list[KeyAreaFigure]
    sources: list[SourceFigure] = Field(description="Empty for the area.")
    balance_groups: list[GroupFigure]
    biogenic: Figure = Field(description="Biogenic CO2, beside the total.")
    memo: Figure = Field(description="Gases outside every scope total.")
    removed: Figure = Field(description="Removals, beside the total.")
    unallocated: Figure = Field(
        description="Scope 1 and 2 of public bodies and guarded groups of residents."
    )
    rounded_to_zero: int = Field(
        description="Non-zero products that are less than half a milligram.", examples=[0]
    )

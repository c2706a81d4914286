"""Reports and explanations, member by member, as the service answers them.

These describe; they compute nothing. Source: accounting rules, sections 4, 5 and 8.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.models import Answer, EventRef, StreamName
from ledger.carbon.reports.figure_id import PATTERN

FigureName = Annotated[
    str,
    Field(
        description="The identifier of a figure: ask for its explanation with it.",
        examples=["ghg-protocol:steelworks:inventory.AR6:2018-01..2018-12:812:scopes:1:CO2"],
    ),
]
FIGURE_PATTERN = "^" + PATTERN.replace("?P<", "?<") + "$"


class ReportFigure(Answer):
    """One figure: its identifier, its exact value, its unit."""

    id: FigureName
    value: str = Field(
        description="Milligrams as an integer, anything else as a decimal; exact.",
        examples=["559182408637"],
    )
    unit: str = Field(description="`mg`, `MWh`, `tce`, `%` and the like.", examples=["mg"])


class ReportColumn(Answer):
    """A column of figures."""

    name: str = Field(description="Its name for programs.", examples=["CO2"])
    title: str = Field(description="Its heading.", examples=["CO2"])
    unit: str = Field(description="Empty where each figure says its own.", examples=["mg"])


class ReportRow(Answer):
    """Labels, then a figure or null for each column."""

    labels: list[str] = Field(
        description="One for each label of the table.", examples=[["Scope 1"]]
    )
    figures: list[ReportFigure | None] = Field(description="One for each column.")


class ReportTable(Answer):
    """A table: `labels` name its columns of text, `columns` those of figures."""

    name: str = Field(description="Its name for programs.", examples=["scopes"])
    title: str = Field(description="Its heading.", examples=["By scope"])
    labels: list[str] = Field(description="Headings of the columns of text.", examples=[["scope"]])
    columns: list[ReportColumn] = Field(description="The columns of figures.")
    rows: list[ReportRow] = Field(description="In the order that they are shown in.")
    notes: list[str] = Field(description="What stands below the table.", examples=[[]])


class Report(Answer):
    """A report about a party or the area, as known at a log size."""

    report: str = Field(description="Which report it is.", examples=["ghg-protocol"])
    title: str = Field(description="The same for people.", examples=["GHG Protocol inventory"])
    who: str = Field(description="The party, or the area's name.", examples=["steelworks"])
    name: str = Field(description="The same for people.", examples=["Steelworks"])
    view: str = Field(description="The view that the figures are of.", examples=["inventory"])
    gwp: str = Field(description="The set of global warming potentials.", examples=["AR6"])
    first_month: str = Field(description="First month of the period.", examples=["2018-01"])
    last_month: str = Field(description="Included.", examples=["2018-12"])
    size: int = Field(
        description="The log size that the report is true for; the same size gives the same "
        "report for ever.",
        examples=[812],
    )
    timezone: str = Field(
        description="Months begin and end in this time zone.", examples=["Asia/Shanghai"]
    )
    rules: str = Field(description="Version of the rule pack.", examples=["2"])
    complete: bool = Field(description="Whether nothing is known to be missing.")
    gaps: list[str] = Field(
        description="What is missing, a sentence each.",
        examples=[["steelworks/plant/electricity has gaps in 1 of 12 months: 2018-03 (4 d)"]],
    )
    notes: list[str] = Field(description="What a reader must know.", examples=[[]])
    tables: list[ReportTable] = Field(description="The figures.")


class AddedEntry(Answer):
    """What one log entry added to a term."""

    index: int = Field(
        description="Index of the entry, from 0, or below 0 in an earlier log.", examples=[7]
    )
    stream: StreamName
    first: int = Field(description="Version of its first event.", examples=[1])
    last: int = Field(description="Version of its last event.", examples=[96])
    amount: str = Field(
        description="Milligrams, or a quantity in the source's unit; below zero where a correction "
        "takes away.",
        examples=["69924000"],
    )


class Term(Answer):
    """One term of a figure."""

    stream: StreamName
    line: int = Field(description="Which of its lines.", examples=[0])
    month: str = Field(description="Month in the area's time zone.", examples=["2018-01"])
    role: str = Field(description="Factor role; empty for a quantity.", examples=["location"])
    gas: str = Field(description="Empty for a quantity.", examples=["CO2"])
    unit: str = Field(description="`mg`, or the source's unit.", examples=["mg"])
    counted: str = Field(
        description="What counts of it, with its sign: after a share, or what was passed on.",
        examples=["69924000"],
    )
    recorded: str = Field(description="What was recorded.", examples=["69924000"])
    events: list[EventRef] = Field(
        description="Statements that it rests on beside readings, such as a transfer.",
    )
    entries: list[AddedEntry] | None = Field(
        description="They add up to what was recorded. Null: not listed here; ask for the stream."
    )


class Explanation(Answer):
    """Where a figure comes from."""

    figure: ReportFigure
    title: str = Field(
        description="Where it stands in its report.", examples=["By scope / Scope 1 / CO2"]
    )
    rule: str = Field(
        description="How it follows from what is listed here.", examples=["the sum of its terms"]
    )
    gases_mg: dict[str, str] = Field(
        description="The terms added up by gas.", examples=[{"CO2": "69924000"}]
    )
    potentials: dict[str, str] = Field(
        description="What each gas was multiplied with, where the figure is a CO2 equivalent.",
        examples=[{"CO2": "1"}],
    )
    terms: list[Term] = Field(description="What it is the sum of, after its rule.")
    figures: list[ReportFigure] = Field(description="Other figures that it is computed from.")
    events: list[EventRef] = Field(description="Statements that it is computed from.")
    prove: list[str] = Field(
        description="Commands that write bundles of its events.",
        examples=[["carbon-ledger prove steelworks/plant/electricity@1 -o proof.json"]],
    )
    note: str = Field(description="What is left out here, if anything.", examples=[""])

"""Seals and the lines of their lists as they are answered, member by member.

These describe; they compute nothing. Source: formats, section 9; specification, seals.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.models import Answer, EventRef, HashHex, PartyName, StreamName

Amount = Annotated[
    str, Field(pattern=r"^(0|[1-9][0-9]{0,29})$", description="Milligrams.", examples=["1847159"])
]


class Amounts(Answer):
    """Milligrams of one gas, in columns that are never added to each other."""

    biogenic: Amount
    emitted: Amount
    removed: Amount


Sums = Annotated[
    dict[str, Amounts],
    Field(
        description="By gas; one whose amounts are all zero is left out.",
        examples=[{"CO2": {"biogenic": "0", "emitted": "1847159", "removed": "0"}}],
    ),
]
View = Literal["companies", "gpc-basic", "gpc-basic-plus", "park", "territorial"]


class Sealed(Answer):
    """What a seal commits to."""

    view: View = Field(description="Which view of the area its totals are of.")
    gwp: str = Field(
        description="The set of global warming potentials in which equivalents are shown.",
        examples=["AR6"],
    )
    size: int = Field(
        description="The log size that it covers, below 0 in an earlier log.", examples=[812]
    )
    totals: Sums
    heads_count: int = Field(description="Streams with an entry below that size.", examples=[96])
    heads_root: HashHex
    companies_count: int = Field(
        description="Companies, public bodies and aggregates that were registered by then.",
        examples=[30],
    )
    companies_root: HashHex


class Seal(Sealed):
    """A seal: the operator has committed to the area's figure of a period. Public."""

    number: int = Field(description="Its version in `<operator>/seals`, from 1.", examples=[1])
    event: EventRef
    index: int = Field(
        description="Index of the log entry that holds it, below 0 in an earlier log.",
        examples=[812],
    )
    first_month: str = Field(description="First month of the period.", examples=["2018-01"])
    last_month: str = Field(description="Included.", examples=["2018-12"])
    rules: str = Field(description="Version of the rule pack that was in force.", examples=["2"])


class SealRules(Answer):
    """A rule pack, by version and hash."""

    version: str = Field(description="Its version.", examples=["2"])
    sha256: HashHex


class SealDraft(Sealed):
    """The members of the event that seals a period, but for its salt, which its signer draws."""

    period: tuple[str, str] = Field(
        description="First month, and month after the last.", examples=[["2018-01", "2019-01"]]
    )
    rules: SealRules


class SealedCompany(Answer):
    """A party's line of the list of companies. Public."""

    party: PartyName
    sums: Sums
    streams_root: HashHex = Field(description="Root over the heads of all its streams.")
    lines_count: int = Field(description="Its inventory lines, which are private.", examples=[2])
    lines_root: HashHex


class SealedHead(Answer):
    """A stream's line of the list of heads. Public."""

    head: HashHex = Field(description="Leaf hash of its last event below the size.")
    stream: StreamName
    version: int = Field(description="Version of that event.", examples=[35040])


class SealedLine(Answer):
    """A line of a party's inventory. Private. What is absent does not apply."""

    category: int = Field(default=0, description="Scope 3 category 1 to 15.", examples=[1])
    column: Literal["biogenic", "emitted", "memo", "removed"] = Field(
        description="Where it counts."
    )
    gas: str = Field(description="The gas.", examples=["CO2"])
    line: int = Field(description="Number of the source's line, from 0.", examples=[0])
    mass_mg: Amount
    method: Literal["location", "market"] = Field(
        default="location", description="Of Scope 2.", examples=["location"]
    )
    month: str = Field(description="Month in the area's time zone.", examples=["2018-01"])
    role: str = Field(description="Role of the factor.", examples=["location"])
    salt: str = Field(
        pattern=r"^[0-9a-f]{32}$",
        description="So that nobody guesses the line from its hash.",
        examples=["9f86d081884c7d659a2feaa0c55ad015"],
    )
    scope: Literal[1, 2, 3] = Field(description="The scope.")
    stream: StreamName
    subtract: Literal[True] = Field(
        default=True, description="There where the amount is taken off: what leaves a balance."
    )

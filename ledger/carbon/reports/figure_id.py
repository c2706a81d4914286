"""The identifier of a figure: enough to compute it again, and to ask where it comes from.

    ghg-protocol:steelworks:inventory.AR6:2018-01..2018-12:812:scope:1:CO2
    └─report───┘ └─who────┘ └─view.gwp──┘ └─both included─┘ └size┘└─heading─┘

Who is a party, or `_area`. View and period are those of the report; the size is that of the log; the
heading leads to one figure of it. One spelling: what `format_figure` writes is all that
`parse_figure` takes.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ledger.errors import BadName
from ledger.log.names import MAX_INTEGER, PARTY

AREA: Final = "_area"

_MONTH: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])"
PATTERN: Final = (
    rf"(?=.{{1,600}}$)(?P<report>[a-z0-9]+(?:-[a-z0-9]+)*)"
    rf":(?P<who>{PARTY}|{AREA})"
    r":(?P<view>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<gwp>AR[4-9])"
    rf":(?P<first>{_MONTH})\.\.(?P<last>{_MONTH})"
    r":(?P<size>0|[1-9][0-9]{0,15})"
    r"(?P<heading>(?::[A-Za-z0-9][A-Za-z0-9._/@+-]*)*)"
)
_FIGURE: Final = re.compile(PATTERN)


class FigureId(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure is: of which report, about whom, in which view, for when, as known when.

    `first_month` to `last_month`, both included; `size` is the log size; `heading` is empty for
    the report as a whole.
    """

    report: str
    who: str
    view: str
    gwp: str
    first_month: str
    last_month: str
    size: int
    heading: tuple[str, ...] = ()

    @property
    def party(self) -> str | None:
        """Whose figure it is; None for the area's."""
        return None if self.who == AREA else self.who

    @property
    def whole(self) -> FigureId:
        """The report that it stands in."""
        return msgspec.structs.replace(self, heading=())

    def under(self, *heading: str) -> FigureId:
        """The figure under a further heading."""
        return msgspec.structs.replace(self, heading=(*self.heading, *heading))


def format_figure(figure: FigureId) -> str:
    """The identifier's one spelling; raises BadName for a heading that cannot stand in it."""
    text = ":".join(
        (
            figure.report,
            figure.who,
            f"{figure.view}.{figure.gwp}",
            f"{figure.first_month}..{figure.last_month}",
            str(figure.size),
            *figure.heading,
        )
    )
    if parse_figure(text) != figure:
        raise _bad(text)
    return text


def parse_figure(text: str) -> FigureId:
    """What an identifier says; raises BadName."""
    found = _FIGURE.fullmatch(text)
    if found is None:
        raise _bad(text)
    size, first, last = int(found["size"]), found["first"], found["last"]
    if size > MAX_INTEGER or first > last or first < "0001":
        raise _bad(text)
    return FigureId(
        report=found["report"],
        who=found["who"],
        view=found["view"],
        gwp=found["gwp"],
        first_month=first,
        last_month=last,
        size=size,
        heading=tuple(found["heading"].split(":")[1:]),
    )


def _bad(text: str) -> BadName:
    return BadName(
        "not the identifier of a figure",
        expected="<report>:<party or _area>:<view>.<gwp>:<month>..<month>:<size>[:<heading>…], as "
        "a report prints it",
        found=repr(text[:200]),
        advice="Copy it from a report: every figure there has one.",
    )

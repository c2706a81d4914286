"""All reports by name: of whom each is made, in which view, and by which function.

    ghg-protocol, iso-14064-1, esrs,     of a company
    gb-t-32150
    gpc, area-views, residents,
    park-indicators                      of the area
    progress                             of whoever has set a target

Adding a report is a file beside this one and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ledger.carbon.inventory.readings import Readings
from ledger.carbon.known import Known
from ledger.carbon.reports import (
    area_views,
    esrs,
    ghg,
    gpc,
    iso14064,
    national,
    park,
    progress,
    residents,
)
from ledger.carbon.reports.company_parts import earlier
from ledger.carbon.reports.draft import Built, Draft
from ledger.carbon.reports.figure_id import AREA, FigureId
from ledger.errors import BadValue, NotFound

Build = Callable[[Draft, Sequence[Known]], Built]
Months = tuple[str, str]
"""[first month, month after the last)."""

GWP: Final = "AR6"
"""The set that a report uses unless another one is asked for."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of report; `earlier` says what else must be known: months, as known at a size."""

    name: str
    title: str
    view: str
    build: Build
    of_party: bool = False
    of_area: bool = False
    earlier: Callable[[Known, str | None], Sequence[tuple[Months, int]]] = lambda _known, _party: ()

    def check(self, wanted: FigureId) -> None:
        """Raise BadValue or NotFound if an identifier names what this report is not."""
        if (wanted.party is None and not self.of_area) or (wanted.party and not self.of_party):
            raise BadValue(
                f"the report {self.name}",
                expected="of the area" if self.of_area else "of a party",
                found="of the area" if wanted.party is None else f"of {wanted.party}",
                advice="Say --area." if self.of_area else "Name a party with --company.",
            )
        if wanted.view != self.view:
            raise NotFound(
                f"the report {self.name} in another view",
                expected=self.view,
                found=wanted.view,
                advice="Copy identifiers from a report.",
            )


def _base_year(known: Known, party: str | None) -> Sequence[tuple[Months, int]]:
    return () if party is None else earlier(known, party)


FORMS: Final = {
    form.name: form
    for form in (
        Form(name=ghg.NAME, title=ghg.TITLE, view="inventory", build=ghg.build, of_party=True),
        Form(
            name=iso14064.NAME,
            title=iso14064.TITLE,
            view="inventory",
            build=iso14064.build,
            of_party=True,
            earlier=_base_year,
        ),
        Form(
            name=esrs.NAME,
            title=esrs.TITLE,
            view="inventory",
            build=esrs.build,
            of_party=True,
            earlier=_base_year,
        ),
        Form(
            name=national.NAME,
            title=national.TITLE,
            view="inventory",
            build=national.build,
            of_party=True,
        ),
        Form(name=gpc.NAME, title=gpc.TITLE, view="gpc", build=gpc.build, of_area=True),
        Form(
            name=area_views.NAME,
            title=area_views.TITLE,
            view="all",
            build=area_views.build,
            of_area=True,
        ),
        Form(
            name=residents.NAME,
            title=residents.TITLE,
            view=residents.VIEW,
            build=residents.build,
            of_area=True,
        ),
        Form(name=park.NAME, title=park.TITLE, view="park", build=park.build, of_area=True),
        Form(
            name=progress.NAME,
            title=progress.TITLE,
            view="target",
            build=progress.build,
            of_party=True,
            of_area=True,
            earlier=progress.earlier,
        ),
    )
}
"""By name, in the order that they are shown in."""


def form_of(name: str) -> Form:
    """The kind of report of a name. Raises NotFound with the names that exist."""
    found = FORMS.get(name)
    if found is None:
        raise NotFound(
            f"report {name}",
            expected="one of " + ", ".join(FORMS),
            found=name,
            advice="docs/reference/reports.md describes each.",
        )
    return found


def wanted(
    name: str, party: str | None, months: tuple[str, str], size: int, gwp: str = GWP
) -> FigureId:
    """The identifier of a report as a whole; both months are included. Raises NotFound, BadValue."""
    form = form_of(name)
    whole = FigureId(
        report=name,
        who=AREA if party is None else party,
        view=form.view,
        gwp=gwp,
        first_month=months[0],
        last_month=months[1],
        size=size,
    )
    form.check(whole)
    return whole


def build(
    form: Form,
    known: Known,
    whole: FigureId,
    since: Sequence[Known] = (),
    readings: Readings | None = None,
) -> Built:
    """The report from what is known.

    Raises BadValue for a GWP set, or a month, that the rules do not have.
    """
    draft = Draft(known, form.name, form.view, whole.gwp, who=whole.party, readings=readings)
    if whole.gwp not in draft.pack.gwp:
        raise BadValue(
            "unknown GWP set",
            expected="one of " + ", ".join(sorted(draft.pack.gwp)),
            found=whole.gwp,
        )
    calendar = draft.pack.calendar(known.timezone)
    for month in (whole.first_month, whole.last_month):
        calendar.bounds_s(month)
    return form.build(draft, since)

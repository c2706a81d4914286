"""The event by which an operator seals a period in a view. It stands in `<operator>/seals`."""

from __future__ import annotations

from ledger.carbon.area.events import GwpName, View
from ledger.carbon.organisation.events import Months, require_months
from ledger.fold.event import Event
from ledger.log.seals import Sums
from ledger.log.values import HashHex, Size
from ledger.parties.events import RulesRef


class FootprintSealed(Event, frozen=True, kw_only=True):
    """The area's figure in a view over [first month, month after the last), as known at `size`.

    `totals` are milligrams by gas. `rules` are those in force at `size`, and `gwp` the set in which
    equivalents of these figures are shown. The roots are over the heads of all streams below `size`,
    and over one line for each company, public body and aggregate.
    """

    view: View
    period: Months
    gwp: GwpName
    rules: RulesRef
    size: Size
    totals: Sums
    heads_root: HashHex
    heads_count: Size
    companies_root: HashHex
    companies_count: Size

    def __post_init__(self) -> None:
        require_months(self.period)


EVENTS = (FootprintSealed,)

PLACES = {event.__name__: "seals" for event in EVENTS}

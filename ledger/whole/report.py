"""Reports from a whole ledger in memory: the same identifier leads to the same figure as in its database.

Source: accounting rules, section 8.
"""

from __future__ import annotations

from ledger.carbon.inventory.inventory import hourly_streams
from ledger.carbon.inventory.readings import readings_of
from ledger.carbon.organisation.months import month_after
from ledger.carbon.reports.catalogue import build, form_of
from ledger.carbon.reports.draft import Built
from ledger.carbon.reports.figure_id import FigureId
from ledger.carbon.rulepack import load
from ledger.whole.fold import Fold


def report_of(fold: Fold, wanted: FigureId) -> Built:
    """The report that an identifier names; the fold has at least its size.

    Raises NotFound for an unknown report or party, BadValue for one that is not made of a party or
    not of the area, InvalidInput under rules that lack what it needs.
    """
    form = form_of(wanted.report)
    form.check(wanted)
    period = wanted.first_month, month_after(wanted.last_month)
    known = fold.known(period, wanted.size, wanted.party)
    since = [
        fold.known(months, size, wanted.party) for months, size in form.earlier(known, wanted.party)
    ]
    matched = set() if wanted.party is None else hourly_streams(known, wanted.party)
    pack = load(known.rules)
    readings = {
        stream: readings_of(pack, known.sources[stream], fold.history(stream, known.size))
        for stream in sorted(matched & set(known.sources))
    }
    return build(form, known, wanted, since, readings)

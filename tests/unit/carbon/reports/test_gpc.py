"""The GPC table calls its lines as the GPC does."""

from __future__ import annotations

from ledger.carbon.area.assign import view_table
from ledger.carbon.reports.catalogue import build, form_of, wanted
from ledger.carbon.rulepack import load
from tests.unit.carbon.area.park import worked_park


def test_every_line_has_the_title_of_the_line_and_not_of_an_activity_under_it():
    known = worked_park().known("2026-01", "2027-01")
    whole = wanted("gpc", None, ("2026-01", "2026-12"), known.size, "AR5")
    shown = build(form_of("gpc"), known, whole).report.table("lines").rows
    titles = {row.labels[0]: row.labels[2] for row in shown}
    lines = {one.line: one.title for one in view_table(load("2")).file.lines}
    assert titles == {line: lines[line] for line in titles}
    assert titles["I.1.2"] == (
        "Residential buildings: grid-supplied energy consumed within the boundary"
    )

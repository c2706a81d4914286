"""The report of the GB/T 32150 sum: each term to the milligram, and what is no part of it."""

from __future__ import annotations

from ledger.carbon.reports.catalogue import build, form_of, wanted
from ledger.carbon.reports.draft import Built
from tests.unit.carbon.inventory.plants import JANUARY
from tests.unit.carbon.inventory.test_national import factory
from tests.unit.world import World


def report(world: World) -> Built:
    known = world.known(*JANUARY, party="acme")
    whole = wanted("gb-t-32150", "acme", ("2026-01", "2026-01"), known.size, "AR5")
    return build(form_of("gb-t-32150"), known, whole)


def test_each_term_and_the_total_stand_to_the_milligram():
    built = report(factory())
    found = built.report.table("terms")
    co2 = [one.name for one in found.columns].index("CO2")
    shown = {row.labels[0]: row.figures[co2] for row in found.rows}
    assert {title: figure and int(figure.value) for title, figure in shown.items()} == {
        "Combustion of fuels": 216_500_000,
        "Processes": 7_850_000_000,
        "Net purchased electricity": 700 * 582_700,
        "Net purchased heat": 550_000_000,
        "Recovered and used (deducted)": -2_000_000_000,
        "Total": 216_500_000 + 7_850_000_000 + 407_890_000 + 550_000_000 - 2_000_000_000,
    }
    total = shown["Total"]
    assert total is not None
    assert sum(term.mass_mg for term in built.origins[total.id].terms) == int(total.value)


def test_source_lines_add_up_to_the_total():
    built = report(factory())
    lines = [row for row in built.report.table("source-lines").rows if row.labels[-1] == "CO2"]
    added = sum(int(figure.value) for row in lines for figure in row.figures if figure)
    assert added == 7_024_390_000


def test_what_stands_under_no_term_is_named():
    notes = report(factory()).report.notes
    assert notes == ("fugitive.sf6 stands under no term and is no part of this sum.",)

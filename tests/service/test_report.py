"""Reports and explanations from the database: as known at a size, and from the entries themselves."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest

from ledger.carbon.area.events import TransferAcknowledged, TransferRecorded
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    FactorAssigned,
    ProfileBody,
    ProfileRecorded,
)
from ledger.carbon.organisation.events import BoundarySet, SupplyMatched
from ledger.carbon.reports.table import Figure, Report
from ledger.errors import BadName, BadValue, NotFound
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import DAY, KEYS, furnish, post, source
from tests.workload import Workload, salt

MARCH = ("2018-03", "2018-03")
HOURS = 24


def figure(report: Report, table: str, *labels: str) -> Figure:
    """The last figure of a row: CO2e where there is one."""
    [row] = [row for row in report.table(table).rows if row.labels[: len(labels)] == labels]
    found = row.figures[-1]
    assert found is not None
    return found


def location(report: Report) -> Figure:
    return figure(report, "scopes", "Scope 2, location-based")


async def last(ledger: Ledger, stream: str) -> int:
    """Version of a stream's last event."""
    head = await ledger.head(stream)
    assert head is not None
    return head.version


async def added(ledger: Ledger, found: Figure) -> list[tuple[str, int, int, int]]:
    """(stream, first, last, milligrams) of every entry behind a figure."""
    explained = await ledger.explanation(found.id)
    assert explained.figure == found
    return [
        (one.stream, one.first, one.last, int(one.amount))
        for term in explained.terms
        for one in term.entries or ()
    ]


def test_a_correction_is_an_entry_of_its_own_behind_the_figure(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        corrected = ActivityCorrected(
            salt=salt(),
            event="acme/bills@1",
            reason="misread",
            activity=ActivityBody(period=DAY, quantity="700", reference="N-1"),
        )
        await post(ledger, KEYS["acme"], "acme/bills/corrections", corrected)
        report = await ledger.report("ghg-protocol", "acme", MARCH)
        entries = await added(ledger, location(report))
        # 777.5 kWh twice, then 77.5 kWh less; the meter behind the main one adds nothing.
        assert entries == [
            ("acme/bills", 1, 1, 453_049_250),
            ("acme/bills/corrections", 1, 1, -45_159_250),
            ("acme/main", 1, 1, 453_049_250),
        ]
        assert sum(one[3] for one in entries) == int(location(report).value)

    place.run(work)


def test_another_factor_is_an_entry_of_the_register_behind_the_figure(place: Place):
    """The market-based figure of 777.5 kWh: at 0.123 kg before, at 0.5827 kg after."""

    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        before = await ledger.report("ghg-protocol", "acme", MARCH)
        assigned = FactorAssigned(
            salt=salt(),
            source="acme/main",
            role="market",
            factor="operator/grid@1",
            from_="2018-01-01T00:00:00+08:00",
            reason="the contract had ended",
        )
        await post(ledger, KEYS["acme"], "acme/register", assigned)
        at = await last(ledger, "acme/register")
        after = await ledger.report("ghg-protocol", "acme", MARCH)
        market = figure(after, "source-lines", "2 market-based", "emitted", "acme/main")
        entries = await added(ledger, market)
        assert entries == [
            ("acme/main", 1, 1, 95_632_500),
            ("acme/register", at, at, 453_049_250 - 95_632_500),
        ]
        assert await ledger.report("ghg-protocol", "acme", MARCH, before.size) == before

    place.run(work)


def test_the_same_identifier_is_the_same_figure_while_the_log_grows(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        before = await ledger.report("ghg-protocol", "acme", MARCH)
        was = await ledger.explanation(location(before).id)
        more = ActivityRecorded(salt=salt(), period=DAY, quantity="1", reference="N-9")
        await post(ledger, KEYS["acme"], "acme/bills", more)
        half = BoundarySet(
            salt=salt(),
            approach="equity",
            from_="2018-01",
            sites=(("yard-7", "0.5"),),
            reason="a joint venture",
        )
        await post(ledger, KEYS["acme"], "acme/register", half)
        said = f"acme/register@{await last(ledger, 'acme/register')}"
        assert await ledger.explanation(location(before).id) == was
        assert await ledger.report("ghg-protocol", "acme", MARCH, before.size) == before
        after = await ledger.report("ghg-protocol", "acme", MARCH)
        explained = await ledger.explanation(location(after).id)
        for term in explained.terms:
            assert term.events == (said,)
            entries = sum(int(one.amount) for one in term.entries or ())
            assert entries == int(term.recorded)
            assert abs(2 * int(term.counted) - entries) <= 1
        assert sum(int(term.counted) for term in explained.terms) == int(location(after).value)

    place.run(work)


def test_what_was_passed_on_names_the_transfer(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        sent = TransferRecorded(
            salt=salt(),
            kind="pass-through",
            month="2018-03",
            stream="acme/main",
            to="beta",
            quantity="77.75",
            unit="kWh",
        )
        await post(ledger, KEYS["acme"], "acme/register", sent)
        transfer = f"acme/register@{await last(ledger, 'acme/register')}"
        before = await ledger.report("ghg-protocol", "acme", MARCH)
        acknowledged = TransferAcknowledged(
            salt=salt(),
            transfer=transfer,
            month="2018-03",
            stream="beta/main",
            quantity="77.75",
            unit="kWh",
        )
        await post(ledger, KEYS["beta"], "beta/register", acknowledged)
        after = await ledger.report("ghg-protocol", "acme", MARCH)
        # A tenth of 777.5 kWh at 0.5827 kg.
        assert int(location(before).value) - int(location(after).value) == 45_304_925
        explained = await ledger.explanation(location(after).id)
        assert transfer in explained.events
        assert any(one.startswith(f"carbon-ledger prove {transfer} ") for one in explained.prove)
        area = await ledger.report("area-views", None, MARCH)
        assert "beta" not in str(await ledger.report("ghg-protocol", "acme", MARCH, before.size))
        assert int(figure(area, "views", "companies").value) > 0

    place.run(work)


def test_supply_is_matched_by_the_hour_from_the_readings_in_the_log(place: Place):
    """Sun of 2 kWh in every other hour, used 1 kWh in each: half of the day is claimed."""

    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        sun = source("acme/sun", activity="electricity.generated-own-use", scope=None, factors={})
        used = source(
            "acme/hourly",
            factors={"location": "operator/grid@1", "market": "operator/grid@1"},
        )
        await post(ledger, KEYS["acme"], "acme/register", sun, used)
        for stream, quantities in (
            ("acme/sun", ("2", "0") * 12),
            ("acme/hourly", ("1",) * HOURS),
        ):
            profile = ProfileRecorded(
                salt=salt(), start=DAY[0], interval_s=3600, quantities=quantities
            )
            await post(ledger, KEYS["acme"], stream, profile)
        market = "Scope 2, market-based"
        unmatched = report = await ledger.report("ghg-protocol", "acme", MARCH)
        intervals: tuple[tuple[Literal["hour", "month"], int], ...] = (("month", 24), ("hour", 12))
        for interval, matched in intervals:
            event = SupplyMatched(
                salt=salt(),
                source="acme/hourly",
                supply="acme/sun",
                interval=interval,
                from_="2018-01",
                reason="own roof",
            )
            await post(ledger, KEYS["acme"], "acme/register", event)
            report = await ledger.report("ghg-protocol", "acme", MARCH)
            saved = int(figure(unmatched, "scopes", market).value) - int(
                figure(report, "scopes", market).value
            )
            assert saved == matched * 582_700
            assert location(report).value == location(unmatched).value
        size = report.size
        energy = await ledger.report("esrs", "acme", MARCH)
        shown = {
            row.labels[1]: one.value
            for row in energy.table("e1-5").rows
            for one in row.figures[:1]
            if one is not None
        }
        # Of 24 kWh twelve are from the roof, whose output is not added again.
        assert shown["Own renewable energy other than fuel"] == "0.012"
        assert shown["total energy"] == "1.579"
        corrected = ActivityCorrected(
            salt=salt(),
            event="acme/sun@1",
            reason="the roof was shaded",
            profile=ProfileBody(start=DAY[0], interval_s=3600, quantities=("0",) * HOURS),
        )
        await post(ledger, KEYS["acme"], "acme/sun/corrections", corrected)
        now = await ledger.report("ghg-protocol", "acme", MARCH)
        assert figure(now, "scopes", market).value == figure(unmatched, "scopes", market).value
        assert await ledger.report("ghg-protocol", "acme", MARCH, size) == report

    place.run(work)


def test_energy_is_explained_by_the_quantities_of_the_entries(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        report = await ledger.report("esrs", "acme", MARCH)
        [row] = [row for row in report.table("e1-5").rows if row.labels[1].startswith("Purchased")][
            :1
        ]
        energy = row.figures[0]
        assert energy is not None
        assert energy.value == "1.555"
        explained = await ledger.explanation(energy.id)
        assert sum(Fraction(term.counted) for term in explained.terms) == Fraction(energy.value)
        assert {one.amount for term in explained.terms for one in term.entries or ()} == {"777.5"}

    place.run(work)


def test_the_national_sum_is_explained_by_its_entries(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        report = await ledger.report("gb-t-32150", "acme", MARCH)
        power = figure(report, "terms", "Net purchased electricity")
        assert power.value == figure(report, "terms", "Total").value
        assert power.id.startswith(f"gb-t-32150:acme:inventory.AR6:2018-03..2018-03:{report.size}:")
        entries = await added(ledger, power)
        # 777.5 kWh twice at 0.5827 kg.
        assert [one[0] for one in entries] == ["acme/bills", "acme/main"]
        assert sum(one[3] for one in entries) == int(power.value) == 2 * 453_049_250

    place.run(work)


def test_a_company_without_anything_has_an_empty_report(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        report = await ledger.report("ghg-protocol", "company", ("2001-01", "2001-12"))
        assert {one.value for one in report.figures()} <= {"0"}
        assert not report.complete
        assert len(report.gaps) == 20  # its twenty meters have told of nothing

    place.run(work)


def test_what_is_not_there_is_refused(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        size = await ledger.size()
        whole = f"ghg-protocol:company:inventory.AR6:2001-01..2001-12:{size}"
        for name, error in (
            ("nonsense", BadName),
            (f"{whole}:scopes:7:CO2", NotFound),
            (whole, NotFound),
            (whole.replace(f":{size}", f":{size + 1}"), BadValue),
            (whole.replace("company", "nobody"), NotFound),
            (whole.replace("company", "_area"), BadValue),
            (whole.replace("inventory", "park"), NotFound),
            (whole.replace("ghg-protocol", "diary"), NotFound),
        ):
            with pytest.raises(error):
                await ledger.explanation(name)
        with pytest.raises(NotFound, match="diary"):
            await ledger.report("diary", None, MARCH)
        with pytest.raises(BadValue):
            await ledger.report("gpc", None, MARCH, size + 1)

    place.run(work)

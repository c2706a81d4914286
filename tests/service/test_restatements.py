"""What changed after it was recorded is read with its reasons, of one party, as known at a size."""

from __future__ import annotations

from ledger.carbon.events import ActivityBody, ActivityCorrected, FactorAssigned
from ledger.carbon.inventory.restatement import restatements
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import DAY, KEYS, furnish, post
from tests.workload import Workload, salt

YEAR = ("2018-01", "2019-01")
MARCH = ("2018-03", "2018-03")


def corrected() -> ActivityCorrected:
    return ActivityCorrected(
        salt=salt(),
        event="acme/bills@1",
        reason="misread",
        activity=ActivityBody(period=DAY, quantity="700", reference="N-1"),
    )


def repriced() -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source="acme/main",
        role="upstream",
        factor="acme/supplier@1",
        from_="2018-01-01T00:00:00+08:00",
        reason="the supplier told us later",
    )


def test_corrections_and_late_factors_are_listed_with_what_they_changed(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        first = await ledger.size()
        await post(ledger, KEYS["acme"], "acme/bills/corrections", corrected())
        second = await ledger.size()
        await post(ledger, KEYS["acme"], "acme/register", repriced())
        earlier, *found = restatements(await ledger.known("acme", YEAR), "acme")
        assert earlier.streams == ("acme/hall",)
        assert [
            (one.index, [said.reason for said in one.corrections], one.streams) for one in found
        ] == [
            (first, ["misread"], ("acme/bills",)),
            (second, ["the supplier told us later"], ("acme/main",)),
        ]
        assert found[0].corrections[0].corrects == "acme/bills@1"
        assert found[0].change_mg["location", "CO2"] == -45_159_250
        assert {role for role, _ in found[1].change_mg} == {"upstream"}
        known = await ledger.known("acme", YEAR, second)
        assert restatements(known, "acme") == [earlier, found[0]]
        beta = await ledger.known("beta", YEAR)
        assert {one.event.partition("/")[0] for one in beta.corrections} == {"beta"}
        area = await ledger.known(None, YEAR)
        assert (area.corrections, area.corrected) == ([], [])

    place.run(work)


def test_a_report_names_each_restatement_and_its_reason(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnish(ledger, "acme")
        before = await ledger.report("ghg-protocol", "acme", MARCH)
        await post(ledger, KEYS["acme"], "acme/bills/corrections", corrected())
        report = await ledger.report("ghg-protocol", "acme", MARCH)
        *earlier, row = report.table("restatements").rows
        assert tuple(earlier) == before.table("restatements").rows
        assert row.labels[1:6] == (
            "acme/bills/corrections@1",
            "acme/bills@1",
            "misread",
            "acme/bills",
            "2018-03",
        )
        assert "location CO2 -45159250 mg" in row.labels[6]

    place.run(work)

"""Files that derive everything, made from the real database and verified with the log's key alone."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from ledger.carbon.events import ActivityRecorded
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.errors import BadValue, NotFound
from ledger.log.bundle_kinds import FigureSubject, InventorySubject
from ledger.log.names import event_ref
from ledger.provenance import facts, verify_bundle
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, NEXT, post
from tests.service.test_sealing import furnished, sealed
from tests.workload import OPERATOR, Workload, salt

SEAL = "operator/seals@1"


def test_a_partys_sealed_sums_are_derived_from_its_file(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        data = await ledger.prove(InventorySubject(party="acme", seal=SEAL))
        found = facts(verify_bundle(data, ledger.log))
        (line,) = [one for one in await ledger.seal_companies(1) if one.party == "acme"]
        assert found["strength"] == "re-derived"
        assert found["claim"] == {"party": "acme", "sums": msgspec.to_builtins(line.sums)}
        assert line.sums
        assert b"beta/" not in data

    place.run(work)


def test_every_figure_of_a_report_is_derived_from_the_whole_log(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        for name, party in (("ghg-protocol", "acme"), ("gpc", None)):
            report = await ledger.report(name, party, ("2018-01", "2018-12"))
            figure = next(one for one in report.figures() if one.value not in {"", "0"})
            data = await ledger.prove(FigureSubject(figure=figure.id))
            found = facts(verify_bundle(data, ledger.log))
            assert found["claim"] == msgspec.to_builtins(
                {"figure": figure.id, "unit": figure.unit, "value": figure.value}
            )

    place.run(work)


def test_what_is_not_there_is_not_proven(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        for subject in (
            InventorySubject(party="nobody", seal=SEAL),
            InventorySubject(party="acme", seal="operator/seals@7"),
            FigureSubject(figure="ghg-protocol:acme:inventory.AR6:2018-01..2018-12:9:no:such"),
        ):
            with pytest.raises(NotFound):
                await ledger.prove(subject)
        size = await ledger.size()
        beyond = f"ghg-protocol:acme:inventory.AR6:2018-01..2018-12:{size + 1}:scopes:1:CO2"
        with pytest.raises(BadValue, match="not published"):
            await ledger.prove(FigureSubject(figure=beyond))
        with pytest.raises(BadValue, match="derives everything"):
            await ledger.prove(InventorySubject(party="acme", seal=SEAL), ["acme/main@1"])

    place.run(work)


def test_files_go_on_over_a_reading_whose_data_is_gone(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
        await post(ledger, KEYS["acme"], "acme/main", reading)
        head = await ledger.head("acme/main")
        assert head is not None
        gone = event_ref("acme/main", head.version)
        size = await ledger.size()
        report = await ledger.report("ghg-protocol", "acme", ("2018-01", "2018-12"))
        figure = next(one for one in report.figures() if one.value not in {"", "0"})
        await sealed(ledger)
        draft = await ledger.redaction_draft(gone)
        said = draft.signed("a resident", "PIPL article 47", salt())
        await post(ledger, KEYS["acme"], "acme/redactions", said)
        confirmed = RedactionConfirmed(salt=salt(), event="acme/redactions@1", reason="looked at")
        await post(ledger, OPERATOR, "operator/redactions", confirmed)
        await post(ledger, KEYS["beta"], "beta/main", replace(reading, salt=salt()))
        found = facts(
            verify_bundle(await ledger.prove(FigureSubject(figure=figure.id)), ledger.log)
        )
        assert figure.id.split(":")[4] == str(size)
        assert (found["strength"], found["withheld"]) == ("sealed", [gone])
        assert found["claim"] == {"figure": figure.id, "unit": figure.unit, "value": figure.value}
        with pytest.raises(BadValue, match=f"the confirmed redaction of {gone}"):
            await ledger.prove(InventorySubject(party="acme", seal=SEAL))
        await sealed(ledger)
        data = await ledger.prove(InventorySubject(party="acme", seal="operator/seals@2"))
        found = facts(verify_bundle(data, ledger.log))
        assert (found["strength"], found["withheld"]) == ("sealed", [gone])
        (line,) = [one for one in await ledger.seal_companies(2) if one.party == "acme"]
        assert found["claim"] == {"party": "acme", "sums": msgspec.to_builtins(line.sums)}

    place.run(work)

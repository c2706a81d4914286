"""Files about figures of a seal, made from the real database: each holds, alone and offline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.carbon.area.events import TargetSet
from ledger.carbon.events import ActivityBody, ActivityCorrected, ActivityRecorded
from ledger.errors import BadValue, NotFound
from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    LineSubject,
    PartSubject,
    Select,
    Subject,
    TargetSubject,
)
from ledger.provenance import Verdict, verify_bundle
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, NEXT, post
from tests.service.test_sealing import furnished, sealed
from tests.workload import OPERATOR, Workload, salt

SEAL = "operator/seals@1"
MAIN, FIXES = "acme/main", "acme/main/corrections"
LATER = ("2018-03-04T00:00:00+08:00", "2018-03-05T00:00:00+08:00")


def target() -> TargetSet:
    return TargetSet(
        salt=salt(),
        target="neutral",
        view="companies",
        gwp="AR6",
        base_year=2017,
        base_size=0,
        base_mg="1000000000",
        path=((2018, "500000000"),),
        credits_percent="10",
        neutral_year=2018,
        reason="neutral soon",
    )


async def prepared(ledger: Ledger) -> None:
    """A reading that is corrected, another one, a target, a seal, and a correction that came later."""
    await furnished(ledger)
    readings = [
        ActivityRecorded(salt=salt(), period=period, quantity="5") for period in (NEXT, LATER)
    ]
    await post(ledger, KEYS["acme"], MAIN, *readings)
    version = (await ledger.head(MAIN)).version  # type: ignore[union-attr]
    first = f"{MAIN}@{version - 1}"
    await post(ledger, KEYS["acme"], FIXES, corrected(first, NEXT, "7"))
    await post(ledger, OPERATOR, "operator/register", target())
    await sealed(ledger)
    await post(ledger, KEYS["acme"], FIXES, corrected(f"{MAIN}@{version}", LATER, "9"))


def corrected(event: str, period: tuple[str, str], quantity: str) -> ActivityCorrected:
    return ActivityCorrected(
        salt=salt(),
        event=event,
        reason="typing error",
        activity=ActivityBody(period=period, quantity=quantity),
    )


async def verified(ledger: Ledger, subject: Subject, withheld: Sequence[str] = ()) -> Verdict:
    return verify_bundle(await ledger.prove(subject, withheld), ledger.log)


def claim(verdict: Verdict) -> Any:
    return verdict.claim


def test_every_figure_of_a_seal_has_a_file_that_holds(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        lists = await ledger.seal_lists(1)
        acme = next(one for one in lists.companies if one.party == "acme")
        emitted = acme.sums["CO2"].emitted
        assert int(emitted) > 0
        total = await verified(ledger, CompanySubject(party="acme", seal=SEAL))
        assert claim(total)["sums"]["CO2"]["emitted"] == emitted
        part = PartSubject(party="acme", seal=SEAL, select=Select(method="location"))
        assert claim(await verified(ledger, part))["masses"]["emitted"]["CO2"] == emitted
        for select in (
            Select(method="location", months=("2031-01", "2031-02")),
            Select(method="location", stream="beta/main"),
        ):
            with pytest.raises(BadValue):
                await ledger.prove(PartSubject(party="acme", seal=SEAL, select=select))
        for line in lists.lines["acme"]:
            subject = LineSubject(line=line.name, party="acme", seal=SEAL)
            assert claim(await verified(ledger, subject))["mass_mg"] == str(line.mass_mg)
        area = await verified(ledger, AreaSubject(seal=SEAL))
        assert claim(area)["companies"] == len(lists.companies)
        year = TargetSubject(seal=SEAL, target="operator/register@1")
        assert claim(await verified(ledger, year))["allowed_mg"] == "500000000"
        assert {total.strength, area.strength} == {"sealed"}

    place.run(work)


def test_a_current_figure_is_that_of_the_seal_and_not_of_later(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        version = (await ledger.head(MAIN)).version  # type: ignore[union-attr]
        first, second = f"{MAIN}@{version - 1}", f"{MAIN}@{version}"
        now = await verified(ledger, EventSubject(event=second))
        assert now.claim["corrected_by"] == f"{FIXES}@2"
        assert "later-change" in now.not_excluded
        then = await verified(ledger, CurrentSubject(event=second, seal=SEAL))
        assert then.claim["corrected_by"] is None
        assert then.not_excluded == ("after-seal", "another-history")
        changed = await verified(ledger, CurrentSubject(event=first, seal=SEAL))
        assert changed.claim["corrected_by"] == f"{FIXES}@1"
        # Facts of others in the register stand there without their data.
        assert all(name.startswith("acme/register@") for name in changed.withheld)

    place.run(work)


def test_what_is_withheld_stands_there_without_its_data(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        version = (await ledger.head(MAIN)).version  # type: ignore[union-attr]
        first = f"{MAIN}@{version - 1}"
        subject = CurrentSubject(event=first, seal=SEAL)
        data = await ledger.prove(subject, [f"{FIXES}@1"])
        assert b"typing error" not in data
        verdict = verify_bundle(data, ledger.log)
        assert f"undisclosed:{FIXES}@1" in verdict.not_excluded
        logged = await verified(ledger, EventSubject(event=first), [first])
        assert (logged.strength, logged.withheld) == ("logged", (first,))
        for wrong in ("acme/keys@1", "operator/ledger@1", "beta/main@1", SEAL):
            with pytest.raises(BadValue, match="withholding"):
                await ledger.prove(EventSubject(event=first), [wrong])

    place.run(work)


def test_what_there_is_not_is_not_found(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        line = (await ledger.seal_lists(1)).lines["acme"][0].name
        for missing in (
            AreaSubject(seal="operator/seals@9"),
            AreaSubject(seal="operator/ledger@1"),
            CompanySubject(party="nobody", seal=SEAL),
            LineSubject(line=line, party="beta", seal=SEAL),
            TargetSubject(seal=SEAL, target="operator/register@99"),
            CurrentSubject(event=f"{MAIN}@99", seal=SEAL),
        ):
            with pytest.raises(NotFound):
                await ledger.prove(missing)
        with pytest.raises(BadValue):
            await ledger.prove(CurrentSubject(event="acme/register@1", seal=SEAL))

    place.run(work)


def test_a_seal_or_a_target_cannot_be_withheld(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        with pytest.raises(BadValue, match="withholding"):
            await ledger.prove(AreaSubject(seal=SEAL), [SEAL])

    place.run(work)

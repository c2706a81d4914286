"""Seals on the real database: the sequencer decides about them, audit and rebuild decide again."""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.errors import RuleBroken
from ledger.log.seals import add_up
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, NEXT, furnish, post
from tests.workload import OPERATOR, Workload, salt

YEAR = ("2018-01", "2019-01")


async def sealed(ledger: Ledger, size: int | None = None, **changed: object) -> None:
    draft = await ledger.seal_draft("companies", YEAR, size, "AR6")
    event = msgspec.structs.replace(draft.event(salt()), **changed)
    await post(ledger, OPERATOR, "operator/seals", event)


async def furnished(ledger: Ledger) -> None:
    for party in KEYS:
        await furnish(ledger, party)


def test_a_seal_is_taken_and_audit_and_rebuild_come_to_the_same(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
        await post(ledger, KEYS["acme"], "acme/main", reading)
        await sealed(ledger)
        first, second = await ledger.seals()
        assert int(second.totals["CO2"].emitted) > int(first.totals["CO2"].emitted) > 0
        report = await ledger.audit()
        assert report.ok, report.damages
        assert (await ledger.rebuild()).ok

    place.run(work)


def test_a_seal_of_an_earlier_size_is_what_was_known_then(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        size = await ledger.size()
        await sealed(ledger)
        reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
        await post(ledger, KEYS["acme"], "acme/main", reading)
        await sealed(ledger, size)
        first, second = await ledger.seals()
        same = {"index": 0, "event": "", "number": 0}
        assert msgspec.structs.replace(first, **same) == msgspec.structs.replace(second, **same)
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_wrong_total_is_refused_by_the_sequencer(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        with pytest.raises(RuleBroken, match="totals"):
            await sealed(ledger, totals={})
        await sealed(ledger)

    place.run(work)


def test_the_public_list_adds_up(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        seal, lists = await ledger.seal(1), await ledger.seal_lists(1)
        assert [line.party for line in lists.companies] == ["acme", "beta", "company"]
        assert add_up([line.sums for line in lists.companies]) == seal.totals

    place.run(work)

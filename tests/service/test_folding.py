"""Loading what a batch stands on: few questions for many events, whatever they ask for."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ledger.carbon.events import ActivityRecorded, ActivityWithdrawn, SourceRegistered
from ledger.errors import Conflict
from ledger.service import Ledger
from ledger.store.database import Connection
from ledger.store.view_store import PieceKey, ViewStore
from tests.service.conftest import Place
from tests.workload import COMPANY, Workload, salt, stream

BILLS = "company/plant/bills"


class Counting(ViewStore):
    """The read models, and how often they were asked for pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def load_pieces(
        self, conn: Connection, keys: Iterable[PieceKey]
    ) -> dict[PieceKey, bytes]:
        self.asked += 1
        return await super().load_pieces(conn, keys)


def bills(count: int, first: int = 0) -> list[ActivityRecorded]:
    return [
        ActivityRecorded(
            salt=salt(),
            period=("2018-01-01T00:00:00Z", "2018-02-01T00:00:00Z"),
            quantity="5",
            reference=f"bill {number}",
        )
        for number in range(first, first + count)
    ]


async def register(ledger: Ledger, workload: Workload) -> None:
    source = SourceRegistered(
        salt=salt(),
        stream=BILLS,
        site="plant",
        activity="electricity.purchased",
        unit="kWh",
        scope=2,
        key_area="industry",
        kind="discrete",
        factors={"location": "operator/grid@1"},
    )
    await ledger.post(workload.body(COMPANY, "company/register", [source]))


def count_questions(ledger: Ledger) -> Counting:
    assert ledger.sequencer is not None
    engine = ledger.sequencer._engine
    engine.forget()
    counting = engine.views = Counting()
    return counting


def test_a_batch_of_many_references_asks_a_few_times(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await register(ledger, workload)
        counting = count_questions(ledger)
        await ledger.post(workload.body(COMPANY, BILLS, bills(400)))
        assert counting.asked <= 10
        with pytest.raises(Conflict, match="reference in company/plant/bills"):
            await ledger.post(workload.body(COMPANY, BILLS, bills(3, first=398)))
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_batch_of_corrections_asks_once_or_twice_for_each(place: Place):
    async def work(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 200))
        counting = count_questions(ledger)
        events = [
            ActivityWithdrawn(salt=salt(), event=f"{stream(0)}@{version}", reason="read twice")
            for version in range(1, 201)
        ]
        await ledger.post(workload.body(COMPANY, f"{stream(0)}/corrections", events))
        assert counting.asked <= 20 + 2 * len(events)
        footprint = await ledger.footprint("company", "2001-01", "2001-12")
        assert footprint.total.mass_mg == {}
        assert (await ledger.audit()).ok

    place.run(work)

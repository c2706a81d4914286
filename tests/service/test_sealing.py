"""Seals on the real database: the sequencer decides about them, audit and rebuild decide again."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.carbon.info import Posted
from ledger.carbon.seal.events import FootprintSealed
from ledger.carbon.seal.pieces import SEAL
from ledger.carbon.seal.views import apply
from ledger.errors import Damaged, RuleBroken
from ledger.fold.event import Place as EventPlace
from ledger.fold.state import Kind, Memory
from ledger.log.batch import build, parse_statement, split_submission
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX, LeafHash
from ledger.log.keys import PrivateKey
from ledger.log.seals import add_up
from ledger.parties.pieces import LEDGER
from ledger.service import Ledger
from ledger.store import log_store
from ledger.store.log_store import NewEntry
from ledger.store.packing import pack
from ledger.store.view_store import Piece, ViewStore
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, NEXT, furnish, post
from tests.workload import OPERATOR, SIGNED_AT, Workload, salt

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


async def written_by_hand(ledger: Ledger, event: FootprintSealed) -> None:
    """What an operator can do who has all keys and the database: append without deciding."""
    head = await ledger.head("operator/seals")
    version, leaf = (head.version, head.leaf) if head else (0, ZEROS_HEX)
    line = encode_struct(event)
    body = build(
        OPERATOR, ledger.log, "operator/seals", version + 1, leaf,
        [("FootprintSealed", line)], None, SIGNED_AT,
    )  # fmt: skip
    jws, _ = split_submission(body)
    statement = parse_statement(jws).statement
    entry = NewEntry(
        jws=jws,
        stream=statement.stream,
        first=statement.first,
        count=1,
        types=("FootprintSealed",),
        packed=pack(line + b"\n"),
        leaf=LeafHash(bytes.fromhex(statement.head)),
    )
    async with ledger.database.server() as conn, conn.transaction():
        before = await log_store.read_head(conn)
        state = Memory()
        state.put(LEDGER, "", await ledger._ledger(conn))
        apply(
            state, EventPlace(before.size, 0, "operator/seals", version + 1, "operator", ""), event
        )
        await log_store.append_entries(conn, before, [entry])
        pieces = [
            Piece(kind, key, Kind.encode(piece), before.size)
            for (kind, key), piece in state.pieces.items()
            if kind == SEAL.name and piece is not None
        ]
        await ViewStore().save_pieces(conn, pieces)


WRONG = {
    "a smaller total": {"totals": {}},
    "another root over the companies": {"companies_root": "0" * 64},
    "a company less": {"companies_count": 2},
    "a stream less": {"heads_count": 1},
    "another root over the heads": {"heads_root": "0" * 64},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_a_wrong_seal_written_into_the_database_by_hand_is_found(
    place: Place, changed: dict[str, object]
):
    """It is signed, chained, and in the tree: whoever derives it again finds it all the same."""

    async def write(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        draft = (await ledger.seal_draft("companies", YEAR, None, "AR6")).event(salt())
        await written_by_hand(ledger, msgspec.structs.replace(draft, **changed))

    async def look(ledger: Ledger, _: Workload) -> None:
        index = await ledger.size() - 1
        report = await ledger.audit()
        places = {(one.place, next(iter(changed)) in one.what) for one in report.damages}
        assert (f"entry {index}", True) in places
        with pytest.raises(Damaged, match=f"entry {index} cannot be folded"):
            await ledger.rebuild()
        with pytest.raises(Damaged, match="does not lead to operator/seals@1"):
            await ledger.seal_lists(1)

    place.run(write)
    place.run(look, writing=False)


def test_a_right_seal_written_by_hand_is_no_damage(place: Place):
    """So that the tests above fail for what is wrong in a seal, and not for how it came in."""

    async def write(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        draft = await ledger.seal_draft("companies", YEAR, None, "AR6")
        await written_by_hand(ledger, draft.event(salt()))

    async def look(ledger: Ledger, _: Workload) -> None:
        report = await ledger.audit()
        assert not [one for one in report.damages if one.place.startswith(("entry", "state_view"))]
        assert (await ledger.rebuild()).ok

    place.run(write)
    place.run(look, writing=False)


def test_readings_changed_after_the_seal_by_hand_no_longer_lead_to_it(
    place: Place, caplog: pytest.LogCaptureFixture
):
    """The sums of a seal hold the database to what it said; what it says now only its log tells."""

    async def write(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        async with ledger.database.owner() as conn:
            await conn.execute("ALTER TABLE ledger.mass_delta DISABLE TRIGGER ALL")
            await conn.execute("UPDATE ledger.mass_delta SET mass_mg = mass_mg - 1")
        (seal,) = await ledger.seals()
        now = (await ledger.seal_draft("companies", YEAR, seal.size, "AR6")).totals
        with pytest.raises(Damaged) as refused:
            await ledger.seal_lists(1)
        for totals in (now, seal.totals):
            assert totals["CO2"].emitted not in str(refused.value)
            assert totals["CO2"].emitted in caplog.text

    place.run(write)


def test_two_seals_that_arrive_with_other_batches_are_each_of_their_own_size(place: Place):
    """A seal may cover all that is logged when it is decided, also what came with it."""

    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        drafts = [
            await ledger.seal_draft(view, YEAR, None, "AR6") for view in ("companies", "park")
        ]
        events = [one.event(salt()) for one in drafts]
        reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
        await asyncio.gather(
            post(ledger, KEYS["acme"], "acme/main", reading),
            post(ledger, OPERATOR, "operator/seals", *events),
        )
        assert [one.size for one in await ledger.seals()] == [one.size for one in drafts]
        assert (await ledger.audit()).ok

    place.run(work)


def test_a_seal_does_not_cover_a_batch_that_arrives_with_it_unless_it_counts_it(place: Place):
    """The figures of one size under the number of the next: refused also within one group."""

    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)  # so that both streams' keys are known, and both bodies wait at once
        draft = await ledger.seal_draft("companies", YEAR, None, "AR6")
        event = msgspec.structs.replace(draft.event(salt()), size=draft.size + 1)
        reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
        bodies = [
            await body(ledger, KEYS["acme"], "acme/main", reading),
            await body(ledger, OPERATOR, "operator/seals", event),
        ]
        posted, refused = await asyncio.gather(*map(ledger.post, bodies), return_exceptions=True)
        assert isinstance(posted, Posted)
        assert isinstance(refused, RuleBroken)
        assert refused.what.endswith("of a seal")
        assert len(await ledger.seals()) == 1

    place.run(work)


async def body(ledger: Ledger, key: PrivateKey, stream: str, event: msgspec.Struct) -> bytes:
    """A batch of one event that goes on from its stream's head."""
    head = await ledger.head(stream)
    assert head is not None
    lines = [(type(event).__name__, encode_struct(event))]
    return build(key, ledger.log, stream, head.version + 1, head.leaf, lines, None, SIGNED_AT)


def test_the_public_list_adds_up(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await furnished(ledger)
        await sealed(ledger)
        seal, lists = await ledger.seal(1), await ledger.seal_lists(1)
        assert [line.party for line in lists.companies] == ["acme", "beta", "company"]
        assert add_up([line.sums for line in lists.companies]) == seal.totals

    place.run(work)

"""A real ledger and two real witnesses on 127.0.0.1: who cosigns what, and who notices what."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.carbon.info import LedgerStatus
from ledger.errors import BadFile, LogStopped, NotFound
from ledger.log import note
from ledger.log.bundle import read_bundle
from ledger.log.checkpoint import open_checkpoint, open_cosigned
from ledger.log.receipt import parse_receipt
from ledger.service import Ledger, Settings, open_ledger
from tests.service.conftest import Place
from tests.service.test_rollback import copy_database, drop_database
from tests.witness_process import WitnessProcess
from tests.workload import Workload

LONGEST_WAIT_S = 20.0
Pair = tuple[WitnessProcess, WitnessProcess]


@pytest.fixture
def pair(place: Place, tmp_path: Path) -> Iterator[Pair]:
    """A certifier's witness, with a post-quantum key as well, and a regulator's; both serve."""
    vkey = json.loads((place.settings.home / "ledger.json").read_text())["log"]
    folders = tmp_path / "certifier", tmp_path / "regulator"
    first = WitnessProcess(folders[0], "certifier.example/w", [vkey], ml_dsa=True)
    second = WitnessProcess(folders[1], "regulator.example/w", [vkey])
    configure(place.settings, first, second)
    with first, second:
        yield first.start(), second.start()


def configure(settings: Settings, first: WitnessProcess, second: WitnessProcess) -> None:
    listed = {
        "policy": "certifier=1,regulator=1",
        "witnesses": [first.entry("certifier"), second.entry("regulator")],
    }
    (settings.home / "witnesses.json").write_text(json.dumps(listed))


def verifiers(pair: Pair) -> list[note.Verifier]:
    return [note.parse_vkey(vkey) for one in pair for vkey in one.about.vkeys]


async def until_witnessed(ledger: Ledger) -> LedgerStatus:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        status = await ledger.status()
        if status.witnessed_size == status.size:
            return status
        assert time.monotonic() < deadline, status
        await asyncio.sleep(0.05)


async def post_and_wait(ledger: Ledger, workload: Workload) -> LedgerStatus:
    await ledger.post(workload.batch(0, 2))
    return await until_witnessed(ledger)


async def post_one(ledger: Ledger, workload: Workload) -> None:
    await ledger.post(workload.batch(0, 2))


async def nothing(ledger: Ledger, workload: Workload) -> None:
    pass


async def wait(ledger: Ledger, workload: Workload) -> LedgerStatus:
    return await until_witnessed(ledger)


def test_each_checkpoint_is_cosigned_by_both_and_counts_as_published(place: Place, pair: Pair):
    status = place.run(post_and_wait)
    assert status.witness_policy == "certifier=1,regulator=1"
    assert [(one.witness, one.role, one.state, one.size) for one in status.witnesses] == [
        ("certifier.example/w", "certifier", "cosigned", status.size),
        ("regulator.example/w", "regulator", "cosigned", status.size),
    ]
    assert all(one.cosigned_at for one in status.witnesses)


def test_the_newest_checkpoint_and_a_receipt_carry_all_cosignatures(place: Place, pair: Pair):
    async def ask(ledger: Ledger, workload: Workload) -> tuple[str, str, str, int]:
        status = await post_and_wait(ledger, workload)
        checkpoint, receipt = await ledger.checkpoint(), await ledger.receipt(1)
        return checkpoint, receipt, ledger.log, status.size

    checkpoint, receipt, vkey, size = place.run(ask)
    for signed in (checkpoint.encode(), parse_receipt(receipt.encode()).checkpoint):
        opened = open_cosigned(signed, vkey, verifiers(pair))
        assert opened.checkpoint.size == size
        assert {one.verifier.name for one in opened.cosignatures} == {
            "certifier.example/w",
            "regulator.example/w",
        }
        assert len(opened.cosignatures) == 3


def test_what_too_few_have_cosigned_is_answered_and_proven_and_not_published(
    place: Place, pair: Pair
):
    before = place.run(post_and_wait)
    pair[1].end(signal.SIGKILL)

    async def without(ledger: Ledger, workload: Workload) -> tuple[int, str]:
        body = workload.batch(0, 2)
        posted = await ledger.post(body)
        assert parse_receipt(posted.receipt.encode()).index == posted.index
        deadline = time.monotonic() + LONGEST_WAIT_S
        while (await ledger.status()).witnesses[0].size <= posted.index:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        return posted.index, f"{posted.stream}@{posted.first}"

    index, event = place.run(without)

    async def ask(ledger: Ledger, _: Workload) -> tuple[str, str, bytes, bytes]:
        older = await ledger.bundle("operator/ledger@1")
        return await ledger.checkpoint(), ledger.log, older, await ledger.bundle(event)

    published, vkey, older, newer = place.run(ask)
    opened = open_cosigned(published.encode(), vkey, verifiers(pair))
    assert opened.checkpoint.size == before.size <= index
    assert {one.verifier.name for one in opened.cosignatures} == {
        "certifier.example/w",
        "regulator.example/w",
    }
    assert read_bundle(older).checkpoint == published.encode()
    assert open_checkpoint(read_bundle(newer).checkpoint, vkey).size > index


def test_nothing_is_published_before_the_policy_is_met(place: Place, pair: Pair):
    pair[1].end()

    async def ask(ledger: Ledger, workload: Workload) -> None:
        await ledger.post(workload.batch(0, 2))
        with pytest.raises(NotFound, match="no checkpoint is published") as refused:
            await ledger.checkpoint()
        assert "certifier=1,regulator=1" in refused.value.expected
        assert await ledger.receipt(1)
        pair[1].start()
        status = await until_witnessed(ledger)
        published = open_checkpoint((await ledger.checkpoint()).encode(), ledger.log)
        assert published.size == status.size

    place.run(ask)


def test_what_is_only_being_read_shows_the_witnesses_as_well(place: Place, pair: Pair):
    place.run(post_and_wait)

    async def ask(ledger: Ledger, workload: Workload) -> LedgerStatus:
        return await ledger.status()

    status = place.run(ask, writing=False)
    assert status.witnessed_size == status.size
    assert {one.state for one in status.witnesses} == {"cosigned"}


def test_a_witness_that_is_away_holds_nobody_up_and_catches_up(place: Place, pair: Pair):
    place.run(post_and_wait)
    pair[1].end(signal.SIGKILL)

    async def without(ledger: Ledger, workload: Workload) -> LedgerStatus:
        began = time.monotonic()
        await ledger.post(workload.batch(1, 2))
        assert time.monotonic() - began < 5
        deadline = time.monotonic() + LONGEST_WAIT_S
        while True:
            status = await ledger.status()
            if status.witnesses[0].size == status.size and status.witnesses[1].state == "away":
                return status
            assert time.monotonic() < deadline, status
            await asyncio.sleep(0.05)

    status = place.run(without)
    assert status.witnessed_size is not None
    assert status.witnessed_size < status.size
    pair[1].start()
    assert {one.state for one in place.run(wait).witnesses} == {"cosigned"}


def test_a_witness_that_hangs_holds_nobody_up(place: Place, pair: Pair):
    place.run(post_and_wait)
    assert pair[1].process is not None
    pair[1].process.send_signal(signal.SIGSTOP)

    async def post(ledger: Ledger, workload: Workload) -> float:
        began = time.monotonic()
        await ledger.post(workload.batch(1, 2))
        return time.monotonic() - began

    assert place.run(post) < 5


def test_a_witness_killed_between_writing_and_answering_goes_on(place: Place, pair: Pair):
    place.run(post_and_wait)
    pair[1].end()
    pair[1].start(dying=True)
    place.run(post_one)
    assert pair[1].ended() == -signal.SIGKILL
    pair[1].start()
    assert {one.state for one in place.run(wait).witnesses} == {"cosigned"}


def test_a_backup_restored_with_its_checkpoint_file_stops_the_log(place: Place, pair: Pair):
    place.run(post_and_wait)
    file = place.settings.home / "checkpoints"
    old = file.read_bytes()
    backup = copy_database(place.settings, "witnessed_backup")
    try:
        place.run(post_and_wait)
        newest = file.read_bytes()
        file.write_bytes(old)
        with pytest.raises(LogStopped, match="behind what witness") as stopped:
            Place(backup).run(nothing)
        assert "bring back the database" in stopped.value.advice
        file.write_bytes(newest)
        place.run(nothing)
    finally:
        drop_database(backup)


def test_a_second_history_stops_where_a_witness_has_seen_the_first(place: Place, pair: Pair):
    place.run(post_and_wait)
    file = place.settings.home / "checkpoints"
    old = file.read_bytes()
    fork = copy_database(place.settings, "witnessed_fork")
    try:
        place.run(post_and_wait)
        file.write_bytes(old)
        listed = (place.settings.home / "witnesses.json").read_bytes()
        (place.settings.home / "witnesses.json").unlink()
        dishonest = Place(fork)
        dishonest.workload = place.workload

        async def post_other(ledger: Ledger, workload: Workload) -> None:
            await ledger.post(workload.batch(5, 2))

        dishonest.run(post_other)  # without witnesses nobody is asked
        (place.settings.home / "witnesses.json").write_bytes(listed)
        with pytest.raises(LogStopped, match="disagrees with what witness"):
            dishonest.run(nothing)
    finally:
        drop_database(fork)


def test_a_witness_that_comes_back_stops_a_log_that_went_on_elsewhere(place: Place, pair: Pair):
    place.run(post_and_wait)
    file = place.settings.home / "checkpoints"
    old = file.read_bytes()
    fork = copy_database(place.settings, "witnessed_later")
    try:
        place.run(post_and_wait)
        file.write_bytes(old)
        for one in pair:
            one.end()
        dishonest = Place(fork)
        dishonest.workload = place.workload

        async def go_on(ledger: Ledger, workload: Workload) -> None:
            await ledger.post(workload.batch(6, 2))  # nobody who knows better answers
            for one in pair:
                one.start()
            deadline = time.monotonic() + LONGEST_WAIT_S
            while time.monotonic() < deadline:
                try:
                    await ledger.health()
                except LogStopped as stopped:
                    assert "witness" in stopped.what  # noqa: PT017
                    break
                await asyncio.sleep(0.05)
            with pytest.raises(LogStopped):
                await ledger.post(workload.batch(7, 2))

        dishonest.run(go_on)
    finally:
        drop_database(fork)


def test_two_processes_that_ask_at_once_keep_one_line_of_each_key(place: Place, pair: Pair):
    async def ask_twice(ledger: Ledger, workload: Workload) -> tuple[str, str]:
        async with open_ledger(place.settings) as other:
            await other.post(workload.batch(0, 2))
            await until_witnessed(ledger)
            await until_witnessed(other)
        return await ledger.checkpoint(), ledger.log

    checkpoint, vkey = place.run(ask_twice)
    assert len(open_cosigned(checkpoint.encode(), vkey, verifiers(pair)).cosignatures) == 3


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("{", "policy"),
        ('{"policy":"1"}', "witnesses"),
        ('{"policy":"1","witnesses":[]}', "never be met"),
        ('{"policy":"1","witnesses":[{"role":"judge","url":"http://a","vkeys":[]}]}', "role"),
        ('{"policy":"many","witnesses":[]}', "not a policy"),
    ],
)
def test_a_list_of_witnesses_that_means_nothing_is_refused(place: Place, wrong: str, why: str):
    (place.settings.home / "witnesses.json").write_text(wrong)
    with pytest.raises(BadFile, match=why):
        place.run(nothing)

"""One log key, two histories: one for the companies, another one for the regulator."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator

import pytest

from ledger.errors import LogStopped
from ledger.service import Ledger, Settings, open_ledger
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.history import History
from tests.service.dishonest.test_rewritten import hidden_correction, resealed
from tests.service.test_rollback import copy_database, drop_database
from tests.service.test_witnesses import LONGEST_WAIT_S
from tests.witness_process import WitnessProcess

HALL = "acme/hall@1"


@pytest.fixture
def witness(land: Land) -> Iterator[WitnessProcess]:
    """The regulator's witness, which the ledger asks, and which has cosigned the whole log."""
    witness = WitnessProcess(land.folder / "witness", "regulator.example/w", [land.log])
    listed = {"policy": "regulator=1", "witnesses": [witness.entry("regulator")]}
    (land.settings.home / "witnesses.json").write_text(json.dumps(listed))

    async def cosigned(ledger: Ledger) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while (status := await ledger.status()).witnessed_size != status.size:
            assert time.monotonic() < deadline, status
            await asyncio.sleep(0.05)

    with witness:
        witness.start()
        land.run(cosigned)
        yield witness


@pytest.fixture
def twin(land: Land, witness: WitnessProcess) -> Iterator[Land]:
    """A copy of home and database for the regulator's eyes, in which acme has corrected nothing."""
    copied = copy_database(land.settings, "twin")
    try:
        home = land.folder / "twin"
        shutil.copytree(land.settings.home, home)
        (home / "witnesses.json").unlink()
        settings = Settings(
            home=home,
            database_url=copied.database_url,
            server_database_url=copied.server_database_url,
        )
        twin = Land(settings, land.folder)
        history = History.read(twin.settings)
        hidden_correction(history)
        resealed(twin, history)
        yield twin
    finally:
        drop_database(copied)


def proof(land: Land) -> bytes:
    async def prove(ledger: Ledger) -> bytes:
        return await ledger.bundle(HALL)

    return land.run(prove, writing=False)


def trust(witness: WitnessProcess) -> tuple[str, ...]:
    named = (word for vkey in witness.about.vkeys for word in ("--witness", f"regulator={vkey}"))
    return (*named, "--policy", "regulator=1")


def test_a_split_view_is_refused_by_who_trusts_a_witness(
    land: Land, twin: Land, witness: WitnessProcess
):
    """Both histories are whole; the regulator's own witness has seen one of them."""
    assert twin.audited() == []
    honest, other = proof(land), proof(twin)
    assert land.verified(honest, *trust(witness))["cosigned"] == ["regulator.example/w"]
    assert land.verified(other)["not_excluded"] == ["another-history", "later-change"]
    assert land.defect(other, *trust(witness)) == "policy"


def test_a_split_view_is_found_by_who_looks_from_two_places(land: Land, twin: Land):
    with land.service() as url, twin.service() as other:
        found = land.evidence(land.watched(url, "--also", other))
    assert len({one["root"] for one in found["checkpoints"]}) == 2


def test_a_split_view_is_found_by_two_readers_who_compare_their_files(land: Land, twin: Land):
    (land.folder / "theirs").write_bytes(proof(twin))
    with land.service() as url:
        land.evidence(land.watched(url, "--against", "theirs"))


def test_a_witness_stops_the_twin_where_it_is_asked(
    land: Land, twin: Land, witness: WitnessProcess
):
    """The same list in the twin's home: it is told what was cosigned, and signs nothing."""
    listed = (land.settings.home / "witnesses.json").read_bytes()
    (twin.settings.home / "witnesses.json").write_bytes(listed)

    async def opened() -> None:
        async with open_ledger(twin.settings):
            pass

    with pytest.raises(LogStopped, match="disagrees with what witness"):
        asyncio.run(opened())


def test_a_restored_backup_stops_where_a_witness_has_seen_more(land: Land, witness: WitnessProcess):
    """Database and checkpoint file are as old as each other: from inside nothing is missing."""
    history = land.history()
    history.cut(len(history.bodies) - 1)
    history.write(land.settings)
    assert land.audited() == []

    async def nothing(_: Ledger) -> None:
        pass

    with pytest.raises(LogStopped, match="behind what witness"):
        land.run(nothing)

"""Before a log is continued: its witnesses, and whoever has kept a checkpoint, may know that it had more.

With the log's own key checkpoints are made here of entries that the earlier database has not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ledger.errors import BadFile, Damaged
from ledger.log.add_checkpoint import PATH, AddCheckpoint, format_request
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import EMPTY_ROOT, RootHash
from ledger.machine import read_event
from ledger.parties.events import LedgerOpened, Signed
from ledger.service import Ledger, Settings, continue_log
from ledger.service.home import Home
from ledger.store import log_store
from tests.service.conftest import Place
from tests.service.test_continuing import NEW_RECOVERY, SECOND, in_ledger, readings
from tests.small_log import SmallLog
from tests.witness_process import WitnessProcess
from tests.workload import OPERATOR

LOST = RootHash(bytes([7]) * 32)


def signed(settings: Settings, size: int, root: RootHash = LOST) -> bytes:
    """A checkpoint that the log of a home has signed."""
    home = Home(settings.home)
    return sign_checkpoint(home.log_key(), Checkpoint(home.ledger().origin, size, root))


def continued(place: Place, settings: Settings, *outside: bytes) -> list[str]:
    """Continue a log; what a person was told."""
    told: list[str] = []
    files = [(f"file {number}", note) for number, note in enumerate(outside)]

    async def go() -> None:
        await continue_log(
            settings,
            place.settings,
            origin=SECOND,
            operator_key=OPERATOR,
            recovery_key=NEW_RECOVERY,
            outside=files,
            told=told.append,
        )

    asyncio.run(go())
    return told


def said_lost(settings: Settings) -> Signed | None:
    """What entry 0 says that the earlier log had signed beyond its end."""

    async def opening(ledger: Ledger) -> Signed | None:
        async with ledger.database.read() as conn:
            event = read_event((await log_store.entry(conn, 0)).event_lines[0])
        assert isinstance(event, LedgerOpened)
        assert event.continues is not None
        return event.continues.signed

    return in_ledger(settings, opening)


@pytest.fixture
def witness(place: Place, tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness of the log, which the home lists."""
    place.run(readings)
    with WitnessProcess(
        tmp_path / "witness", "witness.example/w1", [Home(place.settings.home).ledger().log]
    ).start() as running:
        listed(place.settings, running)
        yield running


def listed(settings: Settings, *witnesses: WitnessProcess) -> None:
    entries = [one.entry("certifier") for one in witnesses]
    (settings.home / "witnesses.json").write_text(json.dumps({"policy": "1", "witnesses": entries}))


def shown(witness: WitnessProcess, note: bytes, old: int = 0) -> None:
    """Let the witness see a checkpoint."""
    answer = httpx.post(witness.url + PATH, content=format_request(AddCheckpoint(old, (), note)))
    assert answer.status_code == 200, answer.text


def size_of(place: Place) -> int:
    return in_ledger(place.settings, lambda ledger: ledger.size())


def test_what_a_witness_has_seen_beyond_the_home_has_to_be_brought(
    place: Place, second: Settings, witness: WitnessProcess
):
    size = size_of(place)
    note = signed(place.settings, size + 5)
    shown(witness, note)
    with pytest.raises(Damaged, match="has seen more of the earlier log") as refused:
        continued(place, second)
    assert refused.value.expected == f"a checkpoint of size {size + 5}, or the entries"
    assert "--against" in refused.value.advice
    # Nothing was opened: the log has not ended, and its server may go on.
    assert Home(place.settings.home).ended is None
    with pytest.raises(Damaged, match="has seen more"):
        continued(place, second, signed(place.settings, size + 4))
    assert continued(place, second, note) == []
    assert said_lost(second) == Signed(size=size + 5, root=LOST.hex())


def test_another_history_than_a_witness_has_seen_is_not_continued(
    place: Place, second: Settings, witness: WitnessProcess
):
    shown(witness, signed(place.settings, size_of(place) - 2))
    with pytest.raises(Damaged, match=r"is not what witness witness\.example/w1 has seen"):
        continued(place, second)
    (place.settings.home / "witnesses.json").unlink()
    place.run(readings)  # the log goes on
    assert continued(place, second) == []


def test_a_witness_that_is_away_is_named_and_what_others_have_kept_is_compared(
    place: Place, second: Settings, witness: WitnessProcess
):
    size = size_of(place)
    root = in_ledger(place.settings, lambda ledger: ledger.status()).root
    note = signed(place.settings, size, RootHash(bytes.fromhex(root)))
    shown(witness, note)  # the very end
    other = signed(place.settings, size - 1)
    with pytest.raises(Damaged, match="not what its log has signed") as refused:
        continued(place, second, note, other)
    assert "as file 1 says" in refused.value.expected
    two = (signed(place.settings, size + 1), signed(place.settings, size + 1, RootHash(b"8" * 32)))
    with pytest.raises(Damaged, match="two histories"):
        continued(place, second, *two)
    away = WitnessProcess(witness.folder.parent / "away", "witness.example/away")
    listed(place.settings, witness, away)
    [told] = continued(place, second, note)
    assert "witness.example/away" in told
    assert said_lost(second) is None


def test_a_file_of_another_log_is_named_and_refused(place: Place, second: Settings):
    place.run(readings)
    origin = Home(place.settings.home).ledger().origin
    ours = signed(place.settings, 0, EMPTY_ROOT)
    for other in (SmallLog(origin), SmallLog("ledger.example/other")):
        with pytest.raises(BadFile) as refused:
            continued(place, second, ours, other.signed(3))
        assert refused.value.what == "file 1 is not of the log that ends"
        assert Home(place.settings.home).ledger().log in refused.value.expected
        assert refused.value.found
        assert refused.value.advice == "Bring what this very log has signed."
    assert Home(place.settings.home).ended is None

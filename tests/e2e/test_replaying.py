"""A regulator that folds the whole ledger itself: what it cosigns, and what the ledger makes of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.client.keyring import Keyring
from ledger.log import note
from ledger.log.checkpoint import open_cosigned
from tests.e2e.api.park import (
    INSPECTORATE,
    OPERATOR,
    STEELWORKS,
    Park,
    Process,
    a_day_of_readings,
    opened,
)
from tests.e2e.cli_program import Program
from tests.e2e.test_witnessing import until
from tests.faults.embedded_land import temporary_home
from tests.witness_process import WitnessProcess

NAME = "inspectorate.example/replay"


class ReplayProcess(WitnessProcess):
    """The replaying witness of the inspectorate, in a home with the inspectorate's key."""

    def __init__(self, folder: Path, log: str) -> None:
        super().__init__(folder, NAME, [log], inside="replay")
        seed = bytes([5]) * 32
        made = Keyring(folder / "keys", random=lambda _: seed).make("inspectorate")
        assert made.public == INSPECTORATE.public

    def replay(self, url: str) -> ReplayProcess:
        """Follow the ledger at a URL."""
        return self.run(["-m", "ledger.cli", "witness", "replay", url, *self.options])


class Land:
    """A ledger that asks a witness, and a replaying one; both may serve or not."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.log = opened(home)
        self.witness = WitnessProcess(folder / "w", "certifier.example/w", [self.log])
        self.replaying = ReplayProcess(folder / "r", self.log)
        listed = {
            "policy": "1",
            "witnesses": [
                self.witness.entry("certifier"),
                self.replaying.entry("regulator", replays=True),
            ],
        }
        (home / "witnesses.json").write_text(json.dumps(listed))
        self.witness.start()
        self.service = Process(home)
        self.park = Park(self.service.url, self.log)
        self.park.register_everybody()

    def end(self) -> None:
        self.park.client.close()
        for process in (self.witness, self.replaying):
            if process.process is not None:
                process.end(signal.SIGKILL)
        self.service.end()


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Land]:
    with temporary_home() as home:
        found = Land(home, tmp_path)
        try:
            yield found
        finally:
            found.end()


def test_a_ledger_shows_how_far_it_was_replayed_and_the_policy_does_not_count_it(land: Land):
    url = land.service.url
    before = until(url, lambda found: found["witnessed_size"] == found["size"])
    assert [one["replays"] for one in before["witnesses"]] == [False, True]
    assert before["witnesses"][1]["size"] == 0
    land.replaying.replay(url)
    until(url, lambda found: found["witnesses"][1]["size"] == found["size"])
    text = Program(land.witness.folder, land.witness.folder).run("status", "--url", url).out
    assert f"regulator, cosigned, replayed to size {before['size']}" in text
    checkpoint = land.park.client.get("/log/checkpoint").content
    (verifier,) = [note.parse_vkey(vkey) for vkey in land.replaying.about.vkeys]
    assert len(open_cosigned(checkpoint, land.log, [verifier]).cosignatures) == 1
    land.park.post(STEELWORKS, land.park.new_source(), *a_day_of_readings("2018-01-01"))
    until(url, lambda found: found["witnesses"][1]["size"] == found["size"] > before["size"])
    land.witness.end()
    land.park.new_source()
    status = until(
        url, lambda found: found["witnesses"][1]["size"] == found["size"] > found["witnessed_size"]
    )
    assert status["witnesses"][0]["state"] == "away"


def test_a_killed_replaying_witness_goes_on_where_it_was(land: Land):
    url = land.service.url
    land.replaying.replay(url)
    until(url, lambda found: found["witnesses"][1]["size"] == found["size"])
    land.replaying.end(signal.SIGKILL)
    land.park.new_source()
    asked = len([line for line in land.service.log if line.get("event") == "regulator-read"])
    assert asked >= 1
    land.replaying.replay(url)
    until(url, lambda found: found["witnesses"][1]["size"] == found["size"])
    (shown,) = Program(land.replaying.folder, land.replaying.folder)("witness", "show", "--replay")[
        "logs"
    ]
    assert shown["size"] == land.park.client.get("/v1/status").json()["size"]


def test_one_replay_leaves_a_note_that_names_who_has_replayed(land: Land, tmp_path: Path):
    program = Program(land.replaying.folder, tmp_path)
    until(land.service.url, lambda found: found["witnessed_size"] == found["size"])
    found = program("witness", "replay", land.service.url, "--once", "-o", "cosigned")
    assert (found["witness"], found["area"]) == (NAME, "Example park")
    (verifier,) = [note.parse_vkey(vkey) for vkey in land.replaying.about.vkeys]
    cosigned = open_cosigned((tmp_path / "cosigned").read_bytes(), land.log, [verifier])
    assert cosigned.checkpoint.size == found["size"]
    assert len(cosigned.cosignatures) == 1


def test_a_sealed_figure_is_audited_for_whoever_trusts_the_replaying_key(
    land: Land, tmp_path: Path
):
    program = Program(land.service.home, tmp_path)
    Keyring(land.service.home / "keys", random=lambda _: bytes([1]) * 32).make("operator")
    program("seal", "make", "--period", "2018-01", "--view", "companies", "--url", land.service.url)
    url = land.service.url
    land.replaying.replay(url)
    until(url, lambda found: found["witnesses"][1]["size"] == found["size"])
    until(url, lambda found: found["witnessed_size"] == found["size"])
    made = program("prove", "--company", "steelworks", "--seal", "1", "-o", "s.json", "--url", url)
    (vkey,) = land.replaying.about.vkeys
    call = ["verify", "s.json", "--log-key", made["log_key"]]
    assert program(*call)["strength"] == "sealed"
    audited = program(*call, "--replayed", f"regulator={vkey}")
    assert (audited["strength"], audited["cosigned"]) == ("audited", [NAME])
    assert program(*call, "--witness", f"regulator={vkey}")["strength"] == "sealed"


def test_a_log_that_nobody_has_named_is_not_replayed(land: Land, tmp_path: Path):
    land.replaying.home.logs.write_text("")
    program = Program(land.replaying.folder, tmp_path)
    refused = program.refused("witness", "replay", land.service.url, "--once", status=1)
    assert "does not replay such a log" in refused["what"]


def test_only_who_may_read_everything_gets_the_entries_with_their_data(land: Land):
    park = land.park
    assert park.get("/v1/entries").status_code == 401
    assert park.get("/v1/entries", STEELWORKS).status_code == 404
    for key in (OPERATOR, INSPECTORATE):
        page = park.get("/v1/entries?from=1", key)
        assert page.status_code == 200
        assert page.content.count(b'"type":"ActivityRecorded"') == 95
    size = park.client.get("/v1/status").json()["size"]
    assert park.get(f"/v1/entries?from={size}", INSPECTORATE).content == b""
    assert park.get("/v1/entries?from=-1", INSPECTORATE).status_code == 404

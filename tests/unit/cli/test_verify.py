"""`verify` says to whoever reads a file what it is, under which key, and what to do when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.cli.program import run
from ledger.log import note, receipt
from ledger.parties.events import KeyRevoked
from tests.unit.proof_file import ProofFiles, Value, as_file
from tests.unit.sealed_files import FIXES, GROUNDS, POWER, T2, a_world, of_kind, sealed_files
from tests.unit.world import LOG, body, correction, key_of, reading, salt
from tests.vectors.continued.files import Files
from tests.vectors.continued.worlds import park

OTHER = note.log_vkey("ledger.example/second", key_of("second log").public)
LATER = "a later correction is not excluded: ask for a file as of a seal"
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """What the command says of a file under a key, and its exit status."""

    def called(value: Value | bytes, key: str = LOG) -> tuple[int, str]:
        file = tmp_path / "proof.json"
        file.write_bytes(value if isinstance(value, bytes) else as_file(value))
        status = run(["verify", str(file), "--log-key", key])
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return called


@pytest.fixture
def value() -> Value:
    return ProofFiles(a_world()).event(f"{POWER}@1", *GROUNDS)


def test_the_key_of_another_log_is_named_and_not_the_file(say: Say, value: Value):
    header = f"{receipt.HEADER}\nindex 0\n\n"
    jws = value["entries"][0]["jws"]
    for data in (as_file(value), f"{jws}\n{header}{value['checkpoint']}".encode()):
        status, text = say(data, OTHER)
        assert status == 1
        wrong = "of the log ledger.example/log; you gave the key of ledger.example/second"
        assert f"the file is {wrong}" in text
        assert "you need the newer key, from somebody you trust" in text
        assert "proves nothing" not in text


def test_a_checkpoint_is_called_one(say: Say, value: Value):
    status, text = say(value["checkpoint"].encode())
    assert status == 2
    assert "this is a checkpoint, not a proof" in text
    assert "audit --against" in text


def test_a_file_whose_checkpoint_is_damaged_advises_its_reader(say: Say, value: Value):
    checkpoint = value["checkpoint"].split("\n")
    checkpoint[1] = "1" + checkpoint[1]
    status, text = say({**value, "checkpoint": "\n".join(checkpoint)})
    assert status == 1
    assert "Ask for the file again" in text
    assert "Sign" not in text


def test_a_file_without_its_opening_is_to_be_asked_for_whole(say: Say, value: Value):
    _, text = say({**value, "entries": value["entries"][1:]})
    assert "defect    opening" in text
    assert "Ask for a complete file." in text


def test_a_file_that_reaches_back_does_not_claim_the_log_of_its_checkpoint_for_all(
    say: Say, value: Value
):
    *_, newest = park()
    status, text = say(Files.of(newest).event(f"{POWER}@1"), newest.vkey)
    assert status == 0
    earlier = "or in the earlier log whose end the first entry of the next one names"
    assert f"every entry is in the log of that checkpoint, {earlier}" in text
    assert earlier not in say(value)[1]


def test_beside_a_figure_stands_that_it_may_be_corrected_but_not_as_of_a_seal(
    say: Say, value: Value
):
    assert LATER in say(value)[1]
    assert LATER not in say(of_kind(sealed_files(), "current-event"))[1]
    assert LATER not in say(ProofFiles(a_world()).event("acme/register@1"))[1]


def test_notes_stand_below_each_other(say: Say):
    world = a_world()
    world.key("acme", "meter", "acme/")
    at = world.post("meter", POWER, [reading(T2, "P1D", "5")])
    name = f"{POWER}@{at.entry.first}"
    world.post("meter", FIXES, [correction(name, body(T2, "P1D", "6"))])
    key = key_of("meter").public.thumbprint
    revoked = KeyRevoked(salt=salt(), key=key, reason="stolen", compromised_from=0)
    world.post("acme", "acme/keys", [revoked])
    text = say(ProofFiles(world).event(name, *GROUNDS, f"{FIXES}@1"))[1]
    first, second = (line for line in text.splitlines() if line.startswith("Note: "))
    assert f"\n\n{first}\n{second}\n" in text

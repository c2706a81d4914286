"""Private keys lie where their owner alone reads them, and are never lost or overwritten."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.client.keyring import Keyring, make_request, read_request, write_request
from ledger.errors import BadFile, BadName, BadNote, NotFound
from ledger.log import jws
from tests.unit.client.memory import STEEL, VKEY

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    times = iter(NOW + timedelta(seconds=n // 2) for n in range(100))
    return Keyring(tmp_path / "keys", now=lambda: next(times))


def file_of(keyring: Keyring, party: str) -> Path:
    [path] = (keyring.folder / party).glob("*.json")
    return path


def test_a_key_is_made_and_found_again(keyring: Keyring):
    made = keyring.make("steelworks")
    found = Keyring(keyring.folder).key("steelworks")
    assert found.public == made.public
    assert found.sign(b"x") == made.sign(b"x")
    assert keyring.parties() == ["steelworks"]


def test_the_file_is_a_private_jwk_for_its_owner_alone(keyring: Keyring):
    made = keyring.make("steelworks")
    path = file_of(keyring, "steelworks")
    assert path.name == f"{made.public.thumbprint}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    found = json.loads(path.read_text())
    assert set(found) == {"crv", "d", "kty", "made_at", "party", "x"}
    assert found["made_at"] == "2026-11-22T06:00:00Z"


def test_the_newest_key_signs_unless_another_is_named(keyring: Keyring):
    keys = [keyring.make("steelworks") for _ in range(4)]
    assert [one.thumbprint for one in keyring.list("steelworks")] == [
        key.public.thumbprint for key in keys
    ]
    assert keyring.key("steelworks").public == keys[-1].public
    assert keyring.key("steelworks", keys[0].public.thumbprint).public == keys[0].public


def test_a_retired_key_signs_only_when_it_is_named(keyring: Keyring):
    old, new = keyring.make("steelworks"), keyring.make("steelworks")
    keyring.retire("steelworks", new.public.thumbprint)
    assert keyring.key("steelworks").public == old.public
    assert keyring.key("steelworks", new.public.thumbprint).public == new.public
    assert [one.retired for one in keyring.list("steelworks")] == [False, True]


def test_a_party_without_keys_says_how_to_make_one(keyring: Keyring):
    with pytest.raises(NotFound, match="carbon-ledger key new steelworks"):
        keyring.key("steelworks")


def test_a_key_that_others_can_read_is_refused(keyring: Keyring):
    keyring.make("steelworks")
    file_of(keyring, "steelworks").chmod(0o640)
    with pytest.raises(BadFile, match=r"mode 0640.*chmod 600"):
        keyring.key("steelworks")


@pytest.mark.parametrize("change", ["truncated", "other party", "other name", "other public half"])
def test_a_damaged_key_file_is_refused_without_showing_the_key(change: str, keyring: Keyring):
    keyring.make("steelworks")
    path = file_of(keyring, "steelworks")
    text = path.read_text()
    secret = json.loads(text)["d"]
    match change:
        case "truncated":
            path.write_text(text[:-3])
        case "other party":
            path.write_text(text.replace("steelworks", "other"))
        case "other name":
            path.rename(path.with_name("A" * 43 + ".json"))
        case _:
            path.write_text(text.replace(json.loads(text)["x"], STEEL.public.jwk["x"]))
    with pytest.raises(BadFile) as caught:
        keyring.key("steelworks")
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_same_key_is_not_written_twice(tmp_path: Path):
    keyring = Keyring(tmp_path, random=bytes)
    keyring.make("steelworks")
    with pytest.raises(BadFile, match="exists already"):
        keyring.make("steelworks")


def test_a_half_written_file_is_not_a_key(keyring: Keyring):
    keyring.make("steelworks")
    (keyring.folder / "steelworks" / ".x.json.0123.part").write_text("{")
    assert len(keyring.list("steelworks")) == 1


def test_a_request_carries_the_public_half_and_the_proof(tmp_path: Path):
    path = tmp_path / "request.json"
    written = write_request(path, STEEL, VKEY, "steelworks")
    assert read_request(path) == written
    assert read_request(path).public_key == STEEL.public
    assert set(json.loads(path.read_text())) == {"key", "log", "party", "proof", "v"}
    with pytest.raises(BadFile, match="exists already"):
        write_request(path, STEEL, VKEY, "steelworks")


@pytest.mark.parametrize("member", ["log", "party", "proof", "key", "v"])
def test_a_request_whose_proof_is_for_something_else_is_refused(member: str, tmp_path: Path):
    path = tmp_path / "request.json"
    write_request(path, STEEL, VKEY, "steelworks")
    members = json.loads(path.read_text())
    other = jws.possession_proof(STEEL, VKEY, "other")
    members[member] = {
        "log": VKEY.replace("ledger", "lodger"),
        "party": "other",
        "proof": other,
        "key": {**STEEL.public.jwk, "d": "x"},
        "v": 2,
    }[member]
    path.write_text(json.dumps(members, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(BadFile, match="is not a key request"):
        read_request(path)


def test_a_request_is_for_a_party_and_a_log_that_can_be():
    with pytest.raises(BadName, match="not a party's name"):
        make_request(STEEL, VKEY, "Steel works")
    with pytest.raises(BadNote, match="not a verifier key"):
        make_request(STEEL, "ledger.example/log", "steelworks")

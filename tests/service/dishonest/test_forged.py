"""Entries that no ledger takes, written into the log past its rules.

Here the operator changes nothing that was said before; it adds. All is signed with the log's key, in
the tree, and under a checkpoint. Who derives it again is told where it went wrong.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from ledger.carbon.events import ActivityRecorded
from ledger.errors import Damaged
from ledger.log import batch
from ledger.log.batch import parse_statement, split_submission
from ledger.log.canonical import encode
from ledger.log.hashes import format_base64, leaf_hash
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.log.tree import path_of
from ledger.parties.events import Jwk, KeyAuthorized, KeyRecovered
from ledger.service import Ledger
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.history import History
from tests.service.test_privacy import KEYS, NEXT
from tests.service.test_sealing import YEAR
from tests.unit.proof_file import as_file
from tests.workload import OPERATOR, SIGNED_AT, salt

MINE = PrivateKey.from_seed(bytes([51]) * 32)
MAIN = "acme/main"


def reading(quantity: str = "9") -> ActivityRecorded:
    return ActivityRecorded(salt=salt(), period=NEXT, quantity=quantity)


def authorised(history: History, key: PrivateKey = MINE) -> KeyAuthorized:
    proof = possession_proof(key, history.log, "acme")
    return KeyAuthorized(
        salt=salt(), key=Jwk(**key.public.jwk), proof=proof, scope=(f"{MAIN}",), read=False
    )


def rebuilt(land: Land) -> None:
    async def rebuild(ledger: Ledger) -> None:
        await ledger.rebuild()

    land.run(rebuild, writing=False)


# --- doubled ------------------------------------------------------------------------------------


def test_a_doubled_event_is_found_by_every_monitor_and_by_an_audit(land: Land):
    """A batch that acme has signed once is logged twice, byte by byte, and counted twice."""
    history = land.history()
    history.double("acme/bills@1")
    history.write(land.settings)
    at = len(history.bodies) - 1
    assert any(one.startswith(f"entry {at}: chain of acme/bills") for one in land.audited())
    with pytest.raises(Damaged):
        rebuilt(land)
    with land.service() as url:
        found = land.findings(land.watched(url, who="newcomer"))
    assert [one for one in found if one.startswith(f"{at}: ")], found


def test_a_doubled_event_is_refused_in_a_file(land: Land):
    """Both places of the batch, each with its path, so that a claim would count it twice."""
    history = land.history()
    history.double(f"{MAIN}@1")
    history.write(land.settings)
    value = json.loads(proof(land, f"{MAIN}@1"))
    first = entry_of(value, MAIN)
    again = {**first, **place_in(history, len(history.bodies) - 1)}
    value["entries"].append({**again, **place_in(history, len(history.bodies) - 1)})
    assert land.defect(as_file(value)) in {"chain", "form"}


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_that_the_operator_gave_itself_is_refused_by_everybody(land: Land):
    """In acme's name, with the operator's signature under it."""
    history = land.history()
    given = history.append(OPERATOR, "acme/keys", authorised(history))
    forged = history.append(MINE, MAIN, reading())
    history.write(land.settings)
    said = land.audited()
    for event in (given, forged):
        assert [one for one in said if one.startswith(f"entry {history.at(event)}: ")], said
    assert land.defect(proof(land, forged)) == "key"
    with land.service() as url:
        told = land.watched(url, "--party", "acme")
    entries = [json.loads(line) for line in told.out.splitlines()]
    mine = [one for one in entries if one.get("index") == history.at(forged)]
    assert mine[0]["key"] == MINE.public.thumbprint


def test_a_recovery_that_acme_never_asked_for_is_named_in_every_verdict(land: Land):
    """The operator may recover a key, with a reason; then the log, and every verdict, says so."""
    history = land.history()
    recovered = KeyRecovered(
        salt=salt(),
        key=Jwk(**MINE.public.jwk),
        proof=possession_proof(MINE, history.log, "acme"),
        reason="the key was lost",
        evidence=(sha256(b"a letter").hexdigest(),),
    )
    history.append(OPERATOR, "acme/keys", recovered)
    forged = history.append(MINE, MAIN, reading())
    history.write(land.settings)
    assert land.audited() == []
    verdict = land.verified(proof(land, forged))
    assert verdict["recovered"] == [history.at(forged)]
    with land.service() as url:
        told = land.watched(url, "--party", "acme")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert {one["stream"] for one in lines if one.get("index", 0) >= history.at(forged) - 1} == {
        "acme/keys",
        MAIN,
    }


def test_a_batch_by_a_stranger_s_key_is_refused_by_everybody(land: Land):
    """Nothing authorises it: the operator just writes it down."""
    history = land.history()
    forged = history.append(MINE, MAIN, reading())
    history.write(land.settings)
    assert [one for one in land.audited() if one.startswith(f"entry {history.at(forged)}: ")]
    assert land.defect(proof(land, forged)) == "key"


# --- another log ----------------------------------------------------------------------------------


def test_a_batch_from_another_log_of_the_same_name_is_refused_by_everybody(land: Land):
    """acme has posted to a ledger that was closed, of the same origin: its signature is right."""
    other = log_vkey("ledger.example/log", PrivateKey.from_seed(bytes([66]) * 32).public)
    history = land.history()
    version, leaf = history.head(MAIN)
    lines = [("ActivityRecorded", msgspec.json.encode(reading(), order="sorted"))]
    body = batch.build(KEYS["acme"], other, MAIN, version + 1, leaf, lines, None, SIGNED_AT)
    history.bodies.append(body)
    history.write(land.settings)
    at = len(history.bodies) - 1
    assert [one for one in land.audited() if one.startswith(f"entry {at}: ")]
    assert land.defect(proof(land, f"{MAIN}@{version + 1}")) == "other-log"
    with land.service() as url:
        found = land.findings(land.watched(url, who="newcomer"))
    assert [one for one in found if one.startswith(f"{at}: ")], found


# --- amounts --------------------------------------------------------------------------------------


def seal_of(land: Land) -> dict[str, object]:
    """What the operator would seal now, as the members of an event."""

    async def draft(ledger: Ledger) -> bytes:
        found = await ledger.seal_draft("companies", YEAR, None, "AR6")
        return msgspec.json.encode(found.event(salt()))

    found: dict[str, object] = msgspec.json.decode(land.run(draft, writing=False))
    return found


def test_an_amount_below_zero_in_a_seal_is_found_by_every_monitor_and_by_an_audit(land: Land):
    said = seal_of(land)
    said["totals"] = {"CO2": {"biogenic": "0", "emitted": "-1", "removed": "0"}}
    history = land.history()
    history.append(OPERATOR, "operator/seals", lines=[("FootprintSealed", encode(said))])
    history.write(land.settings)
    at = len(history.bodies) - 1
    assert [one for one in land.audited() if one.startswith(f"entry {at}: ")]
    with land.service() as url:
        found = land.findings(land.watched(url, who="newcomer"))
    assert [one for one in found if one.startswith(f"{at}: ")], found


def test_a_reading_below_zero_is_refused_in_a_file_and_by_an_audit(land: Land):
    """With acme's own key, for the sake of the argument: company and operator together."""
    history = land.history()
    line = msgspec.json.decode(msgspec.json.encode(reading()))
    line["quantity"] = "-9"
    event = history.append(KEYS["acme"], MAIN, lines=[("ActivityRecorded", encode(line))])
    history.write(land.settings)
    at = history.at(event)
    assert [one for one in land.audited() if one.startswith(f"entry {at}: ")]
    value = json.loads(proof(land, f"{MAIN}@1"))
    value["subject"] = {"event": event}
    shown = {"data": line, "path": [], "position": 0, "previous": history.head(MAIN)[1]}
    shown["previous"] = history.statements()[at].previous
    value["entries"].remove(entry_of(value, MAIN))
    jws = split_submission(history.bodies[at])[0].decode()
    value["entries"].append({"events": [shown], "jws": jws, **place_in(history, at)})
    assert land.defect(as_file(value)) == "data"


# --- what files are made of ---------------------------------------------------------------------


def proof(land: Land, event: str) -> bytes:
    async def prove(ledger: Ledger) -> bytes:
        return await ledger.bundle(event)

    return land.run(prove, writing=False)


def entry_of(value: dict[str, Any], stream: str) -> dict[str, Any]:
    """The entry of a stream in a file."""
    for entry in value["entries"]:
        if parse_statement(entry["jws"].encode()).statement.stream == stream:
            return dict(entry)
    raise LookupError(stream)


def place_in(history: History, index: int) -> dict[str, object]:
    """Where an entry stands, with its path in the whole log."""
    leaves = [leaf_hash(split_submission(body)[0]) for body in history.bodies]
    path = [format_base64(node) for node in path_of(leaves, index)]
    return {"index": index, "path": path}

"""A history that was changed and signed anew from there on: it looks whole from inside, and is caught.

The operator has the log's key, its own keys and the database as its owner. In most of these tests an
audit finds nothing any more, and somebody who comes new has nothing to compare. Each is caught by
whoever has kept something: a receipt, a proof, what a monitor or a witness has seen before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ledger.carbon.events import ActivityRecorded, Document, FactorPublished
from ledger.carbon.seal.events import FootprintSealed
from ledger.client.keyring import Keyring
from ledger.log.bundle_kinds import EventSubject
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.parties.events import Jwk, KeyAuthorized, KeyRevoked, PartyRegistered
from ledger.service import Ledger
from tests.e2e.cli_program import Program
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.history import History
from tests.service.test_privacy import KEYS, NEXT
from tests.service.test_sealing import YEAR
from tests.workload import OPERATOR, salt

SEAL = "operator/seals@1"
METER = PrivateKey.from_seed(bytes([41]) * 32)
FORGER = PrivateKey.from_seed(bytes([42]) * 32)


def test_writing_everything_again_as_it_was_changes_nothing(land: Land):
    """So that what is found below is found for what was changed, and not for how."""
    before = land.history()
    before.write(land.settings)
    assert land.audited() == []
    assert land.history().bodies == before.bodies
    with land.service() as url:
        assert land.watched(url).status == 0


# --- dropped, hidden, dated back, swapped, replaced -----------------------------------------------


def dropped_event(history: History) -> None:
    history.drop("acme/bills@1")


def hidden_correction(history: History) -> None:
    history.drop("acme/hall/corrections@1")


def hidden_revocation(history: History) -> None:
    history.drop("acme/keys@3")


def dated_back(history: History) -> None:
    """A factor that was "there all along", from before the first reading."""
    factor = FactorPublished(
        salt=salt(),
        id="kinder",
        version="1",
        activity="electricity.purchased",
        unit="kWh",
        kind="grid-average",
        region="CN",
        year=2018,
        valid=("2018-01-01", "2027-01-01"),
        gases_kg_per_unit={"CO2": "0.1"},
        source=Document(title="Written afterwards", sha256=None),
    )
    at = history.at("acme/keys@1")
    history.append(OPERATOR, "operator/factors", factor, at=at, signed_at="2026-11-01T06:00:00Z")


def swapped_factor(history: History) -> None:
    history.change(
        "operator/factors@1", OPERATOR, lambda line: line.replace(b'"0.5827"', b'"0.05827"')
    )


def replaced_key(history: History) -> None:
    """All that acme has ever signed is signed anew, with a key that the operator has made."""

    def registered(line: bytes) -> bytes:
        event = msgspec.json.decode(line, type=PartyRegistered)
        proof = possession_proof(FORGER, history.log, "acme")
        mine = msgspec.structs.replace(event, key=Jwk(**FORGER.public.jwk), proof=proof)
        return b'{"' + msgspec.json.encode(mine, order="sorted").partition(b'{"')[2]

    history.change("acme/keys@1", OPERATOR, registered)
    history.sign_anew({"operator": OPERATOR, "acme": FORGER})


REWRITTEN: dict[str, tuple[Callable[[History], None], str]] = {
    "dropped event": (dropped_event, "acme/bills@1"),
    "hidden correction": (hidden_correction, "acme/hall/corrections@1"),
    "hidden revocation": (hidden_revocation, "acme/keys@3"),
    "dated back": (dated_back, "acme/main@1"),
    "swapped factor": (swapped_factor, "acme/main@1"),
    "replaced key": (replaced_key, "acme/main@1"),
}


def with_a_meter(history: History) -> None:
    """acme lets a meter post, which posts once; then it was stolen, and its key is revoked."""
    acme, meter = KEYS["acme"], Jwk(**METER.public.jwk)
    proof = possession_proof(METER, history.log, "acme")
    authorised = KeyAuthorized(salt=salt(), key=meter, proof=proof, scope=("acme/main",))
    history.append(acme, "acme/keys", authorised)
    reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="4000")
    history.append(METER, "acme/main", reading)
    revoked = KeyRevoked(
        salt=salt(),
        key=METER.public.thumbprint,
        reason="stolen from the cabinet",
        compromised_from=None,
    )
    history.append(acme, "acme/keys", revoked)


def resealed(land: Land, history: History) -> None:
    """The rewritten history, with a right seal over it in the place of the one that it had.

    Then life goes on: another company posts.
    """
    history.drop(SEAL)
    history.write(land.settings)

    async def draft(ledger: Ledger) -> FootprintSealed:
        found = await ledger.seal_draft("companies", YEAR, None, "AR6")
        return found.event(salt())

    history.append(OPERATOR, "operator/seals", land.run(draft, writing=False))
    reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="1")
    history.append(KEYS["beta"], "beta/main", reading)
    history.write(land.settings)


@pytest.fixture
def told(land: Land) -> Land:
    """The same ledger, where a meter was stolen; a monitor has looked once."""
    history = land.history()
    with_a_meter(history)
    history.write(land.settings)
    with land.service() as url:
        assert land.watched(url).status == 0
    return land


@pytest.mark.parametrize(("change", "kept"), REWRITTEN.values(), ids=REWRITTEN)
def test_a_rewritten_history_is_caught_by_a_receipt_and_by_who_has_looked_before(
    told: Land, change: Callable[[History], None], kept: str
):
    receipt = told.receipt(kept)
    history = told.history()
    change(history)
    resealed(told, history)
    assert told.audited() == []
    with told.service() as url:
        # Who comes new has nothing to compare, and finds nothing.
        assert told.watched(url, who="newcomer").status == 0
        # The company has its receipt; the monitor what it was shown before.
        by_receipt = told.watched(url, "--against", receipt, who="company")
        by_memory = told.watched(url)
    for ended in (by_receipt, by_memory):
        first, second = told.evidence(ended)["checkpoints"]
        assert first["size"] <= second["size"]


def test_an_old_proof_shows_a_regulator_that_the_history_was_rewritten(told: Land):
    proof = told.folder / "proof.json"
    proof.write_bytes(told.run(lambda ledger: ledger.bundle("acme/main@1"), writing=False))
    history = told.history()
    swapped_factor(history)
    resealed(told, history)
    # Both files are whole by themselves, and say different things of the same event.
    new = told.run(lambda ledger: ledger.bundle("acme/main@1"), writing=False)
    said = [told.verified(data)["claim"]["masses"] for data in (proof.read_bytes(), new)]
    assert said[0] != said[1]
    with told.service() as url:
        told.evidence(told.watched(url, "--against", str(proof), who="regulator"))


def test_what_an_author_has_seen_shows_everybody_that_the_past_was_changed(land: Land):
    """Nobody has kept anything here: one batch that names a checkpoint is enough, for ever."""
    history = land.history()
    seen = history.seen()
    reading = ActivityRecorded(salt=salt(), period=NEXT, quantity="5")
    posted = history.append(KEYS["acme"], "acme/main", reading, seen=seen)
    history.write(land.settings)
    assert land.audited() == []
    swapped_factor(history)
    history.sign_anew({"operator": OPERATOR})
    resealed(land, history)
    place = f"entry {history.at(posted)}"
    assert [one for one in land.audited() if one.startswith(f"{place}: seen at size {seen.size}")]
    with land.service() as url:
        found = land.findings(land.watched(url))
    assert any("seen" in one for one in found), found


def test_a_key_that_acme_did_not_make_stands_under_its_name_for_all_to_see(told: Land):
    """Also where acme has kept nothing but its own key."""
    history = told.history()
    replaced_key(history)
    resealed(told, history)
    mine = Keyring(told.folder / "acme" / "keys", random=lambda _: bytes([31]) * 32).make("acme")
    assert mine.public == KEYS["acme"].public
    with told.service() as url:
        listed = Program(told.folder / "acme", told.folder)("key", "list", "acme", "--url", url)
    keys = {one["key"]: one["registered"] for one in listed["keys"]}
    assert keys[FORGER.public.thumbprint]
    assert not keys[mine.public.thumbprint]


# --- rolled back -----------------------------------------------------------------------------------


def test_a_rolled_back_log_is_not_believed_by_the_program_of_a_company(land: Land):
    """Database, checkpoint file and signatures all agree with each other, and with nobody else."""
    Keyring(land.folder / "acme" / "keys", random=lambda _: bytes([31]) * 32).make("acme")
    program = Program(land.folder / "acme", land.folder)
    with land.service() as url:
        program("import", *importing(land.folder, 3), "--url", url)
        program("status", "--url", url)
    history = land.history()
    history.cut(len(history.bodies) - 1)
    history.write(land.settings)
    assert land.audited() == []
    with land.service() as url:
        refused = program.refused("status", "--url", url, status=1)
        assert refused["code"] == "other-history"
        assert "lost entries that it had signed" in refused["what"]


def importing(folder: Path, day: int) -> tuple[str, ...]:
    """Words to import one reading of acme's main meter."""
    (folder / "day.csv").write_text(f"date,kWh\n{day:02d}/03/2018 00:00,5\n")
    (folder / "map.toml").write_text(
        '[time]\ncolumn = "date"\nformat = "%d/%m/%Y %H:%M"\nmarks = "start"\n'
        'interval = "PT24H"\n[quantity]\ncolumn = "kWh"\nunit = "kWh"\n'
    )
    return "day.csv", "--stream", "acme/main", "--map", "map.toml"


def test_a_restored_backup_that_goes_on_is_caught_by_who_has_seen_more(told: Land):
    """Not the database alone: its checkpoint file is an old one, too, and the log goes on from there."""
    history = told.history()
    receipt = told.receipt("acme/keys@3")
    history.cut(history.at("acme/keys@3"))
    history.write(told.settings)
    with told.service() as url:
        # So far it is only shorter, which is also what a slow mirror shows: said, and no evidence.
        for ended in (
            told.watched(url),
            told.watched(url, "--against", receipt, who="company"),
        ):
            assert ended.status == 3
            assert "the ledger " in ended.err
    reading = ActivityRecorded(salt=salt(), period=("2018-03-05T00:00:00+08:00",
        "2018-03-06T00:00:00+08:00"), quantity="1")  # fmt: skip
    history.append(KEYS["acme"], "acme/main", reading)
    history.write(told.settings)
    assert told.audited() == []
    with told.service() as url:
        told.evidence(told.watched(url))
        told.evidence(told.watched(url, "--against", receipt, who="company"))


def test_the_outsiders_of_a_rolled_back_log_can_still_show_what_it_had_signed(told: Land):
    """A receipt is whole by itself: whoever has it proves the batch, whatever the ledger says."""
    index = told.history().at("acme/bills@1")
    receipt = told.receipt("acme/bills@1")
    jws = told.history().bodies[index].split(b"\n")[0]
    (told.folder / "posted").write_bytes(jws + b"\n")
    history = told.history()
    history.cut(index)
    history.write(told.settings)
    found = told.reader("verify", receipt, "--entry", "posted", "--log-key", told.log)
    assert found["index"] == index


def test_the_file_that_is_shown_to_a_regulator_need_not_be_asked_for_again(told: Land):
    """What was proven stays proven, under the same key, also when the ledger denies it."""
    subject = EventSubject(event="acme/bills@1")
    data = told.run(lambda ledger: ledger.prove(subject), writing=False)
    history = told.history()
    dropped_event(history)
    resealed(told, history)
    assert told.verified(data)["strength"] == "re-derived"

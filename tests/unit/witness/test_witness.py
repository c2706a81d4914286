"""What a witness cosigns, and what it never does."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from ledger.errors import (
    BadFile,
    BadName,
    BadNote,
    BadSignature,
    BadValue,
    Conflict,
    Damaged,
    NotFound,
    ProofFailed,
    Unavailable,
)
from ledger.log import note
from ledger.log.checkpoint import open_cosigned
from ledger.log.evidence import open_evidence, read_evidence
from ledger.log.keys import PrivateKey
from ledger.witness.home import WitnessHome, write_file
from ledger.witness.witness import Known, Lines, Witness
from tests.small_log import SmallLog

NAME = "witness.example/w1"
LOG = SmallLog()
NOW_S = 1_795_327_205


@pytest.fixture
def home(tmp_path: Path) -> WitnessHome:
    made = WitnessHome(tmp_path / "witness")
    made.make(NAME, ml_dsa=True)
    return made


def opened(home: WitnessHome, *logs: SmallLog) -> Witness:
    return Witness(home, [log.vkey for log in logs or (LOG,)], lambda: NOW_S)


def size_after(witness: Witness, log: SmallLog, old: int, size: int) -> int:
    answer = witness.add_checkpoint(log.request(old, size))
    assert isinstance(answer, Lines)
    return answer.size


def test_a_first_checkpoint_is_cosigned_with_both_keys(home: WitnessHome):
    answer = opened(home).add_checkpoint(LOG.request(0, 3))
    assert isinstance(answer, Lines)
    verifiers = [note.parse_vkey(vkey) for vkey in home.about().vkeys]
    found = open_cosigned(LOG.signed(3) + answer.lines.encode(), LOG.vkey, verifiers)
    assert [(one.verifier.kind, one.time_s) for one in found.cosignatures] == [
        (note.COSIGNATURE_V1, NOW_S),
        (note.ML_DSA_44, NOW_S),
    ]


def test_a_log_that_grows_is_cosigned_again(home: WitnessHome):
    witness = opened(home)
    assert [size_after(witness, LOG, *step) for step in ((0, 3), (3, 4), (4, 9))] == [3, 4, 9]


def test_the_same_checkpoint_is_cosigned_again(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 3)
    assert size_after(witness, LOG, 3, 3) == 3


def test_who_knows_another_size_is_told_which(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 5)
    for old, size in ((0, 7), (3, 7), (0, 3), (3, 3)):
        answer = witness.add_checkpoint(LOG.request(old, size))
        assert answer == Known(LOG.origin, 5, contradicts=False)


def test_a_smaller_size_is_never_cosigned(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 5)
    with pytest.raises(BadNote, match="shrink"):
        witness.add_checkpoint(LOG.request(5, 3))
    assert witness.logs[LOG.origin].known == LOG.head(5)


def test_another_root_of_the_same_size_is_never_cosigned_and_is_kept_as_evidence(
    home: WitnessHome,
):
    witness = opened(home)
    size_after(witness, LOG, 0, 5)
    fork = LOG.forked(4)
    answer = witness.add_checkpoint(fork.request(5, 5))
    assert answer == Known(LOG.origin, 5, contradicts=True)
    kept = read_evidence(home.evidence(LOG.origin).read_bytes())
    assert {kept.first, kept.second} == {LOG.signed(5), fork.signed(5)}
    assert open_evidence(kept, LOG.vkey).first.checkpoint.size == 5
    assert witness.logs[LOG.origin].known == LOG.head(5)


def test_a_history_that_does_not_continue_what_was_seen_is_never_cosigned(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 5)
    with pytest.raises(ProofFailed, match="not the beginning"):
        witness.add_checkpoint(LOG.forked(4).request(5, 9))
    assert size_after(witness, LOG, 5, 9) == 9


def test_a_proof_where_none_belongs_is_refused(home: WitnessHome):
    witness = opened(home)
    with_proof = LOG.request(2, 5).replace(b"old 2", b"old 0")
    with pytest.raises(ProofFailed, match="empty"):
        witness.add_checkpoint(with_proof)
    size_after(witness, LOG, 0, 5)
    with pytest.raises(ProofFailed):
        witness.add_checkpoint(with_proof.replace(b"old 0", b"old 5"))


def test_a_log_that_nobody_named_is_not_known(home: WitnessHome):
    with pytest.raises(NotFound):
        opened(home).add_checkpoint(SmallLog("other.example/log").request(0, 3))


def test_a_checkpoint_that_the_log_did_not_sign_is_refused(home: WitnessHome):
    stranger = SmallLog()
    stranger.key = PrivateKey.from_seed(b"\x44" * 32)
    with pytest.raises(BadSignature):
        opened(home).add_checkpoint(stranger.request(0, 3))


def test_what_is_no_request_is_refused(home: WitnessHome):
    witness = opened(home)
    for body in (b"", b"old 0\n", b"old 0\n\n", b"\xff\n\n\xff", b"old x\n\n" + LOG.signed(3)):
        with pytest.raises((BadNote, NotFound)):
            witness.add_checkpoint(body)


def test_what_was_seen_outlives_the_process(home: WitnessHome):
    size_after(opened(home), LOG, 0, 5)
    again = opened(home)
    assert again.logs[LOG.origin].known == LOG.head(5)
    assert again.add_checkpoint(LOG.request(0, 9)) == Known(LOG.origin, 5, contradicts=False)


def test_the_state_is_on_the_disk_before_anything_is_signed(home: WitnessHome):
    seen = []

    def clock() -> int:
        seen.append(opened(home).logs[LOG.origin].known.size)
        return NOW_S

    Witness(home, [LOG.vkey], clock).add_checkpoint(LOG.request(0, 5))
    assert seen == [5]


def test_a_lost_state_stops_the_witness_with_advice(home: WitnessHome):
    size_after(opened(home), LOG, 0, 5)
    home.state(LOG.origin).unlink()
    with pytest.raises(Damaged, match="lost or damaged") as stopped:
        opened(home)
    assert "newest copy" in stopped.value.advice


def test_a_torn_or_changed_state_stops_the_witness(home: WitnessHome):
    size_after(opened(home), LOG, 0, 5)
    whole = home.state(LOG.origin).read_bytes()
    for wrong in (b"", whole[:-1], whole[:40], whole.replace(b"\n5\n", b"\n4\n")):
        home.state(LOG.origin).write_bytes(wrong)
        with pytest.raises(Damaged):
            opened(home)


def test_a_lost_list_of_what_was_witnessed_stops_the_witness(home: WitnessHome):
    (home.path / "witnessed").unlink()
    with pytest.raises(BadFile, match="witnessed"):
        opened(home)


def test_a_state_that_a_crash_left_unlisted_is_listed_at_the_next_request(home: WitnessHome):
    size_after(opened(home), LOG, 0, 5)
    write_file(home.path / "witnessed", b"", 0o644)
    size_after(opened(home), LOG, 5, 5)
    assert home.witnessed() == {LOG.origin}


def test_a_disk_that_fails_keeps_the_witness_from_signing(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 5)
    home.state(LOG.origin).unlink()
    (home.path / "state").rmdir()
    with pytest.raises(Unavailable):
        witness.add_checkpoint(LOG.request(5, 9))
    (home.path / "state").mkdir()
    assert size_after(witness, LOG, 5, 9) == 9


def test_of_requests_at_once_each_is_judged_on_what_the_one_before_left(home: WitnessHome):
    witness = opened(home)
    size_after(witness, LOG, 0, 1)
    answers: list[Lines | Known] = []

    def ask(size: int) -> None:
        answers.append(witness.add_checkpoint(LOG.request(1, size)))

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(2, 34)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (cosigned,) = [one for one in answers if isinstance(one, Lines)]
    assert {one.size for one in answers} == {cosigned.size}
    assert opened(home).logs[LOG.origin].known.size == cosigned.size


def test_logs_are_kept_apart(home: WitnessHome):
    other = SmallLog("other.example/log")
    witness = opened(home, LOG, other)
    size_after(witness, LOG, 0, 5)
    size_after(witness, other, 0, 3)
    assert home.witnessed() == {LOG.origin, other.origin}
    again = opened(home, LOG, other)
    assert [again.logs[log.origin].known.size for log in (LOG, other)] == [5, 3]


def test_an_origin_has_one_key(home: WitnessHome):
    stranger = note.log_vkey(LOG.origin, PrivateKey.from_seed(b"\x44" * 32).public)
    with pytest.raises(BadValue, match="one key"):
        Witness(home, [LOG.vkey, stranger], lambda: NOW_S)
    with pytest.raises(BadValue, match="vkey of a log"):
        Witness(home, home.about().vkeys, lambda: NOW_S)


def test_keys_are_for_their_owner_alone_and_made_once(home: WitnessHome):
    for name in ("ed25519.key", "ml-dsa-44.key"):
        assert stat.S_IMODE((home.path / name).stat().st_mode) == 0o600
    with pytest.raises(Conflict):
        home.make("witness.example/w2", ml_dsa=False)


def test_an_exchanged_key_is_noticed(home: WitnessHome):
    (home.path / "ed25519.key").write_bytes(b"A" * 43 + b"=\n")
    with pytest.raises(BadFile, match="keys"):
        opened(home)
    (home.path / "ed25519.key").write_bytes(b"A\n")
    with pytest.raises(BadFile):
        opened(home)
    (home.path / "ed25519.key").unlink()
    with pytest.raises(NotFound):
        opened(home)


def test_a_name_is_one_of_a_host_and_a_path(tmp_path: Path):
    for name in ("", "a b", "a+b", "https://witness.example/w"):
        with pytest.raises(BadName):
            WitnessHome(tmp_path / "w").make(name, ml_dsa=False)


def test_one_process_serves_a_witness(home: WitnessHome):
    with home.serving(), pytest.raises(Unavailable, match="another process"), home.serving():
        pass


def test_the_list_of_logs_may_have_remarks(home: WitnessHome):
    assert home.log_vkeys() == ()
    home.logs.write_text(f"# logs\n\n{LOG.vkey}  # the park\n")
    assert home.log_vkeys() == (LOG.vkey,)

"""A verdict names the witnesses that its reader trusts, and says so where there are none."""

from __future__ import annotations

import msgspec
import pytest

from ledger.errors import BadSignature, ProofFailed
from ledger.log import note
from ledger.log.bundle import read_bundle, write_bundle
from ledger.log.checkpoint import cosign_checkpoint
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.witnesses import Cosigned, parse_policy, parse_witnesses
from ledger.provenance import Verdict, says, verify_bundle
from tests.unit.world import LOG, World, reading

POWER = "acme/plant/power"
GROUNDS = ("acme/register@1", "acme/register@2", "operator/factors@1")
KEY, OTHER = PrivateKey.from_seed(b"\x55" * 32), MlDsaPrivateKey(b"\x66" * 32)
NAME, OTHER_NAME = "certifier.example/w", "regulator.example/w"
VKEYS = [
    "certifier=" + note.format_vkey(note.cosigner(NAME, KEY.public)),
    "regulator=" + note.format_vkey(note.cosigner(OTHER_NAME, OTHER.public)),
]
TRUSTED = parse_witnesses(VKEYS)
TIME_S = 1_795_327_205


@pytest.fixture(scope="module")
def bundle() -> bytes:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading("2018-01-01T00:00:00+08:00", "P1D", "10")])
    return world.bundle(f"{POWER}@1", *GROUNDS)


def cosigned(bundle: bytes, key: PrivateKey | MlDsaPrivateKey, name: str) -> bytes:
    opened = read_bundle(bundle)
    note_ = cosign_checkpoint(opened.checkpoint, key, name, TIME_S)
    return write_bundle(msgspec.structs.replace(opened, checkpoint=note_))


def not_witnessed(verdict: Verdict) -> list[str]:
    return [says(verdict, code) for code in verdict.not_excluded if code == "another-history"]


def test_without_witnesses_the_verdict_does_not_exclude_another_history(bundle: bytes):
    verdict = verify_bundle(bundle, LOG)
    assert verdict.cosigned == ()
    assert not_witnessed(verdict) == [
        "another history of this log, shown to somebody else: no witness was named"
    ]


def test_the_verdict_names_whose_cosignatures_hold_and_when_they_were_made(bundle: bytes):
    both = cosigned(cosigned(bundle, KEY, NAME), OTHER, OTHER_NAME)
    verdict = verify_bundle(both, LOG, TRUSTED, parse_policy("certifier=1,regulator=1"))
    assert verdict.cosigned == (
        Cosigned(NAME, "certifier", "Ed25519", TIME_S),
        Cosigned(OTHER_NAME, "regulator", "ML-DSA-44", TIME_S),
    )
    assert verdict.policy == "certifier=1,regulator=1"
    assert not_witnessed(verdict) == []


def test_a_cosignature_of_nobody_who_is_trusted_counts_for_nothing(bundle: bytes):
    verdict = verify_bundle(cosigned(bundle, KEY, NAME), LOG, TRUSTED[1:])
    assert verdict.cosigned == ()
    assert "none of the named ones has cosigned" in not_witnessed(verdict)[0]


def test_a_policy_that_is_not_met_refuses_the_proof(bundle: bytes):
    with pytest.raises(ProofFailed, match="too few"):
        verify_bundle(cosigned(bundle, KEY, NAME), LOG, TRUSTED, parse_policy("2"))


def test_a_cosignature_that_does_not_hold_refuses_the_proof(bundle: bytes):
    text = read_bundle(bundle).checkpoint.decode()
    line = note.cosignature(text, PrivateKey.from_seed(b"\x56" * 32), NAME, TIME_S)
    blob = note._parse_base64(line.split(" ")[2].strip(), "a line")
    forged = note.cosigner(NAME, KEY.public).key_id + blob[4:]
    signed = read_bundle(bundle).checkpoint.decode() + f"— {NAME} {note._base64(forged)}\n"
    opened = read_bundle(bundle)
    wrong = write_bundle(msgspec.structs.replace(opened, checkpoint=signed.encode()))
    with pytest.raises(BadSignature):
        verify_bundle(wrong, LOG, TRUSTED)
    assert verify_bundle(wrong, LOG).cosigned == ()


def test_a_wrong_line_is_said_to_be_the_logs_or_a_witnesss_whichever_stands_first(bundle: bytes):
    opened = read_bundle(cosigned(bundle, KEY, NAME))
    text, _, lines = opened.checkpoint.decode().rpartition("\n\n")
    log, witness = lines.splitlines(keepends=True)
    for first, second in ((log, witness), (witness, log)):
        for wrong, defect in ((log, "checkpoint"), (witness, "cosignature")):
            turned = wrong[:-9] + ("A" if wrong[-9] != "A" else "B") + wrong[-8:]
            note_ = f"{text}\n\n{first}{second}".replace(wrong, turned)
            data = write_bundle(msgspec.structs.replace(opened, checkpoint=note_.encode()))
            with pytest.raises(BadSignature) as error:
                verify_bundle(data, LOG, TRUSTED)
            assert error.value.defect == defect

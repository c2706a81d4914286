"""Both verifiers trust the same cosignatures, and say the same of what they change."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.log import note
from ledger.log.checkpoint import cosign_checkpoint
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.witnesses import parse_policy, parse_witnesses
from ledger.provenance import facts, verify_bundle
from tests.e2e.verifying.conftest import InBrowser
from tests.unit.proof_file import Value, as_file
from tests.unit.sealed_files import of_kind, sealed_files
from tests.unit.world import LOG

ONE, TWO, THREE = (PrivateKey.from_seed(bytes([seed]) * 32) for seed in (85, 86, 87))
TIME_S = 1_795_327_205


def vkey(key: PrivateKey, name: str) -> str:
    return note.format_vkey(note.cosigner(name, key.public))


CERTIFIER = "certifier=" + vkey(ONE, "certifier.example/w")
REGULATOR = "regulator=" + vkey(TWO, "regulator.example/w")
REPLAYING = vkey(THREE, "certifier.example/replay")


def cosigned(value: Value, *by: tuple[PrivateKey, str], time_s: int = TIME_S) -> Value:
    checkpoint = value["checkpoint"].encode()
    for key, name in by:
        checkpoint = cosign_checkpoint(checkpoint, key, name, time_s)
    return {**value, "checkpoint": checkpoint.decode()}


def said(in_browser: InBrowser, value: Value, **trust: Any) -> object:
    """What both say, facts or defect."""
    data = as_file(value)
    found = in_browser.check(data, logKey=LOG, **trust)
    policy = trust.get("policy")
    try:
        ours: object = facts(
            verify_bundle(
                data,
                LOG,
                parse_witnesses(trust.get("witnesses", ())),
                None if policy is None else parse_policy(policy),
                parse_witnesses(trust.get("replayed", ())),
            )
        )
    except LedgerError as error:
        ours = error.defect
    assert found.get("facts", found.get("defect")) == ours, found
    return ours


@pytest.fixture(scope="module")
def total() -> Value:
    return of_kind(sealed_files(), "company-total")


def test_a_trusted_cosignature_excludes_another_history(in_browser: InBrowser, total: Value):
    value = cosigned(total, (ONE, "certifier.example/w"), (TWO, "regulator.example/w"))
    trust = {"witnesses": [CERTIFIER, REGULATOR], "policy": "2,certifier=1,regulator=1"}
    found = said(in_browser, value, **trust)
    assert isinstance(found, dict)
    assert found["cosigned"] == ["certifier.example/w", "regulator.example/w"]
    assert found["not_excluded"] == ["later-seal"]
    assert said(in_browser, value, witnesses=[CERTIFIER], policy="2") == "policy"
    assert said(in_browser, value, witnesses=[CERTIFIER], policy="regulator=1") == "policy"
    assert said(in_browser, value, policy="1") == "policy"


def test_a_replaying_witness_makes_a_sealed_figure_audited(in_browser: InBrowser, total: Value):
    value = cosigned(total, (THREE, "certifier.example/replay"))
    found = said(in_browser, value, replayed=[REPLAYING])
    assert isinstance(found, dict)
    assert (found["strength"], found["not_excluded"]) == ("audited", ["later-seal"])
    found = said(in_browser, value, witnesses=[REPLAYING])
    assert isinstance(found, dict)
    assert found["strength"] == "sealed"


def test_a_replaying_witness_counts_in_no_policy(in_browser: InBrowser, total: Value):
    value = cosigned(total, (ONE, "certifier.example/w"), (THREE, "certifier.example/replay"))
    both = {"witnesses": [CERTIFIER], "replayed": [REPLAYING]}
    assert isinstance(said(in_browser, value, **both, policy="certifier=1"), dict)
    assert said(in_browser, value, **both, policy="2") == "policy"
    twice = {"witnesses": [REPLAYING], "replayed": [REPLAYING]}
    assert said(in_browser, value, **twice, policy="1") == "policy"


def test_a_cosignature_that_does_not_verify_refuses_the_file(in_browser: InBrowser, total: Value):
    forged = cosigned(total, (TWO, "certifier.example/w"))
    assert isinstance(said(in_browser, forged, witnesses=[CERTIFIER]), dict)  # of an unknown key
    value = cosigned(total, (ONE, "certifier.example/w"))
    line = value["checkpoint"].splitlines(keepends=True)[-1]
    other = cosigned(total, (ONE, "certifier.example/w"), time_s=TIME_S + 1)
    later = other["checkpoint"].splitlines(keepends=True)[-1]
    for checkpoint in (
        value["checkpoint"].replace(line, line[:-30] + later[-30:]),
        value["checkpoint"] + line,
    ):
        assert said(in_browser, {**total, "checkpoint": checkpoint}, witnesses=[CERTIFIER]) == (
            "cosignature"
        )


def test_a_key_that_no_browser_checks_decides_nothing(in_browser: InBrowser, total: Value):
    key = MlDsaPrivateKey(b"\x66" * 32)
    quantum = note.format_vkey(note.cosigner("regulator.example/w", key.public))
    found = in_browser.check(as_file(total), logKey=LOG, witnesses=[quantum])
    assert "ML-DSA-44" in found["unable"]
    for nonsense in ("nobody", "certifier=nobody", LOG):
        found = in_browser.check(as_file(total), logKey=LOG, witnesses=[nonsense])
        assert "unable" in found
    for policy in ("", "0", "all", "1,1", "auditor=1"):
        assert "unable" in in_browser.check(as_file(total), logKey=LOG, policy=policy)

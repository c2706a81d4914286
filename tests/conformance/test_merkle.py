"""The proofs of transparency-dev/merkle: what they accept we accept, what they refuse we refuse."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.errors import ProofFailed
from ledger.log import proof
from ledger.log.hashes import Hash, LeafHash, RootHash


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder)), json.loads(path.read_text())


def decode(text: str) -> bytes:
    return base64.b64decode(text)


def path_of(case: dict[str, Any]) -> list[Hash]:
    return [Hash(decode(node)) for node in case["proof"] or []]


def inclusion_holds(case: dict[str, Any]) -> bool:
    leaf, root = LeafHash(decode(case["leafHash"])), RootHash(decode(case["root"]))
    try:
        proof.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], path_of(case), root)
    except ProofFailed:
        return False
    return True


def consistency_holds(case: dict[str, Any]) -> bool:
    root1, root2 = RootHash(decode(case["root1"])), RootHash(decode(case["root2"]))
    try:
        proof.verify_consistency(case["size1"], root1, case["size2"], root2, path_of(case))
    except ProofFailed:
        return False
    return True


def test_inclusion_proofs_are_judged_as_others_judge_them(shared: Path):
    verdicts = {
        name: (inclusion_holds(case), not case["wantErr"])
        for name, case in cases(shared / "vectors/merkle/inclusion")
    }
    assert len(verdicts) > 80
    assert {ours for ours, _ in verdicts.values()} == {True, False}
    assert {name: pair for name, pair in verdicts.items() if pair[0] != pair[1]} == {}


def test_consistency_proofs_are_judged_as_others_judge_them(shared: Path):
    verdicts = {
        name: (consistency_holds(case), not case["wantErr"])
        for name, case in cases(shared / "vectors/merkle/consistency")
    }
    assert len(verdicts) > 80
    assert {ours for ours, _ in verdicts.values()} == {True, False}
    assert {name: pair for name, pair in verdicts.items() if pair[0] != pair[1]} == {}

"""The verifier that stands alone says of every frozen file what the product says of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ledger import verify
from tests.vectors.kind_cases import whole
from tests.vectors.shape import Case
from tests.vectors.write import FOLDER

FILE: Any = json.loads((FOLDER / "bundle-kinds.json").read_bytes())


def said(case: Case) -> object:
    """Its facts, or the defect that it names."""
    trust = verify.Trust.of(
        case["vkey"], case.get("witnesses", ()), case.get("replayed", ()), case.get("policy", "")
    )
    try:
        return verify.verify(whole(case, FILE["accepted"]), trust).facts
    except verify.Refused as refused:
        return refused.defect


def test_the_verdicts_of_whole_files_are_the_same():
    for case in FILE["accepted"]:
        assert said(case) == case["verdict"], case["name"]


def test_every_damaged_file_is_refused_by_the_same_defect():
    for case in FILE["refused"]:
        assert said(case) == case["defect"], case["name"]


def test_the_files_are_hundreds_and_their_defects_many():
    defects = Counter(case["defect"] for case in FILE["refused"])
    assert len(FILE["refused"]) > 500
    assert len(defects) >= 14

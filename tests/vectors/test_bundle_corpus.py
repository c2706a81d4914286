"""The product and the verifier that stands alone say of every frozen bundle what is written beside it."""

from __future__ import annotations

from collections import Counter

import pytest

from ledger import verify
from ledger.errors import LedgerError
from ledger.provenance import facts
from tests.unit.world import LOG
from tests.vectors.corpus import ANY_VERDICT, Frozen, continued, corpus, whole_corpus
from tests.vectors.kind_cases import judged


def product(frozen: Frozen) -> object:
    try:
        return facts(judged(frozen.case, frozen.data))
    except LedgerError as error:
        return error.defect


def alone(frozen: Frozen) -> object:
    case = frozen.case
    trust = verify.Trust.of(
        case["vkey"], case.get("witnesses", ()), case.get("replayed", ()), case.get("policy", "")
    )
    try:
        return verify.verify(frozen.data, trust).facts
    except verify.Refused as refused:
        return refused.defect


def test_the_product_is_right_of_each():
    """It leaves no rule to an audit: where another may, it names the defect."""
    for frozen in corpus():
        assert product(frozen) == frozen.answers[0], frozen.name


def test_the_verifier_that_stands_alone_is_right_of_each():
    for frozen in corpus():
        assert frozen.is_answered_by(alone(frozen)), frozen.name


def test_the_verifier_that_stands_alone_gives_no_verdict_where_everything_is_derived():
    for _, data in whole_corpus():
        with pytest.raises(verify.NotDerived):
            verify.verify(data, verify.Trust.of(LOG))


def test_there_are_enough_of_every_sort():
    """At least 300 that are broken and 40 that hold, and every defect among them."""
    defects = Counter(one.answers[0] for one in corpus() if isinstance(one.answers[0], str))
    assert len(corpus()) - defects.total() >= 40
    assert defects.total() >= 300
    assert set(defects) == {
        "form", "checkpoint", "cosignature", "policy", "statement", "other-log", "log-path",
        "event-path", "chain", "data", "subject", "opening", "left-out", "foreign", "key",
        "signature", "rule", "seal", "sum",
    }  # fmt: skip
    assert sum(ANY_VERDICT in one.answers for one in corpus()) < 15


def test_there_are_enough_that_reach_into_earlier_logs():
    """At least 200 that are broken, and 100 that hold: most of them say what they take on trust."""
    verdicts = [one.answers[0] for one in continued() if isinstance(one.answers[0], dict)]
    assert len(verdicts) >= 100
    assert len(continued()) - len(verdicts) >= 200
    assert sum("earlier-history" in one["not_excluded"] for one in verdicts) >= 100
    assert {one["kind"] for one in verdicts} == {
        "event", "current-event", "inventory-line", "company-total", "company-part", "area-total",
        "target-progress",
    }  # fmt: skip
    assert {one["strength"] for one in verdicts} == {"re-derived", "audited", "sealed", "logged"}
    indexes = [one["claim"]["index"] for one in verdicts if "index" in one["claim"]]
    assert min(indexes) < 0 < max(indexes)

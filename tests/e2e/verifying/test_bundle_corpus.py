"""The browser's verifier says of every frozen bundle what is written beside it, in one page, offline."""

from __future__ import annotations

from typing import Any

from tests.e2e.verifying.conftest import InBrowser
from tests.unit.world import LOG
from tests.vectors.corpus import Frozen, corpus, whole_corpus


def options(frozen: Frozen) -> dict[str, Any]:
    trust = ("witnesses", "replayed", "policy")
    found: dict[str, Any] = {name: frozen.case[name] for name in trust if name in frozen.case}
    return {"logKey": frozen.case["vkey"], **found}


def test_the_browser_is_right_of_each(in_browser: InBrowser):
    wrong = []
    for frozen in corpus():
        found = in_browser.check(frozen.data, **options(frozen))
        if frozen.post_quantum:
            right = "ML-DSA-44" in found.get("unable", "")
        else:
            right = frozen.is_answered_by(found.get("facts", found.get("defect")))
        if not right:
            wrong.append((frozen.name, found, frozen.answers))
    assert wrong == []


def test_it_gives_no_verdict_where_everything_is_derived(in_browser: InBrowser):
    for name, data in whole_corpus():
        found = in_browser.check(data, logKey=LOG)
        assert "not derived here" in found.get("unable", ""), name

"""Files from which the operator leaves out what it would rather not show.

The log is whole and honest; the file is not. Each is checked by somebody who has the log's key and
nothing else.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.log.batch import parse_statement
from ledger.log.bundle_kinds import CurrentSubject
from ledger.service import Ledger
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.test_rewritten import METER, SEAL, resealed, with_a_meter
from tests.unit.proof_file import as_file

HALL = "acme/hall@1"
FIXES = "acme/hall/corrections"
MAIN = "acme/main@2"


@pytest.fixture
def stolen(land: Land) -> Land:
    """A meter has posted, and its key was revoked; all of that is sealed."""
    history = land.history()
    with_a_meter(history)
    resealed(land, history)
    return land


def current(land: Land, event: str) -> dict[str, Any]:
    """An honest file of what an event gives, and that nothing changes it, as of the seal."""

    async def prove(ledger: Ledger) -> bytes:
        return await ledger.prove(CurrentSubject(event=event, seal=SEAL))

    data = land.run(prove, writing=False)
    assert land.verified(data)["strength"] == "re-derived"
    return dict(json.loads(data))


def without(value: dict[str, Any], stream: str) -> dict[str, Any]:
    """The file without the last entry of a stream."""
    streams = [parse_statement(one["jws"].encode()).statement.stream for one in value["entries"]]
    at = len(streams) - 1 - streams[::-1].index(stream)
    return {**value, "entries": value["entries"][:at] + value["entries"][at + 1 :]}


def test_a_correction_left_out_is_missed_by_the_sealed_heads(land: Land):
    honest = current(land, HALL)
    hidden = without(honest, FIXES)
    assert land.defect(as_file(hidden)) == "left-out"
    # And with it the head that says that there is one.
    heads = [one for one in honest["heads"] if one["stream"] != FIXES]
    assert land.defect(as_file({**hidden, "heads": heads})) == "left-out"


def test_a_correction_left_out_of_a_file_without_heads_is_not_excluded(land: Land):
    """The weaker kind of file cannot tell, and says so."""

    async def prove(ledger: Ledger) -> bytes:
        return await ledger.bundle(HALL)

    hidden = without(json.loads(land.run(prove, writing=False)), FIXES)
    verdict = land.verified(as_file(hidden))
    assert verdict["claim"]["corrected_by"] is None
    assert "later-change" in verdict["not_excluded"]


def test_a_revocation_left_out_is_missed_by_the_sealed_heads(stolen: Land):
    """With it goes that the thief's entries are disputed."""
    honest = current(stolen, MAIN)
    assert stolen.verified(as_file(honest))["claim"]["key"] == METER.public.thumbprint
    assert stolen.defect(as_file(without(honest, "acme/keys"))) == "left-out"


def test_a_factor_of_another_hash_is_not_that_of_the_log(land: Land):
    """A kinder factor in the file itself: its hash leads nowhere."""
    text = as_file(current(land, HALL)).replace(b'"0.5827"', b'"0.05827"')
    assert land.defect(text) == "event-path"

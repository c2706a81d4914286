"""Files that reach back into earlier logs: both verifiers find the logs, and name the same defect of what does not hold."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy

import msgspec
import pytest

from ledger.log.bundle_kinds import Select
from ledger.log.canonical import encode
from ledger.log.jws import possession_proof
from tests.e2e.verifying.conftest import InBrowser
from tests.e2e.verifying.test_agreement import agree, changes_of, refuse, said, without
from tests.unit.proof_file import Value, as_file
from tests.unit.world import key_of, registration
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import SECOND, vkey_of
from tests.vectors.continued.saying import about, two_logs
from tests.vectors.continued.worlds import FIXES, POWER, park

KEY = vkey_of(SECOND)


@pytest.fixture(scope="module")
def files() -> Files:
    """Two logs in a row in which much has happened."""
    return Files.of(park()[1])


# --- what holds --------------------------------------------------------------------------------------


def test_an_event_stands_on_entries_of_both_logs(in_browser: InBrowser, files: Files):
    found = agree(in_browser, files.event(f"{POWER}@2"), KEY)
    assert found["claim"]["index"] < 0
    assert found["claim"]["corrected_by"] == f"{FIXES}@4"
    assert "earlier-history" in found["not_excluded"]


def test_indexes_from_which_a_key_was_stolen_count_from_their_own_log(
    in_browser: InBrowser, files: Files
):
    new = agree(in_browser, files.event("mill/plant/power@4"), KEY)
    assert new["disputed"] == [new["claim"]["index"]] > [0]
    old = agree(in_browser, files.event("works/zone/power@1"), KEY)
    assert old["disputed"] == [old["claim"]["index"]] < [0]


def test_a_seal_of_an_earlier_log_is_of_that_logs_size(in_browser: InBrowser, files: Files):
    found = agree(in_browser, files.current(f"{POWER}@2", "operator/seals@1"), KEY)
    assert found["claim"]["corrected_by"] == f"{FIXES}@1"
    agree(in_browser, files.target("operator/seals@1", "operator/register@1"), KEY)


def test_the_name_of_the_ledgers_stream_means_the_log_at_hand(in_browser: InBrowser, files: Files):
    found = agree(in_browser, files.event("operator/ledger@1"), KEY)
    assert (found["claim"]["index"], found["claim"]["type"]) == (0, "LedgerOpened")


def test_a_file_that_needs_no_earlier_log_takes_the_opening_for_the_operators_word(
    in_browser: InBrowser,
):
    logs = two_logs()
    proof = possession_proof(key_of("late"), KEY, "late")
    logs.lie("operator", "late/keys", registration("late", proof=proof))
    del logs.logs[0]
    found = agree(in_browser, Files(logs).event("late/keys@1"), KEY)
    assert "earlier-history" not in found["not_excluded"]


# --- what does not -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["event", "current-event", "company-part"])
def test_both_refuse_any_change_with_one_defect(in_browser: InBrowser, files: Files, kind: str):
    value = {
        "event": lambda: files.event("newcomer/hall/power@1"),
        "current-event": lambda: files.current("mill/plant/power@1", "operator/seals@1"),
        "company-part": lambda: files.part("operator/seals@3", "mill", Select(method="location")),
    }[kind]()
    changed = [as_file(one) for one in (*changes_of(value), *moved(value))]
    assert len(changed) > 200
    found = in_browser.check_all(changed, logKey=KEY)
    ours = [said(data, KEY) for data in changed]
    assert [one.get("defect", one.get("facts")) for one in found] == ours
    assert "opening" in ours
    assert "log-path" in ours


def moved(value: Value) -> Iterator[Value]:
    """Entries left out, taken for one another, and at other indexes."""
    count = len(value["entries"])
    for at in range(count):
        yield without(value, at)
        yield {**value, "entries": value["entries"][at:]}
        for by in (-(2**53), -1000, -1, 1, 1000):
            entries = deepcopy(value["entries"])
            entries[at]["index"] = max(entries[at]["index"] + by, 1 - 2**53)
            yield {**value, "entries": sorted(entries, key=lambda one: int(one["index"]))}
        if at:
            entries = deepcopy(value["entries"])
            for name in ("events", "jws", "path"):
                one, other = entries[at - 1], entries[at]
                one[name], other[name] = other[name], one[name]
            yield {**value, "entries": entries}


@pytest.mark.parametrize(
    ("damage", "defect"),
    [
        (("event-path", "old path"), "event-path"),
        (("no opening", "old path"), "opening"),
        (("old path", "subject"), "log-path"),
        (("old event", "subject"), "event-path"),
        (("old path", "old event"), "log-path"),
    ],
)
def test_the_log_at_hand_is_judged_before_the_one_that_it_continues(
    in_browser: InBrowser, damage: tuple[str, ...], defect: str
):
    value = about(two_logs())
    old, first, last = value["entries"][0], value["entries"][-2], value["entries"][-1]
    assert (old["index"], first["index"]) == (-6, 0)
    do: dict[str, Callable[[], object]] = {
        "event-path": lambda: last["events"][0]["data"].update(quantity="31"),
        "no opening": lambda: value["entries"].remove(first),
        "old path": old["path"].reverse,
        "old event": lambda: old["events"][0]["data"].update(area="Elsewhere"),
        "subject": lambda: value["subject"].update(event=f"{POWER}@9"),
    }
    for one in damage:
        do[one]()
    refuse(in_browser, value, defect, KEY)


def test_an_opening_that_nobody_signed_is_refused_for_that_before_any_rule(in_browser: InBrowser):
    logs = two_logs(area="Elsewhere")
    [first] = logs.last.entries
    _, payload, _ = first.jws.split(b".")
    kid = key_of("operator").public.thumbprint
    header = encode({"alg": "Ed25519", "kid": kid, "typ": "carbon-batch+jws"})
    signed = urlsafe_b64encode(header).rstrip(b"=") + b"." + payload
    signature = urlsafe_b64encode(key_of("thief").sign(signed)).rstrip(b"=")
    logs.last.entries[0] = msgspec.structs.replace(first, jws=signed + b"." + signature)
    refuse(in_browser, about(logs), "signature", KEY)

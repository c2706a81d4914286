"""The stand-alone verifier over files that reach back into earlier logs; the product agrees on each.

Source: specification, bundles ("Earlier logs") and keys ("A log that continues another one").
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from ledger import verify
from ledger.errors import LedgerError
from ledger.log import note
from ledger.log.jws import possession_proof
from ledger.parties.events import RulesActivated, Signed
from ledger.provenance import facts, verify_bundle
from tests.unit.proof_file import Value, as_file
from tests.unit.world import ORIGIN, authorisation, jwk, key_of, reading, rules_ref, salt
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import (
    LEDGER,
    SECOND,
    THIRD,
    Continuing,
    continued,
    reopening,
    vkey_of,
)
from tests.vectors.continued.worlds import FIXES, POWER, brief, park
from tests.vectors.deep.dishonest import plain
from tests.vectors.deep.honest import confirmed, day, revoked

SIZE = len(brief().log)
HASH = "cd" * 32


@pytest.fixture
def chain() -> Chain:
    """A log of a few entries that came to its end: one source of acme, two readings."""
    return Chain.of(brief())


@pytest.fixture(scope="module")
def three() -> Files:
    """Three logs in a row in which much has happened."""
    return Files.of(park()[-1])


def with_a_reading(chain: Chain) -> Value:
    """A file about a reading that is appended."""
    name = chain.lie("acme", POWER, reading(day(3), "P1D", "30"))
    return Files(chain).event(name)


def of_the_opening(chain: Chain) -> Value:
    """A file that holds nothing but the opening of the log at hand."""
    return Files(chain).exactly("event", {"event": f"{LEDGER}@1"}, {f"{LEDGER}@1"})


def says(value: Value, log: str = "") -> Any:
    """The facts or the defect, on which the product's own verifier must agree."""
    data, vkey = as_file(value), log or vkey_of(value["checkpoint"].partition("\n")[0])
    try:
        found: object = verify.verify(data, verify.Trust.of(vkey)).facts
    except verify.Refused as refused:
        found = refused.defect
    try:
        ours: object = facts(verify_bundle(data, vkey))
    except LedgerError as error:
        ours = error.defect
    assert found == ours
    return found


def in_words(value: Value) -> str:
    vkey = vkey_of(value["checkpoint"].partition("\n")[0])
    return " ".join(verify.for_people(verify.verify(as_file(value), verify.Trust.of(vkey))).split())


# --- what holds -----------------------------------------------------------------------------------


def test_a_new_reading_of_an_old_source_holds_and_says_that_the_end_is_the_operators_word(
    chain: Chain,
):
    chain.open(SECOND)
    value = with_a_reading(chain)
    assert [entry["index"] for entry in value["entries"]] == [-6, -5, -4, -3, -2, 0, 1]
    found = says(value)
    assert (found["claim"]["index"], found["size"], found["origin"]) == (1, 2, SECOND)
    assert found["claim"]["masses"] == {"2026-01": {"location": {"CO2": "15000000"}}}
    assert found["not_excluded"] == ["another-history", "earlier-history", "later-change"]


def test_an_old_reading_stands_below_0_and_is_named_by_its_own_log(chain: Chain):
    chain.open(SECOND)
    value = Files(chain).event(f"{POWER}@1")
    assert says(value)["claim"]["index"] == -1
    words = in_words(value)
    assert f"entry {SIZE - 1} of the earlier log {ORIGIN}, signed" in words
    assert f"Goes back to the earlier log {ORIGIN}, of {SIZE} entries" in words
    assert "an earlier log ended otherwise than entry 0 of the one behind it says" in words


def test_a_file_that_needs_nothing_earlier_says_nothing_of_it(chain: Chain):
    chain.open(SECOND)
    found = says(of_the_opening(chain))
    assert "earlier-history" not in found["not_excluded"]


def test_the_name_of_the_ledger_stream_means_the_log_at_hand(three: Files):
    """The middle log has one event there, the others two."""
    assert says(three.event(f"{LEDGER}@1"))["claim"]["index"] == 0
    assert says(three.event(f"{LEDGER}@2"))["claim"]["index"] == 2
    value = Files.of(park()[1]).event(f"{POWER}@4")
    value["subject"]["event"] = f"{LEDGER}@2"
    assert says(value) == "subject"


def test_disputed_entries_of_an_earlier_log_are_named_by_it(three: Files):
    words = in_words(three.event("works/zone/power@1"))
    assert (
        f"DISPUTED entry 18 of the earlier log {ORIGIN}: its key was declared compromised" in words
    )
    assert f"entry 25 of the earlier log {ORIGIN} rests on it" in words


@pytest.mark.parametrize(
    ("event", "seal", "place"),
    [(1, 1, f"the earlier log {ORIGIN}"), (5, 4, f"the earlier log {SECOND}"), (3, 5, "the log")],
)
def test_the_heads_of_a_seal_are_those_of_its_own_log(
    three: Files, event: int, seal: int, place: str
):
    value = three.current(f"{POWER}@{event}", f"operator/seals@{seal}")
    assert says(value)["strength"] == "re-derived"
    assert f"of what stood in {place} at size" in in_words(value)
    assert f"anything in entries of {place} from" in in_words(value)


def test_the_head_of_the_ledger_stream_is_that_of_the_seals_log():
    """The earlier log has one event there, the new one two."""
    world = Continuing(brief("1"), SECOND)
    world.open(rules=rules_ref("1"))
    world.post("operator", LEDGER, [RulesActivated(salt=salt(), rules=rules_ref("2"))])
    seal = world.seal()
    value = Files.of(world).current(f"{POWER}@1", seal)
    assert says(value)["strength"] == "re-derived"


def test_a_name_that_would_not_print_is_spelled_out():
    log = verify.Log("ledger\x1b[2J.example+00+", -1, 1, HASH)
    assert log.entry(-1) == "entry 0 of the earlier log 'ledger\\x1b[2J.example'"


# --- the logs of a file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "defect"),
    [
        ({"root": HASH}, "log-path"),
        ({"size": SIZE - 1}, "log-path"),
        ({"size": SIZE + 1}, "log-path"),
        ({"size": 0}, "opening"),
        ({"log": vkey_of(THIRD)}, "other-log"),
        ({"log": "no key"}, "other-log"),
        ({"signed": Signed(size=SIZE, root=HASH)}, "rule"),
    ],
)
def test_another_end_than_the_earlier_log_had_is_refused(chain: Chain, end: Value, defect: str):
    chain.open(SECOND, end=end)
    assert says(with_a_reading(chain)) == defect


def test_what_a_file_cannot_show_of_an_end_is_believed(chain: Chain):
    chain.open(SECOND, end={"heads_root": HASH, "signed": Signed(size=SIZE + 1, root=HASH)})
    assert says(with_a_reading(chain))["strength"] == "re-derived"


def without(value: Value, index: int) -> Value:
    changed = deepcopy(value)
    changed["entries"] = [entry for entry in changed["entries"] if entry["index"] != index]
    return changed


def test_every_log_of_a_file_is_opened_in_it(three: Files):
    value = three.event(f"{POWER}@6")
    openings = [
        entry["index"]
        for entry in value["entries"]
        if entry["events"][0].get("data", {}).get("type") == "LedgerOpened"
    ]
    assert len(openings) == 3
    for index in openings:
        assert says(without(value, index)) == "opening"


def test_an_opening_out_of_schema_continues_nothing(chain: Chain):
    chain.open(SECOND, area="")
    assert says(with_a_reading(chain)) == "opening"
    assert says(of_the_opening(chain)) == "data"


@pytest.mark.parametrize(("size", "defect"), [(SIZE, None), (SIZE + 1, "statement")])
def test_seen_counts_in_its_own_log(chain: Chain, size: int, defect: str | None):
    seen = {"size": size, "root": HASH}
    name = chain.lie("acme", POWER, reading(day(3), "P1D", "30"), seen=seen)
    chain.open(SECOND)
    found = says(Files(chain).event(name))
    assert found == defect if defect else found["claim"]["index"] == -1


# --- who may continue a log -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "defect"),
    [
        ({"first": "deputy"}, None),
        ({"first": "fresh", "recovery": "recovery"}, None),
        ({"recovery": "recovery"}, None),
        ({"area": "Elsewhere"}, "rule"),
        ({"timezone": "UTC"}, "rule"),
        ({"origin": ORIGIN}, "rule"),
        ({"first": "acme"}, "rule"),
        ({"first": "fresh"}, "rule"),
        ({"first": "recovery"}, "rule"),
        ({"first": "log", "recovery": "recovery"}, "rule"),
        ({"recovery": "acme"}, "rule"),
        ({"recovery": "log"}, "rule"),
        ({"recovery": "operator"}, "rule"),
        ({"signer": "deputy"}, "key"),
        ({"operator": "acme"}, "opening"),
        ({"log": vkey_of(THIRD)}, "opening"),
        ({"continues": None}, "opening"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_an_opening_is_the_operators_and_keeps_what_must_stay(
    chain: Chain, opened: dict[str, Any], defect: str | None
):
    chain.open(SECOND, opened.get("signer"), **{n: v for n, v in opened.items() if n != "signer"})
    found = says(with_a_reading(chain))
    assert found == defect if defect else found["strength"] == "re-derived"


@pytest.mark.parametrize("other", ["acme", "neighbour"])
def test_another_operator_continues_nothing(other: str):
    world = brief()
    world.party("neighbour")
    chain = Chain.of(world)
    log, end = vkey_of(SECOND), chain.end()
    event = plain(reopening(SECOND, end, first=other)) | {
        "operator": other,
        "proof": possession_proof(key_of(other), log, other),
        "recovery_proof": possession_proof(key_of("recovery second"), log, other),
    }
    chain.begin(SECOND)
    chain.lie(other, f"{other}/ledger", event)
    files = Files(chain, extra=[f"{other}/ledger@1", f"{other}/keys@1"])
    assert says(files.event(f"{POWER}@1")) == "rule"


def test_the_earlier_recovery_key_says_nothing_more(chain: Chain):
    chain.open(SECOND)
    proof = possession_proof(key_of("rescued"), vkey_of(SECOND), "operator")
    event = authorisation("operator", "rescued", "operator/", proof=proof)
    name = chain.lie("recovery second", "operator/keys", event)
    assert says(Files(chain).event(name))["strength"] == "re-derived"
    name = chain.lie("recovery", "operator/keys", revoked("rescued"))
    assert says(Files(chain).event(name)) == "key"


def test_an_origin_is_not_used_again(chain: Chain):
    key, log = key_of("another log"), note.log_vkey(ORIGIN, key_of("another log").public)
    event = plain(reopening(SECOND, chain.end())) | {
        "log": log,
        "origin": ORIGIN,
        "proof": possession_proof(key_of("operator"), log, "operator"),
        "recovery_proof": possession_proof(key_of("recovery second"), log, "operator"),
    }
    chain.begin(SECOND)
    chain.last.origin, chain.last.vkey, chain.last.key = ORIGIN, log, key
    chain.lie("operator", LEDGER, event)
    assert says(with_a_reading(chain), log) == "rule"


def test_a_revoked_key_continues_nothing(chain: Chain):
    chain.lie("deputy", "operator/keys", revoked("operator"))
    chain.open(SECOND)
    assert says(with_a_reading(chain)) == "rule"


@pytest.mark.parametrize(("recovery", "defect"), [("recovery", "rule"), ("recovery second", None)])
def test_a_recovery_key_that_another_one_replaced_recovers_nothing(
    chain: Chain, recovery: str, defect: str | None
):
    chain.open(SECOND)
    chain.open(THIRD, first="fresh", recovery=recovery)
    found = says(with_a_reading(chain))
    assert found == defect if defect else found["recovered"] == [0]


def test_no_log_is_opened_in_the_midst_of_one(chain: Chain):
    chain.open(SECOND)
    end = continued(vkey_of(SECOND), [b"x"], chain.heads)
    chain.lie("operator", LEDGER, plain(reopening(SECOND, end)))
    value = with_a_reading(chain)
    assert says(value) == "rule"
    chain.open(THIRD)
    assert says(Files(chain).event(value["subject"]["event"])) == "rule"


# --- what goes on over the end of a log -----------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "log", "defect"),
    [
        ("fine", SECOND, None),
        ("fine", ORIGIN, "rule"),
        ("log", SECOND, "rule"),
        (SECOND, SECOND, "rule"),
    ],
)
def test_a_new_key_is_no_logs_and_is_held_for_this_one(
    chain: Chain, key: str, log: str, defect: str | None
):
    chain.open(SECOND)
    proof = possession_proof(key_of(key), vkey_of(log), "acme")
    event = authorisation("acme", key, "acme/", proof=proof, key=jwk(key_of(key)))
    chain.lie("acme", "acme/keys", event)
    found = says(with_a_reading(chain))
    assert found == defect if defect else found["strength"] == "re-derived"


@pytest.mark.parametrize(
    ("since", "entries", "disputed"), [(0, (0, 1), [1]), (1, (1, 2), []), (2, (1, 2), "rule")]
)
def test_indexes_in_events_count_from_the_opening_of_their_log(
    chain: Chain, since: int, entries: tuple[int, int], disputed: object
):
    chain.lie("acme", "acme/keys", authorisation("acme", "meter", "acme/"))
    chain.lie("meter", POWER, reading(day(3), "P1D", "30"))
    chain.open(SECOND)
    name = chain.lie("meter", POWER, reading(day(4), "P1D", "40"))
    chain.lie("acme", "acme/keys", revoked("meter", since))
    chain.lie("acme", "acme/keys", confirmed("meter", *entries))
    found = says(Files(chain).event(name))
    assert found == disputed if disputed == "rule" else found["disputed"] == disputed


def test_a_stream_goes_on_where_the_earlier_log_ended(chain: Chain):
    head = chain.heads[POWER]
    chain.open(SECOND)
    name = chain.lie("acme", POWER, reading(day(3), "P1D", "30"), previous=(head[0], HASH))
    assert says(Files(chain, extra=[f"{POWER}@2"]).event(name)) == "chain"


Change = Callable[[list[Value], int], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda entries, at: entries[at].update(index=entries[at]["index"] - 1),
        lambda entries, at: entries[at].update(path=entries[at]["path"][:-1]),
        lambda entries, at: entries[at].update(jws=entries[at - 1]["jws"]),
    ],
    ids=["moved", "short-path", "exchanged"],
)
def test_no_entry_of_any_log_stands_elsewhere(three: Files, change: Change):
    value = three.event(f"{FIXES}@4")
    for at in range(len(value["entries"])):
        changed = deepcopy(value)
        change(changed["entries"], at)
        assert isinstance(says(changed), str), at

"""What a dishonest operator or author could try with a file of valid parts; and halves of a milligram."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from ledger.carbon.seal.events import FootprintSealed
from ledger.log import seals
from ledger.log.hashes import format_base64
from ledger.log.seals import Head
from ledger.log.tree import path_of
from tests.e2e.verifying.conftest import InBrowser
from tests.e2e.verifying.test_agreement import agree, refuse
from tests.unit.forged_seal import SEALED_WRONGLY, forged_seal, head_of_versions
from tests.unit.hostile import signed_again, spelled
from tests.unit.proof_file import ProofFiles, Value, forge
from tests.unit.sealed_files import (
    FIXES,
    GROUNDS,
    KINDS,
    POWER,
    SEAL,
    T2,
    a_world,
    of_kind,
    sealed_files,
)
from tests.unit.world import LOG, World, reading, salt, site, source


def place(heads: list[Head], at: int) -> Value:
    lines = [seals.encode_head(head) for head in heads]
    path = [format_base64(node) for node in path_of(seals.leaves(lines), at)]
    return {"line": msgspec.json.decode(lines[at]), "path": path, "position": at}


def test_a_correction_is_not_hidden_between_two_heads_that_are_no_neighbours(
    in_browser: InBrowser,
):
    files = sealed_files()
    value = files.current(f"{POWER}@2", SEAL, "operator/factors@1")
    agree(in_browser, value)
    heads = list(files.lists(SEAL).heads)
    at = [head.stream for head in heads].index(FIXES)
    around = {"before": place(heads, at - 1), "after": place(heads, at + 1), "stream": FIXES}
    value["heads"] = [around if one["stream"] == FIXES else one for one in value["heads"]]
    value["entries"] = [entry for entry in value["entries"] if not is_of(files, entry, FIXES)]
    refuse(in_browser, value, "seal")


def is_of(files: ProofFiles, entry: Value, stream: str) -> bool:
    return files.world.log[entry["index"]].entry.stream == stream


def test_a_seal_that_names_another_end_of_a_stream_is_refused(in_browser: InBrowser):
    files = sealed_files()
    world = files.world
    heads = [
        msgspec.structs.replace(head, head=sha256(b"another").hexdigest())
        if head.stream == FIXES
        else head
        for head in files.lists(SEAL).heads
    ]
    right = msgspec.json.decode(world.log[-1].lines[0], type=dict[str, Any])
    del right["type"]
    wrong = msgspec.convert(
        {**right, "salt": salt(), "heads_root": seals.heads_root(heads).hex()}, FootprintSealed
    )
    name = forge(world, "operator", "operator/seals", [wrong])
    value = files_with_heads(ProofFiles(world), name, heads)
    refuse(in_browser, value, "seal")


def files_with_heads(files: ProofFiles, seal: str, heads: list[Head]) -> Value:
    value = files.current(f"{POWER}@2", SEAL, "operator/factors@1")
    streams = [head.stream for head in heads]
    proofs = [
        {**place(heads, streams.index(one["stream"])), "stream": one["stream"]}
        for one in value["heads"]
        if one["stream"] in streams
    ]
    shown = [
        f"{files.world.log[entry['index']].entry.stream}"
        f"@{files.world.log[entry['index']].entry.first + item['position']}"
        for entry in value["entries"]
        for item in entry["events"]
    ]
    absent = [
        {**absence(heads, one["stream"]), "stream": one["stream"]}
        for one in value["heads"]
        if one["stream"] not in streams
    ]
    return files.file(
        "current-event",
        {"event": f"{POWER}@2", "seal": seal},
        [name for name in shown if name != SEAL] + [seal],
        heads=sorted([*proofs, *absent], key=lambda one: one["stream"]),
    )


def absence(heads: list[Head], stream: str) -> Value:
    at = sum(head.stream < stream for head in heads)
    return {
        "before": place(heads, at - 1) if at else None,
        "after": place(heads, at) if at < len(heads) else None,
    }


def test_batches_of_a_stream_that_a_file_leaves_out_leave_a_gap_and_no_defect(
    in_browser: InBrowser,
):
    world = a_world()
    world.say("acme", site("annex"))
    world.say("acme", source("acme/plant/lights", location="operator/grid@1"))
    world.post("acme", "acme/plant/lights", [reading(T2, "P1D", "1")])
    shown = ("acme/register@1", "acme/register@4", "operator/factors@1")
    agree(in_browser, ProofFiles(world).event("acme/plant/lights@1", *shown))


@pytest.mark.parametrize(
    ("quantity", "mass"), [("1", None), ("3", "2"), ("5", "2"), ("5.000000000001", "3")]
)
def test_half_a_milligram_goes_to_the_even_one(
    in_browser: InBrowser, quantity: str, mass: str | None
):
    world = World()
    world.party("acme")
    world.factor("half", CO2="0.0000005")
    world.source(POWER, location="operator/half@1")
    world.post("acme", POWER, [reading(T2, "P1D", quantity)])
    found = agree(in_browser, ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    expected = {} if mass is None else {"2026-01": {"location": {"CO2": mass}}}
    assert found["claim"]["masses"] == expected


@pytest.mark.parametrize("members", list(SEALED_WRONGLY.values()), ids=list(SEALED_WRONGLY))
def test_a_seal_under_other_rules_than_those_in_force_is_refused(
    in_browser: InBrowser, members: dict[str, Any]
):
    files = sealed_files()
    name = forged_seal(files.world, **members)
    files = ProofFiles(files.world)
    target = {"target": "operator/register@1"}
    refuse(in_browser, files.sealed("target-progress", name, target, "operator/register@1"), "rule")
    refuse(in_browser, files.event(name), "rule")


def test_a_seal_of_more_than_there_was_is_refused(in_browser: InBrowser):
    files = sealed_files()
    name = forged_seal(files.world, size=2**53 - 1)
    refuse(in_browser, ProofFiles(files.world).event(name), "seal")


def test_a_head_of_more_versions_than_could_be_counted_is_refused_at_once(in_browser: InBrowser):
    refuse(in_browser, head_of_versions(sealed_files(), 2**53 - 1), "left-out")


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_ends_of_the_calendar_is_refused(in_browser: InBrowser, year: str):
    world = a_world()
    period = (f"{year}-12-31T20:00:00Z", f"{year}-12-31T23:00:00Z")
    far = msgspec.structs.replace(reading(T2, "P1D", "1"), period=period)
    name = forge(world, "acme", POWER, [far])
    refuse(in_browser, ProofFiles(world).event(name, *GROUNDS), "rule")


def test_no_hostile_value_of_a_signed_event_makes_it_fail(in_browser: InBrowser):
    files = [value for kind in KINDS for value in hostile(of_kind(sealed_files(), kind))]
    found = in_browser.check_all(files, logKey=LOG)  # which refuses faults
    assert len(found) > 500
    assert any("defect" in one for one in found)


def hostile(value: Value) -> Iterator[bytes]:
    """Files of which one member of an event is another, signed again by whoever signed it."""
    new: tuple[object, ...] = (None, 5, -1, "", "x", [], {}, "9999-12-31T23:59:59Z", [[]])
    for at, entry in enumerate(value["entries"]):
        for place, event in enumerate(entry["events"]):
            for member in event["data"]:
                for one in new:
                    changed = deepcopy(value)
                    changed["entries"][at]["events"][place]["data"][member] = one
                    yield spelled(signed_again(changed)) + b"\n"

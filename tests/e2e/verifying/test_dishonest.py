"""What a dishonest operator or author could try with a file of valid parts; and halves of a milligram."""

from __future__ import annotations

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
from tests.e2e.verifying.files import FIXES, GROUNDS, POWER, SEAL, T2, a_world, sealed_files
from tests.e2e.verifying.test_agreement import agree, refuse
from tests.unit.proof_file import ProofFiles, Value, forge
from tests.unit.world import World, reading, salt, site, source


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

"""Seals that an operator signs and no ledger would take."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ledger.carbon.rulepack import load
from ledger.carbon.seal.events import FootprintSealed
from ledger.log import seals
from tests.unit.proof_file import ProofFiles, Value, forge
from tests.unit.world import World, salt

SEAL = "operator/seals@1"
EVENT = "acme/plant/power@2"
FIXES = "acme/plant/power/corrections"

SEALED_WRONGLY: Final[dict[str, dict[str, Any]]] = {
    "rules that are no longer in force": {"rules": {"version": "1", "sha256": load("1").sha256}},
    "rules that nobody knows": {"rules": {"version": "9", "sha256": "ab" * 32}},
    "other rules under a known name": {"rules": {"version": "2", "sha256": "ab" * 32}},
    "a GWP set that is not of the rules": {"gwp": "AR9"},
    "a year before the calendar": {"period": ["1990-01", "1991-01"]},
    "an end behind the calendar": {"period": ["2049-01", "2050-01"]},
}
"""Members of a seal that contradict the log, whatever its lists are."""


def forged_seal(world: World, **members: Any) -> str:
    """Put into the log a seal that says what the first one says, but for these members; its name."""
    said = ProofFiles(world).said(SEAL)
    del said["type"]
    event = msgspec.convert({**said, "salt": salt(), **members}, FootprintSealed)
    return forge(world, "operator", "operator/seals", [event])


def head_of_versions(files: ProofFiles, version: int) -> Value:
    """A file about an event, whose seal says that the corrections end with this version."""
    heads = [
        msgspec.structs.replace(head, version=version) if head.stream == FIXES else head
        for head in files.lists(SEAL).heads
    ]
    name = forged_seal(files.world, heads_root=seals.heads_root(heads).hex())
    files = ProofFiles(files.world)
    value = files.current(EVENT, SEAL, "operator/factors@1", heads=heads)
    shown = [
        f"{files.world.log[entry['index']].entry.stream}"
        f"@{files.world.log[entry['index']].entry.first + item['position']}"
        for entry in value["entries"]
        for item in entry["events"]
    ]
    names = [one for one in shown if one != SEAL] + [name]
    return files.file("current-event", {"event": EVENT, "seal": name}, names, heads=value["heads"])

"""The browser's verifier takes what the frozen vectors accept, and refuses what they refuse."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.verifying.conftest import InBrowser
from tests.unit.world import LOG
from tests.vectors.figure_cases import file_about
from tests.vectors.shape import unspell

VECTORS = Path(__file__).resolve().parents[3] / "schemas" / "vectors"
MAX_LINE = 65_536

# Each says true where a case is accepted. Whatever is thrown is a refusal.
CHECKS = {
    "canonical": """
        const text = inner.bytes.fromUtf8(inner.bytes.base64(value.line));
        return text !== null && inner.canonical.decode(text, 12) !== null;""",
    "keys": """
        const { jwk } = value;
        const bytes = inner.ed25519.keyBytes(jwk.x);
        const three = JSON.stringify(Object.keys(jwk).sort()) === '["crv","kty","x"]';
        if (!three || jwk.crv !== "Ed25519" || jwk.kty !== "OKP") return false;
        if (bytes === null || !inner.ed25519.isSoundKey(bytes)) return false;
        const kid = await inner.ed25519.thumbprint(jwk.x);
        if (value.thumbprint !== undefined && value.thumbprint !== kid) return false;
        const message = inner.bytes.utf8(value.message ?? "");
        if (value.signature !== undefined) {
            const signature = inner.bytes.unhex(value.signature);
            if (!(await inner.ed25519.verifies(bytes, message, signature))) return false;
        }
        if (value.possession === undefined) return true;
        return inner.statement.isPossession(value.possession, kid, bytes, value.log, value.party);""",
    "tree": """
        const unhex = inner.bytes.unhex;
        if (value.roots) {
            const leaves = await Promise.all(value.entries.map((text) => inner.merkle.leafHash(inner.bytes.utf8(text))));
            for (let size = 0; size <= leaves.length; size += 1) {
                const root = await inner.merkle.rootOf(leaves.slice(0, size));
                if (inner.bytes.hex(root) !== value.roots[size]) return false;
            }
            return true;
        }
        const path = value.path.map(unhex);
        return inner.merkle.leadsTo(unhex(value.leaf), value.index, value.size, path, unhex(value.root));""",
    "checkpoint": """
        const log = await inner.note.parseLogKey(value.vkey);
        const found = await inner.note.openCheckpoint(value.note, log, []);
        return found.size === value.size && inner.bytes.hex(found.root) === value.root;""",
    "cosignature": """
        const keys = await Promise.all((value.vkeys ?? [value.vkey]).map((vkey) => inner.note.parseVkey(vkey)));
        if (keys.includes(null)) return false;
        const log = keys.find((key) => key.kind === 1);
        const others = keys.filter((key) => key !== log);
        const witnesses = others.map((key) => ({ name: key.name, role: "other", keys: [key] }));
        const found = await inner.note.openCheckpoint(value.note, log, witnesses);
        return found.cosigned.length === witnesses.length;""",
    "statement": """
        const data = inner.canonical.decode(value.data, 12);
        return data !== null && data.type === value.type && inner.schema.isEventData(data);""",
}


def cases(name: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_bytes())[kind]
    return [case for case in found if tells(name, case)]


def tells(name: str, case: dict[str, Any]) -> bool:
    """Whether the case is about something that this verifier does."""
    if name == "canonical":
        return len(unspell(case["line"])) <= MAX_LINE
    if name == "tree":
        return "roots" in case or "leaf" in case
    if name == "cosignature":  # no browser checks ML-DSA-44: a key of it decides nothing
        return "vkeys" in case and all(len(vkey) < 1000 for vkey in case["vkeys"])
    return True


def takes(in_browser: InBrowser, name: str, case: dict[str, Any]) -> bool:
    if name == "canonical":
        case = {**case, "line": b64encode(unspell(case["line"])).decode()}
    script = f"try {{ {CHECKS[name]} }} catch (error) {{ return error instanceof TypeError ? String(error.stack) : false; }}"
    found = in_browser.run(script, case)
    assert isinstance(found, bool), (case["name"], found)
    return found


@pytest.mark.parametrize("name", CHECKS)
def test_what_vectors_accept_is_taken(in_browser: InBrowser, name: str):
    accepted = cases(name, "accepted")
    assert accepted
    assert [case["name"] for case in accepted if not takes(in_browser, name, case)] == []


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "cosignature"])
def test_what_vectors_refuse_is_refused(in_browser: InBrowser, name: str):
    refused = cases(name, "refused")
    assert refused
    assert [case["name"] for case in refused if takes(in_browser, name, case)] == []


def test_bundles_of_the_vectors_hold_up_to_the_opening_that_they_lack(in_browser: InBrowser):
    for case in cases("bundle", "accepted"):
        found = in_browser.check(unspell(case["bundle"]), logKey=case["vkey"])
        assert found["defect"] == "opening", (case["name"], found)
    for case in cases("bundle", "refused"):
        found = in_browser.check(unspell(case["bundle"]), logKey=case["vkey"])
        assert "defect" in found or "unable" in found, (case["name"], found)
        if "signature" not in case["name"]:
            assert found.get("defect") != "opening", case["name"]


def test_figures_of_the_vectors_are_derived(in_browser: InBrowser):
    for case in cases("figures", "accepted"):
        found = in_browser.check(file_about(case), logKey=LOG)
        assert found["facts"]["claim"]["masses"] == case["masses"], case["name"]

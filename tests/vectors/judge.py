"""What the product says to one vector: `check` returns, or raises one of our errors.

Each judge takes a case alone, as another implementation would. An accepted case carries what must
come out, and an assertion compares it; a refused one carries no more than what goes in.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ledger.errors import LedgerError, ProofFailed
from ledger.log import (
    add_checkpoint,
    batch,
    bundle,
    bundle_proof,
    canonical,
    checkpoint,
    cosignature,
    event,
    evidence,
    jws,
    keys,
    note,
    proof,
    receipt,
    seals,
    tiles,
    tree,
)
from ledger.log.hashes import Hash, LeafHash, RootHash, format_base64, leaf_hash
from ledger.machine import read_event
from ledger.provenance import facts, verify_bundle
from tests.vectors import deep_cases, figure_cases, kind_cases, redaction_cases
from tests.vectors.shape import Case, unspell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def canonical_json(case: Case) -> None:
    line = unspell(case["line"])
    assert canonical.encode(canonical.decode(line)) == line


def events(case: Case) -> None:
    data = unspell(case["data"])
    canonical.decode(data)
    place = case["previous"], case["stream"], case["type"], case["version"]
    assert event.header(sha256(data).hexdigest(), *place).decode() == case["header"]
    if event.event_leaf(data, *place).hex() != case["leaf"]:
        raise ProofFailed("not the leaf hash of this event")


def statements(case: Case) -> None:
    data = unspell(case["data"])
    found = read_event(data)
    assert type(found).__name__ == case["type"]
    assert canonical.encode_struct(found) == data
    if "leaf" in case:
        events(case)


def key(case: Case) -> None:
    public = keys.public_key(case["jwk"])
    private = keys.PrivateKey.from_seed(bytes.fromhex(case["seed"]))
    assert private.public == public
    assert public.thumbprint == case["thumbprint"]
    message = case["message"].encode()
    assert private.sign(message).hex() == case["signature"]
    keys.verify(public, bytes.fromhex(case["signature"]), message)
    assert jws.possession_proof(private, case["log"], case["party"]) == case["possession"]
    jws.check_possession(case["possession"], public, case["log"], case["party"])


def submission(case: Case) -> None:
    signed_bytes, lines = batch.split_submission(unspell(case["body"]))
    signed = batch.parse_statement(signed_bytes)
    signed.jws.verify(keys.public_key(case["jwk"]))
    types = [str(canonical.decode(line)["type"]) for line in lines]
    leaves = batch.chain(lines, types, signed.statement)
    batch.check_salts([str(canonical.decode(line)["salt"]) for line in lines])
    assert [leaf.hex() for leaf in leaves] == case["leaves"]
    assert signed.jws.payload.decode() == case["payload"]


def trees(case: Case) -> None:
    if "roots" in case:
        leaves = [leaf_hash(text.encode()) for text in case["entries"]]
        roots = [tree.root_of(leaves[:size]).hex() for size in range(len(leaves) + 1)]
        assert roots == case["roots"]
        return
    path = [Hash(bytes.fromhex(node)) for node in case["path"]]
    if "leaf" in case:
        leaf, root = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
        proof.verify_inclusion(LeafHash(leaf), case["index"], case["size"], path, RootHash(root))
    else:
        root1, root2 = (RootHash(bytes.fromhex(case[name])) for name in ("root1", "root2"))
        proof.verify_consistency(case["size1"], root1, case["size2"], root2, path)


def tile_files(case: Case) -> None:
    if "path" in case:
        name = tiles.parse_tile_path(case["path"])
        level = "entries" if name.level == tiles.ENTRIES else name.level
        assert (level, name.number, name.width) == (case["level"], case["number"], case["width"])
    elif "bundle" in case:
        entries = [text.encode() for text in case["entries"]]
        assert tiles.entry_bundle(entries).hex() == case["bundle"]
        assert list(tiles.split_entry_bundle(bytes.fromhex(case["bundle"]))) == entries
    else:
        leaves = [leaf_hash(f"leaf {number}".encode()) for number in range(600)]
        edge, full = tiles.TileEdge().extend(leaves)
        rows = {tiles.tile_path(tile.level, tile.number): tile.hashes for tile in full}
        for level, row in enumerate(edge.partial):
            rows[tiles.tile_path(level, 600 >> 8 * (level + 1), len(row) // 32)] = row
        assert {path: leaf_hash(row).hex() for path, row in rows.items()} == case["tiles"]
        assert tree.root_of(leaves).hex() == case["root"]


def notes(case: Case) -> None:
    if "vkey" in case:
        note.parse_vkey(case["vkey"])
        return
    opened = note.open_note(case["note"], [note.parse_vkey(vkey) for vkey in case["vkeys"]])
    assert opened.text == case["text"]
    assert [signature.time_s for signature in opened.signatures] == case["times_s"]


def checkpoints(case: Case) -> None:
    found = checkpoint.open_checkpoint(case["note"].encode(), case["vkey"])
    root = RootHash(bytes.fromhex(case["root"]))
    assert found == checkpoint.Checkpoint(case["origin"], case["size"], root)


def receipts(case: Case) -> None:
    data = unspell(case["receipt"])
    parsed = receipt.parse_receipt(data)
    receipt.verify_receipt(parsed, case["jws"].encode(), case["vkey"])
    assert receipt.format_receipt(parsed) == data


def bundles(case: Case) -> None:
    data = unspell(case["bundle"])
    parsed = bundle.read_bundle(data)
    opened = bundle_proof.open_bundle(parsed, case["vkey"])
    known = {key.thumbprint: key for key in map(keys.public_key, case["jwks"])}
    for entry in opened.entries:
        entry.signed.jws.verify(known[entry.signed.kid])
    assert bundle.write_bundle(parsed) == data


def bundle_kinds(case: Case) -> None:
    data = kind_cases.whole(case, _accepted_kinds())
    try:
        verdict = kind_cases.judged(case, data)
    except LedgerError as error:
        if error.defect != case["defect"]:
            raise AssertionError(f"{error.defect}, not {case['defect']}") from error
        raise
    _same(facts(verdict), case["verdict"])


def bundle_deep(case: Case) -> None:
    _edited_bundle(case, "bundle-deep")


def bundle_continued(case: Case) -> None:
    _edited_bundle(case, "bundle-continued")


def _edited_bundle(case: Case, name: str) -> None:
    data = deep_cases.whole_file(case, _accepted_files(name))
    try:
        verdict = kind_cases.judged(case, data)
    except LedgerError as error:
        if error.defect != case["defect"]:
            raise AssertionError(f"{error.defect}, not {case['defect']}") from error
        raise
    _same(facts(verdict), case["verdict"])


def bundle_wholes(case: Case) -> None:
    try:
        verdict = verify_bundle(unspell(case["bundle"]), case["vkey"])
    except LedgerError as error:
        if error.defect != case["defect"]:
            raise AssertionError(error.defect) from error
        raise
    _same(facts(verdict), case["verdict"])


@cache
def _accepted_files(name: str) -> dict[str, Case]:
    path = Path(__file__).parents[2] / "schemas" / "vectors" / f"{name}.json"
    accepted = json.loads(path.read_bytes())["accepted"]
    return {case["name"]: case for case in accepted}


@cache
def _accepted_kinds() -> list[Case]:
    path = Path(__file__).parents[2] / "schemas" / "vectors" / "bundle-kinds.json"
    file = json.loads(path.read_bytes())
    accepted: list[Case] = file["accepted"]
    return accepted


def cosignatures(case: Case) -> None:
    notes(case)
    if "vkey" in case:
        return
    messages = []
    for signature in note.open_note(case["note"], map(note.parse_vkey, case["vkeys"])).signatures:
        verifier, time_s = signature.verifier, signature.time_s
        if verifier.kind == note.ML_DSA_44:
            messages.append(cosignature.ml_dsa_message(verifier.name, case["text"], time_s or 0))
        elif verifier.kind == note.COSIGNATURE_V1:
            messages.append(cosignature.ed25519_message(case["text"], time_s or 0))
    assert [message.hex() for message in messages] == case["messages"]


def requests(case: Case) -> None:
    body = unspell(case["request"])
    request = add_checkpoint.parse_request(body)
    head = checkpoint.open_checkpoint(request.checkpoint, case["vkey"])
    assert request.old == case["old"]
    if request.old:
        old_root = RootHash(bytes.fromhex(case["old_root"]))
        proof.verify_consistency(request.old, old_root, head.size, head.root, request.proof)
    assert [format_base64(node) for node in request.proof] == case["proof"]
    assert add_checkpoint.format_request(request) == body


def two_histories(case: Case) -> None:
    file = evidence.read_evidence(unspell(case["evidence"]))
    found = evidence.open_evidence(file, case["vkey"])
    heads = found.first.checkpoint, found.second.checkpoint
    assert [head.size for head in heads] == case["sizes"]
    assert [head.root.hex() for head in heads] == case["roots"]
    assert found.root.hex() == case["root_in_second"]
    assert evidence.write_evidence(file) == unspell(case["evidence"])


def sealed(case: Case) -> None:
    if "heads" in case:
        heads = [seals.read_head(line.encode()) for line in case["heads"]]
        _sealed_list(case["heads"], [head.stream for head in heads], case["root"])
    elif "companies" in case:
        companies = [seals.read_company(line.encode()) for line in case["companies"]]
        _sealed_list(case["companies"], [line.party for line in companies], case["root"])
    elif "lines" in case:
        lines = [seals.read_line(line.encode()) for line in case["lines"]]
        _sealed_list(case["lines"], [line.name.key() for line in lines], case["root"])
        if "sums" in case:
            _same(msgspec.to_builtins(seals.as_sums(seals.sums_of(lines))), case["sums"])
    elif "register_salt" in case:
        found = seals.read_line(case["line"].encode())
        _same(found.encode().decode(), case["line"])
        _same(found.name.key().decode(), case["key"])
        _same(found.salt, seals.line_salt(case["register_salt"], found.name.key()))
    elif "stream" in case:
        places = [case[side] for side in ("before", "after")]
        for one in places:
            if one is not None:
                _at_its_place(one, case)
        before, after = places
        first = -1 if before is None else before["position"]
        _same(first + 1, case["count"] if after is None else after["position"])
        names = [None if p is None else seals.read_head(p["line"].encode()).stream for p in places]
        if not (names[0] or "") < case["stream"] < (names[1] or "~"):
            raise ProofFailed("not the neighbours of its place", found=case["stream"])
    else:
        _at_its_place(case, case)


def _sealed_list(lines: list[str], keys_of: Sequence[str | bytes], root: str) -> None:
    if sorted(set(keys_of)) != list(keys_of):
        raise ProofFailed("not in order, or not each once")
    _same(seals.root(line.encode() for line in lines).hex(), root)


def _at_its_place(place: Case, case: Case) -> None:
    path = [Hash(bytes.fromhex(node)) for node in place["path"]]
    leaf, root = leaf_hash(place["line"].encode()), RootHash(bytes.fromhex(case["root"]))
    proof.verify_inclusion(leaf, place["position"], case["count"], path, root)


def _same(found: object, expected: object) -> None:
    if found != expected:
        raise ProofFailed("not what the case says", expected=str(expected), found=str(found))


JUDGES: dict[str, Callable[[Case], None]] = {
    "canonical": canonical_json,
    "event": events,
    "keys": key,
    "batch": submission,
    "tree": trees,
    "tiles": tile_files,
    "note": notes,
    "checkpoint": checkpoints,
    "receipt": receipts,
    "bundle": bundles,
    "statement": statements,
    "cosignature": cosignatures,
    "add-checkpoint": requests,
    "evidence": two_histories,
    "seal": sealed,
    "redaction": redaction_cases.judge,
    "figures": figure_cases.judge,
    "bundle-kinds": bundle_kinds,
    "bundle-whole": bundle_wholes,
    "bundle-deep": bundle_deep,
    "bundle-continued": bundle_continued,
}

"""Writes the vector files that do not exist yet; it never touches one that does.

    python -m tests.vectors.write

A frozen file changes only together with a version number of the format: then write a new one.
`schemas/vectors/SHA256SUMS` freezes them; a new file's line is printed, to be added by hand.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.vectors import (
    continued_cases,
    deep_cases,
    evidence_cases,
    figure_cases,
    kind_cases,
    log_cases,
    party_cases,
    redaction_cases,
    seal_cases,
    statement_cases,
    whole_cases,
    witness_cases,
)

FILES = {
    "canonical": party_cases.canonical_json,
    "event": party_cases.events,
    "keys": party_cases.keys,
    "batch": party_cases.batches,
    "tree": log_cases.trees,
    "tiles": log_cases.tile_files,
    "note": log_cases.notes,
    "checkpoint": log_cases.checkpoints,
    "receipt": log_cases.receipts,
    "bundle": log_cases.bundles,
    "statement": statement_cases.statements,
    "cosignature": witness_cases.cosignatures,
    "add-checkpoint": witness_cases.requests,
    "evidence": evidence_cases.evidence,
    "seal": seal_cases.seal,
    "redaction": redaction_cases.redactions,
    "figures": figure_cases.figures,
    "bundle-kinds": kind_cases.bundle_kinds,
    "bundle-whole": whole_cases.whole_bundles,
    "bundle-deep": deep_cases.bundle_deep,
    "bundle-continued": continued_cases.bundle_continued,
}

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"


def spelled(file: dict[str, Any]) -> bytes:
    """The file as it is written: indented, in Unicode, with a final newline.

    Cases that are told by edits are so many that each of them stands on one line.
    """
    if any("edits" in case for case in file["accepted"]):
        return _on_lines(file)
    return (json.dumps(file, indent=1, ensure_ascii=False) + "\n").encode()


def _on_lines(file: dict[str, Any]) -> bytes:
    parts = [f'{{"about": {json.dumps(file["about"], ensure_ascii=False)}']
    for kind in ("accepted", "refused"):
        cases = (json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in file[kind])
        parts.append(f'"{kind}": [\n' + ",\n".join(cases) + "\n]")
    return (",\n".join(parts) + "}\n").encode()


def main() -> None:
    """Write what is missing and print its line for SHA256SUMS."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_bytes(spelled(make()))
            print(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}")


if __name__ == "__main__":
    main()

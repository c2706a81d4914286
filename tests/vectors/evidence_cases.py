"""Vectors of the evidence that a log has two histories: the example's, and one that parts from it."""

from __future__ import annotations

import json
from itertools import pairwise

from ledger.log import checkpoint, tiles, tree
from ledger.log.checkpoint import sign_checkpoint
from ledger.log.evidence import Evidence, evidence_of, open_evidence, write_evidence
from ledger.log.hashes import Hash, RootHash, format_base64, leaf_hash
from tests.vectors import example as ex
from tests.vectors.shape import Case, File, file_of

_OTHERS = [
    ex.jws_of(
        ex.submit(ex.POWER, 4, ex.POWER_LEAVES[-1].hex(), ex.READING, (ex.reading(1, text),), None)
    )
    for text in ("6", "7", "8")
]
LATE = [*ex.ENTRIES[:2], *_OTHERS[:2]]
"""Another history from entry 2 on."""
EARLY = [ex.ENTRIES[0], *_OTHERS]
"""Another one from entry 1 on."""


def signed(entries: list[bytes]) -> bytes:
    return sign_checkpoint(ex.LOG_KEY, ex.head_of(entries))


def root_at(entries: list[bytes], size: int) -> RootHash:
    return tree.root_of([leaf_hash(entry) for entry in entries[:size]])


def path_between(entries: list[bytes], size: int) -> tuple[Hash, ...]:
    edge, _ = tiles.TileEdge().extend(leaf_hash(entry) for entry in entries)

    def read(level: int, number: int, width: int) -> bytes:
        return edge.partial[level][: width * 32]

    return tiles.consistency_path(size, len(entries), read)


def against(size: int, entries: list[bytes]) -> Evidence:
    """The example's log at a size against another history."""
    return evidence_of(
        signed(ex.ENTRIES[:size]),
        signed(entries),
        root_at(entries, size),
        path_between(entries, size),
        ex.VKEY,
    )


def evidence() -> File:
    made = against(3, LATE)
    cosigned = checkpoint.cosign_checkpoint(
        made.first, ex.WITNESS_KEY, ex.WITNESS_NAME, ex.WITNESS_TIME_S
    )
    good = {
        "sizes-3-and-4": made,
        "one-size": against(3, LATE[:3]),
        "from-a-power-of-two": against(2, EARLY),
        "from-size-1-of-another-first-entry": evidence_of(
            signed(ex.ENTRIES[:1]),
            signed(_OTHERS),
            root_at(_OTHERS, 1),
            path_between(_OTHERS, 1),
            ex.VKEY,
        ),
        "first-is-cosigned": Evidence(cosigned, made.second, made.root, made.path),
    }
    value = json.loads(write_evidence(made))
    one_size = json.loads(write_evidence(good["one-size"]))
    first, second = value["checkpoints"]
    third = signed(ex.ENTRIES[:2]).decode()
    stranger = sign_checkpoint(ex.key("stranger"), ex.head_of(LATE)).decode()
    wrong = {
        "one-history": value
        | {
            "checkpoints": [third, first],
            "root": root_at(ex.ENTRIES, 2).hex(),
            "path": _texts(path_between(ex.ENTRIES, 2)),
        },
        "the-same-checkpoint-twice": one_size
        | {"checkpoints": [first, first], "root": ex.HEAD.root.hex()},
        "larger-first": value | {"checkpoints": [second, first]},
        "greater-root-first": one_size
        | {
            "checkpoints": one_size["checkpoints"][::-1],
            "root": _root_of(one_size["checkpoints"][0]),
        },
        "root-of-the-first": value | {"root": ex.HEAD.root.hex()},
        "root-of-nothing": value | {"root": "00" * 32},
        "path-cut-short": value | {"path": value["path"][:-1]},
        "path-too-long": value | {"path": [*value["path"], value["path"][0]]},
        "path-with-one-size": one_size | {"path": value["path"][:1]},
        "path-in-another-order": value | {"path": value["path"][::-1]},
        "hash-without-padding": value | {"path": [node.rstrip("=") for node in value["path"]]},
        "not-signed-by-the-log": value | {"checkpoints": [first, stranger]},
        "second-changed": value | {"checkpoints": [first, second.replace("\n4\n", "\n5\n")]},
        "three-checkpoints": value | {"checkpoints": [third, first, second]},
        "one-checkpoint": value | {"checkpoints": [first]},
        "member-missing": {name: value[name] for name in value if name != "path"},
        "member-more": value | {"origin": ex.ORIGIN},
        "another-kind": value | {"kind": "event"},
        "version-2": value | {"v": 2},
        "root-in-capitals": value | {"root": value["root"].upper()},
    }
    assert all(a != b for a, b in pairwise(value["path"]))
    files = {name: _spelled(one) for name, one in wrong.items()}
    text = write_evidence(made).decode()
    files |= {
        "no-final-newline": text[:-1],
        "two-final-newlines": text + "\n",
        "spaces": text.replace(",", ", "),
    }
    return file_of(
        "Files of evidence under the log's vkey: which sizes and roots exclude each other.",
        [_case(name, one) for name, one in good.items()],
        [{"name": name, "evidence": file, "vkey": ex.VKEY} for name, file in files.items()],
    )


def _case(name: str, made: Evidence) -> Case:
    found = open_evidence(made, ex.VKEY)
    heads = found.first.checkpoint, found.second.checkpoint
    return {
        "name": name,
        "evidence": write_evidence(made).decode(),
        "vkey": ex.VKEY,
        "sizes": [head.size for head in heads],
        "roots": [head.root.hex() for head in heads],
        "root_in_second": found.root.hex(),
    }


def _root_of(note: str) -> str:
    return checkpoint.open_checkpoint(note.encode(), ex.VKEY).root.hex()


def _texts(path: tuple[Hash, ...]) -> list[str]:
    return [format_base64(node) for node in path]


def _spelled(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"

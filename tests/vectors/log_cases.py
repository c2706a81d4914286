"""Vectors of what the log gives: trees, tiles, notes, checkpoints, receipts, bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log import bundle, canonical, checkpoint, note, receipt, tiles, tree
from ledger.log.bundle_kinds import EventSubject
from ledger.log.hashes import format_base64, leaf_hash
from tests.vectors import example as ex
from tests.vectors.damage import bundle_with_entries, relog, swap, vkey_of
from tests.vectors.shape import Case, File, file_of, spell

if TYPE_CHECKING:
    from collections.abc import Sequence


def trees() -> File:
    leaves = [leaf_hash(f"leaf {number}".encode()) for number in range(11)]
    edge, full = tiles.TileEdge().extend(leaves)
    assert not full

    def read(level: int, number: int, width: int) -> bytes:
        return edge.partial[level][: width * 32]

    def hexes(path: Sequence[bytes]) -> list[str]:
        return [node.hex() for node in path]

    roots = [tree.root_of(leaves[:size]).hex() for size in range(12)]
    inclusions = [
        {
            "name": f"inclusion-{index}-of-{size}",
            "leaf": leaves[index].hex(),
            "index": index,
            "size": size,
            "path": hexes(tree.path_of(leaves[:size], index)),
            "root": roots[size],
        }
        for size, index in ((1, 0), (2, 1), (3, 2), (7, 0), (8, 5), (11, 10), (11, 6))
    ]
    consistencies = [
        {
            "name": f"consistency-{size1}-to-{size2}",
            "size1": size1,
            "root1": roots[size1],
            "size2": size2,
            "root2": roots[size2],
            "path": hexes(tiles.consistency_path(size1, size2, read)),
        }
        for size1, size2 in ((1, 1), (1, 2), (2, 3), (4, 8), (6, 8), (3, 7), (7, 11))
    ]
    inclusion, consistency = inclusions[-1], consistencies[-1]
    path, steps = list(inclusion["path"]), list(consistency["path"])  # type: ignore[call-overload]
    return file_of(
        "RFC 6962 trees over leaf hashes of 'leaf 0', 'leaf 1', …; roots of size 0 to 11; proofs.",
        [
            {"name": "roots", "entries": [f"leaf {n}" for n in range(11)], "roots": roots},
            *inclusions,
            *consistencies,
        ],
        [
            {**inclusion, "name": "wrong-leaf", "leaf": leaves[5].hex()},
            {**inclusion, "name": "wrong-index", "index": 7},
            {**inclusion, "name": "index-outside-the-tree", "index": 11},
            {**inclusion, "name": "wrong-size", "size": 22},
            {**inclusion, "name": "wrong-root", "root": roots[10]},
            {**inclusion, "name": "truncated-path", "path": path[:-1]},
            {**inclusion, "name": "trailing-garbage", "path": [*path, roots[0]]},
            {**inclusion, "name": "path-reversed", "path": path[::-1]},
            {**inclusion, "name": "modified-path", "path": [roots[0], *path[1:]]},
            {**consistency, "name": "roots-swapped", "root1": roots[11], "root2": roots[7]},
            {**consistency, "name": "wrong-size1", "size1": 6},
            {**consistency, "name": "shrinking", "size1": 12},
            {
                **consistency,
                "name": "from-an-empty-tree",
                "size1": 0,
                "root1": roots[0],
                "path": [],
            },
            {**consistency, "name": "truncated-proof", "path": steps[:-1]},
            {**consistency, "name": "trailing-proof", "path": [*steps, roots[0]]},
            {**consistency, "name": "empty-proof", "path": []},
            {**consistency, "name": "one-size-two-roots", "size1": 11, "path": []},
        ],
    )


def tile_files() -> File:
    paths = [
        (0, 0, 256), (0, 7, 5), (1, 1_234_067, 256), (2, 1_000, 1), (63, 999, 255),
        (tiles.ENTRIES, 12, 112),
    ]  # fmt: skip
    leaves = [leaf_hash(f"leaf {number}".encode()) for number in range(600)]
    edge, full = tiles.TileEdge().extend(leaves)
    named = {(tile.level, tile.number): tile.hashes for tile in full}
    named |= {
        (level, len(leaves) >> 8 * (level + 1)): row for level, row in enumerate(edge.partial)
    }
    accepted: list[Case] = [
        {
            "name": f"path-{number}",
            "path": tiles.tile_path(*place),
            "level": "entries" if place[0] == tiles.ENTRIES else place[0],
            "number": place[1],
            "width": place[2],
        }
        for number, place in enumerate(paths)
    ]
    accepted.append(
        {
            "name": "tiles-of-600-leaves",
            "entries": "leaf 0 … leaf 599",
            "root": tree.root_of(leaves).hex(),
            "tiles": {
                tiles.tile_path(level, number, len(row) // 32): leaf_hash(row).hex()
                for (level, number), row in sorted(named.items())
            },
        }
    )
    accepted.append(
        {
            "name": "entry-bundle",
            "entries": ["ab", "", "abc"],
            "bundle": tiles.entry_bundle([b"ab", b"", b"abc"]).hex(),
        }
    )
    wrong = {
        "number-not-padded": "tile/0/0",
        "number-padded-twice": "tile/0/x000/000",
        "width-zero": "tile/0/001.p/0",
        "width-256": "tile/0/001.p/256",
        "width-padded": "tile/0/001.p/01",
        "level-padded": "tile/00/001",
        "level-64": "tile/64/001",
        "last-part-with-x": "tile/0/x001/x002",
        "first-part-without-x": "tile/0/001/002",
        "trailing-slash": "tile/0/001/",
        "trailing-newline": "tile/0/001\n",
        "leading-slash": "/tile/0/001",
    }
    return file_of(
        "Paths of tiles; tiles by SHA-256(0x00 ‖ tile bytes); an entry bundle in hexadecimal.",
        accepted,
        [{"name": name, "path": path} for name, path in wrong.items()],
    )


def notes() -> File:
    text = checkpoint.format_checkpoint(ex.HEAD)
    signed = ex.SIGNED.decode()
    line = signed.rpartition("\n\n")[2]
    unknown = "— elsewhere.example/w TnKKVHLXAAAA\n"
    other = note.sign_note("another text\n", ex.LOG_KEY, ex.ORIGIN).rpartition("\n\n")[2]
    name, key_id, material = ex.VKEY.split("+", 2)
    wrong = {
        "no-signature": text,
        "no-empty-line": signed.replace("\n\n", "\n"),
        "hyphen-for-dash": signed.replace("— ", "- "),
        "carriage-returns": signed.replace("\n", "\r\n"),
        "control-character": signed.replace("3\n", "\t3\n"),
        "no-final-newline": signed[:-1],
        "trailing-garbage": signed + "x",
        "line-by-an-unknown-key-only": text + "\n" + unknown,
        "known-key-over-another-text": text + "\n" + other,
        "known-key-twice": signed + line,
        "padding-missing": signed[:-2] + "\n",
        "text-changed": signed.replace("\n3\n", "\n4\n"),
        "name-with-plus": signed + "— a+b AAAAAAAA\n",
        "signature-of-four-bytes": signed + "— a AAAAAA==\n",
    }
    vkeys = {
        "vkey-of-another-name": ex.VKEY.replace("ledger.", "lodger."),
        "vkey-without-key-id": f"{name}+{material}",
        "vkey-with-upper-case-key-id": f"{name}+{key_id.upper()}+{material}",
        "vkey-cut-short": ex.VKEY[:-1],
        "vkey-of-unknown-kind": vkey_of(name, b"\x02" + ex.LOG_KEY.public.x),
        "vkey-of-low-order": vkey_of(name, b"\x01\x01" + bytes(31)),
    }
    return file_of(
        "Signed notes under the vkeys given, and vkeys themselves.",
        [
            {
                "name": "one-signature",
                "note": signed,
                "vkeys": [ex.VKEY],
                "text": text,
                "times_s": [None],
            },
            {
                "name": "a-witness-beside-the-log",
                "note": ex.COSIGNED.decode(),
                "vkeys": [ex.VKEY, ex.WITNESS_VKEY],
                "text": text,
                "times_s": [None, ex.WITNESS_TIME_S],
            },
            {
                "name": "an-unknown-line-is-ignored",
                "note": signed + unknown,
                "vkeys": [ex.VKEY],
                "text": text,
                "times_s": [None],
            },
        ],
        [{"name": n, "note": text_, "vkeys": [ex.VKEY]} for n, text_ in wrong.items()]
        + [{"name": n, "vkey": vkey} for n, vkey in vkeys.items()],
    )


def checkpoints() -> File:
    text = checkpoint.format_checkpoint(ex.HEAD)
    origin, size, root, _ = text.split("\n")
    witness_line = ex.COSIGNED.decode().rpartition("\n— ")[2]

    def sign(wrong: str) -> str:
        return note.sign_note(wrong, ex.LOG_KEY, ex.ORIGIN)

    wrong = {
        "extension-line": sign(text + "extra\n"),
        "two-lines": sign(f"{origin}\n{size}\n"),
        "leading-zero": sign(f"{origin}\n0{size}\n{root}\n"),
        "negative-size": sign(f"{origin}\n-{size}\n{root}\n"),
        "size-of-2-to-the-53": sign(f"{origin}\n9007199254740992\n{root}\n"),
        "hexadecimal-root": sign(f"{origin}\n{size}\n{ex.HEAD.root.hex()}\n"),
        "root-without-padding": sign(f"{origin}\n{size}\n{root[:-1]}\n"),
        "root-with-loose-bits": sign(f"{origin}\n{size}\n{root[:-2]}{swap(root[-2])}=\n"),
        "empty-log-with-a-root": sign(f"{origin}\n0\n{root}\n"),
        "other-origin": sign(f"lodger.example/log\n{size}\n{root}\n"),
        "signed-by-a-party": note.sign_note(text, ex.ACME_KEY, ex.ORIGIN),
        "signed-by-the-witness-alone": text + "\n— " + witness_line,
    }
    empty = checkpoint.Checkpoint(ex.ORIGIN, 0, tree.root_of([]))
    return file_of(
        "Checkpoints under the log's vkey.",
        [
            {
                "name": name,
                "note": signed.decode(),
                "vkey": ex.VKEY,
                "origin": head.origin,
                "size": head.size,
                "root": head.root.hex(),
            }
            for name, signed, head in (
                ("three-entries", ex.SIGNED, ex.HEAD),
                ("cosigned", ex.COSIGNED, ex.HEAD),
                ("empty-log", checkpoint.sign_checkpoint(ex.LOG_KEY, empty), empty),
            )
        ],
        [{"name": n, "note": text_, "vkey": ex.VKEY} for n, text_ in wrong.items()],
    )


def receipts() -> File:
    def case(name: str, data: bytes, entry: int = 1) -> Case:
        return {
            "name": name,
            "receipt": spell(data),
            "jws": ex.ENTRIES[entry].decode(),
            "vkey": ex.VKEY,
        }

    data = receipt.format_receipt(ex.RECEIPT)
    cosigned = data.partition(b"\n\n")[0] + b"\n\n" + ex.COSIGNED
    only = receipt.Receipt(
        0, (), checkpoint.sign_checkpoint(ex.LOG_KEY, ex.head_of(ex.ENTRIES[:1]))
    )
    first = format_base64(ex.RECEIPT.path[0]).encode()
    return file_of(
        "Receipts (C2SP tlog-proof) of a batch's JWS under the log's vkey.",
        [
            case("second-of-three", data),
            case("cosigned-later", cosigned),
            case("only-entry", receipt.format_receipt(only), 0),
        ],
        [
            case("other-version", data.replace(b"@v1", b"@v2")),
            case("no-index", data.replace(b"index 1\n", b"")),
            case("index-padded", data.replace(b"index 1", b"index 01")),
            case("wrong-index", data.replace(b"index 1", b"index 0")),
            case("extra-line", data.replace(b"index", b"extra YWJj\nindex")),
            case("hash-missing", data.replace(first + b"\n", b"")),
            case("hash-repeated", data.replace(first, first + b"\n" + first)),
            case("hash-without-padding", data.replace(first, first[:-1])),
            case("no-checkpoint", data.partition(b"\n\n")[0] + b"\n"),
            case("carriage-returns", data.replace(b"\n", b"\r\n")),
            case("size-changed", data.replace(b"\n3\n", b"\n4\n")),
            case("wrong-entry", data, 0),
            case("checkpoint-of-another-log", data.replace(ex.SIGNED, relog(ex.HEAD))),
        ],
    )


def bundles() -> File:
    data = ex.BUNDLE_DATA

    def changed(old: bytes, new: bytes) -> bytes:
        assert data.count(old) >= 1, old
        return data.replace(old, new, 1)

    only = bundle.Bundle(
        ex.SIGNED,
        (ex.bundle_entry(0, ex.shown(0), ex.shown(2)),),
        EventSubject(event=f"{ex.POWER}@1"),
    )
    cosigned = bundle.Bundle(ex.COSIGNED, ex.BUNDLE.entries, ex.BUNDLE.subject)
    wrong = {
        "trailing-space": data[:-1] + b" \n",
        "no-final-newline": data[:-1],
        "two-newlines": data + b"\n",
        "other-kind": changed(b'"kind":"event"', b'"kind":"sum"'),
        "version-2": changed(b'"v":1}', b'"v":2}'),
        "version-true": changed(b'"v":1}', b'"v":true}'),
        "unknown-member": changed(b'"v":1}', b'"v":1,"w":1}'),
        "position-float": changed(b'"position":1', b'"position":1.0'),
        "wrong-position": changed(b'"position":1', b'"position":2'),
        "wrong-index": changed(b'"index":1', b'"index":2'),
        "data-changed": changed(b'"quantity":"4"', b'"quantity":"5"'),
        "wrong-previous": changed(
            b'"previous":"' + ex.POWER_LEAVES[0].hex().encode(), b'"previous":"' + b"ab" * 32
        ),
        "withheld-type-changed": changed(b'"type":"ProfileRecorded"', b'"type":"ActivityRecorded"'),
        "path-not-base64": changed(b'"path":["', b'"path":["-'),
        "path-shortened": changed(
            b'"path":["' + format_base64(ex.shown(1).path[0]).encode() + b'",', b'"path":['
        ),
        "subject-not-in-the-file": changed(b'electricity@2"', b'electricity@3"'),
        "checkpoint-of-another-log": data.replace(
            canonical.encode({"a": ex.SIGNED.decode()})[5:-1],
            canonical.encode({"a": relog(ex.HEAD).decode()})[5:-1],
        ),
        "entries-out-of-order": bundle_with_entries(data, slice(None, None, -1)),
        "entry-twice": bundle_with_entries(data, None),
    }
    return file_of(
        "Bundles of kind event under the log's vkey; signatures of the parties' keys are checked besides.",
        [
            {
                "name": name,
                "bundle": spell(file),
                "vkey": ex.VKEY,
                "jwks": [ex.ACME_KEY.public.jwk, ex.METER_KEY.public.jwk],
            }
            for name, file in (
                ("one-reading-and-a-withheld-profile", data),
                ("two-readings-of-one-batch", bundle.write_bundle(only)),
                ("cosigned", bundle.write_bundle(cosigned)),
            )
        ],
        [
            {
                "name": name,
                "bundle": spell(file),
                "vkey": ex.VKEY,
                "jwks": [ex.ACME_KEY.public.jwk, ex.METER_KEY.public.jwk],
            }
            for name, file in wrong.items()
        ],
    )

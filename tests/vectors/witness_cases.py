"""Vectors of what a witness gives and is given: cosignatures of both kinds, requests.

An ML-DSA-44 signature is another one each time, so the one that is frozen stands in a file beside
this; the message under it is computed.
"""

from __future__ import annotations

import base64
from pathlib import Path

from ledger.log import add_checkpoint, checkpoint, cosignature, note, tiles, tree
from ledger.log.hashes import format_base64, leaf_hash
from ledger.log.mldsa import MlDsaPrivateKey
from tests.vectors import example as ex
from tests.vectors.damage import vkey_of
from tests.vectors.shape import Case, File, file_of, spell

PQ_KEY = MlDsaPrivateKey(ex.seed("quantum"))
PQ = note.cosigner(ex.WITNESS_NAME, PQ_KEY.public)
PQ_VKEY = note.format_vkey(PQ)
PQ_LINE = (Path(__file__).parent / "ml_dsa_44_line.txt").read_text()
"""The cosignature of example.SIGNED at example.WITNESS_TIME_S by this key."""


def cosignatures() -> File:
    text = checkpoint.format_checkpoint(ex.HEAD)
    signed = ex.SIGNED.decode()
    ed_line = ex.COSIGNED.decode().removeprefix(signed)
    pq = signed + PQ_LINE
    time_s = ex.WITNESS_TIME_S
    ed_message = cosignature.ed25519_message(text, time_s).hex()
    pq_message = cosignature.ml_dsa_message(ex.WITNESS_NAME, text, time_s).hex()
    unknown = f"— {ex.WITNESS_NAME} {_encoded(b'????' + bytes(3000))}\n"
    other = checkpoint.format_checkpoint(checkpoint.Checkpoint(ex.ORIGIN, 4, ex.HEAD.root))
    moved = signed + _changed(PQ_LINE, 11)

    def case(name: str, note_: str, vkeys: list[str], times_s: list[int | None]) -> Case:
        messages = {note.COSIGNATURE_V1: ed_message, note.ML_DSA_44: pq_message}
        kinds = [note.parse_vkey(vkey).kind for vkey in vkeys]
        return {
            "name": name,
            "note": note_,
            "vkeys": vkeys,
            "text": text,
            "times_s": times_s,
            "messages": [messages[kind] for kind in kinds if kind in messages],
        }

    wrong = {
        "time-changed": moved,
        "ed25519-time-changed": signed + _changed(ed_line, 11),
        "signature-changed": signed + _changed(PQ_LINE, 1000),
        "last-bit-changed": signed + _changed(PQ_LINE, -1),
        "size-changed": pq.replace("\n3\n", "\n4\n"),
        "signature-cut-short": signed + _resized(PQ_LINE, -1),
        "signature-with-a-byte-more": signed + _resized(PQ_LINE, 1),
        "time-of-2-to-the-63": signed + _at_time(PQ_LINE, 2**63),
        "known-key-twice": pq + PQ_LINE,
        "line-of-another-checkpoint": f"{other}\n{PQ_LINE}",
        "ed25519-signature-of-the-post-quantum-message": signed + _crossed(),
        "no-line-of-the-witness": signed,
    }
    material = b"\x06" + PQ_KEY.public.x
    vkeys = {
        "vkey-cut-short": vkey_of(ex.WITNESS_NAME, material[:-1]),
        "vkey-with-a-byte-more": vkey_of(ex.WITNESS_NAME, material + b"\0"),
        "vkey-of-ed25519-length": vkey_of(ex.WITNESS_NAME, b"\x06" + ex.WITNESS_KEY.public.x),
        "vkey-of-another-name": PQ_VKEY.replace("witness.", "wetness."),
        "vkey-of-type-5": vkey_of(ex.WITNESS_NAME, b"\x05" + PQ_KEY.public.x),
    }
    return file_of(
        "Cosigned checkpoints under vkeys (log first, where it stands there), and the signed messages"
        " in hexadecimal; vkeys themselves. A refused note is opened with the witness's two keys.",
        [
            case("ml-dsa-44", pq, [ex.VKEY, PQ_VKEY], [None, time_s]),
            case("ed25519", signed + ed_line, [ex.VKEY, ex.WITNESS_VKEY], [None, time_s]),
            case(
                "both-keys-of-one-witness",
                signed + ed_line + PQ_LINE,
                [ex.VKEY, ex.WITNESS_VKEY, PQ_VKEY],
                [None, time_s, time_s],
            ),
            case("post-quantum-line-of-an-unknown-key", pq, [ex.VKEY], [None]),
            case("line-of-an-unknown-algorithm", signed + unknown, [ex.VKEY], [None]),
            {"name": "vkey-of-ml-dsa-44", "vkey": PQ_VKEY},
        ],
        [
            {"name": name, "note": text_, "vkeys": [ex.WITNESS_VKEY, PQ_VKEY]}
            for name, text_ in wrong.items()
        ]
        + [{"name": name, "vkey": vkey} for name, vkey in vkeys.items()],
    )


def requests() -> File:
    leaves = [leaf_hash(entry) for entry in ex.ENTRIES]
    edge, _ = tiles.TileEdge().extend(leaves)

    def read(level: int, number: int, width: int) -> bytes:
        return edge.partial[level][: width * 32]

    def case(name: str, old: int) -> Case:
        proof = tiles.consistency_path(old, len(leaves), read) if old else ()
        request = add_checkpoint.AddCheckpoint(old, proof, ex.SIGNED)
        return {
            "name": name,
            "request": spell(add_checkpoint.format_request(request)),
            "vkey": ex.VKEY,
            "old": old,
            "old_root": tree.root_of(leaves[:old]).hex(),
            "proof": [format_base64(node) for node in proof],
        }

    two = add_checkpoint.format_request(
        add_checkpoint.AddCheckpoint(2, tiles.consistency_path(2, len(leaves), read), ex.SIGNED)
    ).decode()
    line = two.split("\n")[1]
    wrong = {
        "no-old-line": two.partition("\n")[2],
        "old-padded": two.replace("old 2", "old 02"),
        "old-negative": two.replace("old 2", "old -2"),
        "two-spaces": two.replace("old 2", "old  2"),
        "size-of-2-to-the-53": two.replace("old 2", "old 9007199254740992"),
        "no-empty-line": two.replace("\n\n", "\n"),
        "carriage-returns": two.replace("\n", "\r\n"),
        "hash-without-padding": two.replace(line, line[:-1]),
        "hash-in-hexadecimal": two.replace(line, leaves[2].hex()),
        "64-lines": two.replace(line, "\n".join([line] * 64)),
        "no-checkpoint": two.partition("\n\n")[0] + "\n\n",
        "proof-missing": two.replace(line + "\n", ""),
        "proof-of-another-tree": two.replace(line, format_base64(leaves[0])),
    }
    return file_of(
        "Bodies of add-checkpoint requests under the log's vkey, from a tree of size `old` with root"
        " `old_root`; refused ones are sent to a witness that knows size 2.",
        [case("first", 0), case("from-1", 1), case("from-2", 2), case("again", 3)],
        [
            {
                "name": name,
                "request": body,
                "vkey": ex.VKEY,
                "old": 2,
                "old_root": tree.root_of(leaves[:2]).hex(),
            }
            for name, body in wrong.items()
        ],
    )


def _blob(line: str) -> bytes:
    return base64.b64decode(line.split(" ")[2])


def _encoded(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _with(line: str, blob: bytes) -> str:
    return " ".join([*line.split(" ")[:2], _encoded(blob)]) + "\n"


def _changed(line: str, at: int) -> str:
    blob = bytearray(_blob(line))
    blob[at] ^= 1
    return _with(line, bytes(blob))


def _resized(line: str, by: int) -> str:
    blob = _blob(line)
    return _with(line, blob[:by] if by < 0 else blob + bytes(by))


def _at_time(line: str, time_s: int) -> str:
    blob = _blob(line)
    return _with(line, blob[:4] + time_s.to_bytes(8, "big") + blob[12:])


def _crossed() -> str:
    """The witness's Ed25519 key over what its other key signs."""
    verifier = note.parse_vkey(ex.WITNESS_VKEY)
    text = checkpoint.format_checkpoint(ex.HEAD)
    message = cosignature.ml_dsa_message(ex.WITNESS_NAME, text, ex.WITNESS_TIME_S)
    blob = verifier.key_id + ex.WITNESS_TIME_S.to_bytes(8, "big") + ex.WITNESS_KEY.sign(message)
    return f"— {ex.WITNESS_NAME} {_encoded(blob)}\n"

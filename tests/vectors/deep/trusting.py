"""One file under checkpoints with cosignatures, as it is judged by whoever trusts these witnesses or those."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ledger.log.checkpoint import cosign_checkpoint
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.note import cosigner, format_vkey
from tests.unit.world import key_of
from tests.vectors.deep.changed import Edit, value_of

TIME_S: Final = 1_795_327_205
CERTIFIER, REGULATOR, REPLAYING, QUANTUM = (
    "certifier.example/w",
    "regulator.example/w",
    "certifier.example/replay",
    "quantum.example/w",
)
PQ_KEY: Final = MlDsaPrivateKey(b"\x66" * 32)
LINE: Final = Path(__file__).parent / "ml_dsa_44_line.txt"
"""The cosignature of the file's checkpoint by this key; each signature is another one."""


def _vkey(name: str) -> str:
    return format_vkey(cosigner(name, key_of(name[:20]).public))


def _signed(note: str, *names: str) -> str:
    data = note.encode()
    for name in names:
        data = cosign_checkpoint(data, key_of(name[:20]), name, TIME_S)
    return data.decode()


def trusting(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cases that hold and cases that are refused, by name: the trust, the note, and the defect."""
    note = str(value_of(data)["checkpoint"])
    both = _signed(note, CERTIFIER, REGULATOR)
    line = LINE.read_text()
    pq = format_vkey(cosigner(QUANTUM, PQ_KEY.public))
    certifier, regulator = f"certifier={_vkey(CERTIFIER)}", f"regulator={_vkey(REGULATOR)}"
    replaying = f"certifier={_vkey(REPLAYING)}"
    good = {
        "cosigned-by-nobody-known": (both, {}),
        "cosigned": (both, {"witnesses": [certifier]}),
        "cosigned-without-a-role": (both, {"witnesses": [_vkey(REGULATOR)]}),
        "cosigned-by-two": (
            both, {"witnesses": [certifier, regulator], "policy": "2,certifier=1,regulator=1"}),
        "one-of-two": (
            _signed(note, REGULATOR), {"witnesses": [certifier, regulator], "policy": "1"}),
        "replayed": (_signed(note, REPLAYING), {"replayed": [replaying]}),
        "replayed-and-enough": (
            _signed(both, REPLAYING),
            {"witnesses": [certifier], "replayed": [replaying], "policy": "1,certifier=1"}),
        "replayed-and-only-trusted-to-see": (_signed(note, REPLAYING), {"witnesses": [replaying]}),
        "not-yet-replayed": (both, {"witnesses": [certifier], "replayed": [replaying]}),
        "beside-an-unknown-key-of-a-known-name": (
            both + _signed(note, CERTIFIER).removeprefix(note).replace(CERTIFIER, QUANTUM),
            {"witnesses": [certifier]}),
        "post-quantum": (note + line, {"witnesses": [f"regulator={pq}"], "policy": "regulator=1"}),
        "post-quantum-beside-another": (both + line, {"witnesses": [certifier, pq], "policy": "2"}),
        "post-quantum-by-nobody-known": (note + line, {}),
    }  # fmt: skip
    later = cosign_checkpoint(note.encode(), key_of(CERTIFIER[:20]), CERTIFIER, TIME_S + 1).decode()
    one = _signed(note, CERTIFIER)
    forged = one[:-30] + later[-30:]
    thief = cosign_checkpoint(note.encode(), key_of("thief"), CERTIFIER, TIME_S).decode()
    refused = {
        "a-cosignature-of-another-time": (forged, {"witnesses": [certifier]}, "cosignature"),
        "a-replaying-cosignature-of-another-time": (forged, {"replayed": [certifier]}, "cosignature"),
        "a-cosignature-twice": (
            one + one.removeprefix(note), {"witnesses": [certifier]}, "cosignature"),
        "too-few": (one, {"witnesses": [certifier, regulator], "policy": "2"}, "policy"),
        "too-few-of-a-role": (
            both, {"witnesses": [certifier, regulator], "policy": "certifier=2"}, "policy"),
        "none-of-a-role": (one, {"witnesses": [certifier], "policy": "regulator=1"}, "policy"),
        "a-policy-and-nobody-trusted": (both, {"policy": "1"}, "policy"),
        "a-replaying-one-counted": (
            _signed(both, REPLAYING),
            {"witnesses": [certifier], "replayed": [replaying], "policy": "2,certifier=1"}, "policy"),
        "a-replaying-one-given-as-a-witness-too": (
            _signed(note, REPLAYING),
            {"witnesses": [replaying], "replayed": [replaying], "policy": "1"}, "policy"),
        "a-known-name-and-another-key": (
            thief, {"witnesses": [certifier], "policy": "certifier=1"}, "policy"),
        "a-post-quantum-cosignature-that-is-changed": (
            note + line[:-9] + ("A" if line[-9] != "A" else "B") + line[-8:],
            {"witnesses": [pq]}, "cosignature"),
    }  # fmt: skip
    return good, refused


def edits_of(note: str) -> list[Edit]:
    return [{"at": ["checkpoint"], "to": note}]


def sign_line(data: bytes) -> str:
    """A new line of the post-quantum key for a file's checkpoint."""
    note = str(value_of(data)["checkpoint"]).encode()
    return cosign_checkpoint(note, PQ_KEY, QUANTUM, TIME_S).decode().removeprefix(note.decode())

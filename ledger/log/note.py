"""A note is a text and the signatures of whoever stands behind it, one line each.

    ledger.example/log
    812
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — ledger.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+…

Rules: UTF-8 without control characters but LF; the text ends in LF and is parted from the signatures
by the last empty line; a line is an em dash, a key's name and base64 of key id (4 bytes) and
signature. A line of a key that the reader does not know is ignored, a line of a known key must
verify, and at least one must be there. A verifier key is `<name>+<key id>+<base64 of type and key>`.
Types: 0x01 Ed25519 over the text, 0x04 cosignature/v1 (Ed25519 with a time), 0x06 ML-DSA-44 (with a
time, over a checkpoint). A verifier key of another type is refused, so lines of other types are
always those of unknown keys.
Source: C2SP signed-note, tlog-cosignature; formats, sections 2 and 7.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.errors import BadKey, BadNote, BadSignature
from ledger.log import keys
from ledger.log.cosignature import MAX_TIME_S, ed25519_message, ml_dsa_message
from ledger.log.keys import PrivateKey, PublicKey
from ledger.log.mldsa import MlDsaPrivateKey, MlDsaPublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04
ML_DSA_44: Final = 0x06

MAX_SIGNATURES: Final = 64

_DASH: Final = "\N{EM DASH} "
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class Verifier(msgspec.Struct, frozen=True):
    """A key with the name and the kind of signature that it is trusted for."""

    name: str
    kind: int
    """ED25519, COSIGNATURE_V1 or ML_DSA_44."""
    key: PublicKey | MlDsaPublicKey

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in {ED25519, COSIGNATURE_V1, ML_DSA_44}:
            raise BadNote("this kind of verifier key is not known", found=f"0x{self.kind:02x}")
        if isinstance(self.key, MlDsaPublicKey) != (self.kind == ML_DSA_44):
            raise BadNote("this kind of verifier key has another key", found=f"0x{self.kind:02x}")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name ‖ LF ‖ kind ‖ key)."""
        return _key_id(self.name, self.kind, self.key.x)


class NoteSignature(msgspec.Struct, frozen=True):
    """A signature that was verified."""

    verifier: Verifier
    time_s: int | None = None
    """Seconds since the epoch that a cosignature states."""


class OpenedNote(msgspec.Struct, frozen=True):
    """A text that at least one known key has signed."""

    text: str
    signatures: tuple[NoteSignature, ...]


class NoteLine(msgspec.Struct, frozen=True):
    """A signature line in form; whether it verifies is not known."""

    name: str
    key_id: bytes
    signature: bytes


class ReadNote(msgspec.Struct, frozen=True):
    """A note in form, of which no signature is verified yet."""

    text: str
    lines: tuple[NoteLine, ...]

    def opened_by(self, verifiers: Iterable[Verifier]) -> OpenedNote:
        """Text and verified signatures; raises BadNote, BadSignature, also where no key is known."""
        known = tuple(verifiers)
        found = self.signatures_of(known)
        if not found:
            raise BadSignature(
                "no known key has signed this note",
                expected=", ".join(sorted(verifier.name for verifier in known)),
                found=", ".join(line.name for line in self.lines),
            )
        return OpenedNote(self.text, found)

    def signatures_of(self, verifiers: Iterable[Verifier]) -> tuple[NoteSignature, ...]:
        """Those of these keys, in the note's order; raises BadNote, BadSignature for a wrong one."""
        known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
        found: dict[tuple[str, bytes], NoteSignature] = {}
        for line in self.lines:
            place = (line.name, line.key_id)
            verifier = known.get(place)
            if verifier is None:
                continue  # C2SP signed-note: signatures from unknown keys are ignored.
            if place in found:
                raise BadNote("a key has signed twice", found=line.name)
            found[place] = _verify(verifier, self.text, line.signature)
        return tuple(found.values())


def log_vkey(origin: str, public_key: PublicKey) -> str:
    """The verifier key of a log: its name everywhere in the ledger."""
    return format_vkey(Verifier(origin, ED25519, public_key))


def format_vkey(verifier: Verifier) -> str:
    """`<name>+<key id, 8 hexadecimal digits>+<base64 of kind ‖ key>`."""
    encoded = _base64(bytes([verifier.kind]) + verifier.key.x)
    return f"{verifier.name}+{verifier.key_id.hex()}+{encoded}"


@lru_cache(maxsize=64)
def parse_vkey(vkey: str) -> Verifier:
    """The verifier of a vkey in its one spelling; raises BadNote, or BadKey for an unsafe key."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or _KEY_ID.fullmatch(parts[1]) is None:
        raise BadNote(
            "not a verifier key", expected="<name>+<key id>+<base64>", found=repr(vkey[:200])
        )
    material = _parse_base64(parts[2], "the key of a verifier key")
    verifier = Verifier(parts[0], material[0], _public_key(material[0], material[1:]))
    if verifier.key_id.hex() != parts[1]:
        raise BadNote(
            "the key id does not belong to name and key",
            expected=verifier.key_id.hex(),
            found=parts[1],
        )
    return verifier


def ed25519_key(vkey: str) -> PublicKey:
    """The key of a vkey, as a log's is; raises BadNote for one of another algorithm, BadKey."""
    key = parse_vkey(vkey).key
    if not isinstance(key, PublicKey):
        raise BadNote("not an Ed25519 key, as a log has", found=key.alg)
    return key


def sign_note(text: str, key: PrivateKey, name: str) -> str:
    """The note with one Ed25519 signature; raises BadNote for a text that cannot be one."""
    _check_text(text)
    verifier = Verifier(name, ED25519, key.public)
    return f"{text}\n{_line(verifier, key.sign(text.encode()))}"


def cosign_note(note: str, key: PrivateKey | MlDsaPrivateKey, name: str, time_s: int) -> str:
    """The note with one more line, a cosignature with this time (seconds since the epoch)."""
    return note + cosignature(note, key, name, time_s)


def cosignature(note: str, key: PrivateKey | MlDsaPrivateKey, name: str, time_s: int) -> str:
    """The line alone, with its LF: of the kind that belongs to the key. Raises BadNote."""
    text, _ = _split(note)
    verifier = cosigner(name, key.public)
    signature = key.sign(_cosigned(verifier, text, time_s))
    return _line(verifier, time_s.to_bytes(8, "big") + signature)


def cosigner(name: str, key: PublicKey | MlDsaPublicKey) -> Verifier:
    """The verifier of a witness's key."""
    kind = ML_DSA_44 if isinstance(key, MlDsaPublicKey) else COSIGNATURE_V1
    return Verifier(name, kind, key)


def signer_of(line: str) -> tuple[str, bytes]:
    """Name and key id on a signature line (without LF); raises BadNote."""
    parsed = _parse_line(line)
    return parsed.name, parsed.key_id


def read_note(note: str) -> ReadNote:
    """Text and signature lines of a note in form; raises BadNote."""
    text, lines = _split(note)
    return ReadNote(text, tuple(lines))


def open_note(note: str, verifiers: Iterable[Verifier]) -> OpenedNote:
    """Text and verified signatures; raises BadNote, BadSignature.

    Refused: a wrong or repeated line of a known key, and a note without a line of a known key.
    """
    return read_note(note).opened_by(verifiers)


def _verify(verifier: Verifier, text: str, signature: bytes) -> NoteSignature:
    if verifier.kind == ED25519:
        _check(verifier.key, signature, text.encode())
        return NoteSignature(verifier)
    time_s = int.from_bytes(signature[:8], "big")
    if time_s > MAX_TIME_S:
        raise BadSignature("the time of a cosignature is out of range", found=f"{time_s}")
    _check(verifier.key, signature[8:], _cosigned(verifier, text, time_s))
    # C2SP tlog-cosignature: with ML-DSA-44, time zero states nothing of the time.
    return NoteSignature(verifier, None if verifier.kind == ML_DSA_44 and not time_s else time_s)


def _check(key: PublicKey | MlDsaPublicKey, signature: bytes, message: bytes) -> None:
    if isinstance(key, MlDsaPublicKey):
        key.verify(signature, message)
    else:
        keys.verify(key, signature, message)


def _cosigned(verifier: Verifier, text: str, time_s: int) -> bytes:
    if verifier.kind == ML_DSA_44:
        return ml_dsa_message(verifier.name, text, time_s)
    return ed25519_message(text, time_s)


def _split(note: str) -> tuple[str, list[NoteLine]]:
    """Text and signature lines of a note in form; raises BadNote."""
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise BadNote("not a note", expected="a text, an empty line, signature lines")
    text += "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadNote(
            "too many signatures", expected=f"at most {MAX_SIGNATURES}", found=f"{len(lines)}"
        )
    return text, [_parse_line(line) for line in lines]


def _parse_line(line: str) -> NoteLine:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise BadNote("not a signature line", expected="— <name> <base64>", found=repr(line[:120]))
    _check_name(parts[0])
    blob = _parse_base64(parts[1], "a signature")
    if len(blob) < 5:
        raise BadNote("a signature line is too short", found=repr(line[:120]))
    return NoteLine(parts[0], blob[:4], blob[4:])


def _line(verifier: Verifier, signature: bytes) -> str:
    return f"{_DASH}{verifier.name} {_base64(verifier.key_id + signature)}\n"


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise BadNote(
            "not the text of a note", expected="a final LF and no other control character"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadNote("the text of a note is UTF-8", found=str(error)) from error


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise BadNote(
            "not the name of a key", expected="no spaces and no +", found=repr(name[:120])
        )


def _public_key(kind: int, x: bytes) -> PublicKey | MlDsaPublicKey:
    try:
        return MlDsaPublicKey(x) if kind == ML_DSA_44 else PublicKey(x)
    except BadKey as error:
        raise BadKey("the key of a verifier key must not be trusted", found=str(error)) from error


def _key_id(name: str, kind: int, x: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + x).digest()[:4]


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _parse_base64(text: str, what: str) -> bytes:
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        data = b""
    if not data or _base64(data) != text:
        raise BadNote(f"{what} is not base64 in its one spelling", found=repr(text[:120]))
    return data

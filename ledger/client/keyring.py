"""A party's private keys lie in its own folder, one file each, and leave it in no way.

    <folder>/<party>/<thumbprint>.json      {"crv","d","kty","made_at","party","x"}, mode 0600

Rules: a key file that others can read is refused, as ssh does; nothing is ever overwritten; a key
that is retired stays, under another name, since nothing signed with it may become unexplainable.
A request carries only the public half and the proof that its maker holds the other one.
Source: RFC 8037 (`d` is the seed); formats, section 5.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from ledger.client import durable_file
from ledger.errors import BadFile, LedgerError, NotFound
from ledger.log import jws, note
from ledger.log.canonical import StructReader, encode_struct
from ledger.log.keys import (
    SEED_BYTES,
    PrivateKey,
    PublicKey,
    decode_base64url,
    encode_base64url,
    public_key,
)
from ledger.log.names import parse_party
from ledger.log.values import PartyName, UtcTimeText
from ledger.parties.events import Jwk

_SUFFIX: Final = ".json"
_RETIRED: Final = ".retired"


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private JWK with whose it is and since when."""

    crv: Literal["Ed25519"]
    d: str
    kty: Literal["OKP"]
    made_at: UtcTimeText
    party: PartyName
    x: str

    def __repr__(self) -> str:
        return f"KeyFile({self.party}, made {self.made_at})"


class HeldKey(msgspec.Struct, frozen=True):
    """A key of this folder, without its private half."""

    thumbprint: str
    party: str
    made_at: str
    retired: bool


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a party hands to the operator: its public key, and the proof that it holds the key."""

    key: Jwk
    log: str
    party: PartyName
    proof: str
    v: Literal[1]

    @property
    def public_key(self) -> PublicKey:
        """The key itself."""
        return public_key(self.key.members())


_key_reader: Final = StructReader(KeyFile)
_request_reader: Final = StructReader(KeyRequest)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """A moment as formats write it: whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Keyring:
    """The private keys of one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.folder: Final = folder
        self._now = now
        self._random = random

    def make(self, party: str) -> PrivateKey:
        """A new key of a party, on disk before it is returned."""
        parse_party(party)
        seed = self._random(SEED_BYTES)
        key = PrivateKey.from_seed(seed)
        file = KeyFile(
            crv="Ed25519",
            d=encode_base64url(seed),
            kty="OKP",
            made_at=utc_text(self._now()),
            party=party,
            x=encode_base64url(key.public.x),
        )
        durable_file.write_new(
            self._path(party, key.public.thumbprint), encode_struct(file) + b"\n"
        )
        return key

    def key(self, party: str, thumbprint: str | None = None) -> PrivateKey:
        """A party's key, the newest that is not retired when none is named; raises NotFound, BadFile."""
        held = [
            one
            for one in self.list(party)
            if one.thumbprint == thumbprint or (thumbprint is None and not one.retired)
        ]
        if not held:
            raise NotFound(
                f"no private key of {party} in {self.folder}",
                expected=f"key {thumbprint}" if thumbprint else "at least one",
                advice=f"Make one with: carbon-ledger key new {party}, "
                "or name the folder that holds it",
            )
        found = held[-1]
        path = self._path(party, found.thumbprint, retired=found.retired)
        return PrivateKey.from_seed(decode_base64url(_read(path, party).d))

    def list(self, party: str) -> list[HeldKey]:
        """A party's keys in this folder, the oldest first; raises BadFile for one that is damaged."""
        folder = self.folder / parse_party(party)
        found = []
        for path in folder.glob("[!.]*"):
            name = path.name
            retired = name.endswith(_RETIRED)
            if not name.removesuffix(_RETIRED).endswith(_SUFFIX):
                continue
            held = HeldKey(
                name.removesuffix(_RETIRED).removesuffix(_SUFFIX),
                party,
                _read(path, party).made_at,
                retired,
            )
            # Two keys of one second: the file system knows which came later.
            found.append((held.made_at, path.stat().st_mtime_ns, held.thumbprint, held))
        return [held for *_, held in sorted(found, key=lambda one: one[:3])]

    def parties(self) -> Sequence[str]:
        """The parties that have keys here, by name."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def retire(self, party: str, thumbprint: str) -> None:
        """Sign no more with this key unless it is named; its file stays. Raises NotFound."""
        path = self._path(party, thumbprint)
        if not path.exists():
            raise NotFound(f"no private key {thumbprint} of {party} in {self.folder}")
        path.rename(self._path(party, thumbprint, retired=True))
        durable_file.flush_folder(path.parent)

    def _path(self, party: str, thumbprint: str, *, retired: bool = False) -> Path:
        name = thumbprint + _SUFFIX + (_RETIRED if retired else "")
        return self.folder / parse_party(party) / name


def make_request(key: PrivateKey, log: str, party: str) -> KeyRequest:
    """The request that makes this key known; `log` is the vkey of the ledger's log."""
    note.parse_vkey(log)
    proof = jws.possession_proof(key, log, parse_party(party))
    return KeyRequest(key=Jwk(**key.public.jwk), log=log, party=party, proof=proof, v=1)


def write_request(path: Path, key: PrivateKey, log: str, party: str) -> KeyRequest:
    """Write the request of a key to a file that does not exist yet; raises BadFile."""
    request = make_request(key, log, party)
    if path.exists():
        raise BadFile(f"{path} exists already", advice="Nothing was overwritten.")
    path.write_bytes(encode_struct(request) + b"\n")
    return request


def read_request(path: Path) -> KeyRequest:
    """The request in a file, with its proof checked; raises BadFile."""
    try:
        request = _request_reader.decode(path.read_bytes().removesuffix(b"\n"))
        note.parse_vkey(request.log)
        jws.check_possession(request.proof, request.public_key, request.log, request.party)
    except OSError as error:
        raise BadFile(f"{path} cannot be read", found=str(error)) from error
    except LedgerError as error:
        raise BadFile(
            f"{path} is not a key request",
            found=str(error),
            advice="Ask for the file that `carbon-ledger key new` wrote, unchanged.",
        ) from error
    return request


def read_key_file(path: Path, party: str) -> PrivateKey:
    """The private key of a party in a file that was moved out of its folder; raises BadFile."""
    return PrivateKey.from_seed(decode_base64url(_read(path, parse_party(party)).d))


def _read(path: Path, party: str) -> KeyFile:
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read", found=str(error)) from error
    if mode & 0o077:
        raise BadFile(
            f"the private key {path} can be read by others",
            expected="mode 0600",
            found=f"mode {mode & 0o777:04o}",
            advice=f"If nobody has read it: chmod 600 {path}. Otherwise revoke the key",
        )
    try:
        file = _key_reader.decode(data.removesuffix(b"\n"))
        key = PrivateKey.from_seed(decode_base64url(file.d))
    except LedgerError as error:
        raise BadFile(f"{path} is not a private key", found=error.what) from None
    thumbprint = path.name.split(".", 1)[0]
    if file.party != party or encode_base64url(key.public.x) != file.x:
        raise BadFile(f"{path} contradicts itself", expected=f"a key of {party}")
    if key.public.thumbprint != thumbprint:
        raise BadFile(
            f"{path} is not the key it is named after",
            expected=thumbprint,
            found=key.public.thumbprint,
        )
    return file

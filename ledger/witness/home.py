"""The folder of a witness: its keys, the logs that it follows, and what it has seen of each.

    witness.json        name and verifier keys                         (public)
    ed25519.key         private key, 0600
    ml-dsa-44.key       private key, 0600, where it has one
    logs                verifier keys of logs, one a line; `#` begins a remark
    witnessed           origins of which something was cosigned, one a line
    state/<id>          the last checkpoint of an origin that was cosigned, as its log signed it
    evidence/<id>       evidence of two checkpoints of one size that a log has signed
    lock                held by the process that serves

`<id>` is the first half of SHA-256(origin). A file is written whole or not at all, and is on the
disk when writing returns. An origin in `witnessed` without its state means that state was lost.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
import threading
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.errors import BadFile, BadName, Conflict, NotFound, Unavailable
from ledger.log import note
from ledger.log.keys import SEED_BYTES, PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.names import is_origin

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = "witness"
"""In a home, beside whatever else lies there."""
ED25519_KEY: Final = "ed25519.key"
ML_DSA_KEY: Final = "ml-dsa-44.key"


class WitnessFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `witness.json` says."""

    name: str
    vkeys: tuple[str, ...]


class WitnessKeys(msgspec.Struct, frozen=True):
    """Who cosigns, and with which keys."""

    name: str
    keys: tuple[PrivateKey | MlDsaPrivateKey, ...]


class WitnessHome:
    """The files of one witness."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self._about = path / "witness.json"
        self._witnessed = path / "witnessed"
        self._listing = threading.Lock()

    def make(self, name: str, *, ml_dsa: bool) -> WitnessFile:
        """Make the keys of a new witness, once and for ever. Raises Conflict, BadName."""
        if not is_origin(name):
            raise BadName(
                "not a name of a witness",
                expected="host and path without scheme, such as witness.example/w1",
                found=repr(name[:120]),
            )
        if self._about.exists():
            raise Conflict(
                "making a witness",
                expected="a folder without one",
                found=f"{self.path}, which has {self.about().name}",
                advice="Choose another --home; the keys of a witness are never overwritten.",
            )
        for folder in (self.path, self.path / "state"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys: list[PrivateKey | MlDsaPrivateKey] = []
        for file, kind in ((ED25519_KEY, PrivateKey.from_seed), (ML_DSA_KEY, MlDsaPrivateKey)):
            if file == ML_DSA_KEY and not ml_dsa:
                continue
            if not (self.path / file).exists():  # an earlier attempt may have come so far
                seed = base64.b64encode(secrets.token_bytes(SEED_BYTES))
                write_file(self.path / file, seed + b"\n", 0o600)
            keys.append(kind(self._seed(file)))
        about = WitnessFile(name, tuple(_vkey(name, key) for key in keys))
        if not self.logs.exists():
            write_file(self.logs, b"# Verifier keys of the logs to witness, one a line.\n", 0o644)
        write_file(self._witnessed, b"", 0o644)
        write_file(self._about, msgspec.json.format(msgspec.json.encode(about)) + b"\n", 0o644)
        return about

    def about(self) -> WitnessFile:
        """Name and verifier keys. Raises NotFound, BadFile."""
        try:
            return msgspec.json.decode(self._about.read_bytes(), type=WitnessFile)
        except FileNotFoundError:
            raise NotFound(
                f"no witness in {self.path}",
                expected="a folder in which a witness was made",
                found="none",
                advice="Make one with carbon-ledger witness init, or name its home with --home.",
            ) from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadFile(
                str(self._about), expected="the file that witness init wrote", found=str(error)
            ) from error

    def keys(self) -> WitnessKeys:
        """The private keys that belong to `witness.json`. Raises NotFound, BadFile."""
        about = self.about()
        keys: list[PrivateKey | MlDsaPrivateKey] = [PrivateKey.from_seed(self._seed(ED25519_KEY))]
        if len(about.vkeys) > 1:
            keys.append(MlDsaPrivateKey(self._seed(ML_DSA_KEY)))
        if tuple(_vkey(about.name, key) for key in keys) != about.vkeys:
            raise BadFile(
                f"the keys in {self.path}",
                expected=f"those of {about.name} in witness.json",
                found="other keys",
                advice="Bring back the keys that belong to this witness.",
            )
        return WitnessKeys(about.name, tuple(keys))

    def log_vkeys(self) -> tuple[str, ...]:
        """The lines of `logs` that are no remarks; none where there is no such file."""
        try:
            lines = self.logs.read_text().splitlines()
        except FileNotFoundError:
            return ()
        except UnicodeDecodeError as error:
            raise BadFile(str(self.logs), expected="verifier keys", found=str(error)) from error
        found = (line.partition("#")[0].strip() for line in lines)
        return tuple(line for line in found if line)

    def witnessed(self) -> frozenset[str]:
        """The origins of which something was cosigned. Raises BadFile where that list is lost."""
        try:
            return frozenset(self._witnessed.read_text().splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise BadFile(
                f"{self._witnessed} is lost or damaged",
                expected="the origins of which something was cosigned, one a line",
                found=str(error),
                advice="Bring back the newest copy, or end this witness and make a new one under "
                "another name: what it has cosigned is not known any more.",
            ) from error

    def add_witnessed(self, origin: str) -> None:
        """Remember that this origin has a state."""
        with self._listing:
            origins = sorted({*self.witnessed(), origin})
            write_file(self._witnessed, "".join(f"{one}\n" for one in origins).encode(), 0o644)

    def state(self, origin: str) -> Path:
        """Where the last checkpoint of an origin stands."""
        return self.path / "state" / _id(origin)

    def evidence(self, origin: str) -> Path:
        """Where evidence of two checkpoints that contradict each other is kept."""
        return self.path / "evidence" / _id(origin)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Be the only process that serves this witness. Raises Unavailable."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Unavailable(
                    "another process serves this witness",
                    expected=f"{self.path} for this one alone",
                    found="its lock is held",
                    advice="Stop the other process first: two would not know of each other.",
                ) from None
            yield
        finally:
            os.close(handle)

    def _seed(self, name: str) -> bytes:
        path = self.path / name
        try:
            seed = base64.b64decode(path.read_bytes().strip(), validate=True)
        except FileNotFoundError:
            raise NotFound(
                f"a key of this witness, {path}",
                advice="Bring it back from where you keep it; without it the witness cannot go on.",
            ) from None
        except binascii.Error:
            seed = b""
        if len(seed) != SEED_BYTES:
            raise BadFile(str(path), expected="the key that init wrote", found="another content")
        return seed


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all; it is on the disk, under its name, when this returns."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _vkey(name: str, key: PrivateKey | MlDsaPrivateKey) -> str:
    return note.format_vkey(note.cosigner(name, key.public))


def _id(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()[:32]

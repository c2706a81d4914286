"""Which witnesses a ledger asks, and how many of them make a checkpoint count as published.

    {"policy": "certifier=1,regulator=1",
     "witnesses": [{"role": "certifier", "url": "https://witness.example/w1",
                    "vkeys": ["witness.example/w1+61df0c99+BF…"]},
                   {"role": "regulator", "url": "https://witness.example/replay", "replays": true,
                    "vkeys": ["witness.example/replay+0b1d7f4c+BE…"]}]}

One that replays is asked like the others, and takes longer, since it folds every entry first. It
counts in no policy: whoever runs it may run a witness that answers at once, and would count twice.
Read once, when the ledger is opened. Source: formats, section 7.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from ledger.errors import BadFile, LedgerError
from ledger.log.witnesses import Policy, Witness, parse_policy, witness_of


class AskedWitness(msgspec.Struct, frozen=True):
    """A witness, and where it answers."""

    witness: Witness
    url: str
    """Prefix of `/add-checkpoint`."""
    replays: bool = False
    """Whether it cosigns only what it has folded itself."""


class WitnessList(msgspec.Struct, frozen=True):
    """The witnesses of a ledger, and its policy."""

    policy: Policy
    asked: tuple[AskedWitness, ...]

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """Whom it trusts to have seen one history: those that a policy counts."""
        return tuple(one.witness for one in self.asked if not one.replays)


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: str
    url: str
    vkeys: tuple[str, ...]
    replays: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: str
    witnesses: tuple[_Entry, ...]


def read_witness_list(path: Path) -> WitnessList | None:
    """What the file says, or None where there is none. Raises BadFile."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(f"{path} cannot be read", found=error.strerror or str(error)) from error
    try:
        file = msgspec.json.decode(data, type=_File)
        policy = parse_policy(file.policy)
        asked = tuple(
            AskedWitness(witness_of(one.role, one.vkeys), _url(path, one.url), one.replays)
            for one in file.witnesses
        )
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadFile(
            str(path), expected="policy, and witnesses with role, url and vkeys", found=str(error)
        ) from error
    except BadFile:
        raise
    except LedgerError as error:
        raise BadFile(
            f"{path}: {error.what}",
            expected=error.expected,
            found=error.found,
            advice=error.advice,
        ) from error
    names = [one.witness.name for one in asked]
    if len(set(names)) != len(names):
        raise BadFile(str(path), expected="each witness once", found=", ".join(names))
    counted = [one.witness for one in asked if not one.replays]
    lacks = policy.missing(((one.name, one.role) for one in counted), "been listed")
    if lacks:
        raise BadFile(
            f"{path}: the policy can never be met",
            expected=f"witnesses for policy {policy}",
            found=lacks,
            advice="Ask for fewer witnesses, or list more.",
        )
    return WitnessList(policy, asked)


def _url(path: Path, url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise BadFile(str(path), expected="an address with http:// or https://", found=url[:200])
    return url.rstrip("/")

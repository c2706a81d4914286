"""Which witnesses somebody trusts, and how many of them must have cosigned.

A witness is a name with one or more keys and a role. A policy is a list of least numbers:

    2                            any two witnesses
    certifier=1,regulator=1      one of each
    2,regulator=1                two, and a regulator among them

A witness counts once, whichever of its keys has cosigned. Source: formats, sections 7 and 8.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from ledger.errors import BadValue, ProofFailed
from ledger.log import note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROLES: Final = ("certifier", "regulator", "other")

_ITEM = re.compile(r"(?:([a-z]+)=)?([1-9][0-9]?)")


class Witness(msgspec.Struct, frozen=True):
    """Who cosigns, as whoever trusts it knows it."""

    name: str
    role: str
    verifiers: tuple[note.Verifier, ...]


class Cosigned(msgspec.Struct, frozen=True):
    """A witness whose cosignature holds."""

    witness: str
    role: str
    algorithm: str
    time_s: int | None
    """When, as the witness says, in seconds since the epoch; None where it does not say."""


class Policy(msgspec.Struct, frozen=True):
    """The least numbers of witnesses: of all, and of some roles."""

    at_least: int
    of_role: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        roles = [f"{role}={count}" for role, count in self.of_role]
        return ",".join([*([str(self.at_least)] if self.at_least else []), *roles])

    def missing(self, witnesses: Iterable[tuple[str, str]], done: str = "cosigned") -> str:
        """What these witnesses (name and role) lack, in words; empty when the policy is met.

        Such as `2 asked for, 1 has cosigned: witness.example/w1`; `done` is what they have done.
        """
        there = set(witnesses)
        lacks = []
        if len(there) < self.at_least:
            lacks.append(f"{self.at_least} asked for, {_who(there, done)}")
        for role, count in self.of_role:
            found = {(name, one) for name, one in there if one == role}
            if len(found) < count:
                lacks.append(f"{count} of role {role} asked for, {_who(found, done)}")
        return "; ".join(lacks)


ALGORITHMS: Final = {note.COSIGNATURE_V1: "Ed25519", note.ML_DSA_44: "ML-DSA-44"}


def parse_policy(text: str) -> Policy:
    """The policy of a text; raises BadValue."""
    at_least, of_role = 0, dict[str, int]()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        role = match[1] if match else None
        if match is None or (role is not None and (role not in ROLES or role in of_role)):
            raise _bad_policy(text)
        if role is not None:
            of_role[role] = int(match[2])
        elif at_least:
            raise _bad_policy(text)
        else:
            at_least = int(match[2])
    return Policy(at_least, tuple(sorted(of_role.items())))


def witness_of(role: str, vkeys: Sequence[str]) -> Witness:
    """A witness by its vkeys, which all have one name; raises BadValue, BadNote, BadKey."""
    verifiers = tuple(note.parse_vkey(vkey) for vkey in vkeys)
    names = sorted({verifier.name for verifier in verifiers})
    if role not in ROLES:
        raise BadValue("the role of a witness", expected=", ".join(ROLES), found=repr(role[:40]))
    if len(names) != 1 or len(set(verifiers)) != len(verifiers):
        raise BadValue(
            "the keys of a witness",
            expected="one name, and each key once",
            found=", ".join(names) or "none",
        )
    for verifier in verifiers:
        if verifier.kind not in ALGORITHMS:
            raise BadValue(
                f"the key of witness {verifier.name}",
                expected="a key for cosignatures, kind 0x04 or 0x06",
                found=f"0x{verifier.kind:02x}, as a log has",
                advice="Ask the witness for its vkey: carbon-ledger witness show.",
            )
    return Witness(names[0], role, verifiers)


def parse_witnesses(items: Iterable[str]) -> tuple[Witness, ...]:
    """Witnesses of `VKEY` or `ROLE=VKEY`; vkeys of one name are one witness. Raises BadValue, BadNote."""
    vkeys: dict[str, list[str]] = {}
    roles: dict[str, str] = {}
    for item in items:
        role, sign, rest = item.partition("=")
        named = bool(sign) and role in ROLES
        vkey = rest if named else item
        name = note.parse_vkey(vkey).name
        vkeys.setdefault(name, []).append(vkey)
        given = role if named else "other"
        if roles.setdefault(name, given) != given:
            raise BadValue(f"the role of witness {name}", expected=roles[name], found=given)
    return tuple(witness_of(roles[name], found) for name, found in vkeys.items())


def cosigned_by(
    signatures: Iterable[note.NoteSignature], witnesses: Iterable[Witness]
) -> tuple[Cosigned, ...]:
    """These verified signatures, as the witnesses' own, by name and algorithm."""
    owner = {verifier: one for one in witnesses for verifier in one.verifiers}
    cosigned = (
        Cosigned(
            owner[found.verifier].name,
            owner[found.verifier].role,
            ALGORITHMS[found.verifier.kind],
            found.time_s,
        )
        for found in signatures
        if found.verifier in owner
    )
    return tuple(sorted(cosigned, key=lambda one: (one.witness, one.algorithm)))


def check_policy(policy: Policy, found: Iterable[Cosigned]) -> None:
    """Raise ProofFailed unless these witnesses are enough."""
    lacks = policy.missing((one.witness, one.role) for one in found)
    if lacks:
        raise ProofFailed(
            "too few witnesses have cosigned",
            expected=f"policy {policy}",
            found=lacks,
            advice="Ask for a newer proof, or say what you need with --policy.",
        )


def time_text(time_s: int) -> str:
    """Seconds since the epoch as a time in UTC; such as no clock shows stay a number."""
    try:
        return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(time_s)


def _who(witnesses: set[tuple[str, str]], done: str) -> str:
    """`none has cosigned`, or how many have, and their names."""
    if not witnesses:
        return f"none has {done}"
    names = ", ".join(sorted(name for name, _ in witnesses))
    return f"{len(witnesses)} {'has' if len(witnesses) == 1 else 'have'} {done}: {names}"


def _bad_policy(text: str) -> BadValue:
    return BadValue(
        "not a policy",
        expected="a number, or role=number, separated by commas, such as 2,regulator=1",
        found=repr(text[:80]),
    )

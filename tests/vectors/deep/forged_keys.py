"""Files of a dishonest log: keys that nobody may have, and statements that nobody may sign."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256, sha512
from itertools import count
from typing import Any, Final

from ledger.log.canonical import encode
from ledger.log.jws import possession_proof
from ledger.log.keys import decode_base64url, encode_base64url
from ledger.log.note import log_vkey
from tests.unit.proof_file import ProofFiles, Value
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    jwk,
    key_of,
    opening,
    reading,
    registration,
    salt,
    site,
)
from tests.vectors.deep.dishonest import (
    FIXES,
    GROUNDS,
    POWER,
    headed,
    lie,
    plain,
    regrown,
    resigned,
    small,
)
from tests.vectors.deep.honest import confirmed, day, recovered, revoked, thumbprint

LOW_ORDER: Final = {
    "order-1": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "order-2": "7P_______________________________________38",
    "order-4": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "order-8": "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
    "mixed-order": "zbJnzkDFzUUwb6XS8pcxRZOH2_nrkzt71a7Zp2W4jU0",
    "not-on-the-curve": "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}


BASE_POINT: Final = b"\x58" + b"\x66" * 31
GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493


def _new(**more: Any) -> Any:
    return reading(day(5), "P1D", "3", **more)


def _about(world: World, name: str, *shown: str) -> Value:
    return ProofFiles(world).event(name, *(shown or GROUNDS))


def _key_events() -> dict[str, tuple[str, Callable[[World], Value]]]:
    """By name: the defect, and the file."""

    def said(signer: str, stream: str, *events: Any) -> Callable[[World], Value]:
        """One batch into a stream of keys or of the ledger; the file is about a reading."""

        def make(world: World) -> Value:
            name = lie(world, signer, stream, *events)
            trust = stream in ("acme/keys", "operator/ledger")
            return _about(world, f"{POWER}@1") if trust else ProofFiles(world).event(name)

        return make

    def then_reading(signer: str, *batches: tuple[str, str, Any]) -> Callable[[World], Value]:
        """Batches that may be right, and a reading that this key signs."""

        def make(world: World) -> Value:
            for by, stream, event in batches:
                lie(world, by, stream, event)
            return _about(world, lie(world, signer, POWER, _new()))

        return make

    def before(world: World) -> Value:
        """The key's registration comes after what it signs."""
        name = lie(world, "late", POWER, _new())
        lie(world, "acme", "acme/keys", authorisation("acme", "late", "acme/"))
        return _about(world, name)

    keys = "acme/keys"
    admin = {"admin": True}
    meter = (
        "acme",
        keys,
        authorisation("acme", "meter", "acme/", event_types=("ProfileRecorded",)),
    )
    return {
        "a-key-that-gives-itself": (
            "key", said("self", keys, authorisation("acme", "self", "acme/", **admin))),
        "a-key-that-nobody-knows": ("key", then_reading("stranger")),
        "a-key-of-another-party": ("key", then_reading("beta")),
        "the-operators-key-in-a-companys-stream": ("key", then_reading("operator")),
        "the-recovery-key-in-a-companys-stream": ("key", then_reading("recovery")),
        "a-key-before-it-was-registered": ("key", before),
        "a-key-after-it-was-revoked": ("key", then_reading("acme", ("acme", keys, revoked("acme")))),
        "a-key-after-it-was-replaced": (
            "key", then_reading("acme", ("operator", keys, recovered("acme", "new", "acme")))),
        "a-key-out-of-its-streams": (
            "key", then_reading("gas", ("acme", keys, authorisation("acme", "gas", "acme/plant/gas")))),
        "a-key-of-a-stream-that-begins-alike": (
            "key",
            then_reading("gas", ("acme", keys, authorisation("acme", "gas", "acme/plant/pow"))),
        ),
        "a-key-out-of-its-types": ("key", then_reading("meter", meter)),
        "a-key-that-only-reads": (
            "key", then_reading("eye", ("acme", keys, authorisation("acme", "eye", read=True)))),
        "a-key-that-is-no-admin-gives-another": (
            "key",
            then_reading(
                "two",
                ("acme", keys, authorisation("acme", "one", "acme/")),
                ("one", keys, authorisation("acme", "two", "acme/")),
            ),
        ),
        "a-key-that-the-operator-gives": (
            "key", said("operator", keys, authorisation("acme", "gift", "acme/"))),
        "a-key-that-another-company-gives": (
            "key", said("beta", keys, authorisation("acme", "gift", "acme/"))),
        "a-key-that-another-company-revokes": ("key", said("beta", keys, revoked("acme"))),
        "a-company-that-registers-another": ("key", said("acme", "gamma/keys", registration("gamma"))
        ),
        "a-party-twice": ("key", said("operator", keys, registration("acme", **_of("again")))),
        "a-key-twice": ("rule", said("acme", keys, authorisation("acme", "acme", "acme/"))),
        "a-key-of-another-party-as-ones-own": (
            "rule", said("acme", keys, authorisation("acme", "operator", "acme/"))),
        "the-key-of-the-log-as-ones-own": (
            "rule", said("acme", keys, authorisation("acme", "log", "acme/"))),
        "a-key-for-streams-of-another-party": (
            "rule", said("acme", keys, authorisation("acme", "wide", "beta/"))),
        "a-key-whose-holder-means-another-party": (
            "rule", said("acme", keys, authorisation("beta", "other", "acme/"))),
        "a-key-whose-holder-means-another-log": (
            "rule",
            said("acme", keys, authorisation(
                "acme", "other", "acme/",
                proof=possession_proof(key_of("other"), OTHER_LOG, "acme"))),
        ),
        "a-key-without-a-holder": (
            "rule",
            said("acme", keys, authorisation(
                "acme", "other", "acme/", proof=possession_proof(key_of("thief"), LOG, "acme"))),
        ),
        "a-revocation-of-what-is-no-key": ("rule", said("acme", keys, revoked("nobody"))),
        "a-revocation-of-another-partys-key": ("rule", said("acme", keys, revoked("beta"))),
        "a-revocation-twice": (
            "rule", said("acme", keys, authorisation("acme", "x", "acme/", **admin), revoked("x"), revoked("x"))),
        "a-key-compromised-from-later-on": ("rule", said("acme", keys, revoked("acme", 99))),
        "a-recovery-of-another-partys-key": (
            "rule", said("operator", keys, recovered("acme", "new", "beta"))),
        "a-recovery-by-another-company": (
            "key", said("beta", keys, recovered("acme", "new", "acme"))),
        "a-recovery-without-evidence": (
            "data", said("operator", keys, {**plain(recovered("acme", "new", "acme")), "evidence": []})),
        "entries-of-a-key-that-nobody-stole": ("rule", said("acme", keys, confirmed("acme", 1, 2))),
        "entries-that-the-operator-stands-by": ("key", said("operator", keys, confirmed("acme", 1, 2))),
        "entries-that-begin-where-they-end": (
            "data", said("acme", keys, {**plain(confirmed("acme", 1, 2)), "entries": [2, 2]})),
        "an-opening-in-the-midst": ("rule", said("operator", "operator/ledger", opening())),
        "an-opening-of-another-party": ("key", said("acme", "acme/ledger", opening())),
        "a-party-that-is-a-second-operator": (
            "rule", said("operator", "gamma/keys", registration("gamma", "operator"))),
        "a-type-that-no-rule-knows": (
            "data", said("acme", keys, {"salt": salt(), "type": "KeyBlessed"})),
        "a-site-among-the-keys": ("key", said("acme", keys, site("hall"))),
    }  # fmt: skip


OTHER_LOG: Final = log_vkey("ledger.example/log", key_of("other log").public)


def _of(name: str) -> dict[str, Any]:
    proof = possession_proof(key_of(name), LOG, "acme")
    return {"key": jwk(key_of(name)), "proof": proof}


def _low_order(x: str) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": x}


def _proof_by_nobody(x: str, order: int) -> tuple[str, str]:
    """A party, and a proof that it holds this key, which verifies although nobody signed it.

    The base point and 1 are a signature under A wherever [k]A is the neutral point: of an A of this
    order, for one message in so many.
    """
    kid = public_thumbprint(_low_order(x))
    header = encode({"alg": "Ed25519", "kid": kid, "typ": "carbon-key+jws"})
    first = encode_base64url(header)
    for number in count():
        party = f"weak-{number}"
        payload = encode({"key": kid, "log": LOG, "party": party, "v": 1})
        said = f"{first}.{encode_base64url(payload)}"
        hashed = sha512(BASE_POINT + decode_base64url(x) + said.encode()).digest()
        if int.from_bytes(hashed, "little") % GROUP_ORDER % order == 0:
            signature = BASE_POINT + (1).to_bytes(32, "little")
            return party, f"{said}.{encode_base64url(signature)}"
    raise AssertionError(x)


def _unsound() -> dict[str, tuple[str, Callable[[World], Value]]]:
    """Keys with which a signature verifies for any message, or that are no keys."""

    def authorised(x: str) -> Callable[[World], Value]:
        def make(world: World) -> Value:
            given = {**plain(authorisation("acme", "weak", "acme/")), "key": _low_order(x)}
            lie(world, "acme", "acme/keys", given)
            return _about(world, f"{POWER}@1")

        return make

    def registered(x: str) -> Callable[[World], Value]:
        def make(world: World) -> Value:
            said = {**plain(registration("weak")), "key": _low_order(x)}
            name = lie(world, "operator", "weak/keys", said)
            return ProofFiles(world).event(name)

        return make

    def possessed(x: str, order: int) -> Callable[[World], Value]:
        def make(world: World) -> Value:
            party, proof = _proof_by_nobody(x, order)
            said = {**plain(registration(party)), "key": _low_order(x), "proof": proof}
            name = lie(world, "operator", f"{party}/keys", said)
            return ProofFiles(world).event(name)

        return make

    found = {f"a-key-of-{name}": ("rule", authorised(x)) for name, x in LOW_ORDER.items()}
    for name, order in (("order-1", 1), ("order-2", 2), ("order-4", 4), ("order-8", 8)):
        found[f"a-first-key-of-{name}-that-anybody-signs-with"] = (
            "rule",
            possessed(LOW_ORDER[name], order),
        )
    for name in ("order-1", "order-8"):
        found[f"a-first-key-of-{name}"] = ("rule", registered(LOW_ORDER[name]))
    return found


def _openings() -> dict[str, tuple[str, Callable[[], Value]]]:
    """Logs that begin wrongly."""

    def begun(signer: str, **changed: Any) -> Callable[[], Value]:
        def make() -> Value:
            world = World(opened=False)
            name = lie(world, signer, "operator/ledger", {**plain(opening()), **changed})
            return ProofFiles(world).event(name)

        return make

    def weak() -> Value:
        """A key under which any signature holds, and which is named in the batch too."""
        world = World(opened=False)
        x = LOW_ORDER["order-4"]
        said = {**plain(opening()), "key": _low_order(x)}
        value = ProofFiles(_with(world, said)).event("operator/ledger@1")
        kid = public_thumbprint({"crv": "Ed25519", "kty": "OKP", "x": x})
        return regrown(world, value, 0, lambda s: headed(s, key_of("operator"), kid=kid))

    def with_more() -> Value:
        world = World(opened=False)
        name = lie(world, "operator", "operator/ledger", opening(), opening())
        return ProofFiles(world).event(name)

    def of_a_party() -> Value:
        world = World(opened=False)
        name = lie(world, "acme", "acme/keys", registration("acme"))
        return ProofFiles(world).event(name)

    return {
        "another-log": ("opening", begun("operator", log=OTHER_LOG)),
        "another-origin": ("rule", begun("operator", origin="ledger.example/other")),
        "another-first-key": ("key", begun("thief")),
        "another-operator": ("opening", begun("operator", operator="acme")),
        "one-key-for-all": (
            "rule",
            begun("operator", recovery_key=plain(jwk(key_of("operator"))),
                  recovery_proof=possession_proof(key_of("operator"), LOG, "operator")),
        ),
        "a-recovery-key-without-a-holder": (
            "rule",
            begun("operator", recovery_proof=possession_proof(key_of("thief"), LOG, "operator")),
        ),
        "a-recovery-key-of-order-4": (
            "rule", begun("operator", recovery_key=_low_order(LOW_ORDER["order-4"]))),
        "a-first-key-of-order-8": (
            "key", begun("operator", key=_low_order(LOW_ORDER["order-8"]))),
        "a-first-key-of-order-4-that-has-signed": ("key", weak),
        "rules-that-nobody-has": (
            "rule", begun("operator", rules={"sha256": "0" * 64, "version": "1"})),
        "two-openings-in-one-batch": ("opening", with_more),
        "a-party-first": ("opening", of_a_party),
    }  # fmt: skip


def _with(world: World, said: Value) -> World:
    lie(world, "operator", "operator/ledger", said)
    return world


def public_thumbprint(members: dict[str, str]) -> str:
    """The name of a key, sound or not (RFC 7638)."""
    return encode_base64url(sha256(encode(members)).digest())


def _statements() -> dict[str, tuple[str, Callable[[World], Value]]]:
    """What is signed is out of form, or not what stands in the file."""

    def changed(**payload: Any) -> Callable[[World], Value]:
        return _jws(lambda signed: resigned(signed, key_of("acme"), **payload))

    def header(**members: Any) -> Callable[[World], Value]:
        return _jws(lambda signed: headed(signed, key_of("acme"), **members))

    def again(world: World) -> Value:
        version, leaf = world.heads[POWER]
        lie(world, "acme", POWER, reading(day(7), "P1D", "1"))
        return _about(
            world,
            lie(world, "acme", POWER, _new(), previous=(version, leaf)),
            *GROUNDS,
            f"{POWER}@3",
        )

    def not_following(world: World) -> Value:
        lie(world, "acme", POWER, reading(day(7), "P1D", "1"))
        version, _ = world.heads[POWER]
        name = lie(world, "acme", POWER, _new(), previous=(version, "ab" * 32))
        return ProofFiles(world).file(
            "event",
            {"event": name},
            [name, f"{POWER}@3", *GROUNDS, *ProofFiles(world).trust("acme")],
        )

    def salted(world: World) -> Value:
        return _about(world, lie(world, "acme", POWER, {**plain(_new()), "salt": "ABC"}))

    def out_of_place(stream: str) -> Callable[[World], Value]:
        def make(world: World) -> Value:
            name = lie(world, "acme", stream, _new())
            return ProofFiles(world).event(name)

        return make

    return {
        "a-count-of-none": ("statement", changed(count=0)),
        "a-count-of-more-than-a-batch": ("statement", changed(count=10_001)),
        "a-count-of-one-more": ("event-path", changed(count=3)),
        "another-root": ("event-path", changed(root="ab" * 32)),
        "another-head": ("chain", changed(head="ab" * 32)),
        "another-previous": ("statement", changed(previous="ab" * 32)),
        "another-first-version": ("statement", changed(first=2)),
        "another-stream": ("event-path", changed(stream="acme/plant/gas")),
        "another-log-of-the-same-name": ("other-log", changed(log=OTHER_LOG)),
        "a-later-checkpoint-seen": ("statement", changed(seen={"root": "ab" * 32, "size": 99})),
        "a-checkpoint-seen-without-a-size": ("statement", changed(seen={"root": "ab" * 32})),
        "a-member-more": ("statement", changed(w=1)),
        "another-version-of-statements": ("statement", changed(v=2)),
        "a-time-without-z": ("statement", changed(signed_at="2026-11-22T06:00:00+08:00")),
        "a-day-that-does-not-exist": ("statement", changed(signed_at="2026-02-30T06:00:00Z")),
        "no-algorithm": ("statement", header(alg="none")),
        "the-older-name-of-the-algorithm": ("statement", header(alg="EdDSA")),
        "another-use": ("statement", header(typ="carbon-key+jws")),
        "the-key-in-the-header": ("statement", header(jwk=plain(jwk(key_of("acme"))))),
        "a-key-id-that-is-none": ("statement", header(kid="acme")),
        "no-key-id": ("statement", header(kid=None)),
        "the-key-id-of-another": ("key", header(kid=thumbprint("operator"))),
        "signed-by-another": (
            "signature",
            _jws(lambda signed: headed(signed, key_of("thief"), kid=thumbprint("acme"))),
        ),
        "a-signature-of-zeros": ("signature", _jws(lambda s: s[:-86] + b"A" * 86)),
        "a-signature-that-is-cut": ("statement", _jws(lambda s: s[:-2])),
        "versions-again": ("chain", again),
        "a-batch-that-does-not-follow": ("chain", not_following),
        "a-salt-out-of-form": ("data", salted),
        "a-stream-that-is-reserved": ("key", out_of_place("acme/keys/more")),
        "a-stream-of-seals": ("key", out_of_place("acme/seals")),
        "a-reading-in-a-register": ("key", out_of_place("acme/register")),
    }


def _jws(change: Callable[[bytes], bytes]) -> Callable[[World], Value]:
    """The batch of the first two readings is signed otherwise."""

    def make(world: World) -> Value:
        index = next(one.index for one in world.log if one.entry.stream == POWER)
        value = _about(world, f"{POWER}@2", *GROUNDS, f"{FIXES}@1")
        return regrown(world, value, index, change)

    return make


def forged_keys() -> dict[str, tuple[str, Value]]:
    """By name: the defect that a verifier names, and the file."""
    found = {}
    for group, cases in (
        ("keys", _key_events()),
        ("keys", _unsound()),
        ("statement", _statements()),
    ):
        for name, (defect, make) in cases.items():
            found[f"{group}/{name}"] = (defect, make(small()))
    for name, (defect, begin) in _openings().items():
        found[f"opening/{name}"] = (defect, begin())
    return found

"""Who opens the ledger and registers parties, and with which keys. Source: formats, section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.carbon.rulepack import CURRENT_VERSION
from ledger.errors import (
    BadBatch,
    BadKey,
    BadValue,
    Conflict,
    LedgerError,
    NotAuthorised,
    RuleBroken,
)
from ledger.log import note
from ledger.log.jws import possession_proof
from ledger.log.keys import encode_base64url
from ledger.parties.events import Continued, Jwk, RulesRef
from ledger.parties.pieces import KEY, LEDGER, PARTY
from tests.unit.world import (
    LOG,
    LOG_KEY,
    World,
    authorisation,
    jwk,
    key_of,
    opening,
    registration,
    site,
)

if TYPE_CHECKING:
    import msgspec


def open_with(
    *events: msgspec.Struct,
    signer: str = "operator",
    stream: str = "operator/ledger",
    log: str = LOG,
) -> World:
    world = World(opened=False)
    world.post(signer, stream, events, log)
    return world


# --- entry 0 -----------------------------------------------------------------------------------


def test_entry_0_opens_the_ledger_with_its_operator_and_a_recovery_key():
    world = open_with(opening())
    opened, operator = world.state.get(LEDGER, ""), world.state.get(PARTY, "operator")
    assert opened is not None
    assert operator is not None
    assert (opened.origin, opened.log) == ("ledger.example/log", LOG)
    assert opened.rules_version == CURRENT_VERSION
    assert operator.roles == ("factor-publisher", "operator")
    for name, recovery in (("operator", False), ("recovery", True)):
        key = world.state.get(KEY, key_of(name).public.thumbprint)
        assert key is not None
        assert (key.authorised, key.recovery) == (-1, recovery)


def test_entry_0_is_ledger_opened_alone():
    with pytest.raises(NotAuthorised, match="first entry"):
        open_with(opening(), opening())
    with pytest.raises(NotAuthorised, match="first entry"):
        open_with(registration("acme"), stream="acme/keys")


def test_the_ledger_is_opened_in_its_operators_own_stream():
    with pytest.raises(RuleBroken, match="operator/ledger@1"):
        open_with(opening(), stream="other/ledger")


def test_a_ledger_is_opened_once():
    world = World()
    with pytest.raises(RuleBroken, match="entry 0"):
        world.post("operator", "operator/ledger", [opening()])


def test_entry_0_is_signed_with_the_key_that_it_brings():
    with pytest.raises(NotAuthorised, match="first key"):
        open_with(opening(), signer="recovery")


def test_entry_0_is_signed_for_the_log_that_it_opens():
    other = note.log_vkey("ledger.example/other", key_of("other log").public)
    with pytest.raises(BadBatch, match="another log"):
        open_with(opening(), log=other)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"origin": "ledger.example/elsewhere"}, RuleBroken),
        ({"timezone": "Mars/Olympus"}, BadValue),
        ({"rules": RulesRef(version="99", sha256="0" * 64)}, LedgerError),
        ({"rules": RulesRef(version="1", sha256="0" * 64)}, RuleBroken),
        ({"recovery_key": jwk(key_of("operator"))}, BadKey),
        ({"recovery_key": jwk(LOG_KEY)}, BadKey),
        ({"proof": possession_proof(key_of("other"), LOG, "operator")}, LedgerError),
        ({"recovery_proof": possession_proof(key_of("recovery"), LOG, "acme")}, LedgerError),
        (
            {
                "continues": Continued(
                    log=LOG, size=1, root="0" * 64, heads_root="0" * 64, heads_count=1
                )
            },
            RuleBroken,
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_opening_that_contradicts_itself_is_refused(
    changed: dict[str, object], error: type[LedgerError]
):
    with pytest.raises(error):
        open_with(opening(**changed))


# --- parties -----------------------------------------------------------------------------------


def test_the_operator_registers_a_party_with_its_first_admin_key():
    world = World()
    world.post("operator", "acme/keys", [registration("acme", "company", "certifier")])
    party = world.state.get(PARTY, "acme")
    key = world.state.get(KEY, key_of("acme").public.thumbprint)
    assert party is not None
    assert key is not None
    assert party.roles == ("certifier", "company")
    assert (key.party, key.scope, key.admin, key.read, key.authorised) == (
        "acme",
        ("acme/",),
        True,
        True,
        1,
    )


def test_nobody_else_registers_a_party():
    world = World()
    world.party("acme")
    with pytest.raises(NotAuthorised, match="admin key of the operator"):
        world.post("acme", "other/keys", [registration("other")])
    with pytest.raises(NotAuthorised, match="admin key of the operator"):
        world.post("recovery", "other/keys", [registration("other")])


def test_a_key_of_the_operator_that_is_no_admin_registers_nobody():
    world = World()
    world.key("operator", "clerk", "operator/")
    with pytest.raises(NotAuthorised, match="admin key of the operator"):
        world.post("clerk", "acme/keys", [registration("acme")])


def test_a_registration_stands_alone_in_its_batch():
    world = World()
    both = [registration("acme"), authorisation("acme", "meter", "acme/")]
    with pytest.raises(NotAuthorised, match="alone in its batch"):
        world.post("operator", "acme/keys", both)


def test_a_party_is_registered_once():
    world = World()
    world.party("acme")
    with pytest.raises(NotAuthorised, match="out of place"):
        world.post("operator", "acme/keys", [registration("acme", key=jwk(key_of("new")))])


def test_the_operator_is_not_registered_as_a_party():
    world = World()
    with pytest.raises(NotAuthorised, match="out of place"):
        world.post("operator", "operator/keys", [registration("operator", key=jwk(key_of("x")))])


@pytest.mark.parametrize("roles", [("operator",), ("owner",), ("company", "operator")])
def test_a_role_that_a_party_cannot_have_is_refused(roles: tuple[str, ...]):
    with pytest.raises(BadValue, match="role of a party"):
        World().party("acme", *roles)


@pytest.mark.parametrize("roles", [(), ("company", "certifier"), ("company", "company")])
def test_roles_are_a_sorted_set_with_at_least_one(roles: tuple[str, ...]):
    with pytest.raises(BadValue, match="roles"):
        registration("acme", roles=roles)


@pytest.mark.parametrize(
    "code",
    [
        {"lei": "213800KUD8LAJWSQ9D15"},
        {"uscc": "91110000600037341L"},
        {"region": "CN-JS"},
    ],
)
def test_a_code_whose_check_digits_fit_is_taken(code: dict[str, object]):
    World().post("operator", "acme/keys", [registration("acme", **code)])


@pytest.mark.parametrize(
    "code",
    [
        {"lei": "213800KUD8LXJWSQ9D15"},
        {"lei": "213800kud8lajwsq9d15"},
        {"lei": "2138 00KUD8LAJWSQ9D15"},
        {"lei": "98"},
        {"lei": "10" * 10 + "\n"},
        {"uscc": "91110000600037341M"},
        {"uscc": "91110000600037341l"},
        {"uscc": "A1110000600037341L"},
        {"uscc": "9111000060003734"},
    ],
)
def test_a_code_with_a_wrong_check_digit_or_another_spelling_is_refused(code: dict[str, object]):
    with pytest.raises(BadValue):
        World().post("operator", "acme/keys", [registration("acme", **code)])


def test_an_lei_of_another_length_is_refused_though_its_check_digits_fit():
    with pytest.raises(BadValue, match="LEI"):
        World().post("operator", "acme/keys", [registration("acme", lei="0" * 16 + "98")])


# --- sound and new keys ------------------------------------------------------------------------

LOW_ORDER = encode_base64url(bytes([1]) + bytes(31))
MIXED_ORDER = encode_base64url(
    bytes.fromhex("300ef2e64e588e1df55b48e4da0416ffb64cc85d5b00af6463d5cc6c2b1c185e")
)


@pytest.mark.parametrize("x", [LOW_ORDER, MIXED_ORDER], ids=["low order", "mixed order"])
def test_a_key_that_is_not_of_prime_order_is_refused(x: str):
    bad = Jwk(crv="Ed25519", kty="OKP", x=x)
    with pytest.raises(BadKey):
        World().post("operator", "acme/keys", [registration("acme", key=bad)])


def test_a_key_without_proof_of_possession_is_refused():
    wrong = [
        possession_proof(key_of("other"), LOG, "acme"),
        possession_proof(key_of("acme"), LOG, "other"),
        possession_proof(
            key_of("acme"), note.log_vkey("ledger.example/2", key_of("2").public), "acme"
        ),
        "",
    ]
    for proof in wrong:
        with pytest.raises(LedgerError):
            World().post("operator", "acme/keys", [registration("acme", proof=proof)])


def test_a_key_belongs_to_one_party_for_ever():
    world = World()
    world.party("acme")
    taken = {"key": jwk(key_of("acme")), "proof": possession_proof(key_of("acme"), LOG, "other")}
    with pytest.raises(BadKey, match="already on the ledger"):
        world.post("operator", "other/keys", [registration("other", **taken)])


@pytest.mark.parametrize("name", ["operator", "recovery", "log"])
def test_the_ledgers_own_keys_are_no_partys_keys(name: str):
    key = key_of(name)
    own = {"key": jwk(key), "proof": possession_proof(key, LOG, "acme")}
    with pytest.raises(BadKey):
        World().post("operator", "acme/keys", [registration("acme", **own)])


def test_an_event_for_an_unknown_party_is_refused():
    with pytest.raises(NotAuthorised, match="unknown key"):
        World().post("stranger", "stranger/register", [site("plant")])


def test_a_batch_for_another_log_is_refused():
    world = World()
    other = note.log_vkey("ledger.example/other", key_of("other log").public)
    with pytest.raises(BadBatch, match="another log"):
        world.post("operator", "acme/keys", [registration("acme")], log=other)


def test_a_conflict_of_names_says_so():
    world = World()
    world.party("acme")
    world.post("acme", "acme/register", [site("plant")])
    with pytest.raises(Conflict, match="registered already"):
        world.post("acme", "acme/register", [site("plant")])

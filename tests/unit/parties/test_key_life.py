"""A key says what its scope allows, from the entry after it came to the one that revokes it.

Source: formats, section 5; events, "Who may post what, where".
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import BadKey, BadValue, LedgerError, NotAuthorised, RuleBroken
from ledger.log.jws import possession_proof
from ledger.parties.events import EntriesConfirmed, KeyRecovered, KeyRevoked
from ledger.parties.pieces import KEY, PARTY, KeyPiece
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    correction,
    factor,
    jwk,
    key_of,
    opening,
    reading,
    registration,
    salt,
    site,
    source,
)

NEW_YEAR = "2018-01-01T00:00:00+08:00"
POWER = "acme/plant-1/power"


def revocation(name: str, compromised_from: int | None = None) -> KeyRevoked:
    return KeyRevoked(
        salt=salt(),
        key=key_of(name).public.thumbprint,
        reason="lost",
        compromised_from=compromised_from,
    )


def recovery(party: str, name: str, *replaces: str) -> KeyRecovered:
    return KeyRecovered(
        salt=salt(),
        key=jwk(key_of(name)),
        proof=possession_proof(key_of(name), LOG, party),
        reason="the safe burnt down",
        evidence=("a" * 64,),
        replaces=tuple(sorted(key_of(old).public.thumbprint for old in replaces)),
    )


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid")
    world.source(POWER, location="operator/grid@1")
    return world


def key(world: World, name: str) -> KeyPiece:
    found = world.state.get(KEY, key_of(name).public.thumbprint)
    assert found is not None
    return found


# --- life --------------------------------------------------------------------------------------


def test_a_key_is_valid_from_the_entry_after_it_was_authorised(world: World):
    world.key("acme", "meter", "acme/")
    assert key(world, "meter").authorised == world.size - 1
    world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])


def test_a_key_is_not_valid_at_the_entry_that_authorises_it():
    piece = KeyPiece(thumbprint="t", x="x", party="p", by="e", authorised=5, scope=(), revoked=9)
    assert [piece.valid_at(index) for index in (4, 5, 6, 9, 10)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_an_unrevoked_key_stays_valid():
    piece = KeyPiece(thumbprint="t", x="x", party="p", by="e", authorised=-1, scope=())
    assert piece.valid_at(0)
    assert piece.valid_at(10**9)


def test_a_revoked_key_says_nothing_more(world: World):
    world.key("acme", "meter", "acme/")
    world.post("acme", "acme/keys", [revocation("meter")])
    with pytest.raises(NotAuthorised, match="revoked"):
        world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])


def test_a_key_may_revoke_itself_and_that_entry_still_counts(world: World):
    world.post("acme", "acme/keys", [revocation("acme")])
    assert key(world, "acme").revoked == world.size - 1
    with pytest.raises(NotAuthorised, match="revoked"):
        world.post("acme", "acme/register", [site("other")])


def test_a_key_authorised_in_a_batch_does_not_sign_that_batch(world: World):
    with pytest.raises(NotAuthorised, match="unknown key"):
        world.post("second", "acme/keys", [authorisation("acme", "second", "acme/", admin=True)])


def test_a_revocation_changes_no_figure_and_names_from_where_entries_are_disputed(world: World):
    world.post("acme", POWER, [reading(NEW_YEAR, "PT15M", "1")])
    before = world.total()
    world.post("operator", "acme/keys", [revocation("acme", compromised_from=world.size - 1)])
    assert world.total() == before == 582_700
    assert key(world, "acme").compromised_from == world.size - 2


def test_a_key_is_compromised_from_an_entry_that_exists(world: World):
    with pytest.raises(RuleBroken, match="compromised_from"):
        world.post("operator", "acme/keys", [revocation("acme", compromised_from=world.size + 1)])


def test_a_revoked_key_is_not_revoked_again(world: World):
    world.key("acme", "meter", "acme/")
    world.post("acme", "acme/keys", [revocation("meter")])
    with pytest.raises(RuleBroken, match="not revoked"):
        world.post("acme", "acme/keys", [revocation("meter")])


# --- what a compromised key has signed ----------------------------------------------------------


@pytest.fixture
def stolen(world: World) -> World:
    """A meter's key signs entries 6, 7 and 8, and is revoked in 9."""
    world.key("acme", "meter", POWER)
    world.site("acme/annex")
    for hour in range(3):
        world.post("meter", POWER, [reading(f"2018-01-01T0{hour}:00:00+08:00", "PT15M", "1")])
    world.post("acme", "acme/keys", [revocation("meter")])
    assert [one.index for one in world.log[-4:]] == [6, 7, 8, 9]
    return world


def confirmation(name: str, first: int, until: int) -> EntriesConfirmed:
    return EntriesConfirmed(
        salt=salt(),
        key=key_of(name).public.thumbprint,
        entries=(first, until),
        reason="compared with the display of the meter",
    )


def test_a_revoked_key_can_later_be_declared_compromised(stolen: World):
    before = stolen.total()
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=8)])
    found = key(stolen, "meter")
    assert (found.revoked, found.revoked_by) == (9, "acme/keys@3")
    assert (found.compromised_from, found.compromised_by) == (8, "acme/keys@4")
    assert found.disputed_at(8)
    assert not found.disputed_at(7)
    assert stolen.total() == before


def test_a_key_can_be_declared_compromised_from_earlier_on(stolen: World):
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=8)])
    stolen.post("operator", "acme/keys", [revocation("meter", compromised_from=6)])
    assert key(stolen, "meter").compromised_from == 6


def test_a_dispute_is_not_taken_back_by_declaring_a_later_entry(stolen: World):
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=7)])
    for index in (7, 8):
        with pytest.raises(RuleBroken, match="compromised_from"):
            stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=index)])


def test_a_revoked_key_is_compromised_from_an_entry_that_it_could_sign(stolen: World):
    with pytest.raises(RuleBroken, match="compromised_from"):
        stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=10)])


def test_the_party_confirms_entries_and_they_are_not_disputed_any_more(stolen: World):
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=6)])
    before = stolen.total()
    stolen.post("acme", "acme/keys", [confirmation("meter", 7, 8)])
    assert [i for i in (6, 7, 8) if key(stolen, "meter").disputed_at(i)] == [6, 8]
    stolen.post("acme", "acme/keys", [confirmation("meter", 8, 10)])
    assert [i for i in (6, 7, 8) if key(stolen, "meter").disputed_at(i)] == [6]
    assert stolen.total() == before


@pytest.mark.parametrize(("first", "until"), [(5, 7), (6, 11), (6, 8)])
def test_only_entries_that_are_disputed_can_be_confirmed(stolen: World, first: int, until: int):
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=6)])
    stolen.post("acme", "acme/keys", [confirmation("meter", 7, 8)])
    with pytest.raises(RuleBroken, match="entries to confirm"):
        stolen.post("acme", "acme/keys", [confirmation("meter", first, until)])


def test_nothing_of_a_key_that_nobody_declared_compromised_is_confirmed(stolen: World):
    with pytest.raises(RuleBroken, match="entries to confirm"):
        stolen.post("acme", "acme/keys", [confirmation("meter", 6, 7)])


def test_an_interval_without_an_entry_is_refused():
    with pytest.raises(BadValue, match="entries"):
        confirmation("meter", 7, 7)


def test_the_operator_does_not_confirm_for_a_party(stolen: World):
    stolen.post("acme", "acme/keys", [revocation("meter", compromised_from=6)])
    with pytest.raises(NotAuthorised, match="admin key of acme"):
        stolen.post("operator", "acme/keys", [confirmation("meter", 6, 7)])


def test_a_key_that_a_disputed_entry_authorised_confirms_nothing(world: World):
    world.key("acme", "second", "acme/", admin=True)
    at = world.size
    world.post("acme", "acme/keys", [authorisation("acme", "thief", "acme/", admin=True)])
    world.post("thief", "acme/keys", [authorisation("acme", "heir", "acme/", admin=True)])
    world.post("second", "acme/keys", [revocation("acme", compromised_from=at)])
    for name in ("thief", "heir"):
        with pytest.raises(NotAuthorised, match="no disputed entry has authorised"):
            world.post(name, "acme/keys", [confirmation("acme", at, at + 1)])
    world.post("second", "acme/keys", [confirmation("acme", at, at + 1)])
    assert not key(world, "acme").disputed_at(at)


def test_a_revoked_key_never_comes_back(world: World):
    world.key("acme", "meter", "acme/")
    world.post("acme", "acme/keys", [revocation("meter")])
    with pytest.raises(BadKey, match="already on the ledger"):
        world.key("acme", "meter", "acme/")


def test_a_party_revokes_only_its_own_keys(world: World):
    world.party("other")
    with pytest.raises(RuleBroken, match="a key of acme"):
        world.post("acme", "acme/keys", [revocation("other")])
    with pytest.raises(RuleBroken, match="a key of acme"):
        world.post("acme", "acme/keys", [revocation("never seen")])


# --- who manages keys --------------------------------------------------------------------------


def test_an_admin_key_authorises_further_ones(world: World):
    world.key("acme", "second", "acme/", admin=True)
    world.post("second", "acme/keys", [authorisation("acme", "third", "acme/")])
    assert (key(world, "second").read, key(world, "third").read) == (True, False)


def test_a_key_that_is_no_admin_manages_no_keys(world: World):
    world.key("acme", "meter", "acme/")
    for event in (authorisation("acme", "x", "acme/"), revocation("acme"), recovery("acme", "x")):
        with pytest.raises(NotAuthorised, match="admin key of acme"):
            world.post("meter", "acme/keys", [event])


def test_another_party_manages_no_keys_of_this_one(world: World):
    world.party("other")
    for event in (authorisation("acme", "x", "acme/"), revocation("acme"), recovery("acme", "x")):
        with pytest.raises(NotAuthorised, match="admin key of acme"):
            world.post("other", "acme/keys", [event])


def test_the_operator_authorises_no_keys_of_others(world: World):
    with pytest.raises(NotAuthorised, match="may only revoke and recover"):
        world.post("operator", "acme/keys", [authorisation("acme", "spy", "acme/")])


def test_the_operator_revokes_and_recovers_with_reason_and_evidence(world: World):
    both = [revocation("acme"), recovery("acme", "acme again")]
    world.post("operator", "acme/keys", both)
    assert key(world, "acme").revoked == world.size - 1
    assert key(world, "acme again").recovered
    assert (key(world, "acme again").admin, key(world, "acme again").scope) == (True, ("acme/",))
    party = world.state.get(PARTY, "acme")
    assert party is not None
    assert party.recovered == ("acme/keys@3",)
    world.post("acme again", "acme/register", [site("other")])


def test_a_recovery_replaces_the_keys_that_it_names(world: World):
    world.key("acme", "meter", "acme/")
    world.post("operator", "acme/keys", [recovery("acme", "acme again", "acme", "meter")])
    assert key(world, "acme").revoked == key(world, "meter").revoked == world.size - 1


def test_a_recovery_replaces_only_keys_of_its_party(world: World):
    world.party("other")
    with pytest.raises(RuleBroken, match="a key of acme"):
        world.post("operator", "acme/keys", [recovery("acme", "acme again", "other")])


def test_a_key_event_of_an_unregistered_party_is_refused(world: World):
    with pytest.raises(NotAuthorised, match="PartyRegistered"):
        world.post("operator", "nobody/keys", [recovery("nobody", "x")])


def test_a_new_admin_key_must_be_proven_and_new(world: World):
    with pytest.raises(BadKey, match="already on the ledger"):
        world.post("operator", "acme/keys", [recovery("acme", "acme")])
    unproven = authorisation("acme", "x", "acme/", proof=possession_proof(key_of("y"), LOG, "acme"))
    with pytest.raises(LedgerError):
        world.post("acme", "acme/keys", [unproven])


# --- the recovery key --------------------------------------------------------------------------


def test_the_recovery_key_authorises_and_revokes_keys_of_the_operator(world: World):
    events = [revocation("operator"), authorisation("operator", "new", "operator/", admin=True)]
    world.post("recovery", "operator/keys", events)
    world.post("new", "operator/factors", [factor("other")])
    with pytest.raises(NotAuthorised, match="revoked"):
        world.post("operator", "operator/factors", [factor("third")])


def test_the_recovery_key_does_nothing_else(world: World):
    refused: list[tuple[str, list[object]]] = [
        ("operator/keys", [recovery("operator", "x")]),
        ("acme/keys", [revocation("acme")]),
        ("acme/keys", [authorisation("acme", "x", "acme/")]),
        ("operator/factors", [factor("x")]),
        ("operator/register", [site("x")]),
        ("other/keys", [registration("other")]),
        ("operator/ledger", [opening()]),
    ]
    for stream, events in refused:
        with pytest.raises(NotAuthorised):
            world.post("recovery", stream, events)  # type: ignore[arg-type]


def test_the_recovery_key_is_not_revoked_by_those_it_recovers(world: World):
    with pytest.raises(RuleBroken, match="a key of operator"):
        world.post("operator", "operator/keys", [revocation("recovery")])


# --- scope and types ---------------------------------------------------------------------------


@pytest.mark.parametrize("item", ["acme/", "acme/plant-1/", "acme/plant-1/power"])
def test_a_scope_covers_whole_segments_or_exactly_one_stream(world: World, item: str):
    world.key("acme", "meter", item)
    world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])


@pytest.mark.parametrize(
    "item",
    ["acme/plant-10/", "acme/plant-1/power/", "acme/plant-1/powe", "acme/plant-1", "acme/plant-2/"],
)
def test_a_scope_covers_no_part_of_a_segment(world: World, item: str):
    world.key("acme", "meter", item)
    with pytest.raises(NotAuthorised, match="scope"):
        world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])


def test_plant_1_does_not_cover_plant_10(world: World):
    world.source("acme/plant-10/power")
    world.key("acme", "meter", "acme/plant-1/", "acme/plant-1")
    with pytest.raises(NotAuthorised, match="scope"):
        world.post("meter", "acme/plant-10/power", [reading(NEW_YEAR, "PT15M", "1")])


def test_a_meters_stream_alone_does_not_cover_its_corrections(world: World):
    world.key("acme", "meter", POWER)
    world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])
    with pytest.raises(NotAuthorised, match="scope"):
        world.post("meter", f"{POWER}/corrections", [correction(f"{POWER}@1", None)])


def test_a_key_for_one_type_says_no_other(world: World):
    world.key("acme", "meter", "acme/", event_types=("ActivityRecorded",))
    world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])
    with pytest.raises(NotAuthorised, match="event type out of the key's scope"):
        world.post("meter", f"{POWER}/corrections", [correction(f"{POWER}@1", None)])


def test_an_admin_key_for_one_type_says_no_other(world: World):
    world.key("acme", "guard", "acme/", admin=True, event_types=("KeyRevoked",))
    with pytest.raises(NotAuthorised, match="event type out of the key's scope"):
        world.post("guard", "acme/keys", [authorisation("acme", "x", "acme/")])
    world.post("guard", "acme/keys", [revocation("acme")])


def test_a_key_without_scope_only_reads(world: World):
    world.key("acme", "reader", read=True)
    with pytest.raises(NotAuthorised, match="only reads"):
        world.post("reader", POWER, [reading(NEW_YEAR, "PT15M", "1")])


@pytest.mark.parametrize("item", ["other/", "acme-2/", "acm/"])
def test_a_scope_lies_within_its_party(world: World, item: str):
    with pytest.raises(RuleBroken, match="scope of a key"):
        world.key("acme", "meter", item)


# --- places ------------------------------------------------------------------------------------


def test_a_party_posts_only_under_its_own_name(world: World):
    world.party("other")
    with pytest.raises(NotAuthorised, match="another party"):
        world.post("other", POWER, [reading(NEW_YEAR, "PT15M", "1")])
    with pytest.raises(NotAuthorised, match="another party"):
        world.post("operator", POWER, [reading(NEW_YEAR, "PT15M", "1")])


OUT_OF_PLACE: list[tuple[str, Callable[[], object]]] = [
    ("acme/register", lambda: reading(NEW_YEAR, "PT15M", "1")),
    ("acme/factors", lambda: site("x")),
    ("acme/register", lambda: factor("x", kind="supplier")),
    (POWER, lambda: site("x")),
    (POWER, lambda: correction(f"{POWER}@1", None)),
    (f"{POWER}/corrections", lambda: reading(NEW_YEAR, "PT15M", "1")),
    (POWER, lambda: authorisation("acme", "x", "acme/")),
    ("acme/keys", lambda: site("x")),
    ("acme/ledger", opening),
    ("acme/seals", lambda: site("x")),
    ("acme/redactions", lambda: site("x")),
]


@pytest.mark.parametrize(("stream", "event"), OUT_OF_PLACE)
def test_every_type_has_its_place(world: World, stream: str, event: Callable[[], object]):
    with pytest.raises(NotAuthorised):
        world.post("acme", stream, [event()])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "stream",
    [
        "acme/corrections",
        "acme/plant/register",
        "acme/keys/old",
        "acme/plant/keys/power",
        "acme/register/corrections",
        "acme/plant/corrections/corrections",
        "acme/factors/corrections",
    ],
)
def test_reserved_segments_stand_nowhere_else(world: World, stream: str):
    with pytest.raises(NotAuthorised, match="reserved stream name"):
        world.post("acme", stream, [site("x")])
    if not stream.endswith("/corrections"):
        with pytest.raises(NotAuthorised, match="reserved stream name"):
            world.post("acme", "acme/register", [source(stream)])


def test_a_source_stream_leaves_room_for_its_corrections(world: World):
    longest = "acme/" + "/".join(["a" * 45] * 4)[:183]
    assert len(longest) == 188
    world.source(longest)
    world.post("acme", longest, [reading(NEW_YEAR, "PT15M", "1")])
    world.correct(f"{longest}@1", None)
    with pytest.raises(NotAuthorised, match="too long"):
        world.post("acme", "acme/register", [source(longest + "a")])


def test_only_an_admin_key_of_the_operator_speaks_about_the_ledger(world: World):
    world.key("operator", "clerk", "operator/")
    with pytest.raises(NotAuthorised, match="admin key of the ledger's operator"):
        world.post("clerk", "operator/ledger", [opening()])

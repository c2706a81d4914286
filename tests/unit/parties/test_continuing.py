"""A log continues another one: its opening names that one's end, and comes from the same operator.

Source: formats, section 5.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger import machine
from ledger.carbon.organisation.pieces import ORGANISATION
from ledger.carbon.rows import EntryRows
from ledger.errors import BadKey, LedgerError, NotAuthorised, RuleBroken
from ledger.fold.state import Overlay
from ledger.log import note
from ledger.log.hashes import leaf_hash
from ledger.log.jws import possession_proof
from ledger.log.names import event_ref
from ledger.log.seals import Head, heads_root
from ledger.log.tree import root_of
from ledger.parties.events import Continued, KeyRevoked, LedgerOpened, Signed
from ledger.parties.pieces import (
    END,
    KEY,
    LEDGER,
    PARTY,
    UNSEEN_END,
    EarlierLog,
    EndPiece,
    KeyPiece,
    LedgerPiece,
)
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    base_year,
    body,
    correction,
    jwk,
    key_of,
    opening,
    reading,
    salt,
    site,
)

NEW_YEAR = "2018-01-01T00:00:00+08:00"
POWER = "acme/plant-1/power"


def log_of(origin: str) -> str:
    return note.log_vkey(origin, key_of(origin).public)


SECOND = "ledger.example/second"
LOG_2 = log_of(SECOND)


def end_of(world: World) -> EndPiece:
    """The end of a world's log, as whoever folds it finds it."""
    heads = [Head(head=leaf, stream=s, version=v) for s, (v, leaf) in sorted(world.heads.items())]
    return EndPiece(
        size=world.size,
        root=root_of([leaf_hash(one.jws) for one in world.log]).hex(),
        heads_root=heads_root(heads).hex(),
        heads_count=len(heads),
    )


def continues(world: World, log: str = LOG, **changed: Any) -> Continued:
    end = end_of(world)
    members: dict[str, object] = {
        "log": log,
        "size": end.size,
        "root": end.root,
        "heads_root": end.heads_root,
        "heads_count": end.heads_count,
    }
    return Continued(**{**members, **changed})


def reopening(
    world: World, log: str = LOG_2, earlier: str = LOG, **changed: object
) -> LedgerOpened:
    """The opening of the continuing log: the operator's own key, a new recovery key."""
    members: dict[str, object] = {
        "origin": note.parse_vkey(log).name,
        "log": log,
        "proof": possession_proof(key_of("operator"), log, "operator"),
        "recovery_key": jwk(key_of(f"recovery of {log[-6:]}")),
        "recovery_proof": possession_proof(key_of(f"recovery of {log[-6:]}"), log, "operator"),
        "continues": continues(world, earlier),
    }
    return opening(**{**members, **changed})


class Later(World):
    """A ledger that goes on after the entries of another, which stand below index 0."""

    def __init__(self, earlier: World) -> None:
        super().__init__(opened=False)
        entries = [*getattr(earlier, "before", ()), *(one.entry for one in earlier.log)]
        self.before: list[machine.Entry] = [
            msgspec.structs.replace(entry, index=entry.index - earlier.size) for entry in entries
        ]
        ends = [*getattr(earlier, "ends", ()), end_of(earlier)]
        self.ends: list[EndPiece] = ends
        openings = 0
        for entry in self.before:
            if isinstance(entry.events[0], LedgerOpened) and openings:
                self.state.put(END, "", ends[openings - 1])
            openings += isinstance(entry.events[0], LedgerOpened)
            overlay = Overlay(self.state)
            machine.authorise(overlay, entry)
            machine.fold(overlay, entry, EntryRows())
            overlay.merge_into(self.state.pieces)
            for position, event in enumerate(entry.events):
                self.state.show(event_ref(entry.stream, entry.first + position), event, entry.index)
        self.heads = {s: h for s, h in earlier.heads.items() if s != "operator/ledger"}
        self.state.put(END, "", ends[-1])

    def open(self, event: LedgerOpened, signer: str = "operator") -> None:
        self.post(signer, "operator/ledger", [event], event.log)


@pytest.fixture
def world() -> World:
    """Six entries: opening, acme, factor, source, meter's key, one reading."""
    world = World()
    world.party("acme")
    world.factor("grid")
    world.source(POWER, location="operator/grid@1")
    world.key("acme", "meter", POWER)
    world.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")])
    assert world.size == 6
    return world


@pytest.fixture
def later(world: World) -> Later:
    later = Later(world)
    later.open(reopening(world))
    return later


def about(world: World) -> LedgerPiece:
    found = world.state.get(LEDGER, "")
    assert found is not None
    return found


def key(world: World, name: str) -> KeyPiece:
    found = world.state.get(KEY, key_of(name).public.thumbprint)
    assert found is not None
    return found


def test_a_continuing_log_is_the_ledger_from_its_entry_0_on(later: Later):
    assert about(later).log == LOG_2
    assert about(later).origin == SECOND
    assert about(later).opened == 0
    assert about(later).earlier == (EarlierLog(log=LOG, opened=-6, size=6, signed=6),)


def test_streams_go_on_at_their_next_version_with_the_keys_that_were_valid(later: Later):
    logged = later.post("meter", POWER, [reading("2018-01-02T00:00:00+08:00", "PT15M", "1")], LOG_2)
    assert (logged.index, logged.entry.first) == (1, 2)
    assert key(later, "meter").authorised == -2


def test_a_batch_for_the_earlier_log_is_not_taken(later: Later):
    with pytest.raises(LedgerError, match="batch for another log"):
        later.post("meter", POWER, [reading("2018-01-02T00:00:00+08:00", "PT15M", "1")], LOG)


def test_what_was_recorded_earlier_can_be_corrected_and_not_be_counted_twice(later: Later):
    with pytest.raises(LedgerError, match="is covered"):
        later.post("meter", POWER, [reading(NEW_YEAR, "PT15M", "1")], LOG_2)
    event = correction(f"{POWER}@1", body(NEW_YEAR, "PT15M", "3"))
    logged = later.post("acme", f"{POWER}/corrections", [event], LOG_2)
    assert sum(mass for mass, _ in logged.rows.masses.values()) == 2 * 582_700


def test_a_key_that_was_revoked_at_the_old_end_stays_revoked(world: World):
    world.post(
        "acme",
        "acme/keys",
        [
            KeyRevoked(
                salt=salt(),
                key=key_of("meter").public.thumbprint,
                reason="lost",
                compromised_from=None,
            )
        ],
    )
    later = Later(world)
    later.open(reopening(world))
    with pytest.raises(NotAuthorised, match="revoked"):
        later.post("meter", POWER, [reading("2018-01-02T00:00:00+08:00", "PT15M", "1")], LOG_2)


def test_the_earlier_recovery_key_recovers_nothing_in_the_new_log(later: Later):
    event = authorisation("operator", "new", "operator/", admin=True)
    with pytest.raises(NotAuthorised, match="revoked"):
        later.post("recovery", "operator/keys", [event], LOG_2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 5},
        {"root": "0" * 64},
        {"heads_root": "0" * 64},
        {"heads_count": 7},
        {"log": log_of("ledger.example/other")},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_opening_that_names_another_end_is_refused(world: World, wrong: dict[str, Any]):
    [member] = wrong
    with pytest.raises(RuleBroken, match=f"{member} of the earlier log"):
        Later(world).open(reopening(world, continues=continues(world, **wrong)))


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"timezone": "Europe/London"}, RuleBroken, "timezone of a continuing log"),
        ({"area": "Elsewhere"}, RuleBroken, "area of a continuing log"),
        ({"continues": None}, RuleBroken, "entry 0 of a log"),
        ({"recovery_key": jwk(key_of("acme"))}, LedgerError, ""),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_continuation_that_changes_what_must_stay_is_refused(
    world: World, changed: dict[str, Any], error: type[LedgerError], words: str
):
    with pytest.raises(error) as refused:
        Later(world).open(reopening(world, **changed))
    assert words in f"{refused.value.what} {refused.value.expected}"


def test_a_partys_key_is_not_the_recovery_key_of_a_continuing_log(world: World):
    proof = possession_proof(key_of("acme"), LOG_2, "operator")
    event = reopening(world, recovery_key=jwk(key_of("acme")), recovery_proof=proof)
    with pytest.raises(BadKey, match="recovery key"):
        Later(world).open(event)


def test_the_same_origin_again_is_refused(world: World):
    same = note.log_vkey("ledger.example/log", key_of("another").public)
    with pytest.raises(RuleBroken, match="origin"):
        Later(world).open(reopening(world, same))


def test_the_earlier_logs_key_is_not_used_again(world: World):
    same = note.log_vkey(SECOND, key_of("log").public)
    with pytest.raises(BadKey, match="keys of a continuing log"):
        Later(world).open(reopening(world, same))


@pytest.mark.parametrize("name", ["stranger", "acme", "meter"])
def test_nobody_but_the_operator_continues_a_log(world: World, name: str):
    proof = possession_proof(key_of(name), LOG_2, "operator")
    with pytest.raises(NotAuthorised, match="opening of a continuing log"):
        Later(world).open(reopening(world, key=jwk(key_of(name)), proof=proof), signer=name)


def test_a_key_that_the_operator_revoked_continues_nothing(world: World):
    world.key("operator", "second", "operator/", admin=True)
    world.post("second", "operator/keys", [revocation("operator")])
    with pytest.raises(NotAuthorised, match="opening of a continuing log"):
        Later(world).open(reopening(world))
    proof = possession_proof(key_of("second"), LOG_2, "operator")
    Later(world).open(reopening(world, key=jwk(key_of("second")), proof=proof), signer="second")


def recovered_opening(world: World) -> LedgerOpened:
    return reopening(
        world,
        key=jwk(key_of("fresh")),
        proof=possession_proof(key_of("fresh"), LOG_2, "operator"),
        recovery_key=jwk(key_of("recovery")),
        recovery_proof=possession_proof(key_of("recovery"), LOG_2, "operator"),
    )


def test_an_operator_without_a_key_continues_with_the_recovery_key_and_that_shows(world: World):
    later = Later(world)
    later.open(recovered_opening(world), signer="fresh")
    assert key(later, "fresh").recovered
    operator = later.state.get(PARTY, "operator")
    assert operator is not None
    assert operator.recovered == ("operator/ledger@1",)
    later.post("recovery", "operator/keys", [revocation("operator")], LOG_2)


def revocation(name: str, compromised_from: int | None = None) -> KeyRevoked:
    return KeyRevoked(
        salt=salt(),
        key=key_of(name).public.thumbprint,
        reason="lost",
        compromised_from=compromised_from,
    )


def test_a_log_says_how_much_of_the_earlier_one_was_lost(world: World):
    lost = Signed(size=9, root="1" * 64)
    later = Later(world)
    later.open(reopening(world, continues=continues(world, signed=lost)))
    assert [(one.size, one.signed) for one in about(later).earlier] == [(6, 9)]


def test_nothing_is_lost_where_no_more_was_signed(world: World):
    lost = Signed(size=6, root="1" * 64)
    with pytest.raises(RuleBroken, match="what the earlier log had signed"):
        Later(world).open(reopening(world, continues=continues(world, signed=lost)))


def test_without_the_earlier_entries_a_continuation_is_not_decided(world: World):
    alone = World(opened=False)
    with pytest.raises(RuleBroken, match="continuing an earlier log"):
        alone.post("operator", "operator/ledger", [reopening(world)], LOG_2)


def test_a_file_of_few_entries_takes_the_continuation_for_the_operators_word(world: World):
    alone = World(opened=False)
    alone.state.put(END, "", UNSEEN_END)
    alone.post("operator", "operator/ledger", [reopening(world)], LOG_2)
    assert about(alone).earlier == ()


def test_no_log_is_opened_in_the_midst_of_one(later: Later, world: World):
    later.state.put(END, "", end_of(world))
    with pytest.raises(LedgerError):
        later.post(
            "operator", "operator/ledger", [reopening(world, log_of("c.example/log"))], LOG_2
        )


def test_indexes_that_an_event_names_count_from_its_own_logs_opening(world: World):
    world.say("acme", base_year(2018, 6))
    later = Later(world)
    later.open(reopening(world))
    later.post("acme", "acme/register", [base_year(2019, 1)], LOG_2)
    said = later.state.get(ORGANISATION, "acme")
    assert said is not None
    assert [one.size for one in said.base_years] == [-1, 1]
    later.post("operator", "acme/keys", [revocation("meter", compromised_from=0)], LOG_2)
    assert key(later, "meter").compromised_from == 0
    assert not key(later, "meter").disputed_at(-1)


def test_a_size_that_the_new_log_has_not_had_is_refused(later: Later):
    with pytest.raises(RuleBroken, match="size of the base year"):
        later.post("acme", "acme/register", [base_year(2018, 6)], LOG_2)


def test_a_chain_of_logs_holds_all_of_them(later: Later):
    later.post("acme", "acme/register", [site("annex")], LOG_2)
    log_3 = log_of("ledger.example/third")
    third = Later(later)
    third.open(reopening(later, log_3, LOG_2))
    assert about(third).earlier == (
        EarlierLog(log=LOG, opened=-8, size=6, signed=6),
        EarlierLog(log=LOG_2, opened=-2, size=2, signed=2),
    )
    logged = third.post("meter", POWER, [reading("2018-01-02T00:00:00+08:00", "PT15M", "1")], log_3)
    assert logged.entry.first == 2
    assert key(third, "meter").authorised == -4

"""What follows from a range of the log: the same in any process, and damage is part of the answer."""

from __future__ import annotations

import pickle
import subprocess
import sys

import msgspec
import pytest

from ledger.carbon.summary import basis_of, encode_basis
from ledger.errors import Unavailable
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.hashes import leaf_hash
from ledger.log.tree import root_of
from ledger.ranges import (
    Bytes,
    Found,
    FoundEntry,
    Range,
    check_range,
    check_range_as,
    release,
)
from ledger.store.packing import pack
from tests.unit.world import LOG, LOG_KEY, ORIGIN, World, jwk, key_of, reading

POWER, HEAT = "acme/plant/power", "acme/plant/heat"


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source(POWER, location="operator/grid@1")
    world.source(HEAT, location="operator/grid@1")
    world.post("acme", POWER, [reading("2018-01-01T00:00:00+08:00", "PT15M", "3.17")])
    return world


def part(world: World, **more: object) -> Range:
    """All of the world's log, with the keys and the basis of one stream."""
    basis = basis_of(world.state, POWER)
    assert basis is not None
    notes = sign_checkpoint(LOG_KEY, Checkpoint(ORIGIN, 1, root_of([leaf_hash(world.log[0].jws)])))
    values = Range(
        log=LOG,
        entries=tuple(
            Bytes(
                one.index,
                one.jws,
                pack(b"".join(line + b"\n" for line in one.lines)),
                0 if one.entry.stream == POWER else -1,
            )
            for one in world.log
        ),
        keys={key_of("acme").public.thumbprint: str(jwk(key_of("acme")).x)},
        bases=(encode_basis(basis),),
        notes=((1, notes),),
        hashes=True,
    )
    return msgspec.structs.replace(values, **more)


def changed(world: World, index: int, **more: object) -> Range:
    """The same with one entry changed."""
    whole = part(world)
    entries = list(whole.entries)
    entries[index] = msgspec.structs.replace(entries[index], **more)
    return msgspec.structs.replace(whole, entries=tuple(entries))


def last(found: Found) -> FoundEntry:
    return found.entries[-1]


def test_a_whole_range_has_leaves_statements_types_and_checkpoints(world: World):
    found = check_range(part(world))
    assert [one.leaf for one in found.entries] == [leaf_hash(one.jws) for one in world.log]
    assert all(one.signed is not None and not one.damage for one in found.entries)
    assert last(found).types == ("ActivityRecorded",)
    assert [note.size for note in found.notes if isinstance(note, Checkpoint)] == [1]


def test_another_process_finds_the_same(world: World):
    program = (
        "import pickle, sys; from ledger.ranges import check_range; "
        "sys.stdout.buffer.write(pickle.dumps(check_range(pickle.load(sys.stdin.buffer))))"
    )
    sent = pickle.dumps(part(world))
    answer = subprocess.run(
        [sys.executable, "-c", program], input=sent, capture_output=True, check=True
    )
    assert pickle.loads(answer.stdout) == check_range(part(world))  # noqa: S301  (our own)


def test_checking_a_range_needs_no_database_driver():
    program = "import ledger.ranges, sys; print([m for m in sys.modules if 'psycopg' in m])"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert answer.stdout == "[]\n"


def test_readings_on_their_basis_come_with_their_summary_and_what_it_will_ask_for(world: World):
    found = last(check_range(part(world)))
    assert found.summary is not None
    assert found.summary.runs == ((1514736000, 1514736900),)
    assert [kind for kind, _ in found.pieces] == ["cover"]


def test_the_basis_of_another_stream_gives_no_summary(world: World):
    basis = basis_of(world.state, HEAT)
    assert basis is not None
    found = last(check_range(part(world, bases=(encode_basis(basis),))))
    assert found.summary is None
    assert not found.damage


def test_a_signature_is_judged_by_a_key_that_is_known_and_left_open_otherwise(world: World):
    found = check_range(part(world))
    assert last(found).forged == ""
    assert found.entries[0].forged is None  # the operator's key was not sent along


def test_a_forged_signature_is_told(world: World):
    jws = world.log[-1].jws
    other = jws[:-10] + (b"A" if jws[-10:-9] != b"A" else b"B") + jws[-9:]
    found = last(check_range(changed(world, -1, jws=other)))
    assert found.forged
    assert not found.damage


def test_a_changed_line_is_damage_where_there_is_hashing_and_only_there(world: World):
    lines = b"".join(line + b"\n" for line in world.log[-1].lines).replace(b"3.17", b"3.18")
    bad = changed(world, -1, packed=pack(lines))
    assert last(check_range(bad)).damage.startswith("the lines do not give the signed head")
    quick = check_range(msgspec.structs.replace(bad, hashes=False))
    assert (last(quick).damage, last(quick).forged) == ("", "")


def test_damage_of_one_entry_hides_nothing_of_the_next(world: World):
    found = check_range(changed(world, 2, jws=b"eyJub3RoaW5nIg"))
    assert found.entries[2].signed is None
    assert found.entries[2].damage
    assert [at for at, one in enumerate(found.entries) if one.damage] == [2]


def test_lines_that_are_missing_are_damage(world: World):
    assert "number of lines" in last(check_range(changed(world, -1, packed=b""))).damage


def test_a_checkpoint_of_another_log_is_told(world: World):
    forged = sign_checkpoint(key_of("acme"), Checkpoint(ORIGIN, 1, root_of([b"0" * 32])))
    found = check_range(part(world, notes=((1, forged),)))
    assert isinstance(found.notes[0], str)


def test_another_release_does_not_check(world: World):
    assert check_range_as(release(), part(world)) == check_range(part(world))
    with pytest.raises(Unavailable, match="another release"):
        check_range_as("carbon-ledger 0.0.0, Python 2.7.18", part(world))

"""The bare limit of a file really checks its signatures, of the checkpoint and of every entry."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature

from ledger.log.bundle import read_bundle
from ledger.log.note import log_vkey
from tests.benchmarks.bare import Bare
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, World, key_of, reading

POWER = "acme/plant/power"
SIGNERS = ("operator", "acme")


@pytest.fixture
def file() -> bytes:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading("2026-01-01T00:00:00+08:00", "PT15M", "3.17")])
    return Proofs(world).event(f"{POWER}@1")


def test_a_right_file_passes(file: bytes):
    Bare(file, LOG, [key_of(name).public for name in SIGNERS]).check()


@pytest.mark.parametrize("number", range(3))
def test_no_signature_is_skipped(file: bytes, number: int):
    entries = read_bundle(file).entries
    assert len(entries) >= 3
    start, signature = entries[number].jws.decode().rsplit(".", 1)
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    damaged = file.replace(f"{start}.{signature}".encode(), f"{start}.{other}".encode())
    assert damaged != file
    with pytest.raises(InvalidSignature):
        Bare(damaged, LOG, [key_of(name).public for name in SIGNERS]).check()


def test_the_log_must_have_signed_it(file: bytes):
    other = log_vkey(LOG.split("+")[0], key_of("somebody").public)
    with pytest.raises(InvalidSignature):
        Bare(file, other, [key_of(name).public for name in SIGNERS]).check()

"""Vectors of bundles that derive everything: what holds with its verdict, and what is refused.

An accepted case is a whole file and the facts of its verdict; a refused one a whole file and the
defect that a verifier names, if it derives these kinds at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from msgspec.structs import replace

from ledger.errors import LedgerError
from ledger.log.bundle import WholeEntry
from ledger.provenance import facts, verify_bundle
from tests.unit import world as worlds
from tests.unit.whole_files import Entries, company_file, figure_file
from tests.unit.world import LOG, World, body, reading
from tests.vectors.shape import Case, File, file_of, spell

POWER = "acme/plant/power"
SEAL = "operator/seals@1"
FIGURE = "ghg-protocol:acme:inventory.AR6:2026-01..2026-12:10:scopes:2:location:CO2"


def built() -> World:
    """Two companies with readings, one of them corrected, and a seal; the same in every run."""
    world = World()
    for party in ("acme", "mill"):
        world.party(party)
    world.factor("grid", CO2="0.5")
    for stream in (POWER, "mill/plant/power"):
        world.source(stream, location="operator/grid@1")
    days = [f"2026-01-{n:02}T00:00:00+08:00" for n in (1, 2)]
    world.post("acme", POWER, [reading(day, "P1D", "8") for day in days])
    world.post("mill", "mill/plant/power", [reading(days[0], "P1D", "100")])
    world.correct(f"{POWER}@1", body(days[0], "P1D", "12"))
    world.seal("companies", "2026")
    return world


@contextmanager
def _same_salts() -> Iterator[None]:
    """Every run has the same salts."""
    kept = worlds._salts
    worlds._salts = count(1)
    try:
        yield
    finally:
        worlds._salts = kept


def whole_bundles() -> File:
    """Both kinds, whole and damaged."""
    with _same_salts():
        world = built()
    size = world.size
    figure = FIGURE.replace(":10:", f":{size}:")
    streams = [logged.entry.stream for logged in world.log]
    company = company_file(world, "acme", SEAL)
    all_entries = figure_file(world, figure, size)
    accepted = [_accepted("company-inventory", company), _accepted("figure", all_entries)]

    def without(stream: str, entries: Entries) -> Entries:
        return tuple(one for one in entries if streams[one.index] != stream)

    def turned(entries: Entries) -> Entries:
        return tuple(
            replace(one, lines=one.lines[::-1])
            if isinstance(one, WholeEntry) and streams[one.index] == POWER
            else one
            for one in entries
        )

    refused = {
        "company-inventory/without-the-readings": company_file(
            world, "acme", SEAL, lambda entries: without(POWER, entries)
        ),
        "company-inventory/without-the-corrections": company_file(
            world, "acme", SEAL, lambda entries: without(f"{POWER}/corrections", entries)
        ),
        "company-inventory/without-the-opening": company_file(
            world, "acme", SEAL, lambda entries: entries[1:]
        ),
        "company-inventory/readings-change-places": company_file(world, "acme", SEAL, turned),
        "company-inventory/another-quantity": company.replace(
            b'"quantity":"8"', b'"quantity":"9"', 1
        ),
        "company-inventory/other-sums": company.replace(b'"emitted":"1', b'"emitted":"2', 1),
        "figure/without-another-party": figure_file(
            world, figure, size, lambda entries: without("mill/plant/power", entries)
        ),
        "figure/more-than-it-knew": figure_file(
            world, FIGURE.replace(":10:", f":{size - 1}:"), size
        ),
        "figure/that-no-report-has": figure_file(world, figure + ":x", size),
        "figure/no-identifier": figure_file(world, "scope 2", size),
    }
    return file_of(__doc__ or "", accepted, [_refused(*item) for item in refused.items()])


def _accepted(name: str, data: bytes) -> Case:
    verdict = facts(verify_bundle(data, LOG))
    return {"name": name, "bundle": spell(data), "vkey": LOG, "verdict": verdict}


def _refused(name: str, data: bytes) -> Case:
    try:
        verify_bundle(data, LOG)
    except LedgerError as error:
        return {"name": name, "bundle": spell(data), "vkey": LOG, "defect": error.defect}
    raise AssertionError(name)

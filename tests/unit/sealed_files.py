"""A small ledger, and files of every kind about it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ledger.log import seals
from tests.unit.proof_file import ProofFiles, Value
from tests.unit.world import World, body, reading

POWER, FIXES = "acme/plant/power", "acme/plant/power/corrections"
GROUNDS = ("acme/register@1", "acme/register@2", "operator/factors@1")
T0, T1, T2 = (f"2026-01-0{day}T00:00:00+08:00" for day in (1, 2, 3))
SEAL = "operator/seals@1"
KINDS = (
    "event",
    "current-event",
    "inventory-line",
    "company-total",
    "company-part",
    "area-total",
    "target-progress",
)


def a_world() -> World:
    world = World()
    world.party("acme")
    world.party("beta")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.source("beta/plant/power", location="operator/grid@1")
    world.post("acme", POWER, [reading(T0, "P1D", "10"), reading(T1, "P1D", "70")])
    world.post("beta", "beta/plant/power", [reading(T0, "P1D", "1")])
    return world


def sealed_files() -> ProofFiles:
    """The same, with a correction, a target and a seal."""
    world = a_world()
    world.target("operator", "neutral")
    world.correct(f"{POWER}@2", body(T1, "P1D", "60"))
    assert world.seal() == SEAL
    return ProofFiles(world)


def of_kind(files: ProofFiles, kind: str) -> Value:
    company = files.company(SEAL, "acme")
    line = files.line(SEAL, "acme", 0)
    name = {n: v for n, v in line["line"].items() if n not in ("mass_mg", "salt")}
    companies = [msgspec.json.decode(seals.encode_company(c)) for c in files.lists(SEAL).companies]
    acme = {"party": "acme"}
    select = {"method": "location", "scope": 2}
    lines = files.lines(SEAL, "acme")
    make: dict[str, Callable[[], Value]] = {
        "event": lambda: files.event(f"{POWER}@2", *GROUNDS, f"{FIXES}@1"),
        "current-event": lambda: files.current(f"{POWER}@2", SEAL, "operator/factors@1"),
        "inventory-line": lambda: files.sealed(
            kind, SEAL, {**acme, "line": name}, company=company, line=line
        ),
        "company-total": lambda: files.sealed(kind, SEAL, acme, company=company),
        "company-part": lambda: files.sealed(
            kind, SEAL, {**acme, "select": select}, company=company, lines=lines
        ),
        "area-total": lambda: files.sealed(kind, SEAL, {}, companies=companies),
        "target-progress": lambda: files.sealed(
            kind, SEAL, {"target": "operator/register@1"}, "operator/register@1"
        ),
    }
    return make[kind]()

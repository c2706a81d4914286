"""Whole files about several logs that hold."""

from __future__ import annotations

from ledger.log.bundle_kinds import Select
from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value
from tests.unit.world import World, base_year, reading, rules_ref, salt
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import FORGED, SECOND, THIRD, Continuing, salts_from
from tests.vectors.continued.worlds import (
    FIXES,
    GROWN,
    MILL,
    POWER,
    SEALS,
    SHED,
    WORKS,
    brief,
    grown,
    park,
    recovered_in,
    ways_to_open,
)
from tests.vectors.deep.honest import day


def whole_files() -> dict[str, Value]:
    """Files that hold, by name; the same in every run."""
    with salts_from(1):
        _, middle, newest = park()
    two, three = Files.of(middle), Files.of(newest)
    return {
        **_events(two, three),
        **_current(two, three),
        **_withheld(middle, newest),
        **_sealed("two", two, f"{SEALS}@1", "the-earlier-log"),
        **_sealed("two", two, f"{SEALS}@3", "the-new-log"),
        **_sealed("three", three, f"{SEALS}@1", "the-oldest-log"),
        **_sealed("three", three, f"{SEALS}@3", "the-middle-log"),
        **_sealed("three", three, f"{SEALS}@5", "the-new-log"),
        **_opened(),
        **_short(),
        **_counted(),
        **_grown(),
    }


def _events(two: Files, three: Files) -> dict[str, Value]:
    of_two = {
        "a-new-reading-of-an-old-source": f"{POWER}@4",
        "an-old-reading-corrected-in-the-new-log": f"{POWER}@1",
        "an-old-reading-corrected-in-both": f"{POWER}@2",
        "an-old-reading": f"{POWER}@3",
        "a-correction-in-the-new-log": f"{FIXES}@4",
        "withdrawn-in-the-new-log": f"{POWER}@4",
        "of-a-new-factor": f"{POWER}@5",
        "by-a-key-that-was-revoked-later": f"{MILL}@2",
        "confirmed": f"{MILL}@3",
        "disputed": f"{MILL}@4",
        "by-the-key-after-it": f"{MILL}@5",
        "an-old-one-by-a-key-that-was-stolen-later": f"{MILL}@1",
        "an-old-one-that-was-disputed-then": f"{WORKS}@1",
        "an-old-one-that-was-confirmed-then": f"{WORKS}@2",
        "of-a-new-party": "newcomer/hall/power@1",
        "the-opening": "operator/ledger@1",
        "an-assignment": "acme/register@3",
        "a-revocation": "mill/keys@3",
        "a-new-party": "newcomer/keys@1",
        "an-old-party": "acme/keys@1",
        "a-seal": f"{SEALS}@3",
        "an-old-seal": f"{SEALS}@1",
        "an-old-target": "operator/register@1",
        "a-factor": "operator/factors@2",
        "an-old-factor": "operator/factors@1",
    }
    of_three = {
        "with-events-in-the-middle": f"{POWER}@6",
        "with-none-in-the-middle": f"{WORKS}@4",
        "where-the-middle-log-is-as-quiet": f"{SHED}@2",
        "of-the-middle-log": f"{POWER}@5",
        "of-the-oldest-log-corrected-in-the-newest": f"{POWER}@3",
        "of-the-oldest-log-corrected-in-all": f"{POWER}@2",
        "disputed-in-the-middle-log": f"{MILL}@4",
        "confirmed-in-the-oldest-log": f"{WORKS}@2",
        "the-opening": "operator/ledger@1",
        "rules-of-the-newest": "operator/ledger@2",
    }
    found = {f"event/two/{name}": two.event(event) for name, event in of_two.items()}
    return found | {f"event/three/{name}": three.event(event) for name, event in of_three.items()}


def _current(two: Files, three: Files) -> dict[str, Value]:
    asked = {
        "two/new-under-a-new-seal": (two, f"{POWER}@5", 3),
        "two/withdrawn-under-a-new-seal": (two, f"{POWER}@4", 4),
        "two/old-under-a-new-seal": (two, f"{POWER}@1", 3),
        "two/old-under-the-last-seal": (two, f"{POWER}@3", 4),
        "two/old-under-an-old-seal": (two, f"{POWER}@2", 1),
        "two/corrected-under-an-old-seal": (two, f"{POWER}@3", 2),
        "two/without-corrections-under-an-old-seal": (two, f"{MILL}@1", 1),
        "two/without-corrections-under-a-new-seal": (two, f"{MILL}@3", 3),
        "two/disputed-under-a-new-seal": (two, f"{MILL}@4", 4),
        "two/of-a-new-party": (two, "newcomer/hall/power@1", 3),
        "two/disputed-under-an-old-seal": (two, f"{WORKS}@1", 2),
        "two/confirmed-before-a-new-seal": (two, f"{WORKS}@2", 3),
        "three/oldest-under-the-oldest-seal": (three, f"{POWER}@1", 1),
        "three/oldest-under-a-seal-of-the-middle": (three, f"{POWER}@1", 3),
        "three/oldest-under-the-newest-seal": (three, f"{POWER}@3", 5),
        "three/of-the-middle-under-its-seal": (three, f"{POWER}@5", 4),
        "three/of-the-middle-under-the-newest-seal": (three, f"{POWER}@5", 5),
        "three/of-the-newest-under-its-seal": (three, f"{WORKS}@4", 5),
        "three/with-none-in-the-middle": (three, f"{SHED}@2", 6),
    }
    return {
        f"current-event/{name}": files.current(event, f"{SEALS}@{seal}")
        for name, (files, event, seal) in asked.items()
    }


def _withheld(middle: Continuing, newest: Continuing) -> dict[str, Value]:
    """What another may not see stands without its data, in whichever log."""
    hidden: dict[str, tuple[Continuing, str, int | None, list[str]]] = {
        "event/two/withheld-factor-of-the-earlier-log": (
            middle, f"{POWER}@4", None, ["operator/factors@1"]),
        "event/two/withheld-correction-of-the-new-log": (
            middle, f"{POWER}@1", None, [f"{FIXES}@3"]),
        "event/two/withheld-itself-in-the-earlier-log": (
            middle, f"{POWER}@3", None, [f"{POWER}@3"]),
        "event/three/withheld-source-of-the-oldest-log": (
            newest, f"{POWER}@6", None, ["acme/register@2"]),
        "current-event/two/withheld-corrections-of-both-logs": (
            middle, f"{POWER}@2", 3, [f"{FIXES}@1", f"{FIXES}@2", f"{FIXES}@3", f"{FIXES}@4"]),
        "current-event/two/withheld-amendments": (
            middle, f"{POWER}@4", 3, ["acme/register@3", "acme/register@4"]),
        "current-event/two/withheld-factor-of-the-earlier-log": (
            middle, f"{MILL}@3", 3, ["operator/factors@1"]),
        "current-event/two/withheld-itself-under-an-old-seal": (
            middle, f"{MILL}@1", 1, [f"{MILL}@1"]),
    }  # fmt: skip
    found = {}
    for name, (world, event, seal, gone) in hidden.items():
        files = Files.of(world, withheld=gone, extra=gone)
        found[name] = (
            files.event(event) if seal is None else files.current(event, f"{SEALS}@{seal}")
        )
    return found


def _sealed(count: str, files: Files, seal: str, where: str) -> dict[str, Value]:
    first_line = files.lists(seal).lines["acme"]
    targets = [p.name for p in files.places if p.type == "TargetSet"]
    found = {
        "company-total": files.company(seal, "acme"),
        "company-part": files.part(
            seal, "acme", Select(method="location", months=("2026-01", "2026-02"))
        ),
        "inventory-line": files.line(seal, "acme", len(first_line) - 1),
        "area-total": files.area(seal),
        "target-progress": files.target(seal, targets[-1]),
    }
    return {f"{kind}/{count}/of-{where}": value for kind, value in found.items()}


def _opened() -> dict[str, Value]:
    """Logs that were opened in other ways: the opening, and a reading behind it."""
    found = {}
    for name, make in ways_to_open().items():
        with salts_from(1):
            world = make(brief())
            world.post("acme", POWER, [reading(day(3), "P1D", "30")])
        files = Files.of(world)
        found[f"opened/{name}/the-opening"] = files.event("operator/ledger@1")
        found[f"opened/{name}/a-reading"] = files.event(f"{POWER}@3")
        if "new-key-under-the-earlier" in name:
            with salts_from(FORGED):
                world.party("late", by="fresh")
            found[f"opened/{name}/a-party"] = Files.of(world).event("late/keys@1")
    return found


def _short() -> dict[str, Value]:
    """Three logs of an opening each, and a party: what a file need not reach back for, it may show."""
    with salts_from(1):
        world = World()
        for origin in (SECOND, THIRD):
            world = Continuing(world, origin)
            world.open()
        world.party("acme")
    files, all_openings = Files.of(world), [f"operator/ledger#{n}@1" for n in (1, 2)]
    name = "acme/keys@1"
    return {
        "short/the-opening": files.event("operator/ledger@1"),
        "short/a-party": files.event(name),
        "short/a-party-and-the-log-before": Files.of(world, extra=all_openings[1:]).event(name),
        "short/a-party-and-all-logs-before": Files.of(world, extra=all_openings).event(name),
        "short/the-opening-and-all-logs-before": Files.of(world, extra=all_openings).event(
            "operator/ledger@1"
        ),
    }


def _counted() -> dict[str, Value]:
    """Numbers that events and statements name count from entry 0 of their own log."""
    with salts_from(1):
        world = brief("1")
        world.say("acme", base_year(2018, world.size))
        world.target("operator", "neutral")
        world.post(
            "operator", "operator/ledger", [RulesActivated(salt=salt(), rules=rules_ref("2"))]
        )
        world.seal(size=world.size)
        seen = {"root": "cd" * 32, "size": world.size}
        later = Continuing(world, SECOND)
        later.open()
        later.say("acme", base_year(2019, 1))
        later.target("operator", "sooner", base_size=2)
        later.seal(size=3)
        later.post("operator", "acme/keys", [recovered_in(SECOND, "acme", "rescued", "acme")])
        later.post("rescued", POWER, [reading(day(3), "P1D", "30")])
    files = Files.of(later)
    found = {
        "counted/an-old-base-year": files.event("acme/register@3"),
        "counted/a-new-base-year": files.event("acme/register@4"),
        "counted/an-old-target": files.event("operator/register@1"),
        "counted/a-new-target": files.event("operator/register@2"),
        "counted/a-seal-just-after-the-rules": files.company(f"{SEALS}@1", "acme"),
        "counted/a-seal-just-before-itself": files.company(f"{SEALS}@2", "acme"),
        "counted/recovered-in-the-new-log": files.event(f"{POWER}@3"),
        "counted/recovered-in-the-new-log-and-read-before": files.event(f"{POWER}@2"),
    }
    with salts_from(1):
        chain = Chain.of(brief())
        chain.lie("acme", POWER, reading(day(3), "P1D", "30"), seen={**seen, "size": 6})
        chain.open(SECOND)
        chain.lie("acme", POWER, reading(day(4), "P1D", "40"), seen={**seen, "size": 1})
    both = Files(chain)
    found["counted/an-old-reading-that-has-seen-all-before-it"] = both.event(f"{POWER}@3")
    found["counted/a-new-reading-that-has-seen-the-opening"] = both.event(f"{POWER}@4")
    return found


def _grown() -> dict[str, Value]:
    with salts_from(1):
        files = Files.of(grown())
    return {f"grown/{name}": files.event(event) for name, event in GROWN.items()}

"""Vectors of bundles of every kind: what holds with its verdict, and damaged ones with their defect.

An accepted case is a whole file and the facts of its verdict. A refused case names the accepted one
that it damages, the defect that a verifier must name, and the damage: at `at`, a path of members and
positions, the value is replaced by `to`, or taken out where there is no `to`; the file is written in
canonical JSON again. With `old` and `new` these bytes are exchanged instead, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import count
from typing import Any, Final

from msgspec.structs import replace

from ledger.carbon.events import FactorAssigned
from ledger.carbon.seal.lists import SealLists
from ledger.errors import LedgerError
from ledger.log.bundle_kinds import Select
from ledger.log.canonical import decode, encode
from ledger.log.checkpoint import cosign_checkpoint
from ledger.log.note import cosigner, format_vkey, log_vkey
from ledger.log.witnesses import parse_policy, parse_witnesses
from ledger.provenance import facts, verify_bundle
from tests.unit import world as worlds
from tests.unit.proof_file import ProofFiles, as_file, forge
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, LOG_KEY, World, body, key_of, reading, salt
from tests.vectors.shape import Case, File, file_of, spell, unspell

POWER, GAS = "acme/plant/power", "acme/plant/gas"
TIME_S: Final = 1_795_327_205
REPLAYING: Final = "certifier.example/replay"
STEP: Final = 7
"""Of the single values of a file one in so many is damaged, so that the corpus stays readable."""


def built() -> World:
    """A ledger with everything that the kinds ask for; the same in every run."""
    world = World()
    for party in ("acme", "mill"):
        world.party(party)
    world.factor("grid", CO2="0.5", N2O="0.001")
    world.factor("gas", activity="fuel.natural-gas", unit="m3@0C", kind="combustion", CO2="2")
    world.source(POWER, location="operator/grid@1")
    burnt = {"activity": "fuel.natural-gas", "unit": "m3@0C", "scope": 1}
    world.source(GAS, direct="operator/gas@1", **burnt)
    world.source("mill/plant/power", location="operator/grid@1")
    days = [(n, f"2026-01-{n:02}T00:00:00+08:00") for n in (1, 2)]
    world.post("acme", POWER, [reading(day, "P1D", f"{n}0") for n, day in days])
    world.post("acme", GAS, [reading(days[0][1], "P1D", "7")])
    world.post("mill", "mill/plant/power", [reading(days[0][1], "P1D", "100")])
    world.correct(f"{POWER}@1", body(days[0][1], "P1D", "12"))
    world.factor("grid", CO2="0.4", version="2")
    late = FactorAssigned(
        salt=salt(), source=POWER, role="location", factor="operator/grid@2",
        from_="2026-01-02T00:00:00+08:00", reason="newer",
    )  # fmt: skip
    world.say("acme", late)
    world.target("operator", "neutral")
    world.seal("companies", "2026")
    world.post("acme", POWER, [reading("2026-01-03T00:00:00+08:00", "P1D", "999")])
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


def _files() -> dict[str, bytes]:
    world = built()
    seal, proofs = "operator/seals@1", Proofs(world)
    line = proofs.lists(seal).lines["acme"][0].name
    hidden = Proofs(world, withheld=[f"{POWER}/corrections@1"])
    return {
        "event": proofs.event(f"{POWER}@1"),
        "event-of-a-register": proofs.event("acme/register@2"),
        "event-withheld": Proofs(world, withheld=[f"{POWER}@2"]).event(f"{POWER}@2"),
        "current-event": proofs.current(f"{POWER}@2", seal),
        "current-event-undisclosed": hidden.current(f"{POWER}@1", seal),
        "inventory-line": proofs.line(seal, "acme", line),
        "company-total": proofs.company(seal, "acme"),
        "company-part": proofs.part(
            seal, "acme", Select(method="location", scope=2, months=("2026-01", "2026-02"))
        ),
        "area-total": proofs.area(seal),
        "target-progress": proofs.target(seal, "operator/register@1"),
    }


def bundle_kinds() -> File:
    """Every kind, whole and damaged."""
    with _same_salts():
        files, dishonest = _files(), _dishonest()
    accepted = [_accepted(name, data) for name, data in files.items()]
    accepted.append(_audited(files["company-total"]))
    refused = [case for name, data in files.items() for case in _damaged(name, data)]
    refused += [case for name, data in dishonest.items() for case in _refused(name, data)]
    refused.append(_counted_as_a_witness(accepted[-1]))
    return file_of(__doc__ or "", accepted, refused)


def _refused(name: str, data: bytes) -> Iterator[Case]:
    defect = _defect({"vkey": LOG}, data)
    assert defect is not None, name
    yield {"name": name, "bundle": spell(data), "vkey": LOG, "defect": defect}


def _dishonest() -> dict[str, bytes]:
    """Files that lack or add something, and such as only a dishonest operator could make."""
    seal, first = "operator/seals@1", f"{POWER}@1"
    world = built()
    found = {}
    for gone in (
        "operator/ledger@1", "acme/keys@1", "acme/register@1", "acme/register@2",
        "operator/factors@1", f"{POWER}/corrections@1",
    ):  # fmt: skip
        proofs = Proofs(world, left_out=[gone])
        found[f"current-event/without-{gone}"] = proofs.current(first, seal)
        if not gone.endswith("/corrections@1"):  # which a file of kind event does not exclude
            found[f"event/without-{gone}"] = proofs.event(first)
    for more in (f"{POWER}@2", "mill/keys@1", "operator/factors@2", "mill/register@1"):
        found[f"event/with-{more}"] = Proofs(world, extra=[more]).event(first)
        found[f"area-total/with-{more}"] = Proofs(world, extra=[more]).area(seal)
        if more != "operator/factors@2":  # an assignment in its register stands on this one
            found[f"current-event/with-{more}"] = Proofs(world, extra=[more]).current(
                f"{GAS}@1", seal
            )
    for name, select in {
        "months-before-the-seal": Select(method="location", months=("2025-12", "2026-02")),
        "months-after-the-seal": Select(method="location", months=("2026-12", "2027-02")),
        "a-source-of-another-party": Select(method="location", stream="mill/plant/power"),
    }.items():
        found[f"company-part/{name}"] = Proofs(world).part(seal, "acme", select)
    for hidden in ("operator/ledger@1", "acme/keys@1"):
        found[f"event/withheld-{hidden}"] = Proofs(world, withheld=[hidden]).event(first)
    found["area-total/withheld-seal"] = Proofs(world, withheld=[seal]).area(seal)
    found |= _forged()
    return found


def _forged() -> dict[str, bytes]:
    """What stands in a log although its rules refuse it."""
    day = ("2026-02-01T00:00:00+08:00", "P1D", "5")
    last = f"{POWER}@4"
    found = {}
    changes: dict[str, dict[str, Any]] = {
        "signed-by-another-party": {"signer": "mill"},
        "signed-for-another-log": {"log": log_vkey("ledger.example/other", LOG_KEY.public)},
        "unit-of-another-dimension": {"unit": "kg"},
        "one-version-twice": {"previous": (3, "ab" * 32)},
    }
    for name, change in changes.items():
        world = built()
        unit = change.pop("unit", None)
        said = reading(*day, **({} if unit is None else {"unit": unit}))
        if "previous" in change:
            world.post("acme", POWER, [reading("2026-02-02T00:00:00+08:00", "P1D", "1")])
        forge(world, change.pop("signer", "acme"), POWER, [said], **change)
        found[f"event/{name}"] = _naked(world, last)
    world = built()
    honest = Proofs(world).lists("operator/seals@1")
    less = tuple(replace(one, sums={}) for one in honest.companies)
    lists = SealLists({}, honest.heads, less, honest.lines)
    right = Proofs(world).sealed("operator/seals@1")
    seal = forge(
        world, "operator", "operator/seals",
        [replace(right, salt=salt(), totals={}, companies_root=lists.companies_root)],
    )  # fmt: skip
    proofs = Proofs(world)
    proofs.lists = lambda seal: lists  # type: ignore[method-assign]  # noqa: ARG005
    found["company-part/sums-that-are-not-those-of-the-lines"] = proofs.part(
        seal, "acme", Select(method="location")
    )
    world = built()
    late = forge(world, "operator", "operator/seals", [replace(right, salt=salt(), size=99)])
    proofs = Proofs(world)
    proofs.lists = lambda seal: honest  # type: ignore[method-assign]  # noqa: ARG005
    found["company-total/a-seal-of-more-than-there-was"] = proofs.company(late, "acme")
    return found


def _naked(world: World, event: str) -> bytes:
    """A file about an event that no rule has looked at."""
    grounds = ["acme/register@1", "acme/register@2", "acme/register@4", "operator/factors@1"]
    files = ProofFiles(world)
    return as_file(files.event(event, *grounds, "operator/factors@3"))


def _accepted(name: str, data: bytes, **trust: Any) -> Case:
    case = {"name": name, "bundle": spell(data), "vkey": LOG, **trust}
    return {**case, "verdict": facts(judged(case, data))}


def judged(case: Case, data: bytes) -> Any:
    """The verdict on a file by whom a case trusts; raises LedgerError."""
    return verify_bundle(
        data,
        case["vkey"],
        parse_witnesses(case.get("witnesses", ())),
        None if "policy" not in case else parse_policy(case["policy"]),
        parse_witnesses(case.get("replayed", ())),
    )


def _audited(data: bytes) -> Case:
    key = key_of("replay")
    value = decode(data[:-1], max_bytes=None, max_depth=16)
    note = str(value["checkpoint"]).encode()
    value["checkpoint"] = cosign_checkpoint(note, key, REPLAYING, TIME_S).decode()
    vkey = "certifier=" + format_vkey(cosigner(REPLAYING, key.public))
    file = encode(value, max_bytes=None, max_depth=16) + b"\n"
    return _accepted("company-total-audited", file, replayed=[vkey])


def _counted_as_a_witness(audited: Case) -> Case:
    """A replaying witness counts in no policy, not even where it is named as a witness too."""
    trust = {"witnesses": audited["replayed"], "replayed": audited["replayed"]}
    case = {"name": "company-total-audited/counted-as-a-witness", "bundle": audited["bundle"]}
    case |= {"vkey": LOG, **trust, "policy": "certifier=1"}
    defect = _defect(case, unspell(case["bundle"]))
    assert defect == "policy", defect
    return {**case, "defect": defect}


def _damaged(name: str, data: bytes) -> Iterator[Case]:
    value = decode(data[:-1], max_bytes=None, max_depth=16)
    places = [*_places(value)]
    # Each list loses an item, and one in a few of the single values changes.
    wanted = [(at, _MISSING) for at, old in places if at and isinstance(at[-1], int) and old != {}]
    wanted = wanted[:: max(1, len(wanted) // 24)]
    leaves = [(at, old) for at, old in places if not isinstance(old, dict | list)]
    wanted += [(at, _other(old)) for at, old in leaves[::STEP]]
    wanted += [((member,), _MISSING) for member in value]
    wanted += [(("v",), 2), (("w",), 1), (("kind",), "sum")]
    seen = set()
    for at, to in wanted:
        case: Case = {"of": name, "at": list(at)} | ({} if to is _MISSING else {"to": to})
        title = "/".join([name, *map(str, at), "" if to is not _MISSING else "gone"])
        if title in seen:
            continue
        seen.add(title)
        defect = _defect({"vkey": LOG}, damaged(data, case))
        if defect is not None:
            yield {"name": title, "vkey": LOG, **case, "defect": defect}
    for title, old, new in (
        ("trailing-space", "}\n", "} \n"),
        ("no-final-newline", "}\n", "}"),
        ("space-inside", '{"checkpoint"', '{ "checkpoint"'),
    ):
        case = {"of": name, "old": old, "new": new}
        defect = _defect({"vkey": LOG}, damaged(data, case))
        yield {"name": f"{name}/{title}", "vkey": LOG, **case, "defect": defect}


class _Missing:
    pass


_MISSING: Final[Any] = _Missing()


def damaged(data: bytes, case: Case) -> bytes:
    """The file with the damage of a case."""
    if "old" in case:
        return data.replace(case["old"].encode(), case["new"].encode(), 1)
    value: Any = deepcopy(decode(data[:-1], max_bytes=None, max_depth=16))
    inside = value
    for step in case["at"][:-1]:
        inside = inside[step]
    if "to" in case:
        inside[case["at"][-1]] = case["to"]
    else:
        del inside[case["at"][-1]]
    return encode(value, max_bytes=None, max_depth=16) + b"\n"


def _defect(case: Case, data: bytes) -> str | None:
    try:
        judged(case, data)
    except LedgerError as error:
        return error.defect
    return None


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield at, value
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for step, item in items:
        yield from _places(item, (*at, step))


def _other(old: Any) -> Any:
    """Another value of the same kind: one digit or letter differs."""
    if isinstance(old, bool) or old is None:
        return not old
    if isinstance(old, int):
        return old + 1
    middle = len(old) // 2
    other = "1" if old[middle : middle + 1] != "1" else "2"
    return old[:middle] + other + old[middle + 1 :]


def whole(case: Case, accepted: list[Case]) -> bytes:
    """The file of a case: its own, or that of an accepted one, damaged."""
    if "bundle" in case:
        return unspell(case["bundle"])
    base = next(one for one in accepted if one["name"] == case["of"])
    return damaged(unspell(base["bundle"]), case)

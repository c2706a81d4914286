"""The stand-alone verifier: one file in an empty folder, which agrees with the product's own.

Source: specification, bundles and figures.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger import verify
from ledger.carbon import rulepack
from ledger.carbon.events import EmissionMeasured, FactorAssigned, SourceAmended
from ledger.carbon.rulepack import load
from ledger.errors import LedgerError
from ledger.log import note, seals
from ledger.log.jws import possession_proof
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.receipt import HEADER
from ledger.log.witnesses import parse_witnesses
from ledger.machine import TYPES
from ledger.parties.events import (
    EntriesConfirmed,
    KeyRecovered,
    KeyRevoked,
    RulesActivated,
    RulesRef,
)
from ledger.provenance import facts, verify_bundle
from tests.unit.forged_seal import SEALED_WRONGLY, forged_seal, head_of_versions
from tests.unit.hostile import signed_again
from tests.unit.proof_file import ProofFiles, Value, as_file, forge
from tests.unit.sealed_files import (
    FIXES,
    GROUNDS,
    POWER,
    SEAL,
    T0,
    T1,
    T2,
    a_world,
    of_kind,
    sealed_files,
)
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    body,
    jwk,
    key_of,
    profile,
    reading,
    salt,
)


@pytest.fixture
def world() -> World:
    return a_world()


def check(value: Value, **trust: object) -> dict[str, object]:
    """The facts of a file, on which the product's own verifier must agree."""
    data = as_file(value)
    found = verify.verify(data, verify.Trust.of(LOG, **trust)).facts  # type: ignore[arg-type]
    if not trust:
        assert facts(verify_bundle(data, LOG)) == found
    return found


def refuses(value: Value, defect: str, *, ours: bool = True) -> None:
    """Both refuse it, with this defect."""
    data = as_file(value)
    with pytest.raises(verify.Refused) as refused:
        verify.verify(data, verify.Trust.of(LOG))
    assert refused.value.defect == defect, str(refused.value)
    if ours:
        with pytest.raises(LedgerError) as error:
            verify_bundle(data, LOG)
        assert error.value.defect == defect, str(error.value)


def masses(found: dict[str, object]) -> dict[str, object]:
    claim = found["claim"]
    assert isinstance(claim, dict)
    return dict(claim["masses"])


# --- alone ------------------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a copy of the file, isolated, in a folder that has nothing else but the bundle."""
    shutil.copy(verify.__file__, tmp_path / "verify.py")

    def run(value: Value | bytes, *options: str) -> subprocess.CompletedProcess[str]:
        data = value if isinstance(value, bytes) else as_file(value)
        (tmp_path / "proof.json").write_bytes(data)
        command = [sys.executable, "-I", "verify.py", "proof.json", "--log-key", LOG, *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_it_imports_the_standard_library_and_cryptography_alone():
    tree = ast.parse(Path(verify.__file__).read_text())
    names = set()
    for item in ast.walk(tree):
        if isinstance(item, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in item.names}
        elif isinstance(item, ast.ImportFrom):
            names.add(str(item.module).partition(".")[0])
    assert names - sys.stdlib_module_names == {"cryptography"}


def test_a_file_that_holds_is_explained_and_gives_0(world: World, alone: Callable[..., object]):
    done = alone(ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.returncode, done.stderr) == (0, "")
    for said in ("THE FILE HOLDS", LOG, "re-derived", "5,000,000 mg", "a later correction", "Acme"):
        assert said in done.stdout


def test_a_file_that_does_not_hold_is_refused_by_name_and_gives_1(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    value["entries"][-1]["events"][0]["data"]["quantity"] = "9"
    done = alone(value)
    assert done.returncode == 1
    assert done.stdout.startswith("THE FILE DOES NOT HOLD (event-path): ")
    assert json.loads(alone(value, "--json").stdout)["defect"] == "event-path"


def test_a_console_that_cannot_spell_a_name_is_told_all_the_same(world: World, tmp_path: Path):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    value["entries"][0]["events"][0]["data"]["area"] = "Parc de l\u2019\u00e9t\u00e9"
    (tmp_path / "proof.json").write_bytes(as_file(signed_again(value)))
    command = [sys.executable, verify.__file__, str(tmp_path / "proof.json"), "--log-key", LOG]
    environment = {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Parc de l\\u2019\\xe9t\\xe9" in done.stdout


def test_what_it_cannot_tell_gives_2(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    for kind in ("company-inventory", "figure"):
        done = alone({**value, "kind": kind})
        assert done.returncode == 2
        assert "not derived here" in done.stderr
    assert alone(value, "--witness", "nobody").returncode == 2
    assert alone(value, "--policy", "all").returncode == 2


def test_a_receipt_and_a_checkpoint_are_no_proofs_and_give_2(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    receipt = f"{HEADER}\nindex 0\n\n{value['checkpoint']}"
    outbox = f"{value['entries'][0]['jws']}\n{receipt}"
    for text in (receipt, outbox, value["checkpoint"]):
        done = alone(text.encode())
        assert (done.returncode, done.stdout) == (2, "")
        assert "this is a receipt (or a checkpoint), not a proof" in done.stderr
    for text in (f"{{}}\n{receipt}", f'"{HEADER}"\n', HEADER[:-1] + "\n"):
        done = alone(text.encode())
        assert (done.returncode, done.stdout[:32]) == (1, "THE FILE DOES NOT HOLD (form): t")


def test_the_key_of_another_log_is_told_from_a_file_that_does_not_hold(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    done = alone(value, "--log-key", note.log_vkey("ledger.example/second", key_of("x").public))
    assert done.returncode == 1
    assert done.stdout.startswith("THE FILE DOES NOT HOLD UNDER THIS KEY (checkpoint): ")
    for said in (
        "the file is of the log ledger.example/log; you gave the key of ledger.example/second.",
        "If the one continues the other, you need the newer key, from somebody you trust.",
    ):
        assert said in done.stdout
    done = alone(value, "--log-key", note.log_vkey("ledger.example/log", key_of("x").public))
    assert done.stdout.startswith("THE FILE DOES NOT HOLD (checkpoint): ")


def test_a_log_key_with_a_slip_is_to_be_copied_again(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    for slip in (LOG[:-2], LOG + "A", LOG.replace("ledger", "ledgre"), "ledger.example/log"):
        done = alone(value, "--log-key", slip)
        assert (done.returncode, done.stdout) == (2, "")
        assert "this is no log key: a character is missing, changed or too many" in done.stderr


def test_a_later_correction_is_warned_of_beside_the_figure_but_not_as_of_a_seal(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    warning = "a later correction is not excluded: ask for a file as of a seal"
    assert warning in alone(ProofFiles(world).event(f"{POWER}@1", *GROUNDS)).stdout
    assert warning not in alone(of_kind(sealed_files(), "current-event")).stdout
    assert warning not in alone(ProofFiles(world).event("acme/register@1")).stdout


def test_its_json_is_the_verdict_of_the_specification(
    world: World, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    done = alone(value, "--json")
    assert json.loads(done.stdout) == check(value)


# --- every kind -------------------------------------------------------------------------------------


@pytest.fixture
def sealed() -> ProofFiles:
    return sealed_files()


CLAIMS = {
    "event": ("masses", {"2026-01": {"location": {"CO2": "30000000"}}}),
    "current-event": ("corrected_by", f"{FIXES}@1"),
    "inventory-line": ("mass_mg", "35000000"),
    "company-total": ("sums", {"CO2": {"biogenic": "0", "emitted": "35000000", "removed": "0"}}),
    "company-part": ("masses", {"emitted": {"CO2": "35000000"}}),
    "area-total": ("companies", 2),
    "target-progress": ("emitted_mg", "35500000"),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_claim_of_each_kind_follows_from_its_file(
    sealed: ProofFiles, kind: str, alone: Callable[..., subprocess.CompletedProcess[str]]
):
    value = of_kind(sealed, kind)
    found = check(value)
    member, expected = CLAIMS[kind]
    claim = found["claim"]
    assert isinstance(claim, dict)
    assert claim[member] == expected
    assert found["strength"] == ("re-derived" if "event" in kind else "sealed")
    assert json.loads(alone(value, "--json").stdout) == found


@pytest.mark.parametrize("kind", CLAIMS)
def test_any_changed_value_of_a_file_is_refused(sealed: ProofFiles, kind: str):
    value = of_kind(sealed, kind)
    changes = 0
    for changed in _changed(value):
        data = as_file(changed)
        with pytest.raises(verify.Refused) as refused:
            verify.verify(data, verify.Trust.of(LOG))
        with pytest.raises(LedgerError) as error:
            verify_bundle(data, LOG)
        assert error.value.defect == refused.value.defect, (refused.value, error.value)
        changes += 1
    assert changes > 50


def _changed(value: Value) -> Iterator[Value]:
    """The file with one of its values another one, once for each of its values."""
    for path in list(_paths(value)):
        if path == ("kind",) or path[:2] == ("subject", "select"):
            continue
        changed = deepcopy(value)
        inner: Any = changed
        for step in path[:-1]:
            inner = inner[step]
        old = inner[path[-1]]
        inner[path[-1]] = _another(old)
        if changed != value:
            yield changed


def _paths(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, item in inner:
        yield from _paths(item, (*path, name))
    if path and not isinstance(value, dict | list):
        yield path


def _another(old: object) -> object:
    if isinstance(old, bool) or old is None:
        return "x"
    if isinstance(old, int):
        return old + 1
    text = str(old)
    last = text.rstrip("=\n")[-1:]
    at = len(text.rstrip("=\n")) - 2  # the last digit of base64 may be loose
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :] if last else "x"


# --- what is refused, by its defect ---------------------------------------------------------------


def test_every_defect_has_its_name(world: World):
    good = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    check(good)

    def damaged(change: Callable[[Value], object]) -> Value:
        value = deepcopy(good)
        change(value)
        return value

    entries: Callable[[Value], list[Value]] = lambda value: value["entries"]  # noqa: E731
    refuses(damaged(lambda v: v.update(v=2)), "form")
    refuses(damaged(lambda v: entries(v).reverse()), "form")
    refuses(damaged(lambda v: v.update(checkpoint=v["checkpoint"][:-1])), "checkpoint")
    refuses(damaged(lambda v: entries(v)[3]["path"].pop()), "log-path")
    refuses(damaged(lambda v: entries(v)[-1]["events"][0].update(position=1)), "event-path")
    refuses(damaged(lambda v: v["subject"].update(event=f"{POWER}@9")), "subject")
    refuses(damaged(lambda v: entries(v).pop(0)), "opening")
    refuses(damaged(lambda v: entries(v).pop(1)), "key")  # without acme/keys@1
    refuses(damaged(lambda v: entries(v).pop(2)), "left-out")  # without its factor
    refuses(damaged(lambda v: v["subject"].update(event="operator/factors@1")), "foreign")


def test_a_file_in_another_spelling_is_refused(world: World):
    data = as_file(ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    for other in (
        data[:-1],
        data + b"\n",
        b" " + data,
        data.replace(b'"v":1', b'"v":1.0'),
        data.replace(b'"v":1', b'"v":true'),
        data.replace(b"acme", b"\\u0061cme", 1),
        b"\xef\xbb\xbf" + data,
        data.replace(b'"v":1', b'"v":1,"v":1'),
        b"[" * 100_000,
    ):
        with pytest.raises(verify.Refused, match="form"):
            verify.verify(other, verify.Trust.of(LOG))


def test_a_batch_for_another_log_of_the_same_name_is_refused(world: World):
    other = note.log_vkey("ledger.example/log", key_of("another log").public)
    name = forge(world, "acme", POWER, [reading(T2, "P1D", "5")], log=other)
    refuses(ProofFiles(world).event(name, *GROUNDS), "other-log")


def test_a_version_that_stands_twice_is_refused(world: World):
    head = world.heads[POWER]
    one = forge(world, "acme", POWER, [reading(T2, "P1D", "5")])
    forge(world, "acme", POWER, [reading(T2, "P1D", "1")], previous=head)
    refuses(ProofFiles(world).event(one, *GROUNDS), "chain")


def test_a_stranger_and_a_key_given_to_itself_are_refused(world: World):
    name = forge(world, "stranger", POWER, [reading(T2, "P1D", "5")])
    refuses(ProofFiles(world).event(name, *GROUNDS), "key")
    forge(world, "stranger", "acme/keys", [authorisation("acme", "stranger", "acme/")])
    refuses(ProofFiles(world).event(name, *GROUNDS), "key")


def test_a_party_does_not_sign_for_another(world: World):
    name = forge(world, "beta", POWER, [reading(T2, "P1D", "5")])
    refuses(ProofFiles(world).event(name, *GROUNDS), "key")
    refuses(ProofFiles(world).event(name, *GROUNDS, "beta/keys@1"), "foreign")


def test_a_key_is_held_to_its_scope_and_types(world: World):
    world.key("acme", "meter", f"{POWER}", event_types=("ActivityRecorded",))
    inside = world.post("meter", POWER, [reading(T2, "P1D", "5")])
    check(ProofFiles(world).event(f"{POWER}@{inside.entry.first}", *GROUNDS))
    name = forge(world, "meter", POWER, [profile("2026-01-04T00:00:00+08:00", 900, ["1"])])
    refuses(ProofFiles(world).event(name, *GROUNDS), "key")
    name = forge(world, "meter", "acme/plant/gas", [reading(T2, "P1D", "5")])
    refuses(ProofFiles(world).event(name), "key")


def test_a_key_of_low_order_is_refused(world: World):
    low = {"x": "xxdqcD092E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"}
    event = authorisation("acme", "weak", "acme/")
    weak = msgspec.structs.replace(event, key=msgspec.structs.replace(event.key, **low))
    forge(world, "acme", "acme/keys", [weak])
    refuses(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), "rule")


@pytest.mark.parametrize("name", ["order-8", "mixed-order", "acme"])
def test_soundness_of_keys_is_that_of_the_vectors(name: str):
    vectors = Path(__file__).parents[2] / "schemas" / "vectors" / "keys.json"
    text = vectors.read_text()
    case = next(
        c for part in ("accepted", "refused") for c in json.loads(text)[part] if c["name"] == name
    )
    assert verify.is_sound_jwk(case["jwk"]) == (name == "acme")


def test_a_signature_of_somebody_else_is_refused(world: World):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    assert value["entries"][-1]["jws"]
    logged = world.log[-2]
    head, _, signature = logged.jws.rpartition(b".")
    other = b"A" * 10 + signature[10:]
    world.log[-2] = msgspec.structs.replace(logged, jws=head + b"." + other)
    refuses(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), "signature")


def test_what_the_rules_refuse_is_refused(world: World):
    for event in (
        reading(T2, T1, "5"),
        reading(T2, "P1D", "5", unit="kg"),
        reading(T2, "P1D", "5", factors={"direct": "operator/grid@1"}),
    ):
        version, leaf = world.heads[POWER]
        name = forge(world, "acme", POWER, [event])
        refuses(ProofFiles(world).event(name, *GROUNDS), "rule")
        world.heads[POWER] = (version, leaf)
        world.log.pop()


def test_data_out_of_schema_are_refused(world: World):
    class ActivityRecorded(msgspec.Struct, tag_field="type", tag="ActivityRecorded"):
        period: tuple[str, str]
        quantity: str
        salt: str

    for wrong in (
        ActivityRecorded((T2, "2026-01-04T00:00:00+08:00"), "5.10", salt()),
        ActivityRecorded((T2, "2026-01-04T00:00:00+08:00"), "-5", salt()),
        ActivityRecorded((T2, "2026-01-04T00:00:00+08:00"), "5", "f" * 31),
    ):
        version, leaf = world.heads[POWER]
        name = forge(world, "acme", POWER, [wrong])
        refuses(ProofFiles(world).event(name, *GROUNDS), "data", ours=wrong.quantity == "5")
        world.heads[POWER] = (version, leaf)
        world.log.pop()


def test_a_correction_in_the_midst_cannot_be_left_out(world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    world.correct(f"{POWER}@1", body(T0, "P1D", "14"), f"{FIXES}@1")
    files = ProofFiles(world)
    both = check(files.event(f"{POWER}@1", *GROUNDS, f"{FIXES}@1", f"{FIXES}@2"))
    assert masses(both) == {"2026-01": {"location": {"CO2": "7000000"}}}
    refuses(files.event(f"{POWER}@1", *GROUNDS, f"{FIXES}@2"), "left-out")


def test_a_key_event_in_the_midst_cannot_be_left_out_or_withheld(world: World):
    world.key("acme", "meter", "acme/")
    world.key("acme", "second", "acme/")
    files = ProofFiles(world)
    value = files.event(f"{POWER}@1", *GROUNDS)
    value["entries"] = [e for e in value["entries"] if e["index"] != world.size - 2]
    refuses(value, "left-out")
    refuses(files.event(f"{POWER}@1", *GROUNDS, withheld=["acme/keys@3"]), "left-out")


# --- what an event comes to -----------------------------------------------------------------------


def test_a_withdrawn_reading_comes_to_nothing(world: World):
    world.correct(f"{POWER}@1", None)
    found = check(ProofFiles(world).event(f"{POWER}@1", *GROUNDS, f"{FIXES}@1"))
    assert masses(found) == {}
    claim = found["claim"]
    assert isinstance(claim, dict)
    assert (claim["withdrawn"], claim["corrected_by"]) == (True, f"{FIXES}@1")


def late_factor() -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=POWER,
        role="location",
        factor="operator/grid@2",
        from_=T0,
        reason="came late",
    )


def test_a_factor_that_came_late_counts_and_a_withheld_one_leaves_no_figure(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [late_factor()])
    files = ProofFiles(world)
    late = ("operator/factors@2", "acme/register@3")
    found = check(files.event(f"{POWER}@1", *GROUNDS, *late))
    assert masses(found) == {"2026-01": {"location": {"CO2": "4000000"}}}
    hidden = check(files.event(f"{POWER}@1", *GROUNDS, withheld=["acme/register@3"]))
    assert (hidden["strength"], hidden["withheld"]) == ("logged", ["acme/register@3"])
    assert masses(hidden) == {}


def test_of_a_withheld_event_only_its_place_is_known(world: World):
    value = ProofFiles(world).event(f"{POWER}@1", withheld=[f"{POWER}@1"])
    found = check(value)
    assert (found["strength"], masses(found)) == ("logged", {})


def test_units_convert_by_properties_of_the_factor(world: World):
    ncv = {"ncv_gj_per_t": "42.652", "density_kg_per_l": "0.85"}
    fuel = {"activity": "fuel.diesel", "kind": "combustion", "properties": ncv, "unit": "GJ"}
    world.factor("diesel", **fuel, CO2="72.585", CH4_fossil={"num": "1", "den": "300"})
    boiler = {"activity": "fuel.diesel", "scope": 1, "unit": "L", "direct": "operator/diesel@1"}
    world.source("acme/plant/boiler", **boiler)
    world.post("acme", "acme/plant/boiler", [reading(T0, "P1D", "850")])
    shown = ("acme/register@1", "acme/register@3", "operator/factors@2")
    found = check(ProofFiles(world).event("acme/plant/boiler@1", *shown))
    gj = Fraction("850") * Fraction("0.85") * Fraction("42.652") / 1000
    assert masses(found) == {
        "2026-01": {
            "direct": {
                "CH4_fossil": str(round(gj * 10**6 / 300)),
                "CO2": str(round(gj * 10**6 * Fraction("72.585"))),
            }
        }
    }


def test_a_profile_is_split_by_month_and_rounded_once_for_each_line(world: World):
    start = "2026-01-31T23:30:00+08:00"
    amended = SourceAmended(
        salt=salt(),
        source=POWER,
        from_="2026-02-01T02:00:00+08:00",
        reason="moved",
        key_area="energy",
    )
    quarters = ["0.0000033"] * 5 + [None] + ["0.0000033"] * 4
    world.post("acme", POWER, [profile(start, 1800, quarters)])
    before = check(ProofFiles(world).event(f"{POWER}@3", *GROUNDS))
    world.post("acme", "acme/register", [amended])
    after = check(ProofFiles(world).event(f"{POWER}@3", *GROUNDS, "acme/register@3"))
    assert masses(before) == {
        "2026-01": {"location": {"CO2": "2"}},
        "2026-02": {"location": {"CO2": "13"}},
    }
    assert masses(after) == {
        "2026-01": {"location": {"CO2": "2"}},
        "2026-02": {"location": {"CO2": "14"}},
    }


def test_a_reading_that_begins_with_an_amendment_belongs_to_the_new_line(world: World):
    world.post("acme", POWER, [profile(T2, 1800, ["0.0000033", "0.0000033"])])
    moved = SourceAmended(
        salt=salt(),
        source=POWER,
        from_="2026-01-03T00:30:00+08:00",
        reason="moved",
        key_area="energy",
    )
    world.post("acme", "acme/register", [moved])
    found = check(ProofFiles(world).event(f"{POWER}@3", *GROUNDS, "acme/register@3"))
    assert masses(found) == {"2026-01": {"location": {"CO2": "4"}}}  # 1.65 and 1.65, not 3.3


def test_a_measured_mass_is_split_by_elapsed_time(world: World):
    stack = {"activity": "measured.stack", "scope": 1, "unit": "h", "kind": "discrete"}
    world.source("acme/plant/stack", **stack)
    event = EmissionMeasured(
        salt=salt(),
        period=("2026-01-31T12:00:00+08:00", "2026-02-02T00:00:00+08:00"),
        masses_mg={"CO2": "1000000", "N2O": "5"},
        method="continuous",
    )
    world.post("acme", "acme/plant/stack", [event])
    shown = ("acme/register@1", "acme/register@3")
    found = check(ProofFiles(world).event("acme/plant/stack@1", *shown))
    assert masses(found) == {
        "2026-01": {"direct": {"CO2": "333333", "N2O": "2"}},
        "2026-02": {"direct": {"CO2": "666667", "N2O": "3"}},
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("9999-12-31T20:00:00Z", "9999-12-31T23:00:00Z"),
        ("9999-12-31T20:00:00-14:00", "9999-12-31T23:00:00-14:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T01:00:00+14:00"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2049-12-31T00:00:00Z", "2050-01-01T00:00:00Z"),
    ],
)
def test_a_time_at_the_ends_of_the_calendar_is_refused(world: World, start: str, end: str):
    name = forge(
        world,
        "acme",
        POWER,
        [msgspec.structs.replace(reading(T0, "P1D", "1"), period=(start, end))],
    )
    refuses(ProofFiles(world).event(name, *GROUNDS), "rule")


def test_a_profile_that_ends_behind_the_calendar_is_refused(world: World):
    far = profile("2049-12-01T00:00:00Z", 31_622_400, ["1"] * 4000)
    name = forge(world, "acme", POWER, [far])
    refuses(ProofFiles(world).event(name, *GROUNDS), "rule")


def test_months_begin_where_the_area_has_its_midnight():
    world = World("America/New_York")
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.post(
        "acme", POWER, [reading("2026-03-31T00:00:00-04:00", "2026-04-01T04:00:00-04:00", "28")]
    )
    found = check(ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    assert masses(found) == {
        "2026-03": {"location": {"CO2": "12000000"}},
        "2026-04": {"location": {"CO2": "2000000"}},
    }


def test_a_zone_that_the_machine_does_not_know_is_no_verdict():
    with pytest.raises(verify.NotDerived, match="Mars/Olympus"):
        verify.month_start("Mars/Olympus", 24000)


# --- keys over time -------------------------------------------------------------------------------


def test_a_disputed_entry_is_named_until_the_party_stands_by_it(world: World):
    revoked = KeyRevoked(
        salt=salt(), key=key_of("meter").public.thumbprint, reason="stolen", compromised_from=0
    )
    world.key("acme", "meter", "acme/")
    at = world.post("meter", POWER, [reading(T2, "P1D", "5")])
    name = f"{POWER}@{at.entry.first}"
    world.post("acme", "acme/keys", [revoked])
    value = ProofFiles(world).event(name, *GROUNDS)
    assert check(value)["disputed"] == [at.index]
    words = verify.for_people(verify.verify(as_file(value), verify.Trust.of(LOG)))
    declared = "its key was declared compromised in acme/keys@3"
    assert f"DISPUTED   entry {at.index}: {declared}" in words
    confirmed = EntriesConfirmed(
        salt=salt(), key=revoked.key, entries=(at.index, at.index + 1), reason="ours"
    )
    world.post("acme", "acme/keys", [confirmed])
    assert check(ProofFiles(world).event(name, *GROUNDS))["disputed"] == []


def test_what_rests_on_a_recovery_says_so(world: World):
    again = key_of("acme again")
    recovered = KeyRecovered(
        salt=salt(),
        key=jwk(again),
        proof=possession_proof(again, LOG, "acme"),
        reason="lost",
        evidence=("0" * 64,),
        replaces=(key_of("acme").public.thumbprint,),
    )
    world.post("operator", "acme/keys", [recovered])
    at = world.post("acme again", POWER, [reading(T2, "P1D", "5")])
    value = ProofFiles(world).event(f"{POWER}@{at.entry.first}", *GROUNDS)
    assert check(value)["recovered"] == [at.index]
    name = forge(world, "acme", POWER, [reading("2026-01-04T00:00:00+08:00", "P1D", "5")])
    refuses(ProofFiles(world).event(name, *GROUNDS), "key")


# --- witnesses ------------------------------------------------------------------------------------

CERTIFIER, REGULATOR = key_of("certifier witness"), MlDsaPrivateKey(b"\x66" * 32)
VKEYS = (
    "certifier=" + note.format_vkey(note.cosigner("certifier.example/w", CERTIFIER.public)),
    "regulator=" + note.format_vkey(note.cosigner("regulator.example/w", REGULATOR.public)),
)


def cosigned(value: Value, *who: str) -> Value:
    changed = deepcopy(value)
    for name in who:
        key = CERTIFIER if name == "certifier" else REGULATOR
        changed["checkpoint"] = note.cosign_note(
            changed["checkpoint"], key, f"{name}.example/w", 1_795_327_205
        )
    return changed


def test_witnesses_of_both_kinds_are_named_and_exclude_another_history(world: World):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    both = cosigned(value, "certifier", "regulator")
    found = check(both, witnesses=VKEYS, policy="2,regulator=1")
    assert found["cosigned"] == ["certifier.example/w", "regulator.example/w"]
    assert found["not_excluded"] == ["later-change"]
    assert check(both)["cosigned"] == []


def test_too_few_witnesses_are_refused_by_the_policy(world: World):
    value = cosigned(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), "certifier")
    for policy in ("2", "regulator=1"):
        with pytest.raises(verify.Refused, match="policy"):
            check(value, witnesses=VKEYS, policy=policy)


def test_a_replaying_witness_counts_in_no_policy(world: World):
    value = cosigned(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), "certifier", "regulator")
    check(value, witnesses=VKEYS, replayed=VKEYS[:1], policy="1")
    for witnesses in (VKEYS, VKEYS[1:]):
        with pytest.raises(verify.Refused, match="policy"):
            check(value, witnesses=witnesses, replayed=VKEYS[:1], policy="2")


@pytest.mark.parametrize("who", ["certifier", "regulator"])
def test_a_cosignature_that_does_not_verify_is_refused(world: World, who: str):
    value = cosigned(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), who)
    lines = value["checkpoint"].splitlines(keepends=True)
    at = len(lines[-1]) - 60
    digit = "A" if lines[-1][at] != "A" else "B"
    value["checkpoint"] = "".join(lines[:-1]) + lines[-1][:at] + digit + lines[-1][at + 1 :]
    with pytest.raises(verify.Refused, match="cosignature"):
        check(value, witnesses=VKEYS)
    check(value)  # nobody trusts that witness, so its line is ignored


def test_a_witness_that_signs_twice_is_refused(world: World):
    value = cosigned(ProofFiles(world).event(f"{POWER}@1", *GROUNDS), "certifier", "certifier")
    with pytest.raises(verify.Refused, match="cosignature"):
        check(value, witnesses=VKEYS)


def test_a_sealed_figure_is_audited_where_a_replaying_witness_has_signed(sealed: ProofFiles):
    value = cosigned(of_kind(sealed, "company-total"), "certifier")
    assert check(value, replayed=VKEYS[:1])["strength"] == "audited"
    assert check(value, witnesses=VKEYS[:1])["strength"] == "sealed"
    about_event = cosigned(of_kind(sealed, "event"), "certifier")
    assert check(about_event, replayed=VKEYS[:1])["strength"] == "re-derived"


def test_a_key_that_does_not_replay_audits_nothing_under_the_name_of_one_that_does(
    sealed: ProofFiles,
):
    value = cosigned(of_kind(sealed, "company-total"), "certifier")
    replays = key_of("replays")
    other = note.format_vkey(note.cosigner("certifier.example/w", replays.public))
    trust = {"witnesses": VKEYS[:1], "replayed": [f"certifier={other}"]}
    assert check(value, **trust)["strength"] == "sealed"
    assert ours(value, **trust)["strength"] == "sealed"
    value["checkpoint"] = note.cosign_note(
        value["checkpoint"], replays, "certifier.example/w", 1_795_327_205
    )
    assert check(value, **trust)["strength"] == "audited"
    assert ours(value, **trust)["strength"] == "audited"


def ours(value: Value, witnesses: Sequence[str], replayed: Sequence[str]) -> dict[str, object]:
    trusted, replaying = parse_witnesses(witnesses), parse_witnesses(replayed)
    return facts(verify_bundle(as_file(value), LOG, trusted, None, replaying))


# --- seals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", list(SEALED_WRONGLY.values()), ids=list(SEALED_WRONGLY))
def test_a_seal_under_other_rules_than_those_in_force_is_refused(
    sealed: ProofFiles, members: dict[str, object]
):
    name = forged_seal(sealed.world, **members)
    files = ProofFiles(sealed.world)
    target = {"target": "operator/register@1"}
    refuses(files.sealed("target-progress", name, target, "operator/register@1"), "rule")
    refuses(files.event(name), "rule")


def test_the_rules_of_a_seal_are_those_that_decided_about_what_it_covers(sealed: ProofFiles):
    first = {"version": "1", "sha256": load("1").sha256}
    size = len(sealed.world.log)
    forge(
        sealed.world,
        "operator",
        "operator/ledger",
        [RulesActivated(salt=salt(), rules=RulesRef(**first))],
    )
    for covers, rules, right in ((size, None, True), (size, first, False), (size + 1, None, False)):
        said = {} if rules is None else {"rules": rules}
        name = forged_seal(sealed.world, size=covers, **said)
        value = ProofFiles(sealed.world).event(name)
        if right:
            check(value)
        else:
            refuses(value, "rule")
    name = forged_seal(sealed.world, size=size + 1, rules=first)
    check(ProofFiles(sealed.world).event(name))


def test_a_head_of_more_versions_than_could_be_counted_is_refused_at_once(sealed: ProofFiles):
    refuses(head_of_versions(sealed, 2**53 - 1), "left-out")


def test_a_current_event_shows_all_streams_that_could_change_it(sealed: ProofFiles):
    value = of_kind(sealed, "current-event")
    assert check(value)["not_excluded"] == ["after-seal", "another-history"]
    missing = deepcopy(value)
    missing["heads"].pop()
    refuses(missing, "left-out")
    without = deepcopy(value)
    without["entries"] = [
        entry
        for entry in without["entries"]
        if not any(
            event.get("data", {}).get("type") == "ActivityCorrected" for event in entry["events"]
        )
    ]
    refuses(without, "left-out")


def test_a_withheld_event_that_could_change_the_figure_is_undisclosed(world: World):
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [late_factor()])
    seal = world.seal()
    files = ProofFiles(world)
    value = files.current(f"{POWER}@1", seal, "operator/factors@1", withheld=["acme/register@3"])
    found = check(value)
    assert found["not_excluded"] == ["after-seal", "another-history", "undisclosed:acme/register@3"]
    assert found["strength"] == "re-derived"


def test_heads_that_hide_a_correction_are_refused(sealed: ProofFiles):
    """The operator seals heads in which the stream of corrections has no line."""
    world = sealed.world
    true = list(sealed.lists(SEAL).heads)
    for hidden in (FIXES, "acme/register"):
        heads = [head for head in true if head.stream != FIXES]
        if hidden == "acme/register":
            at = [head.stream for head in true].index(hidden)
            leaf = world.log[4].leaves[0].hex()
            heads = [*true[:at], seals.Head(head=leaf, stream=hidden, version=1), *true[at + 1 :]]
        said = msgspec.json.decode(world.log[10].lines[0], type=TYPES["FootprintSealed"])
        wrong = msgspec.structs.replace(
            said,
            salt=salt(),
            heads_count=len(heads),
            heads_root=seals.heads_root(heads).hex(),
        )
        name = forge(world, "operator", "operator/seals", [wrong])
        files = ProofFiles(world)
        value = files.current(f"{POWER}@2", name, "operator/factors@1", heads=heads)
        refuses(value, "foreign" if hidden == FIXES else "seal")


def test_lines_that_are_no_neighbours_do_not_show_an_absence(world: World):
    seal = world.seal()
    value = ProofFiles(world).current(f"{POWER}@1", seal, "operator/factors@1")
    assert check(value)["strength"] == "re-derived"
    absent = next(proof for proof in value["heads"] if "before" in proof)
    other = next(proof for proof in value["heads"] if proof["stream"] == "acme/keys")
    absent["before"] = {name: other[name] for name in ("line", "path", "position")}
    refuses(value, "seal")


def test_an_entry_behind_the_seal_is_refused(sealed: ProofFiles):
    world = sealed.world
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    later = ProofFiles(world)
    value = later.current(f"{POWER}@1", SEAL, "operator/factors@1", f"{POWER}@2", f"{FIXES}@2")
    refuses(value, "foreign")


def test_a_dropped_a_doubled_and_a_wrong_company_are_refused(sealed: ProofFiles):
    value = of_kind(sealed, "area-total")
    dropped, doubled, wrong = deepcopy(value), deepcopy(value), deepcopy(value)
    dropped["companies"].pop()
    refuses(dropped, "seal")
    doubled["companies"].append(doubled["companies"][-1])
    refuses(doubled, "form")
    wrong["companies"][0]["sums"]["CO2"]["emitted"] = "1"
    refuses(wrong, "seal")
    negative = deepcopy(value)
    negative["companies"][0]["sums"]["CO2"]["emitted"] = "-1"
    refuses(negative, "form")


def test_lines_that_do_not_add_up_are_refused(sealed: ProofFiles):
    """A seal of a wrong sum: no ledger takes it, a dishonest operator signs it all the same."""
    world = sealed.world
    right = sealed.lists(SEAL)
    acme = msgspec.structs.replace(
        right.companies[0],
        sums={"CO2": seals.Amounts(biogenic="0", emitted="1", removed="0")},
    )
    companies = [seals.encode_company(one) for one in (acme, *right.companies[1:])]
    said = msgspec.json.decode(world.log[-1].lines[0], type=TYPES["FootprintSealed"])
    wrong = msgspec.structs.replace(said, salt=salt(), companies_root=seals.root(companies).hex())
    name = forge(world, "operator", "operator/seals", [wrong])
    files = ProofFiles(world)
    company = {**files.company(SEAL, "acme"), "line": msgspec.json.decode(companies[0])}
    value = files.sealed(
        "company-part",
        name,
        {"party": "acme", "select": {"method": "market"}},
        company=company,
        lines=files.lines(SEAL, "acme"),
    )
    refuses(value, "sum")


def test_a_seal_of_somebody_else_is_refused(sealed: ProofFiles):
    world = sealed.world
    said = msgspec.json.decode(world.log[-1].lines[0], type=TYPES["FootprintSealed"])
    name = forge(world, "acme", "acme/seals", [msgspec.structs.replace(said, salt=salt())])
    files = ProofFiles(world)
    value = files.file(
        "company-total",
        {"party": "acme", "seal": name},
        [name, *files.trust("acme")],
        company=files.company(SEAL, "acme"),
    )
    refuses(value, "key")


# --- its tables are those of the rules ------------------------------------------------------------


def test_its_rule_packs_are_those_of_this_release():
    assert {v: rulepack.load(v).sha256 for v in verify.RULES} == verify.RULES
    assert rulepack.CURRENT_VERSION in verify.RULES


@pytest.mark.parametrize("version", sorted(verify.RULES))
def test_its_numbers_are_those_of_the_rule_packs(version: str):
    pack = rulepack.load(version)
    for name in pack.units:
        first = next(n for n, (d, s) in verify.UNIT_SIZES.items() if d == verify.unit_size(name)[0])
        assert pack.ratio(name, first) == verify.unit_size(name)[1]
    assert {name: set(kind.roles) for name, kind in pack.kinds.items()} == {
        name: set(roles) for name, roles in verify.ROLES_OF_KIND.items()
    }
    assert {n for n, k in pack.kinds.items() if k.company} == set(verify.OWN_KINDS)
    for gwp, said in pack.gwp.items():
        for gas, values in verify.GWP.items():
            if not gas.startswith("CO2e"):
                known = verify.EARLIER_GWP.get((version, gas, gwp), values[gwp])
                assert said.values.get(gas, "-") == known
    assert set(pack.gases) == verify.KNOWN_GASES


def test_its_properties_and_regions_are_those_of_the_current_rules():
    pack = rulepack.load(rulepack.CURRENT_VERSION)
    converting = [(p.property, p.unit, p.per) for p in pack.properties.values() if p.per]
    assert converting == verify.CONVERSIONS
    assert {n for n, k in pack.kinds.items() if k.regional} == set(verify.REGIONAL)
    assert {name: set(r.members) for name, r in pack.regions.items()} == {
        name: {f"CN-{m}" for m in members.split()} for name, members in verify.REGIONS.items()
    }


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "America/New_York", "Europe/London", "Asia/Kathmandu", "UTC"]
)
def test_its_months_are_those_of_the_rules(zone: str):
    calendar = rulepack.load(rulepack.CURRENT_VERSION).calendar(zone)
    for month, start_s in zip(calendar.months, calendar.starts_s, strict=True):
        number = 12 * int(month[:4]) + int(month[5:]) - 1
        assert verify.month_start(zone, number) == start_s
        assert verify.month_at(zone, start_s) == number
    with pytest.raises(ValueError, match="outside"):
        verify.month_at(zone, calendar.starts_s[0] - 1)


def test_it_knows_every_type_of_event():
    assert set(verify.SCHEMAS) == set(TYPES)


def test_it_reads_every_statement_of_the_vectors_as_the_ledger_does():
    vectors = Path(__file__).parents[2] / "schemas" / "vectors" / "statement.json"
    cases = json.loads(vectors.read_text())
    for part, good in (("accepted", True), ("refused", False)):
        for case in cases[part]:
            assert _reads(case) == good, case["name"]


def _reads(case: Value) -> bool:
    line = case["data"]
    try:
        data = verify.read_json(
            line.encode() if isinstance(line, str) else verify.from_base64(line["base64"]), 12
        )
        return not verify.wrong_data(data)
    except (ValueError, KeyError):
        return False


@pytest.mark.parametrize("kind", CLAIMS)
def test_whatever_is_left_out_doubled_or_withheld_both_say_the_same(sealed: ProofFiles, kind: str):
    value = of_kind(sealed, kind)
    tried = 0
    for at, entry in enumerate(value["entries"]):
        for position in range(len(entry["events"])):
            for change in (_left_out, _doubled, _hidden):
                changed = deepcopy(value)
                change(changed["entries"], at, position)
                assert _says(changed) == _says_ours(changed), (change.__name__, at, position)
                tried += 1
    assert tried >= 6


def _left_out(entries: list[Value], at: int, position: int) -> None:
    entries[at]["events"].pop(position)
    if not entries[at]["events"]:
        entries.pop(at)


def _doubled(entries: list[Value], at: int, position: int) -> None:
    entries[at]["events"].insert(position, entries[at]["events"][position])


def _hidden(entries: list[Value], at: int, position: int) -> None:
    event = entries[at]["events"][position]
    data = event.pop("data")
    event["data_hash"] = sha256(verify.canonical(data)).hexdigest()
    event["type"] = data["type"]


def _says(value: Value) -> object:
    """The facts, or the defect by which the file is refused."""
    try:
        return verify.verify(as_file(value), verify.Trust.of(LOG)).facts
    except verify.Refused as refused:
        return refused.defect


def _says_ours(value: Value) -> object:
    try:
        return facts(verify_bundle(as_file(value), LOG))
    except LedgerError as error:
        return error.defect

"""The browser's verifier and the product's agree: on verdicts, and on the defect of what is refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgspec
import pytest

from ledger.carbon.events import (
    ActivityCorrected,
    EmissionMeasured,
    FactorAssigned,
    ProfileBody,
    Ratio,
    SourceAmended,
)
from ledger.errors import LedgerError
from ledger.log.canonical import encode
from ledger.log.jws import possession_proof
from ledger.parties.events import KeyRecovered, KeyRevoked, RulesActivated
from ledger.provenance import facts, verify_bundle
from tests.e2e.verifying.conftest import InBrowser
from tests.unit.proof_file import ProofFiles, Value, as_file, forge
from tests.unit.proofs import Proofs
from tests.unit.sealed_files import (
    FIXES,
    GROUNDS,
    KINDS,
    POWER,
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
    correction,
    factor,
    jwk,
    key_of,
    profile,
    reading,
    registration,
    rules_ref,
    salt,
    site,
    source,
)


def agree(in_browser: InBrowser, value: Value | bytes, log_key: str = LOG) -> dict[str, Any]:
    """What both say of a file that holds."""
    data = value if isinstance(value, bytes) else as_file(value)
    found = in_browser.check(data, logKey=log_key)
    assert found.get("facts") == facts(verify_bundle(data, log_key)), found
    says: dict[str, Any] = found["facts"]
    return says


def ours(data: bytes, log_key: str = LOG) -> str:
    """The defect by which the product refuses a file."""
    with pytest.raises(LedgerError) as refused:
        verify_bundle(data, log_key)
    return refused.value.defect


def said(data: bytes, log_key: str = LOG) -> object:
    """What the product says of a file: its facts, or the defect."""
    try:
        return facts(verify_bundle(data, log_key))
    except LedgerError as error:
        return error.defect


def refuse(in_browser: InBrowser, value: Value | bytes, defect: str, log_key: str = LOG) -> None:
    """Both refuse it, with this defect."""
    data = value if isinstance(value, bytes) else as_file(value)
    found = in_browser.check(data, logKey=log_key)
    assert (found.get("defect"), ours(data, log_key)) == (defect, defect), found


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def sealed() -> ProofFiles:
    return sealed_files()


# --- every kind ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_both_give_one_verdict_on_each_kind(in_browser: InBrowser, sealed: ProofFiles, kind: str):
    found = agree(in_browser, of_kind(sealed, kind))
    assert found["strength"] == ("re-derived" if "event" in kind else "sealed")


@pytest.mark.parametrize("kind", KINDS)
def test_both_refuse_any_changed_value_with_one_defect(
    in_browser: InBrowser, sealed: ProofFiles, kind: str
):
    files = [as_file(changed) for changed in changes_of(of_kind(sealed, kind))]
    assert len(files) > 50
    found = in_browser.check_all(files, logKey=LOG)
    differ = [
        (found_here, there)
        for data, found_here in zip(files, found, strict=True)
        if found_here.get("defect") != (there := ours(data))
    ]
    assert differ == []


@pytest.mark.parametrize("kind", KINDS)
def test_both_refuse_what_is_left_out_or_stands_twice(
    in_browser: InBrowser, sealed: ProofFiles, kind: str
):
    value = of_kind(sealed, kind)
    damaged = []
    for at in range(len(value["entries"])):
        damaged.append(without(value, at))
        twice = deepcopy(value)
        twice["entries"].insert(at, twice["entries"][at])
        damaged.append(twice)
    for name in ("heads", "companies", "lines"):
        for at in range(len(value.get(name, ()))):
            fewer, more = deepcopy(value), deepcopy(value)
            del fewer[name][at]
            more[name].insert(at, more[name][at])
            damaged += [fewer, more]
    files = [as_file(one) for one in damaged]
    refused = 0
    for data, found in zip(files, in_browser.check_all(files, logKey=LOG), strict=True):
        assert found.get("defect", found.get("facts")) == said(data), found
        refused += "defect" in found
    # Only the latest correction may be missing: nobody can tell from one event's file.
    assert len(files) - refused == (1 if kind == "event" else 0)


def without(value: Value, at: int) -> Value:
    fewer = deepcopy(value)
    del fewer["entries"][at]
    return fewer


def changes_of(value: Value) -> Iterator[Value]:
    """The file with one of its values another one, once for each of its values."""
    for path in list(paths(value)):
        if path == ("kind",) or path[:2] == ("subject", "select"):
            continue
        changed = deepcopy(value)
        inner = changed
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = another(inner[path[-1]])
        yield changed


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for name, item in inner:
        yield from paths(item, (*path, name))
    if path and not isinstance(value, dict | list):
        yield path


def another(old: object) -> object:
    if isinstance(old, bool) or old is None:
        return "x"
    if isinstance(old, int):
        return old + 1
    text = str(old)
    stem = text.rstrip("=\n")
    if not stem:
        return "x"
    at = max(len(stem) - 2, 0)  # the last digit of base64 may be loose
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


# --- one spelling ------------------------------------------------------------------------------------


def test_a_file_in_another_spelling_is_refused(in_browser: InBrowser, world: World):
    good = as_file(ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    agree(in_browser, good)
    for spelled in (
        good[:-1],
        good + b"\n",
        b" " + good,
        b"\xef\xbb\xbf" + good,
        good.replace(b'"v":1', b'"v":1.0'),
        good.replace(b'"v":1', b'"v":true'),
        good.replace(b'"v":1', b'"v": 1'),
        good.replace(b'"index":0', b'"index":-0'),
        good.replace(b'"index":0', b'"index":9007199254740993'),
        good.replace(b"plant", b"pl\\u0061nt", 1),
        good.replace(b'"kind":"event"', b'"kind":"events"'),
        good.replace(b'"kind":"event"', b'"kind":"event","kind":"event"'),
        good.replace(b"acme", b"\xff\xfe", 1),
        b"",
        b"{}\n",
        b"[]\n",
    ):
        assert in_browser.check(spelled, logKey=LOG).get("defect") == "form"
        assert ours(spelled) == "form"


def test_a_line_that_is_too_long_is_out_of_form(in_browser: InBrowser, world: World):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    value["entries"][0]["events"][0]["data"]["proof"] = "x" * 65_536
    refuse(in_browser, value, "form")


# --- what an event comes to ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "start", "length"),
    [
        ("Asia/Shanghai", "2026-01-31T12:00:00+08:00", "P1D"),
        ("Europe/Berlin", "2026-02-27T00:00:00+01:00", "P40D"),
        ("America/St_Johns", "2009-10-31T00:00:00Z", "P3D"),
        ("America/Sao_Paulo", "2012-09-29T00:00:00Z", "P60D"),
        ("Asia/Amman", "2022-09-28T00:00:00Z", "P9D"),
        ("Pacific/Apia", "2011-11-29T00:00:00Z", "P45D"),
        ("Antarctica/Troll", "2026-02-27T00:00:00Z", "P45D"),
        ("UTC", "2026-12-31T23:45:00Z", "PT30M"),
    ],
)
def test_both_split_a_period_at_the_months_of_the_area(
    in_browser: InBrowser, zone: str, start: str, length: str
):
    world = World(zone)
    world.party("acme")
    world.factor("grid", CO2="0.5827", N2O="0.0000071")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(start, length, "1000.000000000007")])
    found = agree(in_browser, ProofFiles(world).event(f"{POWER}@1", *GROUNDS))
    assert len(found["claim"]["masses"]) >= 2


def test_both_take_the_factor_of_a_readings_beginning(in_browser: InBrowser, world: World):
    world.factor("later", CO2=Ratio(num="1", den="3"))
    world.say(
        "acme",
        *(
            FactorAssigned(
                salt=salt(),
                source=POWER,
                role=role,
                factor="operator/later@1",
                from_=T1,
                reason="newer",
            )
            for role in ("location", "market")
        ),
    )
    quantities = ["1.5", None, "0.000000000001", *["7.25"] * 45]
    world.post("acme", POWER, [profile("2026-01-31T00:00:00+08:00", 3600, quantities)])
    for name in (f"{POWER}@1", f"{POWER}@2", f"{POWER}@3"):
        shown = (*GROUNDS, "acme/register@3", "acme/register@4", "operator/factors@2")
        found = agree(in_browser, ProofFiles(world).event(name, *shown))
        assert found["claim"]["masses"]


def test_both_round_each_line_of_a_source_for_itself(in_browser: InBrowser, world: World):
    amended = SourceAmended(
        salt=salt(), source=POWER, from_="2026-02-01T00:30:00+08:00", reason="moved", gpc="I.3.2"
    )
    world.say("acme", amended)
    quantities = ["0.000000999"] * 12
    world.post("acme", POWER, [profile("2026-02-01T00:00:00+08:00", 300, quantities)])
    found = agree(in_browser, ProofFiles(world).event(f"{POWER}@3", *GROUNDS, "acme/register@3"))
    assert found["claim"]["masses"] == {"2026-02": {"location": {"CO2": "6"}}}


def test_both_convert_by_the_properties_of_a_factor(in_browser: InBrowser, world: World):
    world.post(
        "operator",
        "operator/factors",
        [
            factor(
                "diesel",
                activity="fuel.diesel",
                unit="GJ",
                kind="combustion",
                properties={"density_kg_per_l": "0.84", "ncv_gj_per_t": "42.652"},
                CO2=Ratio(num="2221333", den="30000"),
            )
        ],
    )
    stream = "acme/plant/diesel"
    new = source(
        stream, activity="fuel.diesel", unit="L", scope=1, direct="operator/diesel@1", gpc="I.3.1"
    )
    world.say("acme", new)
    world.post("acme", stream, [reading(T0, "P1D", "850.5"), reading(T1, "P1D", "1", unit="m3")])
    shown = ("acme/register@1", "acme/register@3", "operator/factors@2")
    found = agree(in_browser, ProofFiles(world).event(f"{stream}@1", *shown))
    assert found["claim"]["masses"]["2026-01"]["direct"]["CO2"]


def test_both_split_what_was_measured_in_whole_milligrams(in_browser: InBrowser, world: World):
    stream = "acme/plant/stack"
    world.say("acme", source(stream, activity="measured.stack", unit="t", scope=1))
    measured = EmissionMeasured(
        salt=salt(),
        period=("2026-01-31T00:00:00+08:00", "2026-02-03T00:00:00+08:00"),
        masses_mg={"CO2": "1000001", "N2O": "1"},
        method="continuous",
    )
    world.post("acme", stream, [measured])
    found = agree(
        in_browser, ProofFiles(world).event(f"{stream}@1", "acme/register@1", "acme/register@3")
    )
    assert found["claim"]["masses"]["2026-01"] == {"direct": {"CO2": "333334"}}


def test_both_follow_corrections_to_the_last(in_browser: InBrowser, world: World):
    world.correct(f"{POWER}@1", body(T0, "P1D", "11"))
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"), f"{FIXES}@1")
    files = ProofFiles(world)
    first, second = f"{FIXES}@1", f"{FIXES}@2"
    assert agree(in_browser, files.event(f"{POWER}@1", *GROUNDS, first, second))["claim"][
        "masses"
    ] == {"2026-01": {"location": {"CO2": "6000000"}}}
    agree(in_browser, files.event(second, *GROUNDS, first, f"{POWER}@1"))
    world.correct(f"{POWER}@1", None, second)
    files = ProofFiles(world)
    found = agree(in_browser, files.event(f"{POWER}@1", *GROUNDS, first, second, f"{FIXES}@3"))
    assert (found["claim"]["withdrawn"], found["claim"]["masses"]) == (True, {})
    refuse(in_browser, files.event(f"{POWER}@1", *GROUNDS, second), "left-out")


def test_both_correct_a_profile(in_browser: InBrowser, world: World):
    world.post("acme", POWER, [profile(T2, 3600, ["1", "2", None])])
    new = ProfileBody(start=T2, interval_s=3600, quantities=("1", "3", None))
    fixed = ActivityCorrected(salt=salt(), event=f"{POWER}@3", reason="typed wrong", profile=new)
    world.post("acme", FIXES, [fixed])
    found = agree(in_browser, ProofFiles(world).event(f"{POWER}@3", *GROUNDS, f"{FIXES}@1"))
    assert found["claim"]["masses"] == {"2026-01": {"location": {"CO2": "2000000"}}}


def test_both_say_what_is_withheld(in_browser: InBrowser, world: World):
    files = ProofFiles(world)
    grounds = {
        f"{POWER}@2": (),
        f"{POWER}@1": GROUNDS,
        "operator/factors@1": GROUNDS[:2],
        "acme/register@2": (),
    }
    for hidden, shown in grounds.items():
        found = agree(in_browser, files.event(f"{POWER}@2", *shown, withheld=[hidden]))
        assert (found["strength"], found["claim"]["masses"]) == ("logged", {})


def test_both_take_an_answer_without_the_transfer_that_another_party_recorded(
    in_browser: InBrowser, world: World
):
    transfer = world.transfer(POWER, "beta", "2026-01", "5", "kWh", kind="pass-through")
    answer = world.acknowledge(transfer, "beta/plant/power", "5", "kWh")
    proofs = Proofs(world, extra=[transfer], withheld=[transfer])
    found = agree(in_browser, proofs.event(answer))
    assert (found["strength"], found["withheld"]) == ("logged", [transfer])


def test_both_find_what_an_event_refers_to_before_it(in_browser: InBrowser, world: World):
    early = forge(
        world, "acme", POWER, [reading(T2, "P1D", "3", factors={"location": "operator/late@1"})]
    )
    world.factor("late", CO2="1")
    refuse(in_browser, ProofFiles(world).event(early, *GROUNDS, "operator/factors@2"), "left-out")


def test_both_ask_for_nothing_more_where_data_is_withheld(in_browser: InBrowser, world: World):
    """Another event may be what is missing, so no figure is given."""
    found = agree(
        in_browser,
        ProofFiles(world).event(f"{POWER}@2", *GROUNDS[:2], withheld=[f"{POWER}@1"]),
    )
    assert (found["strength"], found["claim"]["masses"]) == ("logged", {})


def test_both_miss_what_a_target_replaces(in_browser: InBrowser, world: World):
    first = world.target("operator", "neutral")
    name = world.target("operator", "neutral", supersedes=first)
    seal = world.seal()
    files = ProofFiles(world)
    shown = [seal, name, *files.trust()]
    subject = {"seal": seal, "target": name}
    agree(in_browser, files.file("target-progress", subject, [*shown, first]))
    refuse(in_browser, files.file("target-progress", subject, shown), "left-out")
    refuse(in_browser, files.file("target-progress", subject, shown, [first]), "left-out")


def test_what_is_handed_to_the_operator_needs_no_registration_of_it(
    in_browser: InBrowser, world: World
):
    handed = world.transfer(POWER, "operator", "2026-01", "5", "kWh", kind="pass-through")
    agree(in_browser, ProofFiles(world).event(handed, *GROUNDS))


def test_both_name_what_is_undisclosed(in_browser: InBrowser, sealed: ProofFiles):
    world = sealed.world
    world.say(
        "acme",
        SourceAmended(salt=salt(), source=POWER, from_=T2, reason="renamed", name="Hall 2"),
    )
    world.say("acme", site("annex"))
    seal = world.seal()
    files = ProofFiles(world)
    hidden = ["acme/register@3", "acme/register@4"]
    found = agree(
        in_browser, files.current(f"{POWER}@2", seal, "operator/factors@1", withheld=hidden)
    )
    undisclosed = "undisclosed:acme/register@3"
    assert found["not_excluded"] == ["after-seal", "another-history", undisclosed]
    assert found["strength"] == "re-derived"


# --- authors ---------------------------------------------------------------------------------------


def test_both_flag_recovered_keys_and_disputed_entries(in_browser: InBrowser, world: World):
    new = key_of("acme-2")
    recovered = KeyRecovered(
        salt=salt(),
        key=jwk(new),
        proof=possession_proof(new, LOG, "acme"),
        reason="lost",
        evidence=("0" * 64,),
        replaces=(key_of("acme").public.thumbprint,),
    )
    world.post("operator", "acme/keys", [recovered])
    world.post("acme-2", POWER, [reading(T2, "P1D", "3")])
    revoked = KeyRevoked(
        salt=salt(), key=new.public.thumbprint, reason="stolen", compromised_from=world.size - 1
    )
    world.post("operator", "acme/keys", [revoked])
    found = agree(in_browser, ProofFiles(world).event(f"{POWER}@3", *GROUNDS))
    assert found["recovered"] == found["disputed"] == [found["claim"]["index"]]


@pytest.mark.parametrize(
    ("signer", "stream", "events", "shown"),
    [
        pytest.param(
            "acme",
            "beta/plant/power",
            [reading(T1, "P1D", "3")],
            ("beta/register@1", "beta/register@2", "operator/factors@1"),
            id="a party signs for another",
        ),
        pytest.param("stranger", POWER, [reading(T2, "P1D", "3")], GROUNDS, id="a stranger"),
        pytest.param("acme", POWER, [site("hall")], (), id="a type out of place"),
        pytest.param("meter", POWER, [reading(T2, "P1D", "3")], GROUNDS, id="a key out of scope"),
        pytest.param("acme", "operator/seals", [site("hall")], (), id="a seal of a company"),
        pytest.param(
            "acme", "acme/keys", [registration("acme")], (), id="a party that registers itself"
        ),
        pytest.param(
            "recovery", POWER, [reading(T2, "P1D", "3")], GROUNDS, id="the recovery key elsewhere"
        ),
    ],
)
def test_both_refuse_what_a_key_may_not_say(
    in_browser: InBrowser,
    world: World,
    signer: str,
    stream: str,
    events: list[msgspec.Struct],
    shown: tuple[str, ...],
):
    world.post("acme", "acme/keys", [authorisation("acme", "meter", "acme/plant/gas")])
    name = forge(world, signer, stream, events)
    refuse(in_browser, ProofFiles(world).event(name, *shown), "key")


def test_both_refuse_a_signature_of_somebody_else(in_browser: InBrowser, world: World):
    """The thief signs, and names the victim's key."""
    name = forge(world, "thief", POWER, [reading(T2, "P1D", "3")])
    last = world.log[-1]
    _, payload, _ = last.jws.split(b".")
    victim = key_of("acme").public.thumbprint
    header = encode({"alg": "Ed25519", "kid": victim, "typ": "carbon-batch+jws"})
    signed = urlsafe_b64encode(header).rstrip(b"=") + b"." + payload
    signature = urlsafe_b64encode(key_of("thief").sign(signed)).rstrip(b"=")
    world.log[-1] = msgspec.structs.replace(last, jws=signed + b"." + signature)
    refuse(in_browser, ProofFiles(world).event(name, *GROUNDS), "signature")


@pytest.mark.parametrize(
    ("signer", "stream", "event"),
    [
        ("acme", POWER, reading(T2, T2, "3")),
        ("acme", POWER, reading(T2, "P1D", "3", unit="t")),
        ("acme", POWER, profile(T2, 3600, [None])),
        ("acme", POWER, reading("1999-01-01T00:00:00Z", "P1D", "3")),
        (
            "acme",
            POWER,
            EmissionMeasured(salt=salt(), period=(T1, T2), masses_mg={"XYZ": "1"}, method="none"),
        ),
        ("acme", FIXES, correction(f"{POWER}@1", body(T0, "P1D", "1"))),
        ("acme", "acme/keys", authorisation("acme", "acme", "acme/")),
        ("acme", "acme/keys", authorisation("acme", "log", "acme/")),
        ("acme", "acme/keys", authorisation("acme", "new", "beta/")),
        ("acme", "acme/keys", authorisation("beta", "new", "acme/")),
        (
            "acme",
            "acme/keys",
            KeyRevoked(salt=salt(), key="A" * 43, reason="gone", compromised_from=None),
        ),
        (
            "operator",
            "operator/ledger",
            RulesActivated(
                salt=salt(), rules=msgspec.structs.replace(rules_ref("1"), sha256="0" * 64)
            ),
        ),
    ],
)
def test_both_refuse_what_the_rules_refuse(
    in_browser: InBrowser, world: World, signer: str, stream: str, event: msgspec.Struct
):
    world.correct(f"{POWER}@1", body(T0, "P1D", "2"))
    forged = forge(world, signer, stream, [event])
    files = ProofFiles(world)
    if stream == FIXES:
        value = files.event(forged, *GROUNDS, f"{POWER}@1", f"{FIXES}@1")
    elif stream == POWER:
        value = files.event(forged, *GROUNDS)
    else:
        value = files.event(f"{POWER}@1", *GROUNDS, f"{FIXES}@1")
    refuse(in_browser, value, "rule")


def test_kinds_that_are_derived_elsewhere_get_no_verdict(in_browser: InBrowser, world: World):
    value = ProofFiles(world).event(f"{POWER}@1", *GROUNDS)
    for kind in ("company-inventory", "figure"):
        found = in_browser.check(as_file({**value, "kind": kind}), logKey=LOG)
        assert "not derived here" in found["unable"]

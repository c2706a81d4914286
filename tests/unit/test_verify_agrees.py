"""Two verifiers that share no code say the same: of every type of event, and of every broken rule.

Source: specification, bundles, "Defects".
"""

from __future__ import annotations

import msgspec
import pytest

from ledger import verify
from ledger.carbon.area.events import TransferAcknowledged
from ledger.carbon.events import (
    FactorAssigned,
    FactorConfirmed,
    Ratio,
    RegisterReading,
    SourceAmended,
    SourceClosed,
)
from ledger.errors import LedgerError
from ledger.log.names import event_ref
from ledger.parties.events import KeyRevoked, RulesActivated, RulesRef
from ledger.provenance import facts, verify_bundle
from tests.unit.proof_file import ProofFiles, as_file, forge
from tests.unit.proofs import Proofs
from tests.unit.world import (
    LOG,
    World,
    authorisation,
    base_year,
    body,
    correction,
    declared,
    factor,
    installed,
    key_of,
    matched,
    reading,
    registration,
    removed,
    rules_ref,
    salt,
    site,
    site_transfer,
    source,
)

POWER, FIXES = "acme/plant/power", "acme/plant/power/corrections"
SITE, SOURCE, GRID = "acme/register@1", "acme/register@2", "operator/factors@1"
GROUNDS = (SITE, SOURCE, GRID)
T0, T1, T2, T3 = (f"2026-01-0{day}T00:00:00+08:00" for day in (1, 2, 3, 4))


def says(data: bytes) -> object:
    """The facts, or the defect by which the file is refused."""
    try:
        return verify.verify(data, verify.Trust.of(LOG)).facts
    except verify.Refused as refused:
        return refused.defect


def says_ours(data: bytes) -> object:
    try:
        return facts(verify_bundle(data, LOG))
    except LedgerError as error:
        return error.defect


# --- every type of event --------------------------------------------------------------------------


def meter_reading(start: str, begins: str, ends: str) -> RegisterReading:
    return RegisterReading(meter="m1", from_=begins, to=ends, digits=5, multiplier="1")


@pytest.fixture(scope="module")
def park() -> World:
    """A ledger in which somebody has said something of almost every type."""
    world = World()
    world.party("acme")
    world.party("mill")
    world.party("surveyor", "certifier")
    world.factor("grid", CO2="0.5")
    world.factor("grid", version="2", CO2="0.4")
    steam = {"activity": "steam.purchased", "unit": "GJ", "kind": "supplier"}
    world.factor("steam", "acme", **steam, CO2="60")
    world.source(POWER, location="operator/grid@1")
    world.source("acme/plant/part", part_of=POWER, location="operator/grid@1")
    own = {"activity": "electricity.generated-own-use", "scope": None, "key_area": "energy"}
    world.source("acme/plant/sun", **own)
    world.source("mill/plant/power", location="operator/grid@1")
    checked = FactorConfirmed(salt=salt(), factor="acme/steam@1", reason="checked")
    world.say("surveyor", checked)
    world.boundary("acme", "2026-01", plant="1")
    world.site("acme/hall")
    world.say("acme", site_transfer("hall", "mill", "2026-06"))
    world.say("acme", base_year(2025, 1), declared("scope3.4", "NE"))
    first = world.fact("acme", "headcount", "2026", "10", "person")
    world.fact("acme", "headcount", "2026", "11", "person", supersedes=first)
    world.residents("flats/block", "200")
    world.say("acme", installed(POWER, "m1", T0, "0"))
    for start, begins, ends, kwh in ((T0, "0", "10", "10"), (T1, "10", "80", "70")):
        register = meter_reading(start, begins, ends)
        world.post("acme", POWER, [reading(start, "P1D", kwh, register=register)])
    world.say("acme", removed(POWER, "m1", T2, "80"))
    again = body(T1, "P1D", "70", register=meter_reading(T1, "10", "80"), quality="H")
    world.correct(f"{POWER}@2", again)
    world.say("acme", matched(POWER, "acme/plant/sun", "2026-02"))
    world.post("mill", "mill/plant/power", [reading(T0, "P1D", "30")])
    passed = world.transfer(POWER, "mill", "2026-01", "5", "kWh", kind="pass-through")
    taken = world.acknowledge(passed, "mill/plant/power", "5", "kWh")
    world.acknowledge(passed, "mill/plant/power", "4", "kWh", supersedes=taken)
    world.withdraw_transfer(passed, "2026-01")
    before = world.target("operator", "neutral")
    world.target("operator", "neutral", supersedes=before)
    world.say("acme", amendment(key_area="energy"))
    world.say("acme", assignment("location", "operator/grid@2"))
    world.say("acme", closing("acme/plant/part"))
    world.key("acme", "meter", "acme/", event_types=("ActivityRecorded",))
    world.post("meter", POWER, [reading(T3, "P1D", "7")])
    world.post("operator", "acme/keys", [revocation("meter", 3)])
    world.correct(f"{POWER}@3", None)
    world.seal()
    return world


def amendment(**members: object) -> SourceAmended:
    return SourceAmended(salt=salt(), source=POWER, from_=T3, reason="moved", **members)  # type: ignore[arg-type]


def assignment(role: str, ref: str) -> FactorAssigned:
    return FactorAssigned(
        salt=salt(),
        source=POWER,
        role=role,  # type: ignore[arg-type]
        factor=ref,
        from_=T1,
        reason="came late",
    )


def closing(stream: str) -> SourceClosed:
    return SourceClosed(salt=salt(), source=stream, at=T3, reason="gone")


def revocation(name: str, compromised_from: int | None = None) -> KeyRevoked:
    key = key_of(name).public.thumbprint
    return KeyRevoked(salt=salt(), key=key, reason="lost", compromised_from=compromised_from)


def names(world: World) -> list[str]:
    return [
        event_ref(logged.entry.stream, logged.entry.first + at)
        for logged in world.log
        for at in range(logged.entry.count)
    ]


def test_both_say_the_same_of_a_file_about_any_event(park: World):
    held = 0
    for name in names(park):
        data = Proofs(park).event(name)
        found = says(data)
        assert found == says_ours(data), name
        held += isinstance(found, dict)
    assert held > 30


@pytest.mark.parametrize("subject", [f"{POWER}@2"])
def test_both_say_the_same_whatever_is_left_out_withheld_or_too_much(park: World, subject: str):
    defects: set[object] = set()
    for other in names(park):
        for how in ("left_out", "withheld", "extra"):
            try:
                data = Proofs(park, **{how: [other]}).event(subject)
            except LedgerError:
                continue  # not even the maker of files makes that one
            found = says(data)
            assert found == says_ours(data), (how, other)
            defects.add(found if isinstance(found, str) else "none")
    assert defects >= {"none", "left-out", "foreign", "opening"}


# --- every broken rule ----------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.party("beta")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1", plausible=("0", "100"))
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.factor("shanghai", region="CN-SH", CO2="1")
    world.factor("old", valid=("2000-01-01", "2001-01-01"), CO2="1")
    world.factor("own", "beta", kind="supplier", CO2="1")
    return world


def day(quantity: str = "5", start: str = T2, length: str = "P1D", **more: object):
    return reading(start, length, quantity, **more)


def with_register(begins: str, ends: str):
    return day(register=meter_reading(T2, begins, ends))


REGISTER, KEYS, FACTORS = "acme/register", "acme/keys", "operator/factors"
SHANGHAI = "operator/factors@2"
X = "acme/plant/x"
WRONG: dict[str, tuple[str, str, msgspec.Struct, tuple[str, ...], str]] = {
    "implausible": ("acme", POWER, day("101"), GROUNDS, "rule"),
    "implausible-in-another-unit": ("acme", POWER, day("1", unit="MWh"), GROUNDS, "rule"),
    "another-dimension": ("acme", POWER, day(unit="kg"), GROUNDS, "rule"),
    "unknown-unit": ("acme", POWER, day(unit="furlong"), GROUNDS, "rule"),
    "ends-before-it-begins": ("acme", POWER, day(length=T0), GROUNDS, "rule"),
    "before-the-calendar": ("acme", POWER, day(start="1999-01-01T00:00:00Z"), GROUNDS, "rule"),
    "after-the-calendar": ("acme", POWER, day(start="2050-01-01T00:00:00Z"), GROUNDS, "rule"),
    "factor-of-elsewhere": (
        "acme",
        POWER,
        day(factors={"market": "operator/shanghai@1"}),
        (*GROUNDS, SHANGHAI),
        "rule",
    ),
    "factor-out-of-its-time": (
        "acme",
        POWER,
        day(factors={"location": "operator/old@1"}),
        (*GROUNDS, "operator/factors@3"),
        "rule",
    ),
    "factor-of-another-party": (
        "acme",
        POWER,
        day(factors={"market": "beta/own@1"}),
        (*GROUNDS, "beta/factors@1"),
        "rule",
    ),
    "role-of-another-kind": (
        "acme",
        POWER,
        day(factors={"direct": "operator/grid@1"}),
        GROUNDS,
        "rule",
    ),
    "register-that-gives-another-quantity": (
        "acme",
        POWER,
        with_register("0", "6"),
        GROUNDS,
        "rule",
    ),
    "supersedes-what-is-not-there": (
        "acme",
        FIXES,
        correction(f"{POWER}@1", body(T0, "P1D", "5"), f"{FIXES}@9"),
        (*GROUNDS, f"{POWER}@1"),
        "left-out",
    ),
    "supersedes-itself": (
        "acme",
        FIXES,
        correction(f"{POWER}@1", body(T0, "P1D", "5"), f"{FIXES}@1"),
        (*GROUNDS, f"{POWER}@1"),
        "left-out",
    ),
    "correction-of-no-time": (
        "acme",
        FIXES,
        correction(f"{POWER}@1", body(T0, T0, "5")),
        (*GROUNDS, f"{POWER}@1"),
        "rule",
    ),
    "source-elsewhere": (
        "acme",
        REGISTER,
        source(X, location="operator/shanghai@1"),
        (SITE, SHANGHAI),
        "rule",
    ),
    "source-of-another-party": (
        "acme",
        REGISTER,
        source("beta/plant/x", location="operator/grid@1"),
        (SITE, GRID),
        "rule",
    ),
    "source-in-a-wrong-role": (
        "acme",
        REGISTER,
        source(X, direct="operator/grid@1"),
        (SITE, GRID),
        "rule",
    ),
    "source-that-cannot-be-converted": (
        "acme",
        REGISTER,
        source(X, unit="L", location="operator/grid@1"),
        (SITE, GRID),
        "rule",
    ),
    "closing-of-nothing": ("acme", REGISTER, closing("acme/plant/y"), (), "left-out"),
    "assignment-in-a-wrong-role": (
        "acme",
        REGISTER,
        assignment("direct", "operator/grid@1"),
        GROUNDS,
        "rule",
    ),
    "amendment-of-nothing": ("acme", REGISTER, amendment(), GROUNDS, "rule"),
    "public-factor-of-a-company": ("acme", "acme/factors", factor("a", CO2="1"), (), "rule"),
    "factor-of-an-odd-kind": ("operator", FACTORS, factor("a", kind="odd", CO2="1"), (), "rule"),
    "factor-per-furlong": ("operator", FACTORS, factor("a", unit="furlong", CO2="1"), (), "rule"),
    "factor-of-xenon": ("operator", FACTORS, factor("a", Xe="1"), (), "rule"),
    "gases-beside-equivalents": (
        "operator",
        FACTORS,
        factor("a", CO2="1", CO2e_AR5="1"),
        (),
        "rule",
    ),
    "fraction-that-is-a-decimal": (
        "operator",
        FACTORS,
        factor("a", CO2=Ratio(num="1", den="4")),
        (),
        "rule",
    ),
    "fraction-not-in-lowest-terms": (
        "operator",
        FACTORS,
        factor("a", CO2=Ratio(num="2", den="6")),
        (),
        "rule",
    ),
    "factor-never-valid": (
        "operator",
        FACTORS,
        factor("a", valid=("2001-01-01", "2000-01-01")),
        (),
        "rule",
    ),
    "scope-of-another-party": ("acme", KEYS, authorisation("acme", "m", "beta/"), (), "rule"),
    "possession-for-another-party": ("acme", KEYS, authorisation("beta", "m", "acme/"), (), "rule"),
    "revocation-of-another-partys-key": ("acme", KEYS, revocation("beta"), (), "rule"),
    "compromised-in-the-future": ("acme", KEYS, revocation("acme", 99), (), "rule"),
    "key-given-by-another-party": ("beta", KEYS, authorisation("acme", "m", "acme/"), (), "key"),
    "key-given-by-the-operator": ("operator", KEYS, authorisation("acme", "m", "acme/"), (), "key"),
    "recovery-key-beyond-its-stream": ("recovery", KEYS, revocation("acme"), (), "key"),
    "a-second-operator": (
        "operator",
        "gamma/keys",
        registration("gamma", "operator"),
        (),
        "rule",
    ),
    "an-unknown-role": ("operator", "gamma/keys", registration("gamma", "gremlin"), (), "rule"),
    "registered-by-a-company": ("acme", "gamma/keys", registration("gamma"), (), "key"),
    "rules-of-another-hash": (
        "operator",
        "operator/ledger",
        RulesActivated(salt=salt(), rules=RulesRef(version="1", sha256="0" * 64)),
        (),
        "rule",
    ),
    "rules-by-a-company": (
        "acme",
        "acme/ledger",
        RulesActivated(salt=salt(), rules=rules_ref("1")),
        (),
        "key",
    ),
    "reading-in-a-register": ("acme", REGISTER, day(), (), "key"),
    "site-in-a-source": ("acme", POWER, site("hall"), (), "key"),
}


@pytest.mark.parametrize("what", WRONG)
def test_both_refuse_what_a_dishonest_operator_let_in(world: World, what: str):
    signer, stream, event, shown, defect = WRONG[what]
    name = forge(world, signer, stream, [event])
    data = as_file(ProofFiles(world).event(name, *shown))
    assert (says(data), says_ours(data)) == (defect, defect)


def test_both_take_what_is_right(world: World):
    for signer, stream, event, shown in (
        ("acme", POWER, with_register("0", "5"), GROUNDS),
        ("acme", POWER, day("101", confirm="a new furnace"), GROUNDS),
        ("recovery", "operator/keys", authorisation("operator", "m", "operator/"), ()),
    ):
        name = forge(world, signer, stream, [event])
        data = as_file(ProofFiles(world).event(name, *shown))
        assert isinstance(says(data), dict)
        assert says(data) == says_ours(data)


def test_an_answer_to_a_transfer_is_shown_without_what_the_other_party_said(park: World):
    """The other's keys are in the file all the same: they signed what is withheld in it."""
    answer, transfer = next(
        (event_ref(one.entry.stream, one.entry.first), said.transfer)
        for one in park.log
        if isinstance(said := one.entry.events[0], TransferAcknowledged)
    )
    data = Proofs(park, extra=[transfer], withheld=[transfer]).event(answer)
    found = says_ours(data)
    assert isinstance(found, dict)
    assert (found["strength"], found["withheld"]) == ("logged", [transfer])
    assert says(data) == found
    without = Proofs(park, extra=[transfer], withheld=[transfer], left_out=["acme/keys@1"])
    assert says(without.event(answer)) == says_ours(without.event(answer)) == "left-out"
    stranger = Proofs(park, extra=[transfer, "flats/keys@1"], withheld=[transfer])
    assert says(stranger.event(answer)) == says_ours(stranger.event(answer)) == "foreign"

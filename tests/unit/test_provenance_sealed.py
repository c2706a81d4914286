"""Figures of a seal: each kind of file holds, says what it claims, and is refused by its defect.

Source: specification, bundles, "Checking a sealed claim".
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.carbon.seal.lists import SealLists
from ledger.carbon.seal.pieces import UNSEEN
from ledger.errors import LedgerError
from ledger.log import canonical, note
from ledger.log.bundle import MAX_DEPTH, read_bundle, write_bundle
from ledger.log.bundle_kinds import Further, Select, as_value
from ledger.log.checkpoint import cosign_checkpoint
from ledger.log.keys import PrivateKey
from ledger.log.witnesses import parse_policy, parse_witnesses
from ledger.parties.events import KeyRevoked
from ledger.provenance import Verdict, facts, verify_bundle
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, World, key_of, reading, salt

POWER, GAS, MILL = "acme/plant/power", "acme/plant/gas", "mill/plant/power"
SEAL = "operator/seals@1"
DAY = "2026-01-{:02}T00:00:00+08:00"


def built() -> World:
    world = World()
    for party in ("acme", "mill"):
        world.party(party)
    world.party("bureau", "regulator")
    world.factor("grid", CO2="0.5", N2O="0.001")
    world.factor("gas", activity="fuel.natural-gas", unit="m3@0C", kind="combustion", CO2="2")
    world.source(POWER, location="operator/grid@1")
    world.source(GAS, activity="fuel.natural-gas", unit="m3@0C", scope=1, direct="operator/gas@1")
    world.source(MILL, location="operator/grid@1")
    world.post("acme", POWER, [reading(DAY.format(n), "P1D", f"{n}0") for n in (1, 2)])
    world.post("acme", GAS, [reading(DAY.format(1), "P1D", "7")])
    world.post("mill", MILL, [reading(DAY.format(1), "P1D", "100")])
    world.post("acme", POWER, [reading("2026-02-01T00:00:00+08:00", "P1D", "6")])
    world.target("operator", "neutral", view="companies")
    world.seal("companies", "2026")
    world.post("acme", POWER, [reading(DAY.format(3), "P1D", "999")])
    return world


@pytest.fixture
def world() -> World:
    return built()


@pytest.fixture(scope="module")
def proofs() -> Proofs:
    return Proofs(built())


def refused(data: bytes) -> str:
    with pytest.raises(LedgerError) as caught:
        verify_bundle(data, LOG)
    return caught.value.defect


def changed(data: bytes, *place: str | int, to: object) -> bytes:
    """The file with another value at a place: names of members and positions in arrays."""
    value: Any = canonical.decode(data[:-1], max_bytes=None, max_depth=MAX_DEPTH)
    inside = value
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = to
    return canonical.encode(value, max_bytes=None, max_depth=MAX_DEPTH) + b"\n"


def claim(verdict: Verdict) -> Any:
    return verdict.claim


# --- what holds --------------------------------------------------------------------------------


def test_a_companys_sums_are_the_sealed_ones(proofs: Proofs):
    verdict = verify_bundle(proofs.company(SEAL, "acme"), LOG)
    assert verdict.strength == "sealed"
    # 36 kWh at 0.5 kg CO2 and 0.001 kg N2O, and 7 m3 at 2 kg
    assert claim(verdict) == {
        "party": "acme",
        "sums": {
            "CO2": {"biogenic": "0", "emitted": "32000000", "removed": "0"},
            "N2O": {"biogenic": "0", "emitted": "36000", "removed": "0"},
        },
    }
    assert verdict.not_excluded == ("another-history", "later-seal")


def test_a_line_of_an_inventory_is_the_sealed_one(proofs: Proofs):
    (line,) = [
        one
        for one in proofs.lists(SEAL).lines["acme"]
        if (one.name.stream, one.name.month, one.name.gas) == (POWER, "2026-02", "CO2")
        and one.name.method == "location"
    ]
    verdict = verify_bundle(proofs.line(SEAL, "acme", line.name), LOG)
    assert claim(verdict)["mass_mg"] == "3000000"
    assert "salt" not in claim(verdict)
    assert claim(verdict)["stream"] == POWER


def test_a_company_that_has_nothing_stands_in_the_list_with_nothing(proofs: Proofs, world: World):
    world.party("idle")
    world.seal("companies", "2026")
    idle = verify_bundle(Proofs(world).company("operator/seals@2", "idle"), LOG)
    assert claim(idle) == {"party": "idle", "sums": {}}


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (Select(method="location"), {"N2O": "36000", "CO2": "32000000"}),
        (Select(method="location", scope=2), {"N2O": "36000", "CO2": "18000000"}),
        (Select(method="location", scope=1), {"CO2": "14000000"}),
        (Select(method="location", stream=GAS), {"CO2": "14000000"}),
        (
            Select(method="location", scope=2, months=("2026-02", "2026-03")),
            {"N2O": "6000", "CO2": "3000000"},
        ),
    ],
)
def test_a_part_of_an_inventory_is_the_sum_of_its_lines(
    proofs: Proofs, select: Select, expected: dict[str, str]
):
    verdict = verify_bundle(proofs.part(SEAL, "acme", select), LOG)
    assert claim(verdict)["masses"] == {"emitted": expected}
    assert claim(verdict)["party"] == "acme"
    assert claim(verdict)["select"] == as_value(select)


@pytest.mark.parametrize(
    "select",
    [
        Select(method="location", months=("2025-12", "2026-02")),
        Select(method="location", months=("2026-12", "2027-02")),
        Select(method="location", months=("2031-01", "2031-02")),
        Select(method="location", stream="mill/plant/power"),
    ],
)
def test_a_part_is_of_the_seals_months_and_the_partys_sources(proofs: Proofs, select: Select):
    with pytest.raises(LedgerError) as refused:
        verify_bundle(proofs.part(SEAL, "acme", select), LOG)
    assert refused.value.defect == "subject"


@pytest.mark.parametrize(
    ("select", "words"),
    [
        (Select(method="market"), "all scopes, Scope 2 by market"),
        (Select(method="location", scope=1), "Scope 1"),
        (Select(method="location", category=4), "category 4 of Scope 3"),
        (
            Select(method="location", scope=2, months=("2026-01", "2027-01"), stream=POWER),
            f"Scope 2 by location, 2026-01 to 2026-12, from {POWER}",
        ),
    ],
)
def test_what_was_selected_is_said_in_words(proofs: Proofs, select: Select, words: str):
    selected = verify_bundle(proofs.part(SEAL, "acme", select), LOG).finding.about["selected"]
    count, _, said = selected.partition(" lines of the seal: ")
    assert said == words
    assert count.endswith(f" of {len(proofs.lists(SEAL).lines['acme'])}")


def test_a_part_that_selects_nothing_is_nothing(proofs: Proofs):
    verdict = verify_bundle(proofs.part(SEAL, "acme", Select(method="market", category=4)), LOG)
    assert claim(verdict)["masses"] == {}


def test_the_areas_totals_and_all_companies_are_the_sealed_ones(proofs: Proofs):
    verdict = verify_bundle(proofs.area(SEAL), LOG)
    assert claim(verdict)["companies"] == 2
    assert claim(verdict)["companies_sums"]["CO2"]["emitted"] == "82000000"
    assert claim(verdict)["totals"]["CO2"]["emitted"] == "82000000"
    assert (claim(verdict)["view"], claim(verdict)["period"]) == (
        "companies",
        ["2026-01", "2027-01"],
    )


def test_a_target_stands_beside_the_sealed_year(proofs: Proofs, world: World):
    target = next(
        f"{one.entry.stream}@{one.entry.first}"
        for one in world.log
        if one.entry.types == ("TargetSet",)
    )
    verdict = verify_bundle(proofs.target(SEAL, target), LOG)
    # AR5: 265 kg CO2e for a kg of N2O; 136 g of it
    assert claim(verdict) == {
        "allowed_mg": "500000000",
        "base_mg": "1000000000",
        "emitted_mg": str(82_000_000 + 265 * 136_000),
        "year": 2026,
    }
    assert verdict.not_excluded == ("another-history", "later-seal", "later-target")


def test_a_witness_that_replays_makes_a_sealed_figure_audited(proofs: Proofs):
    key, name = PrivateKey.from_seed(b"\x77" * 32), "certifier.example/replay"
    (trusted,) = parse_witnesses(["certifier=" + note.format_vkey(note.cosigner(name, key.public))])
    bundle = read_bundle(proofs.company(SEAL, "acme"))
    signed = cosign_checkpoint(bundle.checkpoint, key, name, 1_795_327_205)
    data = write_bundle(msgspec.structs.replace(bundle, checkpoint=signed))
    assert verify_bundle(data, LOG).strength == "sealed"
    assert verify_bundle(data, LOG, (trusted,)).strength == "sealed"
    verdict = verify_bundle(data, LOG, (), None, (trusted,))
    assert verdict.strength == "audited"
    assert facts(verdict)["cosigned"] == [name]
    assert verdict.not_excluded == ("later-seal",)
    for witnesses in ((), (trusted,)):
        with pytest.raises(LedgerError, match="too few") as refused:
            verify_bundle(data, LOG, witnesses, parse_policy("certifier=1"), (trusted,))
        assert refused.value.defect == "policy"


def test_a_replaying_witness_does_not_make_an_event_stronger(proofs: Proofs):
    key, name = PrivateKey.from_seed(b"\x77" * 32), "certifier.example/replay"
    trusted = parse_witnesses([note.format_vkey(note.cosigner(name, key.public))])
    bundle = read_bundle(proofs.event(f"{POWER}@1"))
    signed = cosign_checkpoint(bundle.checkpoint, key, name, 1_795_327_205)
    data = write_bundle(msgspec.structs.replace(bundle, checkpoint=signed))
    assert verify_bundle(data, LOG, (), None, trusted).strength == "re-derived"


# --- what is refused ---------------------------------------------------------------------------


def test_a_line_of_another_party_is_no_subject(proofs: Proofs):
    data = proofs.company(SEAL, "acme")
    assert refused(changed(data, "subject", "party", to="mill")) == "subject"


@pytest.mark.parametrize(
    ("place", "to"),
    [
        (("company", "line", "sums", "CO2", "emitted"), "31999999"),
        (("company", "line", "lines_count"), 1),
        (("company", "position"), 1),
        (("company", "position"), 2),
        (("company", "path"), []),
    ],
)
def test_a_line_that_is_not_in_the_list_does_not_lead_to_the_seal(
    proofs: Proofs, place: tuple[str, ...], to: object
):
    assert refused(changed(proofs.company(SEAL, "acme"), *place, to=to)) == "seal"


def test_a_dropped_company_or_one_that_stands_twice_is_noticed(proofs: Proofs):
    data = proofs.area(SEAL)
    acme, mill = [msgspec.to_builtins(one) for one in proofs.lists(SEAL).companies]
    assert refused(changed(data, "companies", to=[acme])) == "seal"
    assert refused(changed(data, "companies", to=[])) == "seal"
    assert refused(changed(data, "companies", to=[acme, acme])) == "form"
    assert refused(changed(data, "companies", to=[mill, acme])) == "form"
    richer = {**mill, "sums": acme["sums"]}
    assert refused(changed(data, "companies", to=[acme, richer])) == "seal"


def test_a_negative_amount_is_out_of_form(proofs: Proofs):
    data = changed(proofs.area(SEAL), "companies", 0, "sums", "CO2", "emitted", to="-1")
    assert refused(data) == "form"


def test_a_line_of_an_inventory_that_was_changed_does_not_lead_to_the_seal(proofs: Proofs):
    data = proofs.part(SEAL, "acme", Select(method="location"))
    assert refused(changed(data, "lines", 0, "mass_mg", to="1")) == "seal"
    value: Any = canonical.decode(data[:-1], max_bytes=None, max_depth=MAX_DEPTH)
    assert refused(changed(data, "lines", to=value["lines"][1:])) == "seal"
    assert refused(changed(data, "lines", to=value["lines"][::-1])) == "seal"


def test_another_line_than_the_one_asked_about_is_no_subject(proofs: Proofs):
    first, second = proofs.lists(SEAL).lines["acme"][:2]
    data = proofs.line(SEAL, "acme", first.name)
    other = canonical.decode(second.name.key())
    assert refused(changed(data, "subject", "line", to=other)) == "subject"


def test_lines_that_do_not_add_up_to_what_the_operator_sealed_are_refused():
    """The operator signs a company's line whose sums are not those of its lines."""
    world = dishonest_world()
    honest = Proofs(world).lists("operator/seals@1")
    data = Proofs(world).part("operator/seals@1", "acme", Select(method="location"))
    verify_bundle(data, LOG)
    forged = forge(world, honest)
    assert refused(forged) == "sum"


def dishonest_world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    world.post("acme", POWER, [reading(DAY.format(1), "P1D", "10")])
    world.seal("companies", "2026")
    return world


def forge(world: World, honest: SealLists) -> bytes:
    """A file of a seal whose list says less than the lines behind it come to."""

    (company,) = honest.companies
    less = msgspec.structs.replace(company, sums={})
    lists = SealLists({}, honest.heads, (less,), honest.lines)
    world.state.ground = lambda _period, _size: UNSEEN  # nobody checks
    seal = world.seal("companies", "2026", totals={}, companies_root=lists.companies_root)
    proofs = Proofs(world)
    proofs.lists = lambda seal: lists  # type: ignore[method-assign]  # noqa: ARG005
    return proofs.part(seal, "acme", Select(method="location"))


def test_a_seal_that_is_withheld_is_no_subject(world: World):
    assert refused(Proofs(world, withheld=[SEAL]).area(SEAL)) == "subject"


def test_a_seal_that_is_not_in_the_file_is_no_subject(proofs: Proofs):
    data = proofs.area(SEAL)
    assert refused(changed(data, "subject", "seal", to="operator/seals@9")) == "subject"
    assert refused(changed(data, "subject", "seal", to="operator/ledger@1")) == "subject"


def test_an_event_that_a_sealed_figure_does_not_stand_on_is_foreign(world: World):
    for extra in ("operator/factors@1", f"{POWER}@1", "acme/keys@1"):
        assert refused(Proofs(world, extra=[extra]).area(SEAL)) == "foreign"


def test_a_target_of_another_view_or_party_is_no_subject(world: World):
    other = world.target("operator", "park-only", view="park")
    own = world.target("acme", "neutral")
    month = world.seal("companies", "2026-01")
    mine = world.target("operator", "again", view="companies")
    for seal, target in ((SEAL, other), (SEAL, own), (month, mine)):
        assert refused(Proofs(world).target(seal, target)) == "subject"
    verify_bundle(Proofs(world).target(SEAL, mine), LOG)


def test_members_of_another_kind_are_out_of_form(proofs: Proofs):
    data = proofs.area(SEAL)
    for kind in ("event", "company-total", "current-event", "sum"):
        assert refused(changed(data, "kind", to=kind)) == "form"
    bundle = read_bundle(data)
    with pytest.raises(LedgerError):
        write_bundle(msgspec.structs.replace(bundle, further=Further()))


def test_a_default_that_is_spelled_out_is_out_of_form(proofs: Proofs):
    data = proofs.part(SEAL, "acme", Select(method="location"))
    assert refused(changed(data, "subject", "select", "scope", to=None)) == "form"
    assert refused(changed(data, "subject", "select", "category", to=16)) == "form"
    assert refused(changed(data, "lines", 0, "subtract", to=False)) == "form"


def test_a_disputed_seal_is_flagged(world: World):

    again = world.key("operator", "operator-2", "operator/", admin=True)
    revoked = KeyRevoked(
        salt=salt(), key=key_of("operator").public.thumbprint, reason="lost", compromised_from=0
    )
    world.post(again, "operator/keys", [revoked])
    verdict = verify_bundle(Proofs(world).area(SEAL), LOG)
    index = next(one.index for one in world.log if one.entry.types == ("FootprintSealed",))
    assert index in verdict.finding.disputed
    assert any(f"entry {index} is disputed" in one for one in verdict.notes)

"""Seals that the operator's own program has made and shows, and that do not follow from the log."""

from __future__ import annotations

import pytest

from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanySubject,
    InventorySubject,
    PartSubject,
    Select,
    Subject,
)
from ledger.log.jws import possession_proof
from ledger.parties.events import Jwk, PartyRegistered
from ledger.service import Ledger
from tests.e2e.api.park import INSPECTORATE
from tests.e2e.cli_program import Program
from tests.e2e.test_replaying import ReplayProcess
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.lies import tell
from tests.service.test_privacy import post
from tests.service.test_sealing import sealed
from tests.workload import OPERATOR, salt

SEAL = "operator/seals@2"


@pytest.fixture
def lie(request: pytest.FixtureRequest, land: Land) -> str:
    """A second seal, posted by a program that tells the lie; it is accepted, signed and shown."""
    name = str(request.param)
    with pytest.MonkeyPatch.context() as patch:
        tell(name, patch)
        land.run(sealed)
    return name


def proof(land: Land, subject: Subject, lie: str) -> bytes:
    """The file that the operator's program makes."""

    async def prove(ledger: Ledger) -> bytes:
        return await ledger.prove(subject)

    with pytest.MonkeyPatch.context() as patch:
        tell(lie, patch)
        return land.run(prove, writing=False)


def audited(land: Land) -> list[str]:
    """What somebody finds who has the bytes and the program that everybody can read."""
    return [one for one in land.audited() if one.startswith("entry 19: ")]


@pytest.mark.parametrize("lie", ["without beta"], indirect=True)
def test_a_company_left_out_of_a_seal_is_found_by_every_monitor(land: Land, lie: str):
    with land.service(lie) as url:
        found = land.findings(land.watched(url, who="newcomer"))
    assert found == ["19: seal 2: its list leaves out beta"]
    assert len(audited(land)) == 1


@pytest.mark.parametrize("lie", ["without beta"], indirect=True)
def test_a_company_left_out_is_missing_in_the_file_that_a_regulator_gets(land: Land, lie: str):
    """The file holds what was sealed, so it is accepted: it says how many companies that are."""
    verdict = land.verified(proof(land, AreaSubject(seal=SEAL), lie))
    assert verdict["claim"]["companies"] == 2
    assert verdict["strength"] == "sealed"
    honest = land.verified(proof(land, AreaSubject(seal="operator/seals@1"), ""))
    assert honest["claim"]["companies"] == 3


@pytest.mark.parametrize("lie", ["acme twice"], indirect=True)
def test_two_lines_for_one_company_are_found_by_every_monitor(land: Land, lie: str):
    with land.service(lie) as url:
        found = land.findings(land.watched(url, who="newcomer"))
    assert found == ["19: seal 2: its list has acme behind acme"]
    assert len(audited(land)) == 1


@pytest.mark.parametrize("lie", ["acme twice"], indirect=True)
def test_two_lines_for_one_company_are_refused_in_the_area_s_file(land: Land, lie: str):
    """In the file of one company alone both lines lead to the seal: the whole list shows it."""
    assert land.defect(proof(land, AreaSubject(seal=SEAL), lie)) == "form"
    alone = land.verified(proof(land, CompanySubject(party="acme", seal=SEAL), lie))
    assert alone["strength"] == "sealed"


@pytest.mark.parametrize(
    ("lie", "defect", "why"),
    [
        ("less of acme", "sum", "do not add up to its sums"),
        ("by another factor", "seal", "give other lines"),
    ],
    indirect=["lie"],
)
def test_figures_that_add_up_and_are_wrong_are_found_by_whoever_derives_them(
    land: Land, lie: str, defect: str, why: str
):
    """Sums and totals agree with each other: what is public cannot show that they are wrong."""
    with land.service(lie) as url:
        assert land.watched(url, who="newcomer").status == 0
    assert land.verified(proof(land, AreaSubject(seal=SEAL), lie))["strength"] == "sealed"
    # Whoever may read all folds it again.
    assert len(audited(land)) == 1
    # acme, or who may read its data, asks for everything that its figure stands on.
    refused = land.refused(proof(land, InventorySubject(party="acme", seal=SEAL), lie))
    assert why in refused["what"]
    assert refused["defect"] == defect


@pytest.mark.parametrize("lie", ["less of acme"], indirect=True)
def test_a_wrong_sum_is_refused_in_a_file_that_holds_the_lines(land: Land, lie: str):
    """Which needs no event: the lines of a company are its own to see."""
    subject = PartSubject(party="acme", seal=SEAL, select=Select(method="location"))
    assert land.defect(proof(land, subject, lie)) == "sum"


@pytest.mark.parametrize("lie", ["by another factor"], indirect=True)
def test_a_replaying_witness_cosigns_nothing_over_a_wrong_seal(land: Land, lie: str):
    """It reads every entry over HTTP, from the operator's own program, and folds them itself."""

    async def registered(ledger: Ledger) -> None:
        key = INSPECTORATE
        party = PartyRegistered(
            salt=salt(),
            name="Inspectorate",
            roles=("regulator",),
            key=Jwk(**key.public.jwk),
            proof=possession_proof(key, ledger.log, "inspectorate"),
        )
        await post(ledger, OPERATOR, "inspectorate/keys", party)

    land.run(registered)
    witness = ReplayProcess(land.folder / "witness", land.log)
    program = Program(witness.folder, land.folder)
    with land.service(lie) as url:
        refused = program.refused("witness", "replay", url, "--once", status=1)
    assert "totals of a seal" in str(refused)
    # Of the history without that seal it cosigns all.
    history = land.history()
    history.drop(SEAL)
    history.write(land.settings)
    again = ReplayProcess(land.folder / "another", land.log)
    with land.service() as url:
        found = Program(again.folder, land.folder)("witness", "replay", url, "--once")
    assert found["size"] == len(history.bodies)

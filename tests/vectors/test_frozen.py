"""The vectors never change, what they accept is accepted, and what they refuse is refused."""

import json
from hashlib import sha256

import pytest
from _pytest.mark import ParameterSet

from ledger.errors import LedgerError
from tests.vectors.judge import JUDGES
from tests.vectors.shape import Case
from tests.vectors.write import FILES, FOLDER, spelled


def cases(kind: str) -> list[ParameterSet]:
    return [
        pytest.param(name, case, id=f"{name}-{case['name']}")
        for name in FILES
        for case in json.loads((FOLDER / f"{name}.json").read_bytes())[kind]
    ]


def sums() -> dict[str, str]:
    lines = (FOLDER / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_file_is_frozen_and_no_byte_has_changed():
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.json")}
    assert files == sums()
    assert {f"{name}.json" for name in FILES} <= set(files)


@pytest.mark.parametrize("name", FILES)
def test_the_product_still_writes_the_frozen_bytes(name: str):
    assert spelled(FILES[name]()) == (FOLDER / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_every_case_has_a_name_of_its_own(name: str):
    file = json.loads((FOLDER / f"{name}.json").read_bytes())
    names = [case["name"] for kind in ("accepted", "refused") for case in file[kind]]
    assert len(set(names)) == len(names)
    assert file["accepted"]
    assert file["refused"]


@pytest.mark.parametrize(("name", "case"), cases("accepted"))
def test_what_must_be_accepted_is_accepted(name: str, case: Case):
    JUDGES[name](case)


@pytest.mark.parametrize(("name", "case"), cases("refused"))
def test_what_must_be_refused_is_refused(name: str, case: Case):
    with pytest.raises(LedgerError):
        JUDGES[name](case)

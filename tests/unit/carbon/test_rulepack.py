"""Rule pack 1 as bytes: frozen, laid out in one way, each name once.

Source: formats, section 13; the opening of the accounting rules.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from ledger.carbon import rulepack
from ledger.errors import InvalidInput
from tests.oracles import make_pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.carbon.rulepack import RulePack

SHA256 = "21284c3e88ee5d08c1cabd8b64b37436d24e3646f5e0ce8619711f506f902584"


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return rulepack.load("1")


def test_no_byte_of_the_pack_changes_unnoticed(pack: RulePack) -> None:
    assert pack.sha256 == SHA256


def test_the_hash_is_that_of_what_sha256sum_prints(pack: RulePack) -> None:
    names = sorted(path.name for path in make_pack.PACK.iterdir())
    assert names == list(rulepack.FILES)
    lines = "".join(
        f"{hashlib.sha256((make_pack.PACK / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names
    )
    assert hashlib.sha256(lines.encode()).hexdigest() == pack.sha256


def test_one_changed_byte_changes_the_hash(pack: RulePack) -> None:
    files = {name: (make_pack.PACK / name).read_bytes() for name in rulepack.FILES}
    files["gases.json"] = files["gases.json"].replace(b'"CF4":"6630"', b'"CF4":"6631"')
    assert rulepack.RulePack("1", files).sha256 != pack.sha256


def test_files_and_page_are_what_the_tool_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_pack.main(["--check"]) == 0, capsys.readouterr().out


def test_an_unknown_pack_is_refused_with_the_known_ones() -> None:
    known = ", ".join(rulepack.versions())
    with pytest.raises(InvalidInput, match=f"expected rule pack {known}, found 999"):
        rulepack.load("999")


def test_a_pack_with_a_missing_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="incomplete"):
        rulepack.RulePack("1", {"gases.json": b"{}"})


def test_the_current_version_is_shipped() -> None:
    assert rulepack.CURRENT_VERSION in rulepack.versions()


@pytest.mark.parametrize(
    ("file", "items", "name"),
    [
        ("gases.json", "gases", "gas"),
        ("gases.json", "gwp", "gwp"),
        ("units.json", "units", "unit"),
        ("activities.json", "activities", "activity"),
        ("activities.json", "kinds", "kind"),
        ("timezones.json", "zones", "zone"),
    ],
)
def test_no_name_stands_twice(file: str, items: str, name: str) -> None:
    names = [one[name] for one in json.loads((make_pack.PACK / file).read_text())[items]]
    assert len(names) == len(set(names))


def test_no_file_repeats_a_member() -> None:
    def unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        assert len({name for name, _ in pairs}) == len(pairs), pairs
        return dict(pairs)

    for name in rulepack.FILES:
        json.loads((make_pack.PACK / name).read_text(), object_pairs_hook=unique)

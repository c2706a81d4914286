"""The page about inventories says what the rule pack has."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.carbon.inventory.inventory_data import inventory_data
from ledger.carbon.rulepack import CURRENT_VERSION, load

PAGE = (Path(__file__).parents[2] / "docs/reference/inventories.md").read_text("utf-8")
DATA = inventory_data(load(CURRENT_VERSION))


def test_every_kind_of_factor_stands_in_the_row_of_its_grade():
    for grade in "HML":
        [row] = re.findall(rf"^\| (.*) \| {grade} \|$", PAGE, flags=re.MULTILINE)
        kinds = {kind for kind, of in DATA.kinds.items() if of == grade}
        assert set(re.findall(r"`([a-z-]+)`", row)) == kinds


def test_the_years_of_each_grade_are_those_of_the_pack():
    assert DATA.lag_years == {"H": 1, "M": 3}
    assert "at most 1 year before or after the activity are H, of at most 3 years M" in PAGE


def test_every_head_of_the_national_sum_has_its_activities():
    for head in DATA.national:
        [row] = re.findall(rf"^\| `{head.head}` \| (.*) \|$", PAGE, flags=re.MULTILINE)
        for name in head.activities:
            family = name + "*" if name.endswith(".") else name
            assert f"`{family}`" in row or head.head == "heat", name

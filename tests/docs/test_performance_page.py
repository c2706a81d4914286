"""The page of performance, the bench and its targets say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.benchmarks.page import BEGIN, END, PAGE, target_row
from tests.benchmarks.target import TARGETS

TEXT = PAGE.read_text()
MAKEFILE = (Path(__file__).resolve().parents[2] / "Makefile").read_text()


@pytest.mark.parametrize("name", TARGETS)
def test_every_figure_has_its_targets_on_the_page(name: str):
    row = re.search(rf"^\| `{re.escape(name)}` \| .* \| {re.escape(target_row(TARGETS[name]))} \|$",
                    TEXT, re.MULTILINE)  # fmt: skip
    assert row, f"expected a row of {name} that ends in | {target_row(TARGETS[name])} |"


def test_the_page_names_no_figure_that_the_bench_does_not_have():
    named = set(re.findall(r"^\| `([a-z_0-9.]+)` \|", TEXT, re.MULTILINE))
    assert named == set(TARGETS)


def test_the_measured_table_has_every_figure_once():
    measured = TEXT.partition(BEGIN)[2].partition(END)[0]
    assert re.findall(r"^\| `([a-z_0-9.]+)` \|", measured, re.MULTILINE) == list(TARGETS)


def test_the_commands_of_the_page_are_targets_of_the_makefile():
    for command in set(re.findall(r"make (bench[a-z-]*)", TEXT)):
        assert f"\n{command}: " in MAKEFILE

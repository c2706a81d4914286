"""The page of factors is what the tool writes, and names every factor of the library."""

from __future__ import annotations

import pytest

from ledger.carbon.allocation import METHODS
from ledger.carbon.library.shelf import shelf
from ledger.carbon.tables.mapped import read_map
from tests.oracles import make_factors_page

TEXT = make_factors_page.PAGE.read_text()


def test_the_page_of_factors_is_what_the_tool_writes():
    assert make_factors_page.main(["--check"]) == 0, (
        "run: python tests/oracles/make_factors_page.py"
    )


@pytest.mark.parametrize("name", sorted(shelf().factors))
def test_every_factor_of_the_library_stands_on_the_page(name: str):
    assert f"| `{name}` |" in TEXT


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_allocation_stands_on_the_page(method: str):
    assert f"| `{method}` |" in TEXT


def test_the_map_of_the_page_is_a_map():
    assert read_map(TEXT.partition("```toml\n")[2].partition("```")[0]).gases == {"CO2": "kg CO2"}

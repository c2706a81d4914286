"""A map is refused for what it does not say, and the page of its keys is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.client.importer.mapfile import TABLES, keys_of, parse_map, read_map
from ledger.errors import BadFile

PAGE = Path(__file__).parents[3] / "docs/reference/import-maps.md"
TIME = '[time]\ncolumn = "date"\nmarks = "end"\n'
QUANTITY = '[quantity]\ncolumn = "kWh"\nunit = "kWh"\n'


def test_page_and_code_name_the_same_keys():
    page = PAGE.read_text()
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    documented = {}
    for section in sections:
        heading = section.partition("\n")[0].strip("`[]")
        documented[heading] = set(re.findall(r"^\| `([a-z0-9_]+)` \|", section, re.MULTILINE))
    assert documented.pop("factors") == set()
    assert documented == {table: set(keys_of(table)) for table in TABLES}
    assert set(keys_of(None)) == {"factors", *TABLES}


def test_the_map_on_the_page_is_a_map():
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    assert parse_map(example[1]).columns == ("date", "Usage_kWh")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TIME.replace("marks", "mark") + QUANTITY,
            r"mark in \[time\] is no key.*Did you mean marks",
        ),
        (TIME + QUANTITY + "[quantiy]\n", r"quantiy is no key.*Did you mean quantity"),
        (TIME, r"\[quantity\] is missing"),
        ('[time]\ncolumn = "date"\n' + QUANTITY, r"marks in \[time\] is missing"),
        (QUANTITY, r"exactly one of \[time\] and \[period\]"),
        (TIME + '[period]\nstart = "a"\nend = "b"\n' + QUANTITY, "exactly one of"),
        (TIME + '[quantity]\nunit = "kWh"\n', r"column in \[quantity\] is missing"),
        (TIME + QUANTITY + '[batch]\nby = "week"\n', "does not fit a map.*week"),
        (TIME + QUANTITY + "[batch]\nsize = 10001\n", "does not fit a map.*10000"),
        (TIME + QUANTITY + "[quality]\n", "exactly one of its two keys"),
        (TIME + QUANTITY + "[evidence]\n", "column, sha256 or this_file"),
        (TIME + QUANTITY + '[profile]\nby = "day"\n', r'form = "profile" in \[batch\]'),
        (
            TIME + QUANTITY + '[reference]\ncolumn = "no"\n[batch]\nform = "profile"\n',
            "reference in a profile",
        ),
        ('form = "profile"\n' + TIME + QUANTITY, r"form is no key.*It is a key of \[batch\]"),
        (TIME.replace('"end"', '"start"') + 'midnight = "end-of-day"\n' + QUANTITY, "midnight"),
        ("[time\n", "is not TOML"),
    ],
)
def test_a_map_that_says_too_little_or_too_much_is_refused(text: str, message: str):
    with pytest.raises(BadFile, match=f"(?s){message}"):
        parse_map(text)


def test_a_map_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadFile, match=r"steel\.toml cannot be read"):
        read_map(tmp_path / "steel.toml")


def test_a_map_may_begin_with_a_byte_order_mark(tmp_path: Path):
    path = tmp_path / "steel.toml"
    path.write_text("\ufeff" + TIME + QUANTITY, encoding="utf-8")
    assert read_map(path).quantity.unit == "kWh"

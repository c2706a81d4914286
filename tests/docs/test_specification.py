"""Every example of the specification is true: its bytes are those of a frozen vector."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "specification").glob("*.md"))
BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str, str]]:
    """Page, info string and body of every fenced block."""
    return [
        (page.name, match["info"], match["body"])
        for page in PAGES
        for match in BLOCK.finditer(page.read_text())
    ]


def vector(place: str) -> object:
    """A member of a case of a vector file: `<file>/<case>/<member>[/<index>]`."""
    file, name, *members = place.split("/")
    content = json.loads((ROOT / "schemas" / "vectors" / f"{file}.json").read_bytes())
    found = [case for case in content["accepted"] + content["refused"] if case["name"] == name]
    assert len(found) == 1, f"{file} has no case {name}"
    value: object = found[0]
    for member in members:
        if isinstance(value, list):
            value = value[int(member)]
        else:
            assert isinstance(value, dict)
            value = value[member]
    return value


EXAMPLES = [
    (page, info.partition("vector=")[2], body) for page, info, body in blocks() if "vector=" in info
]


@pytest.mark.parametrize(("page", "place", "body"), EXAMPLES, ids=[e[1] for e in EXAMPLES])
def test_an_example_is_the_vector_that_it_names(page: str, place: str, body: str):
    value = vector(place)
    if not isinstance(value, str):
        assert json.loads(body) == value, page
        return
    # A member that ends with LF stands as it is; to any other the page adds one.
    assert body == (value if value.endswith("\n") else value + "\n"), page


def test_every_block_is_an_example_or_says_that_it_is_a_form():
    unmarked = [
        (page, info) for page, info, _ in blocks() if "vector=" not in info and " form" not in info
    ]
    assert unmarked == []


def test_every_page_but_the_plainest_shows_examples():
    shown = {page for page, _, _ in EXAMPLES}
    assert {page.name for page in PAGES} - shown == {"index.md", "names.md"}


def test_the_first_page_leads_to_every_other():
    first = (ROOT / "docs" / "specification" / "index.md").read_text()
    for page in PAGES:
        assert page.name == "index.md" or f"({page.name})" in first


def test_every_vector_file_is_named_on_a_page():
    pages = "".join(page.read_text() for page in PAGES)
    for path in (ROOT / "schemas" / "vectors").glob("*.json"):
        assert f"`{path.name}`" in pages


def test_the_patterns_of_the_names_page_are_those_of_the_product():
    from ledger.log import names, values

    page = (ROOT / "docs" / "specification" / "names.md").read_text()
    shown = {
        row.split("|")[1].strip(): re.search(r"`(.*)`", row)
        for row in page.replace(r"\|", "\0").splitlines()
        if row.startswith("| ")
    }

    def pattern(thing: str) -> re.Pattern[str]:
        match = shown[thing]
        assert match is not None
        return re.compile(match[1].replace("\0", "|"), re.ASCII)

    texts = [
        "", "a", "acme", "a-b", "-a", "a-", "a.b", "a..b", "a_b", "A", "Abc", "Ab", "abc", "A" * 64,
        "A" * 65, "a" * 63, "a" * 64, "a.", ".a", "é", "a\n", "0", "-0", "0.0", "0.5", "-0.5", "1.50",
        "1e3", "01", "3.17", "-3.17", "9" * 18, "9" * 19, "9" * 30, "9" * 31, "0." + "1" * 12,
        "0." + "1" * 13, "1.", ".5", "1\n",
    ]  # fmt: skip
    for text in texts:
        assert bool(pattern("party").fullmatch(text)) == names.is_party(text), text
        assert bool(pattern("segment").fullmatch(text)) == names.is_segment(text), text
        assert bool(pattern("event type").fullmatch(text)) == names.is_event_type(text), text
        amount, decimal = re.compile(values.AMOUNT), re.compile(values.DECIMAL)
        assert bool(pattern("amount").fullmatch(text)) == bool(amount.match(text)), text
        assert bool(pattern("decimal").fullmatch(text)) == bool(decimal.match(text)), text

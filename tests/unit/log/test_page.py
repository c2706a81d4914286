"""A page holds whole entries that follow each other; anything else is refused by its defect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import BadBatch, InvalidInput
from ledger.log.page import read_page, write_page
from tests.unit.client.memory import STEEL, STREAM, MemoryConnection
from tests.unit.world import profile

Stored = list[tuple[bytes, bytes]]


def stored(number: int = 4, quantity: str = "1") -> Stored:
    """(JWS, lines) of some batches of one stream, of two profiles each."""
    ledger = MemoryConnection()
    for day in range(number):
        start = f"2018-03-{1 + day:02d}T00:00:00+08:00"
        later = f"2018-03-{1 + day:02d}T12:00:00+08:00"
        ledger.append(
            STEEL, STREAM, profile(start, 900, [quantity, None, "3"]), profile(later, 900, ["4"])
        )
    own = [e for e in ledger.entries if e.signed.statement.stream == STREAM]
    return [(e.signed.jws.raw, b"".join(line + b"\n" for line in e.lines)) for e in own]


def test_a_page_gives_back_what_was_written():
    entries = stored()
    found = read_page(write_page(entries))
    assert [(e.signed.jws.raw, b"\n".join(e.lines) + b"\n") for e in found] == entries
    assert [(e.signed.statement.first, e.signed.statement.last) for e in found] == [
        (1, 2), (3, 4), (5, 6), (7, 8),
    ]  # fmt: skip
    assert read_page(b"") == []


def test_a_page_may_begin_anywhere_in_its_stream():
    found = read_page(write_page(stored()[2:]))
    assert found[0].signed.statement.first == 5


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(lambda e: write_page(e)[:-1], id="last-lf-missing"),
        pytest.param(lambda e: write_page(e)[: -len(e[-1][1])], id="lines-missing"),
        pytest.param(lambda e: write_page(e) + b"x", id="trailing-garbage"),
        pytest.param(lambda e: write_page(e) + b"\n", id="trailing-lf"),
        pytest.param(lambda e: write_page([e[0], e[2]]), id="an-entry-left-out"),
        pytest.param(lambda e: write_page([e[1], e[0]]), id="other-order"),
        pytest.param(lambda e: write_page([e[0], e[0]]), id="an-entry-twice"),
        pytest.param(lambda e: b"\n" + write_page(e), id="leading-lf"),
    ],
)
def test_a_page_with_a_defect_is_refused(defect: Callable[[Stored], bytes]):
    with pytest.raises(InvalidInput):
        read_page(defect(stored()))


def test_an_entry_of_another_history_does_not_follow():
    ours = stored()
    with pytest.raises(BadBatch, match="does not follow"):
        read_page(write_page([ours[0], stored(quantity="2")[1]]))

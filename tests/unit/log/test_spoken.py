"""Nobody has to read an index below 0: it is a number of a log that has a name."""

from __future__ import annotations

import msgspec
import pytest

from ledger.log.spoken import entry_words, number_words


class Log(msgspec.Struct, frozen=True):
    origin: str
    size: int


FIRST, SECOND = Log("ledger.example/first", 20), Log("ledger.example/second", 5)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (812, "812"),
        (0, "0"),
        (-1, "4 of ledger.example/second"),
        (-5, "0 of ledger.example/second"),
        (-6, "19 of ledger.example/first"),
        (-25, "0 of ledger.example/first"),
        (-26, "-26"),  # of a log that nobody has told of
    ],
)
def test_a_number_is_that_of_its_own_log(number: int, words: str):
    assert number_words(number, [FIRST, SECOND]) == words


def test_an_entry_says_of_which_earlier_log_it_is():
    assert entry_words(-3, [SECOND]) == "entry 2 of the earlier log ledger.example/second"
    assert entry_words(3, [SECOND]) == "entry 3"


def test_a_ledger_that_continues_no_log_says_numbers_alone():
    assert (entry_words(7, []), number_words(7, [])) == ("entry 7", "7")

from typing import Literal

import msgspec
import pytest

from ledger.errors import BadValue, LedgerError, NotCanonical, TooLarge, UnknownEventType
from ledger.log import canonical
from ledger.log.values import MemberName, SafeInt, SegmentName


class Reading(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="Reading",
):
    salt: str
    count: SafeInt = 0
    estimated: bool = False
    gases: dict[MemberName, str] = msgspec.field(default_factory=dict)
    meter: SegmentName | None = None


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="Note"):
    v: Literal[1]


READER = canonical.StructReader[Reading | Note](Reading | Note)
REFUSED = [
    b"",
    b"{}  ",
    b" {}",
    b"{}\n",
    b"{}{}",
    b"[]",
    b"1",
    b"null",
    b"\xef\xbb\xbf{}",
    b'{"a":1.5}',
    b'{"a":1.0}',
    b'{"a":1e3}',
    b'{"a":-0}',
    b'{"a":01}',
    b'{"a":9007199254740992}',
    b'{"a":-9007199254740992}',
    b'{"a":123456789012345678901234567890}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"b":1,"a":1}',
    b'{"a":1,"a":1}',
    b'{"a":1,}',
    b'{"a": 1}',
    b'{"a":"\\u0000"}',
    b'{"a":"\\u0041"}',
    b'{"a":"\\/"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\ud83d\\ude02"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xff"}',
    b'{"a":"\x01"}',
    b'{"a":"\\u001F"}',
    b'{"a":"\\u000a"}',
    b'{"":1}',
    b'{"1":1}',
    b'{"a b":1}',
    b'{"\xc3\xa9":1}',
    b'{"a\\n":1}',
    b'{"' + b"a" * 65 + b'":1}',
    b"{'a':1}",
    b'{"a":tru}',
    b'{"a":[1,]}',
]


@pytest.mark.parametrize("line", REFUSED)
def test_anything_but_the_one_spelling_is_refused(line: bytes):
    with pytest.raises(NotCanonical):
        canonical.decode(line)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": None, "b": True, "c": [], "d": {}},
        {"z": 2**53 - 1, "a": -(2**53) + 1},
        {"text": '\x01\x08\t\n\x0c\r\x1f"\\/\x7f\u2028é\U0001f602'},
        {"B": 1, "a": 2, "a-b": 3, "a.b": 4, "aB": 5, "a_b": 6},
    ],
)
def test_a_value_of_the_space_comes_back_from_its_bytes(value: dict[str, object]):
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {"a": 1.0},
        {"a": float("nan")},
        {"a": 2**53},
        {"a": "\x00"},
        {"a": "\ud800"},
        {"a": (1, 2)},
        {"a": b"x"},
        {1: 1},
        {"é": 1},
        {"a": {"b c": 1}},
    ],
)
def test_a_value_outside_the_space_has_no_spelling(value: dict[str, object]):
    with pytest.raises(NotCanonical):
        canonical.encode(value)


def test_twelve_levels_are_read_and_thirteen_refused():
    deepest = b'{"a":' * 12 + b"1" + b"}" * 12
    assert canonical.decode(deepest)
    with pytest.raises(NotCanonical):
        canonical.decode(b'{"a":' + deepest + b"}")
    with pytest.raises(NotCanonical):
        canonical.decode(b'{"a":' + b"[" * 12 + b"]" * 12 + b"}")


def test_a_nested_bomb_is_refused_not_followed():
    with pytest.raises(NotCanonical):
        canonical.decode(b'{"a":' * 9_000 + b"1" + b"}" * 9_000)


def test_a_line_has_at_most_65536_bytes():
    longest = b'{"a":"' + b"x" * (65_536 - 8) + b'"}'
    assert len(longest) == 65_536
    assert canonical.decode(longest)
    for read in (canonical.decode, READER.decode):
        with pytest.raises(TooLarge):
            read(longest[:-2] + b'x"}')
    assert canonical.decode(longest[:-2] + b'x"}', max_bytes=None)


def test_a_typed_line_is_read_into_its_struct():
    line = b'{"gases":{"CO2":"1"},"salt":"00","type":"Reading"}'
    assert READER.decode(line) == Reading(salt="00", gases={"CO2": "1"})
    assert canonical.encode_struct(READER.decode(line)) == line


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"salt":"00","type":"Reading","x":1}', BadValue),
        (b'{"type":"Reading"}', BadValue),
        (b'{"salt":1,"type":"Reading"}', BadValue),
        (b'{"type":"Note","v":true}', BadValue),
        (b'{"type":"Note","v":2}', BadValue),
        (b'{"type":"Note","v":1.0}', BadValue),
        (b'{"count":9007199254740992,"salt":"00","type":"Reading"}', BadValue),
        (b'{"gases":{"1":"1"},"salt":"00","type":"Reading"}', BadValue),
        (b'{"salt":"00","type":"Unheard"}', UnknownEventType),
        (b'{"salt":"00"}', BadValue),
        (b'{"estimated":false,"salt":"00","type":"Reading"}', NotCanonical),
        (b'{"type":"Reading","salt":"00"}', NotCanonical),
        (b'{"salt":"00","salt":"00","type":"Reading"}', NotCanonical),
        (b'{"salt":"\\u0000","type":"Reading"}', NotCanonical),
        (b'{"salt":"\\u0041","type":"Reading"}', NotCanonical),
        (b'{"salt":"\\ud800","type":"Reading"}', NotCanonical),
        (b'{"salt":"\xff","type":"Reading"}', NotCanonical),
        (b'{"salt":"00","type":"Reading"} ', NotCanonical),
        (b'{"salt":"00","type":"Reading"}\n', NotCanonical),
        (b'{"salt":"00","type":"Reading"', NotCanonical),
        (b"[]", BadValue),
    ],
)
def test_the_typed_reader_refuses_every_other_line(line: bytes, error: type[Exception]):
    with pytest.raises(error):
        READER.decode(line)


def test_a_name_in_another_spelling_is_refused_in_words_and_not_by_its_pattern():
    with pytest.raises(
        BadValue, match=r"not a name: expected 1 to 63 of a-z.*at \$\.meter"
    ) as refused:
        READER.decode(b'{"meter":"K-7","salt":"00","type":"Reading"}')
    assert "regex" not in str(refused.value)


def test_an_escaped_backslash_before_u0000_is_no_nul():
    line = b'{"salt":"\\\\u0000","type":"Reading"}'
    assert READER.decode(line) == Reading(salt="\\u0000")


def test_a_struct_outside_the_space_has_no_spelling():
    for bad in (Reading(salt="\x00"), Reading(salt="0", count=2**53)):
        with pytest.raises(NotCanonical):
            canonical.encode_struct(bad)


def test_the_message_shows_where_the_spelling_differs():
    with pytest.raises(LedgerError, match="from byte 5 on"):
        canonical.decode(b'{"a": 1}')

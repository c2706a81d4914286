"""Canonical JSON over values that nobody would think of."""

import json
from typing import Any

import msgspec
import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError, NotCanonical
from ledger.log import canonical
from ledger.log.values import MemberName, SafeInt

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


class Everything(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    text: str
    number: SafeInt
    flag: bool
    names: dict[MemberName, str]
    items: tuple[str, ...]
    nothing: None
    optional: str = ""


STRUCTS = st.builds(
    Everything,
    text=TEXT,
    number=INTEGERS,
    flag=st.booleans(),
    names=st.dictionaries(NAMES, TEXT, max_size=4),
    items=st.lists(TEXT, max_size=3).map(tuple),
    nothing=st.none(),
    optional=TEXT,
)
READER = canonical.StructReader(Everything)


@given(OBJECTS)
def test_what_is_written_is_read_back(value: dict[str, Any]):
    assert canonical.decode(canonical.encode(value)) == value


@given(OBJECTS)
def test_the_bytes_are_those_of_another_jcs_writer(value: dict[str, Any]):
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(STRUCTS)
def test_three_writers_agree_on_typed_values(value: Everything):
    line = canonical.encode_struct(value)
    plain = msgspec.to_builtins(value)
    assert line == orjson.dumps(plain, option=orjson.OPT_SORT_KEYS) == rfc8785.dumps(plain)
    assert READER.decode(line) == value


@given(OBJECTS, st.data())
def test_another_spelling_of_the_same_value_is_refused(value: dict[str, Any], data: st.DataObject):
    line = canonical.encode(value)
    other = data.draw(
        st.sampled_from(
            [
                json.dumps(value, indent=1).encode(),
                json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode(),
                json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode(),
                line + b"\n",
                b" " + line,
            ]
        )
    )
    if other != line:
        with pytest.raises(NotCanonical):
            canonical.decode(other)


@given(st.binary(max_size=60) | OBJECTS.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_read_as_their_one_spelling_or_refused(line: bytes):
    try:
        value = canonical.decode(line)
    except LedgerError:
        return
    assert canonical.encode(value) == line


@given(STRUCTS, st.data())
def test_the_typed_reader_accepts_a_part_of_what_the_untyped_one_does(
    value: Everything, data: st.DataObject
):
    line = bytearray(canonical.encode_struct(value))
    at = data.draw(st.integers(0, len(line) * 8 - 1))
    line[at // 8] ^= 1 << at % 8
    try:
        READER.decode(bytes(line))
    except LedgerError:
        return
    canonical.decode(bytes(line))

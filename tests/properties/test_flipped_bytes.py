"""Any byte of a whole file that is another one makes it a file that two verifiers refuse.

What is asked with `select` is left alone: another question about the same lines has another answer.
Source: specification, bundles, "What a bundle leaves open".
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import verify
from ledger.errors import LedgerError
from ledger.provenance import verify_bundle
from tests.vectors.corpus import Frozen, corpus

WHOLE = [
    one for one in corpus() if {"bundle", "verdict"} <= set(one.case) and "replayed" not in one.case
]


def question(data: bytes) -> range:
    """Where the file says which lines it is about."""
    start = data.find(b',"select":{')
    return range(start, data.index(b"}", start) if start >= 0 else start)


@st.composite
def flipped(draw: st.DrawFn) -> tuple[Frozen, bytes]:
    one = draw(st.sampled_from(WHOLE))
    at = draw(st.integers(0, len(one.data) - 1).filter(lambda at: at not in question(one.data)))
    other = draw(st.integers(0, 255).filter(lambda byte: byte != one.data[at]))
    return one, one.data[:at] + bytes([other]) + one.data[at + 1 :]


def test_there_is_one_of_every_kind():
    assert len({str(one.case["verdict"]["kind"]) for one in WHOLE}) == 7


@given(flipped())
def test_another_byte_is_refused_by_both(case: tuple[Frozen, bytes]):
    one, data = case
    with pytest.raises(LedgerError) as ours:
        verify_bundle(data, one.case["vkey"])
    with pytest.raises(verify.Refused) as alone:
        verify.verify(data, verify.Trust.of(one.case["vkey"]))
    assert alone.value.defect == ours.value.defect, one.name

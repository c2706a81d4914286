"""Two histories are always shown, one history never is, whatever the sizes and where they part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofFailed
from ledger.log.evidence import evidence_of, open_evidence, read_evidence, write_evidence
from tests.small_log import SmallLog

SIZES = st.integers(min_value=1, max_value=80)
LOG = SmallLog()


@given(parted=st.integers(min_value=0, max_value=79), size=SIZES, more=SIZES)
def test_two_histories_give_evidence_exactly_where_they_part_below_the_smaller_size(
    parted: int, size: int, more: int
):
    later = size + more - 1
    other = LOG.forked(parted)
    made = (
        LOG.signed(size),
        other.signed(later),
        other.head(size).root,
        other.consistency(size, later),
        LOG.vkey,
    )
    if parted < size:
        found = open_evidence(read_evidence(write_evidence(evidence_of(*made))), LOG.vkey)
        roots = [found.first.checkpoint.root, found.second.checkpoint.root]
        assert sorted(roots) == sorted([LOG.head(size).root, other.head(later).root])
    else:
        with pytest.raises(ProofFailed):
            evidence_of(*made)

"""Coverage is a set of half-open intervals, kept in buckets."""

from __future__ import annotations

import pytest

from ledger.carbon import coverage


def test_touching_intervals_are_merged_on_both_sides():
    bounds = coverage.add(coverage.add((), 0, 10), 20, 30)
    assert bounds == (0, 10, 20, 30)
    assert coverage.add(bounds, 10, 20) == (0, 30)
    assert coverage.add(bounds, 12, 18) == (0, 10, 12, 18, 20, 30)


def test_an_interval_is_taken_out_of_the_middle_and_from_the_ends():
    assert coverage.remove((0, 30), 10, 20) == (0, 10, 20, 30)
    assert coverage.remove((0, 30), 0, 20) == (20, 30)
    assert coverage.remove((0, 30), 10, 30) == (0, 10)
    assert coverage.remove((0, 30), 0, 30) == ()


def test_what_is_not_covered_is_not_taken_out():
    for start_s, end_s in ((5, 15), (10, 12), (-1, 5)):
        with pytest.raises(AssertionError):
            coverage.remove((0, 10, 20, 30), start_s, end_s)


@pytest.mark.parametrize(
    ("start_s", "end_s", "met"),
    [
        (10, 20, None),
        (-5, 0, None),
        (30, 40, None),
        (9, 11, (0, 10)),
        (-5, 1, (0, 10)),
        (0, 10, (0, 10)),
        (2, 3, (0, 10)),
        (15, 100, (20, 30)),
        (-5, 100, (0, 10)),
    ],
)
def test_an_overlap_names_the_first_interval_that_it_meets(
    start_s: int, end_s: int, met: tuple[int, int] | None
):
    assert coverage.overlap((0, 10, 20, 30), start_s, end_s) == met


def test_an_interval_is_cut_at_the_bounds_of_buckets():
    size = 1 << coverage.BUCKET_BITS
    assert list(coverage.buckets(5, 6)) == [(0, 5, 6)]
    assert list(coverage.buckets(size - 1, size)) == [(0, size - 1, size)]
    assert list(coverage.buckets(size - 1, 2 * size + 1)) == [
        (0, size - 1, size),
        (1, size, 2 * size),
        (2, 2 * size, 2 * size + 1),
    ]
    assert list(coverage.buckets(-1, 1)) == [(-1, -1, 0), (0, 0, 1)]

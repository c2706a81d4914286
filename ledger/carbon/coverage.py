"""Which time a continuous source has readings for: a set of half-open intervals.

A set is kept in buckets of 2^21 seconds (some 24 days), each a flat tuple of ascending bounds
(start, end, start, end, …) in epoch seconds, adjacent intervals merged. So a year of gapless
readings is one interval a bucket, and filling a gap touches one bucket.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

BUCKET_BITS = 21

Bounds = tuple[int, ...]


def buckets(start_s: int, end_s: int) -> Sequence[tuple[int, int, int]]:
    """(bucket, start, end) of the pieces of [start, end)."""
    bucket = start_s >> BUCKET_BITS
    until_s = (bucket + 1) << BUCKET_BITS
    if end_s <= until_s:
        return ((bucket, start_s, end_s),)
    pieces = []
    while start_s < end_s:
        pieces.append((bucket, start_s, min(end_s, until_s)))
        start_s, bucket = until_s, bucket + 1
        until_s += 1 << BUCKET_BITS
    return pieces


def overlap(bounds: Bounds, start_s: int, end_s: int) -> tuple[int, int] | None:
    """The first covered interval that [start, end) meets, or None."""
    at = bisect_right(bounds, start_s)
    if at & 1:
        return bounds[at - 1], bounds[at]
    if at < len(bounds) and bounds[at] < end_s:
        return bounds[at], bounds[at + 1]
    return None


def add(bounds: Bounds, start_s: int, end_s: int) -> Bounds:
    """The set with [start, end), which nothing may overlap."""
    at = bisect_right(bounds, start_s)
    left, right = bounds[:at], bounds[at:]
    left = left[:-1] if left and left[-1] == start_s else (*left, start_s)
    return left + right[1:] if right and right[0] == end_s else (*left, end_s, *right)


def remove(bounds: Bounds, start_s: int, end_s: int) -> Bounds:
    """The set without [start, end), which must be covered as a whole."""
    at = bisect_right(bounds, start_s)
    if not at & 1 or bounds[at] < end_s:
        raise AssertionError(f"[{start_s}, {end_s}) is not covered by {bounds}")
    left = bounds[: at - 1] if bounds[at - 1] == start_s else (*bounds[:at], start_s)
    right = bounds[at + 1 :] if bounds[at] == end_s else (end_s, *bounds[at:])
    return left + right

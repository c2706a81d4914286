"""What the bench reports is what its slices measured."""

from __future__ import annotations

import pytest

from tests.benchmarks.figure import Pairs, Times, p99
from tests.benchmarks.target import TARGETS, Limit


def test_a_ratio_is_taken_slice_by_slice():
    figure = Pairs("append.bulk", "events/s", "floor")
    for value, peer in ((100.0, 200.0), (10.0, 10.0), (300.0, 400.0)):
        figure.add(value, peer)
    result = figure.result()
    assert result["ratio"] == 0.75
    assert (result["ratio_min"], result["ratio_max"]) == (0.5, 1.0)
    assert (result["value"], result["peer_value"]) == (100, 200)
    assert result["slices"] == 3


def test_a_figure_without_a_peer_has_no_ratio():
    figure = Pairs("append.http_single", "events/s")
    figure.add(812.4)
    result = figure.result()
    assert (result["peer"], result["peer_value"], result["ratio"]) == (None, None, None)


def test_what_warmed_up_is_forgotten():
    figure = Pairs("append.bulk", "events/s", "floor")
    figure.add(1.0, 1000.0)
    figure.forget()
    figure.add(500.0, 1000.0)
    assert figure.result()["ratio"] == 0.5


def test_the_99th_percentile_is_the_least_that_99_of_100_do_not_exceed():
    assert p99([*range(1, 101)]) == 99
    assert p99([7.0]) == 7.0
    assert p99([1.0] * 200 + [9.0] * 3) == 9.0


def test_times_report_median_and_percentile_over_all_slices():
    figure = Times("append.latency", "median", "fsync")
    figure.add([1.0, 2.0, 30.0], [1.0, 1.0])
    figure.add([3.0, 4.0], [2.0, 2.0])
    result = figure.result()
    assert (result["value"], result["p99"], result["calls"]) == (3.0, 30.0, 5)
    assert (result["value_min"], result["value_max"]) == (2.0, 3.5)


@pytest.mark.parametrize(
    ("measured", "verdict"), [(0.74, "yes"), (0.75, "aim"), (0.5, "yes"), (0.49, "no")]
)
def test_more_is_better_for_a_ratio(measured: float, verdict: str):
    assert TARGETS["append.bulk"].verdict({"ratio": measured}) == verdict


@pytest.mark.parametrize(("measured", "verdict"), [(20, "yes"), (20.1, "no"), (5, "aim")])
def test_less_is_better_for_a_latency(measured: float, verdict: str):
    assert Limit("value", 20, 5, "ms", more_is_better=False).verdict(measured) == verdict


def test_the_worst_of_two_limits_counts():
    target = TARGETS["append.latency"]
    assert target.verdict({"value": 3.0, "p99": 11.0}) == "aim"
    assert target.verdict({"value": 3.0, "p99": 29.0}) == "yes"
    assert target.verdict({"value": 3.0, "p99": 31.0}) == "no"

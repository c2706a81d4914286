"""What the page says of a run, and of figures that it lacks."""

from __future__ import annotations

from tests.benchmarks.figure import Times
from tests.benchmarks.page import measured
from tests.benchmarks.target import TARGETS

MACHINE = {
    "processor": "AMD EPYC",
    "cores": 2,
    "memory_gb": 25.3,
    "file_system": "ext4",
    "system": "Linux 6.1-x",
    "python": "3.11.7",
    "load_before": 0.0,
}


def page_of(*figures: Times) -> list[str]:
    report = {
        "machine": MACHINE,
        "events": 1000,
        "wal_syncs": 7,
        "results": [figure.result() for figure in figures],
    }
    return measured(report).splitlines()


def test_what_a_run_lacks_is_not_measured():
    lines = page_of()
    assert len(lines) == 4 + len(TARGETS)
    assert "| `verify.browser` | not measured |  |  |  |  |" in lines


def test_the_first_file_under_a_seal_is_judged_too():
    figure = Times("prove.area", "median", extra={"first_ms": 1200.0, "kb": 16.3})
    figure.add([3.0, 4.0, 5.0])
    row = next(line for line in page_of(figure) if "`prove.area`" in line)
    assert "4.0 ms, median; 16.3 kB; first 1,200.0 ms" in row
    assert row.endswith("| **no** |")

"""Two processes that post to one ledger at once: nothing lost, nothing doubled, no gap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger.service import Ledger
from tests.service.conftest import Place
from tests.workload import Workload

ROOT = Path(__file__).parents[2]
BATCHES = 12


def poster(place: Place, meters: str) -> subprocess.Popen[str]:
    settings = place.settings
    arguments = [
        str(settings.home),
        str(settings.database_url or ""),
        str(settings.server_database_url or ""),
        meters,
        str(BATCHES),
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.poster", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def run_both(place: Place, meters: tuple[str, str]) -> list[str]:
    """The acknowledgements of both."""
    place.run(_nothing)
    both = [poster(place, one) for one in meters]
    acknowledged = []
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        acknowledged += [line for line in out.splitlines() if line != "ready"]
    return acknowledged


async def _nothing(ledger: Ledger, workload: Workload) -> None:
    """Opening prepares the company and its meters."""


def check(place: Place, acknowledged: list[str], streams: int) -> None:
    indexes = [int(line.split()[0]) for line in acknowledged]
    assert len(set(indexes)) == len(acknowledged)

    async def work(ledger: Ledger, _: Workload) -> None:
        report = await ledger.audit()
        assert report.ok, report.damages[:5]
        prepared = 4
        assert report.size == prepared + len(acknowledged)
        assert sorted(indexes) == list(range(prepared, report.size))
        assert report.types["ActivityRecorded"] == sum(int(x.split()[3]) for x in acknowledged)
        assert len({line.split()[1] for line in acknowledged}) == streams

    place.run(work, writing=False)


def test_on_different_streams(place: Place):
    acknowledged = run_both(place, ("0,1,2,3", "4,5,6,7"))
    assert len(acknowledged) == 8 * BATCHES
    check(place, acknowledged, 8)


def test_on_the_same_streams(place: Place):
    acknowledged = run_both(place, ("0,1", "0,1"))
    assert len(acknowledged) == 4 * BATCHES
    versions = sorted((x.split()[1], int(x.split()[2])) for x in acknowledged)
    assert len(set(versions)) == len(versions)
    check(place, acknowledged, 2)

"""The memory of our processes at full size: of the service under load, and of an audit."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tests.benchmarks.figure import Pairs
from tests.benchmarks.filled import Filled
from tests.benchmarks.memory import PeakMemory
from tests.benchmarks.over_http import BULK_CONNECTIONS
from tests.benchmarks.place import Place
from tests.benchmarks.scale import BULK_STREAMS, JOBS, Scale
from tests.benchmarks.serving import PROGRAM, load_generator, own_environment, serving

READERS = 4
POSTED_BATCHES = 5
"""Of each meter, while the memory is watched."""


def memory_of_audit(place: Place) -> Pairs:
    """Peak of `carbon-ledger audit`, as a user runs it."""
    command = [*PROGRAM, "audit", "--json", "--home", str(place.home), *_jobs("audit")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, env=own_environment()) as process,
        PeakMemory(process.pid, place.server.status().pid) as peak,
    ):
        answer = process.communicate()[0]
    if process.returncode:
        raise RuntimeError(f"audit ended with status {process.returncode}: {answer[:2000]!r}")
    return _figure("memory.audit", peak)


def memory_of_service(place: Place, full: Filled, scale: Scale) -> Pairs:
    """Peak of `carbon-ledger serve` from its start, while it is posted to and read from."""
    meters, batches = list(BULK_STREAMS), min(POSTED_BATCHES, scale.bulk_batches * 2)
    with (
        serving(place) as service,
        PeakMemory(service.pid, place.server.status().pid) as peak,
        load_generator(service, full.workload.log, len(meters)) as load,
    ):
        load.ask("go_on", heads={meter: full.workload.head(meter) for meter in meters})
        load.ask("sign", meters=meters, connections=BULK_CONNECTIONS, batches=batches, events=1000)
        answer = load.ask("mixed", readers=READERS, months=full.months(12))
    figure = _figure("memory.serve", peak)
    figure.extra |= {"posted": answer["events"], "reads": answer["reads"]}
    return figure


def _figure(name: str, peak: PeakMemory) -> Pairs:
    figure = Pairs(name, "MB")
    figure.add(peak.ours_mb)
    figure.extra = {"postgres_mb": round(peak.postgres_mb), "processes": peak.processes}
    return figure


def _jobs(command: str) -> Sequence[str]:
    """As the program's own help says."""
    told = subprocess.run([*PROGRAM, command, "--help"], capture_output=True, text=True, check=True)
    return ("--jobs", str(JOBS)) if "--jobs" in told.stdout else ()

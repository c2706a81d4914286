"""Writes the measured figures of `build/bench.json` into docs/reference/performance.md.

    python -m tests.benchmarks.page [RESULTS]

Only what stands between the two marks is replaced, by one table and a line that says on what
machine it was measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.target import TARGETS, Limit, Target

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/reference/performance.md"
BEGIN: Final = "<!-- measured: python -m tests.benchmarks.page -->"
END: Final = "<!-- end of measured -->"
WORDS: Final = {"aim": "aim", "yes": "at least", "no": "**no**"}


def main() -> None:
    """Rewrite the page."""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench.json")
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    table = measured(json.loads(results.read_text("utf-8")))
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{after}", "utf-8")


def measured(report: Mapping[str, Any]) -> str:
    """The results of a run as Markdown."""
    machine = report["machine"]
    where = (
        f"{machine['cores']} cores of an {machine['processor']}, {machine['memory_gb']:.0f} GB,"
        f" {machine['file_system']}, {machine['system'].partition('-')[0]}, Python"
        f" {machine['python']}; {report['events']:,} events at full size; {report['wal_syncs']:,}"
        f" WAL syncs; load of the machine {machine['load_before']} before the run."
    )
    lines = [
        where,
        "",
        "| figure | measured | beside it | ratio | least to greatest | reached |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    found = {result["name"]: result for result in report["results"]}
    lines += [_row(found[name]) if name in found else _no_row(name) for name in TARGETS]
    return "\n".join(lines) + "\n"


def target_row(target: Target) -> str:
    """The last two cells of a figure in the table of targets."""
    return f"{_bounds(target.limits, 'least')} | {_bounds(target.limits, 'aim')}"


def _row(result: Mapping[str, Any]) -> str:
    verdict = WORDS[TARGETS[result["name"]].verdict(result)]
    if result["ratio"] is None:
        beside, ratio = "", ""
        spread = f"{result['value_min']:,} to {result['value_max']:,}"
    else:
        beside, ratio = f"{result['peer_value']:,}", f"{result['ratio']:.2f}"
        spread = f"{result['ratio_min']:.2f} to {result['ratio_max']:.2f}"
    return f"| `{result['name']}` | {_value(result)} | {beside} | {ratio} | {spread} | {verdict} |"


def _no_row(name: str) -> str:
    return f"| `{name}` | not measured |  |  |  |  |"


def _value(result: Mapping[str, Any]) -> str:
    text = f"{result['value']:,} {result['unit']}"
    if result["name"] == "append.latency":
        text += f"; p99 {result['p99']:,} ms"
    if "kb" in result:
        text += f"; {result['kb']:,} kB"
    if "first_ms" in result:
        text += f"; first {result['first_ms']:,} ms"
    if "postgres_mb" in result:
        text += f" (PostgreSQL {result['postgres_mb']:,})"
    return text


def _bounds(limits: Sequence[Limit], which: str) -> str:
    return " / ".join(
        f"{'' if one.more_is_better else '≤ '}{getattr(one, which):,g} {one.unit}".strip()
        for one in limits
    )


if __name__ == "__main__":
    main()

"""What each figure shall reach, and by which of its members it is judged.

The table of `docs/reference/performance.md` says the same; a test compares them. A ratio is that
to the peer measured in the same run, so a slow machine is no excuse and a fast one no merit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["aim", "yes", "no"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One number that is judged: `member` of a result, in a unit, at least (or at most) this."""

    member: str
    least: float
    aim: float
    unit: str = ""
    more_is_better: bool = True

    def verdict(self, measured: float) -> Verdict:
        """Whether the aim, the least, or neither was reached."""
        for bound, reached in ((self.aim, "aim"), (self.least, "yes")):
            if measured >= bound if self.more_is_better else measured <= bound:
                return reached  # type: ignore[return-value]
        return "no"


@dataclass(frozen=True, slots=True)
class Target:
    """The limits of one figure; all of them count."""

    name: str
    limits: tuple[Limit, ...]

    def verdict(self, result: Mapping[str, object]) -> Verdict:
        """The worst verdict over its limits."""
        found = {limit.verdict(float(str(result[limit.member]))) for limit in self.limits}
        return "no" if "no" in found else "yes" if "yes" in found else "aim"


def _ratio(name: str, least: float, aim: float) -> Target:
    return Target(name, (Limit("ratio", least, aim),))


def _at_most(member: str, least: float, aim: float, unit: str) -> Limit:
    return Limit(member, least, aim, unit, more_is_better=False)


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        _ratio("append.bulk", 0.5, 0.75),
        _ratio("append.bulk_vs_stock", 5, 9),
        _ratio("append.bulk_vs_umadb", 0.5, 0.85),
        _ratio("append.batch100", 0.4, 0.6),
        _ratio("append.profile", 2, 8),
        _ratio("append.single", 1.3, 2),
        _ratio("append.http_bulk", 0.6, 0.9),
        Target("append.http_single", (Limit("value", 800, 1600, "events/s"),)),
        Target("append.latency", (_at_most("value", 8, 4, "ms"), _at_most("p99", 30, 12, "ms"))),
        _ratio("audit", 0.7, 1.0),
        _ratio("rebuild", 0.7, 1.0),
        Target("prove.event", (_at_most("value", 15, 5, "ms"), _at_most("kb", 30, 16, "kB"))),
        Target(
            "prove.area", (_at_most("value", 15, 5, "ms"), _at_most("first_ms", 1000, 250, "ms"))
        ),
        Target("verify.event", (_at_most("value", 20, 5, "ms"),)),
        Target("verify.alone", (_at_most("value", 20, 5, "ms"),)),
        Target("verify.browser", (_at_most("value", 100, 50, "ms"),)),
        Target("verify.year", (_at_most("value", 3000, 1500, "ms"),)),
        Target("seal.make", (_at_most("value", 1000, 250, "ms"),)),
        Target("read.company", (_at_most("value", 20, 5, "ms"),)),
        Target("read.area", (_at_most("value", 20, 5, "ms"),)),
        Target("read.report", (_at_most("value", 1000, 500, "ms"),)),
        _ratio("grow.append", 0.8, 0.95),
        _ratio("grow.read", 0.8, 0.95),
        Target("memory.serve", (_at_most("value", 400, 250, "MB"),)),
        Target("memory.audit", (_at_most("value", 500, 250, "MB"),)),
        Target("disk", (_at_most("ratio", 0.6, 0.35, ""),)),
    )
}
"""Every figure of `bench.json`, in the order of the table."""

"""A figure of the bench: what its slices measured, and the medians and spreads that are reported.

`Pairs` are values beside those of a peer, one pair a slice, and the ratio is taken slice by slice:
whatever slows the machine for a moment slows both. `Times` are durations of single calls, slice by
slice, of which a percentile is reported. The first slice warms up and is dropped by `forget`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Result = dict[str, object]


@dataclass
class Pairs:
    """Values of a subject and, where it has one, of its peer.

    `inverse` says that less is better, as with latencies: the ratio is then peer to subject.
    """

    name: str
    unit: str
    peer: str | None = None
    inverse: bool = False
    values: list[float] = field(default_factory=list)
    peers: list[float] = field(default_factory=list)
    extra: Result = field(default_factory=dict)

    def add(self, value: float, peer: float | None = None) -> None:
        """What one slice measured."""
        self.values.append(value)
        if peer is not None:
            self.peers.append(peer)

    def forget(self) -> None:
        """Begin again."""
        self.values.clear()
        self.peers.clear()

    def result(self) -> Result:
        """The figure as `bench.json` has it."""
        found: Result = {
            "name": self.name,
            "value": rounded(statistics.median(self.values)),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": None,
            "ratio": None,
            "slices": len(self.values),
            **_spread("value", self.values),
        }
        if self.peer is not None:
            ratios = [
                peer / value if self.inverse else value / peer
                for value, peer in zip(self.values, self.peers, strict=True)
            ]
            found["peer_value"] = rounded(statistics.median(self.peers))
            found["ratio"] = rounded(statistics.median(ratios))
            found |= _spread("peer", self.peers) | _spread("ratio", ratios)
        return found | self.extra


@dataclass
class Times:
    """Durations of calls in milliseconds; `value` is their median or their 99th percentile.

    Of both the other is reported beside it. The spread is that of the slices' own values.
    """

    name: str
    judged: Literal["median", "p99"]
    peer: str | None = None
    slices: list[list[float]] = field(default_factory=list)
    peers: list[list[float]] = field(default_factory=list)
    extra: Result = field(default_factory=dict)

    def add(self, calls_ms: Sequence[float], peers_ms: Sequence[float] = ()) -> None:
        """What one slice measured."""
        self.slices.append(list(calls_ms))
        if peers_ms:
            self.peers.append(list(peers_ms))

    def forget(self) -> None:
        """Begin again."""
        self.slices.clear()
        self.peers.clear()

    def result(self) -> Result:
        """The figure as `bench.json` has it."""
        of = statistics.median if self.judged == "median" else p99
        calls = [call for one in self.slices for call in one]
        values = [of(one) for one in self.slices]
        value = of(calls)
        found: Result = {
            "name": self.name,
            "value": rounded(value),
            "unit": f"ms, {self.judged}",
            "peer": self.peer,
            "peer_value": None,
            "ratio": None,
            "slices": len(self.slices),
            "calls": len(calls),
            "median": rounded(statistics.median(calls)),
            "p99": rounded(p99(calls)),
            **_spread("value", values),
        }
        if self.peer is not None:
            peers = [of(one) for one in self.peers]
            ratios = [a / b for a, b in zip(values, peers, strict=True)]
            found["peer_value"] = rounded(of([call for one in self.peers for call in one]))
            found["ratio"] = rounded(statistics.median(ratios))
            found |= _spread("peer", peers) | _spread("ratio", ratios)
        return found | self.extra


Figure = Pairs | Times


def p99(calls: Sequence[float]) -> float:
    """The least value that 99 of 100 do not exceed."""
    return sorted(calls)[math.ceil(0.99 * len(calls)) - 1]


def rounded(value: float) -> float:
    """To four digits, and whole numbers from a thousand on."""
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def _spread(member: str, values: Sequence[float]) -> Result:
    return {f"{member}_min": rounded(min(values)), f"{member}_max": rounded(max(values))}

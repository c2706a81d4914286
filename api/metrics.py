"""Counts and durations of requests for Prometheus, in a registry of their own.

Labels are method, route template and status: nothing that a stranger can invent, so the number of
series is bounded, and nothing that tells who asked for what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.carbon.info import WitnessInfo

MEDIA_TYPE = CONTENT_TYPE_PLAIN_1_0_0


class Metrics:
    """The measures of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "carbon_ledger_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._duration_s = Histogram(
            "carbon_ledger_http_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ("method", "route"),
            registry=self._registry,
        )

        self._witnessed_size = Gauge(
            "carbon_ledger_witnessed_size",
            "Size of the newest checkpoint that enough witnesses have cosigned.",
            registry=self._registry,
        )
        self._witness_size = Gauge(
            "carbon_ledger_witness_size",
            "Size of the newest checkpoint that a witness has cosigned.",
            ("witness",),
            registry=self._registry,
        )
        self._witness_away = Gauge(
            "carbon_ledger_witness_away",
            "1 while a witness does not answer.",
            ("witness",),
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int, duration_s: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._duration_s.labels(method, route).observe(duration_s)

    def show_witnesses(self, size: int, witnesses: Iterable[WitnessInfo]) -> None:
        """How far the log's witnesses are; their names are the operator's choice."""
        self._witnessed_size.set(size)
        for one in witnesses:
            self._witness_size.labels(one.witness).set(one.size)
            self._witness_away.labels(one.witness).set(one.state == "away")

    def text(self) -> bytes:
        """All measures in Prometheus' text form."""
        return generate_latest(self._registry)

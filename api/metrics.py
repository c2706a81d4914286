"""Counts and durations of requests for Prometheus, in a registry of their own.

Labels are method, route template and status: nothing that a stranger can invent, so the number of
series is bounded, and nothing that tells who asked for what.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

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

    def count(self, method: str, route: str, status: int, duration_s: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._duration_s.labels(method, route).observe(duration_s)

    def text(self) -> bytes:
        """All measures in Prometheus' text form."""
        return generate_latest(self._registry)

"""The service's log: one JSON object a line on standard error.

structlog writes ours; what the standard library's loggers say (uvicorn, psycopg, the embedded
server) goes through the same writer, from WARNING up, with tracebacks cut to their places: a
message of an exception may carry somebody's data.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


def configure() -> None:
    """Set both kinds of loggers up; once, by whoever runs the service."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(sort_keys=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _places_only,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _places_only(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """The class of an exception instead of its text."""
    info = event.pop("exc_info", None)
    if info:
        kind = info[0] if isinstance(info, tuple) else type(sys.exc_info()[1])
        event["error"] = getattr(kind, "__qualname__", str(kind))
    return event

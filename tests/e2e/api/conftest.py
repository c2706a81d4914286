"""One service for all tests of the HTTP interface; those that end it start their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.api.park import Park, Process, opened
from tests.faults.embedded_land import temporary_home


@pytest.fixture
def opened_home() -> Iterator[Path]:
    """A home with a ledger of one entry, whose service does not run."""
    with temporary_home() as home:
        opened(home)
        yield home


@pytest.fixture(scope="session")
def service() -> Iterator[tuple[Process, Park]]:
    """A running service and its park, with everybody registered."""
    with temporary_home() as home:
        log = opened(home)
        process = Process(home)
        try:
            park = Park(process.url, log)
            with park.client:
                park.register_everybody()
                yield process, park
        finally:
            process.end()


@pytest.fixture
def park(service: tuple[Process, Park]) -> Park:
    """The park behind the running service."""
    return service[1]

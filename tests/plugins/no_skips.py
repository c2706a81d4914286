"""A skipped test fails the run, and is named.

Where everything that a test could need is installed, a skip means that something was not tested.
Switched on with `-p tests.plugins.no_skips`; without it, skips are pytest's ordinary ones.
Expected failures (`xfail`) are not skips.
"""

from __future__ import annotations

import pytest


class NoSkips:
    """Collects the skips of one run and turns its exit status."""

    def __init__(self) -> None:
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped[report.nodeid] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped[report.nodeid] = _reason(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped, and skips are not allowed here", red=True)
            for name, reason in sorted(self.skipped.items()):
                terminalreporter.line(f"{name}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Join the run."""
    config.pluginmanager.register(NoSkips(), "no-skips")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # For a skip, pytest keeps (file, line, reason).
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)

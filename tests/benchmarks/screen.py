"""What a person sees: which slice runs, and at the end a table of all figures with their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.benchmarks.target import TARGETS, Limit

VERDICTS = {"aim": "[green]aim[/]", "yes": "yes", "no": "[red]no[/]"}


class Screen:
    """A bar on standard error if that is a terminal, and nothing else while it runs."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """While the run lasts."""
        with self._progress:
            yield

    def steps(self, what: str, count: int) -> Iterator[int]:
        """Numbers from zero, with a bar that follows."""
        yield from self._progress.track(range(count), description=what)

    @contextmanager
    def part(self, what: str) -> Iterator[Part]:
        """Something that tells itself how far it is."""
        yield Part(self._progress, what)


class Part:
    """One bar."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None)

    def told(self, done: int, total: int) -> None:
        """So much is done."""
        self._progress.update(self._task, completed=done, total=total)


def table(report: Mapping[str, object], results: Sequence[Mapping[str, object]]) -> Table:
    """All figures; a target that names another member than the ratio says so."""
    not_measured: dict[str, str] = report["not_measured"]  # type: ignore[assignment]
    shown = Table(
        title=f"{report['events']:,} events at full size, all durable:"
        f" PostgreSQL counted {report['wal_syncs']:,} WAL syncs",
        caption="ratio: median (least to greatest) over the slices",
    )
    for column in ("figure", "measured", "beside it", "ratio", "at least", "aim", "reached"):
        left = column in {"figure", "beside it"}
        shown.add_column(column, justify="left" if left else "right", no_wrap=column == "figure")
    for result in results:
        target = TARGETS[str(result["name"])]
        shown.add_row(
            target.name,
            _measured(result),
            _peer(result),
            _ratio(result),
            " / ".join(_bound(limit, limit.least) for limit in target.limits),
            " / ".join(_bound(limit, limit.aim) for limit in target.limits),
            VERDICTS[target.verdict(result)],
        )
    for name, why in not_measured.items():
        shown.add_row(name, "not measured", why)
    return shown


def _measured(result: Mapping[str, object]) -> str:
    text = f"{result['value']:,} {result['unit']}"
    if result["name"] == "append.latency":
        text += f"; {result['p99']:,} p99"
    if "kb" in result:
        text += f"; {result['kb']:,} kB"
    if "first_ms" in result:
        text += f"; {result['first_ms']:,} first"
    return text


def _peer(result: Mapping[str, object]) -> str:
    if result["peer"] is None:
        return ""
    return f"{result['peer_value']:,}  {str(result['peer']).partition(':')[0]}"


def _ratio(result: Mapping[str, object]) -> str:
    if result["ratio"] is None:
        return ""
    return f"{result['ratio']:.2f} ({result['ratio_min']:.2f} to {result['ratio_max']:.2f})"


def _bound(limit: Limit, bound: float) -> str:
    return (
        f"{'' if limit.more_is_better else '≤ '}{bound:,g}{' ' if limit.unit else ''}{limit.unit}"
    )

"""What the demo prints: steps, a table with small bars, and what the verifier answered.

On a terminal with colour and a progress bar, in a pipe as plain text. Masses are whole milligrams
until here; tonnes are rounded half-even for display, and the exact milligrams stand below them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledger.carbon.footprint import Footprint
from ledger.carbon.reports.table import Figure, Report
from ledger.carbon.seal.info import SealInfo
from ledger.log.seals import CompanyLine, Sums, add_up

BAR_WIDTH: Final = 24
MG_PER_T: Final = 10**9
_PIPE_WIDTH: Final = 100


class Screen:
    """Where the demo prints. Silent when a program asked for JSON."""

    def __init__(self, *, silent: bool = False) -> None:
        self._console = Console(highlight=False, quiet=silent)
        if not self._console.is_terminal:
            self._console.width = _PIPE_WIDTH
        self._step = 0

    def title(self, text: str, *more: str) -> None:
        """What this is about."""
        self._console.print(f"[bold]{escape(text)}[/]")
        for line in more:
            self._console.print(escape(line))

    def step(self, text: str, seconds: float | None = None) -> None:
        """One thing that was done, and how long it took."""
        self._step += 1
        took = "" if seconds is None else f"  [dim]{seconds:.1f} s[/]"
        self._console.print(f"\n[bold cyan]{self._step}.[/] {escape(text)}{took}")

    def lines(self, lines: Sequence[str], *, style: str = "") -> None:
        """Indented lines; long ones are not folded, so that they can be copied."""
        for line in lines:
            self._console.print(f"   {escape(line)}", style=style or None, soft_wrap=True)

    def verdict(self, *, good: bool, text: str) -> None:
        """How a check ended."""
        mark, style = ("yes", "bold green") if good else ("NO", "bold red")
        self._console.print(f"   [{style}]{mark}[/], {escape(text)}", soft_wrap=True)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """A bar while something long runs; nothing where nobody looks."""
        columns = (TextColumn("   {task.description:<20}"), BarColumn(), TimeElapsedColumn())
        with Progress(
            *columns,
            console=self._console,
            transient=True,
            disable=self._console.quiet or not self._console.is_terminal,
        ) as bar:
            task = bar.add_task("starting", total=None)

            def told(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total)

            yield told

    def footprint(self, footprint: Footprint) -> None:
        """The area's footprint by key area: companies, and apart what no company answers for."""
        rows = [
            (area.key_area, _co2(area.mass_mg), _co2(area.unallocated_mg))
            for area in footprint.key_areas
        ]
        greatest = max((ours + others for _, ours, others in rows), default=0)
        solid, light = self._bar_signs()
        table = Table(
            title=f"{footprint.name}, {footprint.first_month} to {footprint.last_month}: t CO2",
            box=None,
            title_justify="left",
            padding=(0, 2, 0, 0),
        )
        table.add_column("key area")
        table.add_column("companies", justify="right")
        table.add_column("residents, public", justify="right")
        table.add_column("", no_wrap=True, min_width=BAR_WIDTH)
        for name, ours, others in rows:
            length, part = _bar(ours + others, greatest), _bar(ours, greatest)
            bar = f"[cyan]{solid * part}[/][yellow]{light * (length - part)}[/]"
            table.add_row(name, tonnes(ours), tonnes(others), bar)
        ours, others = _co2(footprint.total.mass_mg), _co2(footprint.unallocated.mass_mg)
        table.add_section()
        table.add_row("sum, t CO2", tonnes(ours), tonnes(others), style="bold")
        table.add_row("exactly, mg CO2", str(ours), str(others), style="dim")
        self._console.print()
        self._console.print(table)
        self._console.print()
        size = grouped(footprint.size)
        scopes = f"Scope 1 and Scope 2 (location-based), as known at log size {size}"
        legend = f"{solid} companies  {light} residents and public bodies"
        self.lines([legend, scopes, *_beside(footprint)], style="dim")

    def views(self, report: Report) -> None:
        """The area in all views side by side, and what a view's bridge takes off and adds."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("view")
        for name in ("t CO2", f"t CO2e {report.gwp}"):
            table.add_column(name, justify="right")
        views = report.table("views")
        carbon = [column.name for column in views.columns].index("CO2")
        for row in views.rows:
            table.add_row(row.labels[0], _shown(row.figures[carbon]), _shown(row.figures[-1]))
        self._console.print(table)
        asked = next(figure.id for figure in views.rows[0].figures if figure is not None)
        bridge = report.table("bridge")
        carbon = [column.name for column in bridge.columns].index("CO2")
        self.lines(
            [
                "The bridge to the first of them, t CO2:",
                *(
                    f"  {_shown(row.figures[carbon]):>12}  {' '.join(row.labels[1:]).strip()}"
                    for row in bridge.rows
                    if row.labels[0] == views.rows[0].labels[0] and row.figures[carbon] is not None
                ),
                "Where a figure comes from, event by event:",
                f"$ carbon-ledger report explain {asked}",
            ],
            style="dim",
        )

    def seals(self, seals: Sequence[SealInfo], companies: Sequence[CompanyLine]) -> None:
        """What was sealed, and that the public list of the first seal adds up to its total."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("seal", justify="right")
        table.add_column("view")
        table.add_column("t CO2", justify="right")
        for one in seals:
            table.add_row(str(one.number), one.view, tonnes(_emitted(one.totals)))
        self._console.print(table)
        first = seals[0]
        listed, total = _emitted(add_up([one.sums for one in companies])), _emitted(first.totals)
        self.lines(
            [
                (
                    f"Anybody reads where {grouped(first.heads_count)} streams stood, and the sums of "
                    f"all {first.companies_count} parties:"
                ),
                f"they add up to {tonnes(listed)} t CO2, residents and public bodies included;",
                f"the bridge of the first view explains {tonnes(total - listed)} t of that.",
                f"Root over the parties: {first.companies_root}",
            ],
            style="dim",
        )

    def _bar_signs(self) -> tuple[str, str]:
        return ("█", "░") if self._console.encoding.lower().startswith("utf") else ("#", "-")


def _shown(figure: Figure | None) -> str:
    """Tonnes of a figure; a view of CO2 alone has no CO2e."""
    return "" if figure is None else tonnes(int(figure.value))


def tonnes(mass_mg: int) -> str:
    """Tonnes to one place, half-even, digits in groups: `876 986.0`."""
    whole, tenth = divmod(round(Fraction(abs(mass_mg) * 10, MG_PER_T)), 10)
    return f"{'-' if mass_mg < 0 and (whole or tenth) else ''}{grouped(whole)}.{tenth}"


def grouped(number: int) -> str:
    """A whole number with its digits in groups of three."""
    return f"{number:,}".replace(",", " ")


def _beside(footprint: Footprint) -> list[str]:
    """Gases and columns that are not in the table."""
    others = ", ".join(
        f"{gas} {_kilograms(int(mass))}"
        for gas, mass in footprint.total.mass_mg.items()
        if gas != "CO2"
    )
    columns = {
        "biogenic": footprint.biogenic.mass_mg,
        "removed by trees": footprint.removed.mass_mg,
        "outside every scope": footprint.memo.mass_mg,
    }
    return [
        f"Other gases of the companies: {others}",
        *(
            f"Apart, {name}: "
            + ", ".join(f"{gas} {_kilograms(int(mass))}" for gas, mass in masses.items())
            for name, masses in columns.items()
            if masses
        ),
    ]


def _emitted(sums: Sums) -> int:
    return int(sums["CO2"].emitted) if "CO2" in sums else 0


def _kilograms(mass_mg: int) -> str:
    kilograms = round(Fraction(mass_mg, 10**6))
    return f"{grouped(kilograms // 1000)} t" if kilograms >= 10_000 else f"{grouped(kilograms)} kg"


def _co2(masses: Mapping[str, str]) -> int:
    return int(masses.get("CO2", "0"))


def _bar(mass_mg: int, greatest: int) -> int:
    """How many signs; at least one for anything that is there."""
    if mass_mg <= 0:
        return 0
    return max(1, round(Fraction(mass_mg * BAR_WIDTH, greatest)))

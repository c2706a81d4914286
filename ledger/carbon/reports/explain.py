"""Where a figure comes from: its terms, the log entries behind each, and how to prove them.

A term is the mass of one source line, month, factor role and gas. The entries of the log that the
read model added it up from are listed with what each added; they add up to what was recorded, which
is checked here, and the terms make the figure, which is checked too. Whoever wants proof of an entry
asks for the bundles of its events (`carbon-ledger prove`) and verifies them without this ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from ledger.carbon.counted import Counted, sums
from ledger.carbon.gwp import co2e
from ledger.carbon.reports.draft import EQUIVALENT, HELD_BACK, SUM, Built, Origin
from ledger.carbon.reports.figure_id import parse_figure
from ledger.carbon.reports.table import MASS, Figure, decimal
from ledger.carbon.rulepack import load
from ledger.errors import Damaged, NotFound
from ledger.log.names import event_ref

TermKey = tuple[str, int, str, str, str]
"""(stream, line, month, role, gas); of a quantity role and gas are empty."""

WHY_HELD: Final = (
    "; residents who are held back stand as one term for each gas: the report `residents` says why "
    "of each part"
)

MOST_TERMS: Final = 500
"""Terms whose entries are listed at once; a figure that has more is asked stream by stream."""


class AddedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one log entry added to a term: milligrams, or a quantity in the source's unit.

    The entry carries the events `stream@first` to `stream@last`: readings of the source, a
    correction, or a statement of its register by which all was counted again.
    """

    index: int
    stream: str
    first: int
    last: int
    amount: str


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One term of the figure: what counts of it, and what was recorded."""

    stream: str
    line: int
    month: str
    role: str
    gas: str
    unit: str
    counted: str
    recorded: str
    events: tuple[str, ...] = ()
    """Statements that it rests on beside readings, such as a transfer."""
    entries: tuple[AddedEntry, ...] | None = None
    """None: not listed here; ask for the stream."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a figure comes from."""

    figure: Figure
    title: str
    rule: str
    """How the figure follows from what is listed here."""
    gases_mg: dict[str, str]
    """The terms added up by gas."""
    potentials: dict[str, str]
    """The potential that each gas was multiplied with, where the figure is an equivalent."""
    terms: tuple[Term, ...]
    figures: tuple[Figure, ...]
    """Other figures that it is computed from; each has an explanation of its own."""
    events: tuple[str, ...]
    """Statements on the ledger that it is computed from."""
    prove: tuple[str, ...]
    """Commands that write the bundles of its events; one for each run of versions."""
    note: str = ""


def origin_of(built: Built, figure_id: str) -> tuple[Figure, Origin]:
    """The figure of an identifier in its report, and its origin. Raises NotFound, BadName."""
    parse_figure(figure_id)
    origin = built.origins.get(figure_id)
    if origin is None:
        raise NotFound(
            "the report has no such figure",
            expected="the identifier of a figure of this report, as known at its size",
            found=figure_id,
            advice="Make the report again; every figure in it has its identifier.",
        )
    return next(one for one in built.report.figures() if one.id == figure_id), origin


def keys_of(origin: Origin, stream: str | None = None) -> list[TermKey]:
    """The terms of which entries are wanted: those of a stream, or all if they are not too many."""
    keys = [
        *((t.stream, t.line, t.month, t.role, t.gas) for t in origin.terms if t.recorded_mg),
        *((u.stream, u.line, u.month, "", "") for u in origin.used),
    ]
    if stream is not None:
        return sorted({key for key in keys if key[0] == stream})
    return sorted(set(keys)) if len(set(keys)) <= MOST_TERMS else []


def explain(
    built: Built,
    figure_id: str,
    entries: Mapping[TermKey, tuple[AddedEntry, ...]],
    stream: str | None = None,
) -> Explanation:
    """The explanation of a figure, with the entries that were read for its terms.

    Raises Damaged if entries do not add up to what a term had recorded: then read models and log
    disagree. Raises NotFound, BadName.
    """
    figure, origin = origin_of(built, figure_id)
    told = [one for one in origin.terms if one.stream not in built.held]
    kept_back = [one for one in origin.terms if one.stream in built.held]
    shown = msgspec.structs.replace(origin, terms=tuple(told))
    terms = [term for term in _terms(shown, entries) if stream is None or term.stream == stream]
    masses = sums(origin.terms)
    equivalent = origin.rule == EQUIVALENT
    pack = load(built.report.rules)
    if figure.unit == MASS and origin.rule in {SUM, EQUIVALENT}:
        value = co2e(pack, built.report.gwp, masses).mg if equivalent else sum(masses.values())
        if str(value) != figure.value:
            raise AssertionError(f"{figure_id} is not what its terms make")
    potentials = pack.gwp[built.report.gwp].values if equivalent else {}
    known = {one.id: one for one in built.report.figures()}
    listed = not terms or any(term.entries for term in terms)
    if stream is None:
        terms += _held_back(kept_back)
    return Explanation(
        figure=figure,
        title=_title(built, figure_id),
        rule=f"{origin.rule}{WHY_HELD}" if kept_back else origin.rule,
        gases_mg={gas: str(mass_mg) for gas, mass_mg in masses.items()},
        potentials={gas: potentials[gas] for gas in masses if gas in potentials},
        terms=tuple(terms),
        figures=tuple(known[one] for one in origin.figures),
        events=tuple(sorted({*origin.events, *(e for term in terms for e in term.events)})),
        prove=tuple(_commands(terms)),
        note="" if listed else f"{len(terms)} terms: ask for the entries of one stream at a time.",
    )


def _terms(origin: Origin, entries: Mapping[TermKey, tuple[AddedEntry, ...]]) -> Iterable[Term]:
    for one in origin.terms:
        found = entries.get((one.stream, one.line, one.month, one.role, one.gas))
        if not one.recorded_mg:
            found = ()  # a factor prices it, and no entry added it
        _check(found, Fraction(one.recorded_mg), one.stream)
        yield Term(
            stream=one.stream,
            line=one.line,
            month=one.month,
            role=one.role,
            gas=one.gas,
            unit=MASS,
            counted=str(one.mass_mg),
            recorded=str(one.recorded_mg),
            events=one.events,
            entries=found,
        )
    for used in origin.used:
        found = entries.get((used.stream, used.line, used.month, "", ""))
        _check(found, used.recorded, used.stream)
        yield Term(
            stream=used.stream,
            line=used.line,
            month=used.month,
            role="",
            gas="",
            unit=used.unit,
            counted=decimal(used.amount, 12),
            recorded=decimal(used.recorded, 12),
            entries=found,
        )


def _held_back(kept_back: Iterable[Counted]) -> Iterable[Term]:
    """One term for each gas of what may not be named, so that the terms still make the figure."""
    recorded = sums(msgspec.structs.replace(one, mass_mg=one.recorded_mg) for one in kept_back)
    for gas, mass_mg in sums(kept_back).items():
        yield Term(
            stream=HELD_BACK,
            line=0,
            month="",
            role="",
            gas=gas,
            unit=MASS,
            counted=str(mass_mg),
            recorded=str(recorded.get(gas, 0)),
        )


def _check(found: tuple[AddedEntry, ...] | None, recorded: Fraction, stream: str) -> None:
    if found is None:
        return
    added = sum((Fraction(one.amount) for one in found), Fraction(0))
    if added != recorded:
        raise Damaged(
            f"the entries of {stream} do not add up to its total",
            expected=decimal(recorded, 12),
            found=decimal(added, 12),
            advice="Run carbon-ledger audit.",
        )


def _commands(terms: Iterable[Term]) -> Iterable[str]:
    """One command for each event that stands alone, one pattern for each run of versions."""
    places = sorted({(e.stream, e.first, e.last) for term in terms for e in term.entries or ()})
    runs: list[tuple[str, int, int]] = []
    for stream, first, last in places:
        goes_on = runs and (stream, first) == (runs[-1][0], runs[-1][2] + 1)
        runs.append((stream, runs.pop()[1] if goes_on else first, last))
    for stream, first, last in runs:
        name = stream.replace("/", "-")
        command = f"carbon-ledger prove {event_ref(stream, first)} -o {name}-{first}.json"
        yield command if first == last else f"{command}  # and so on to {event_ref(stream, last)}"
    for event in sorted({event for term in terms for event in term.events}):
        name = event.replace("/", "-").replace("@", "-")
        yield f"carbon-ledger prove {event} -o {name}.json"


def _title(built: Built, figure_id: str) -> str:
    """Where the figure stands in its report, for people."""
    for table in built.report.tables:
        for row in table.rows:
            for column, figure in zip(table.columns, row.figures, strict=False):
                if figure is not None and figure.id == figure_id:
                    return " / ".join((table.title, *row.labels, column.title))
    return figure_id

"""`factor library`: the factors that ship with the program, with the source of every value."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.carbon.events import Number, Ratio
from ledger.carbon.library.shelf import Shelf, Shelved, shelf
from ledger.cli.call import Call, command
from ledger.cli.factor_publisher import publish_new, refs_of
from ledger.cli.output import progress, show, table
from ledger.cli.where import ask
from ledger.client.writer import UNSALTED


def add(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        name="library",
        help="Factors that ship with the program, ready to publish.",
        no_args_is_help=True,
        add_completion=False,
    )

    @command(group, "list", example="carbon-ledger factor library list china-grid")
    def list_(
        call: Call,
        names: Annotated[
            list[str] | None, typer.Argument(metavar="[NAME]", help="Files or ids; all by default.")
        ] = None,
    ) -> None:
        """The factors of the library, with every value and its source; nothing is posted."""
        known = shelf()
        found = chosen(known, names or list(known.files))
        rows = [
            (one.name, one.activity, _values(one), one.kind, one.region, _sources(known, one))
            for one in found
        ]
        columns = ("factor", "activity", "values", "kind", "region", "sources")
        show(call, {"factors": [_shown(known, one) for one in found]}, table(columns, rows))

    @command(group, "publish", example="carbon-ledger factor library publish grid-cn-js diesel@1")
    def publish(
        call: Call,
        names: Annotated[
            list[str],
            typer.Argument(metavar="NAME", help="Files, ids or <id>@<version> of the library."),
        ],
    ) -> None:
        """Publish factors of the library as the operator or another factor-publisher.

        What is published already with the same numbers is left as it is.
        """
        known = shelf()
        events = [known.event(one, UNSALTED) for one in chosen(known, names)]
        with progress(call, "publishing") as shown:
            found = ask(call, lambda place: publish_new(place, events, shown), writing=True)
        refs = refs_of(found.publisher, events)
        value = {"factors": refs, "posted": found.posted, "already": found.already}
        there = f"; {found.already} were there" if found.already else ""
        show(call, value, f"Published {found.posted} factors{there}:\n  " + "\n  ".join(refs))

    app.add_typer(group)


def chosen(known: Shelf, names: list[str]) -> list[Shelved]:
    """The factors that these names mean, each once. Raises NotFound."""
    found = {one.name: one for name in names for one in known.find(name)}
    return list(found.values())


def _shown(known: Shelf, factor: Shelved) -> dict[str, object]:
    return {
        "factor": factor.name,
        "title": factor.title,
        "activity": factor.activity,
        "unit": factor.unit,
        "kind": factor.kind,
        "region": factor.region,
        "year": factor.year,
        "valid": factor.valid,
        "gases_kg_per_unit": known.event(factor, UNSALTED).gases_kg_per_unit,
        "values": {
            name: {
                "value": value.value,
                "title": known.origins[value.source].title,
                "number": known.origins[value.source].number,
                "mark": known.origins[value.source].mark,
            }
            for name, value in factor.values.items()
        },
    }


def _values(factor: Shelved) -> str:
    values = (f"{name} {_number(value.value)}" for name, value in factor.values.items())
    return f"{', '.join(values)} per {factor.unit}"


def _sources(known: Shelf, factor: Shelved) -> str:
    return "; ".join(f"[{one.mark}] {one.number or one.title}" for one in known.sources_of(factor))


def _number(number: Number) -> str:
    return f"{number.num}/{number.den}" if isinstance(number, Ratio) else number

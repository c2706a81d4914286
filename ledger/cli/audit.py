"""`audit` and `rebuild`: is everything that is stored what was signed, and what follows from it?

With `--against`, `audit` also asks whether it is what somebody else was shown.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ledger.cli.call import Call, command
from ledger.cli.output import pairs, progress, show, table
from ledger.cli.outside import read_held
from ledger.cli.where import Place, ask, here_only
from ledger.errors import InvalidInput

if TYPE_CHECKING:
    from rich.console import RenderableType

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        help="Check with so many processes; 1 starts none.",
        show_default="one for each processor",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Check on the workers of a Dask cluster: where its scheduler listens, such as "
        "tcp://10.0.0.5:8786.",
    ),
]


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "audit", example="carbon-ledger audit --jobs 4 --against receipt")
    def audit(
        call: Call,
        *,
        jobs: Jobs = None,
        dask: Dask = None,
        against: Annotated[
            list[Path] | None,
            typer.Option(
                metavar="FILE",
                help="What somebody has kept outside: a checkpoint, receipt or proof, a file of "
                "evidence, or the folder of a watch; repeatable.",
            ),
        ] = None,
    ) -> int:
        """Derive everything again from the stored bytes, and name every damage by its place.

        Checked: data hashes, headers, chains, batch roots, signatures, the validity of keys, the
        rules for each event, the tree, checkpoints here and outside the database, all read models.
        A history that its operator has written anew and signed again looks sound: with --against the
        audit also asks whether this is the history that somebody was shown before.
        Exit status 1 when something is not as it must be. Nothing is changed.
        """
        here_only(call, "audit")
        _one_of(jobs, dask)
        outside = [(str(path), read_held(path)) for path in against or ()]
        with progress(call, "auditing entries") as shown:

            async def work(place: Place) -> object:
                return await place.ledger.audit(
                    shown, jobs=_count(jobs), dask=dask, outside=outside
                )

            found = ask(call, work)
        value = msgspec.to_builtins(found)
        counted = {name: one for name, one in value.items() if isinstance(one, int | str)}
        counted.pop("ok")
        if value["earlier"]:
            logs = ", ".join(value["earlier_logs"])
            counted["earlier"] = f"{value['earlier']} entries of {logs}, which this log continues"
        else:
            counted.pop("earlier")  # of a log that continues none there is nothing to say
        if (continued_by := counted.pop("continued_by", None)) is not None:
            counted["ended"] = f"continued by {continued_by}"
        show(call, value, _verdict(value), *_places(value["damages"]), pairs(counted),
             *_compared(value["against"]))  # fmt: skip
        return 0 if value["ok"] else 1

    @command(app, "rebuild", example="carbon-ledger rebuild --jobs 4")
    def rebuild(call: Call, *, jobs: Jobs = None, dask: Dask = None) -> int:
        """Fold the log from zero into fresh views, and compare them with those that are stored.

        The entries are taken as they are stored: no signature is verified and nothing is hashed,
        which audit does. Exit status 1 when the views differ. They stay as they are.
        """
        here_only(call, "rebuild")
        _one_of(jobs, dask)
        with progress(call, "folding entries") as shown:

            async def work(place: Place) -> object:
                return await place.ledger.rebuild(shown, jobs=_count(jobs), dask=dask)

            found = ask(call, work)
        value = msgspec.to_builtins(found)
        rows = [(name, row) for name, all_ in value["differing"].items() for row in all_ or ["?"]]
        if value["ok"]:
            verdict = "The stored views are what the log says, to the last digit.\n"
        else:
            verdict = "The stored views are not what the log says:\n"
        show(
            call,
            value,
            verdict,
            *([table(("table", "row"), rows), ""] if rows else []),
            pairs({"entries": value["size"], "events": value["events"], **value["digests"]}),
        )
        return 0 if value["ok"] else 1


def _verdict(value: Mapping[str, Any]) -> str:
    if value["damages"]:
        return f"The ledger is damaged in {len(value['damages'])} places:\n"
    if not value["ok"]:
        return "The ledger is sound in itself, and is not what was shown before: see below.\n"
    return "The ledger is sound: everything stored follows from what was signed.\n"


def _places(damages: Sequence[Mapping[str, str]]) -> list[RenderableType]:
    if not damages:
        return []
    return [
        table(("place", "what is wrong"), [(one["place"], one["what"]) for one in damages]),
        "",
    ]


def _compared(against: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    """What was kept outside, and what the ledger has in its place."""
    if not against:
        return []
    rows = [
        (
            one["file"],
            f"{one['kind']} of {one['origin']}, size {one['size']}",
            _whether(one),
        )
        for one in against
    ]
    parts: list[RenderableType] = ["", table(("kept outside", "what it is", ""), rows)]
    if any(one["kind"] == "proof" and one["contained"] for one in against):
        parts.append(
            "\nOf a proof the checkpoint and the entries are compared. Whether the file itself holds, "
            "carbon-ledger verify says."
        )
    parts.extend(
        f"\n{one['file']}: {one['what']}\n  expected  {one['expected']}\n"
        f"  found     {one['found']}\n  {one['advice']}"
        for one in against
        if not one["contained"]
    )
    return parts


def _whether(one: Mapping[str, Any]) -> str:
    if not one["contained"]:
        return "NOT in this ledger"
    return "its checkpoint is this ledger's" if one["kind"] == "proof" else "is in this ledger"


def _one_of(jobs: int | None, dask: str | None) -> None:
    """Raise InvalidInput for processes here and a cluster elsewhere at once."""
    if jobs is not None and dask is not None:
        raise InvalidInput(
            "where to check",
            expected="--jobs or --dask",
            found="both",
            advice="How many check on a cluster is what its workers are.",
        )


def _count(jobs: int | None) -> int:
    """How many processes; and this one need not look for cycles among what it merges."""
    from ledger.service.workers import cores  # noqa: PLC0415  (the server's packages may be missing)

    gc.set_threshold(100_000, 50, 50)
    return cores() if jobs is None else jobs

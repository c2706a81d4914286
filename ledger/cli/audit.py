"""`audit` and `rebuild`: is everything that is stored what was signed, and what follows from it?"""

from __future__ import annotations

import gc
from typing import Annotated

import msgspec
import typer

from ledger.cli.call import Call, command
from ledger.cli.output import pairs, progress, show, table
from ledger.cli.where import Place, ask, here_only
from ledger.errors import InvalidInput

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

    @command(app, "audit", example="carbon-ledger audit --jobs 4")
    def audit(call: Call, *, jobs: Jobs = None, dask: Dask = None) -> int:
        """Derive everything again from the stored bytes, and name every damage by its place.

        Checked: data hashes, headers, chains, batch roots, signatures, the validity of keys, the
        rules for each event, the tree, checkpoints here and outside the database, all read models.
        Exit status 1 when something is not as it must be. Nothing is changed.
        """
        here_only(call, "audit")
        _one_of(jobs, dask)
        with progress(call, "auditing entries") as shown:

            async def work(place: Place) -> object:
                return await place.ledger.audit(shown, jobs=_count(jobs), dask=dask)

            found = ask(call, work)
        value = msgspec.to_builtins(found)
        damages = value["damages"]
        counted = {name: one for name, one in value.items() if isinstance(one, int | str)}
        counted.pop("ok")
        if not value["earlier"]:
            counted.pop("earlier")  # of a log that continues none there is nothing to say
        if value["ok"]:
            verdict = "The ledger is sound: everything stored follows from what was signed.\n"
        else:
            verdict = f"The ledger is damaged in {len(damages)} places:\n"
        places = table(("place", "what is wrong"), [(one["place"], one["what"]) for one in damages])
        show(call, value, verdict, *([places, ""] if damages else []), pairs(counted))
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

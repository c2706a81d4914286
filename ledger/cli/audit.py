"""`audit` and `rebuild`: is everything that is stored what was signed, and what follows from it?"""

from __future__ import annotations

import msgspec
import typer

from ledger.cli.call import Call, command
from ledger.cli.output import pairs, progress, show, table
from ledger.cli.where import Place, ask, here_only


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "audit", example="carbon-ledger audit")
    def audit(call: Call) -> int:
        """Derive everything again from the stored bytes, and name every damage by its place.

        Checked: data hashes, headers, chains, batch roots, signatures, the validity of keys, the
        rules for each event, the tree, checkpoints here and outside the database, all read models.
        Exit status 1 when something is not as it must be. Nothing is changed.
        """
        here_only(call, "audit")
        with progress(call, "auditing entries") as shown:

            async def work(place: Place) -> object:
                return await place.ledger.audit(shown)

            found = ask(call, work)
        value = msgspec.to_builtins(found)
        damages = value["damages"]
        counted = {name: one for name, one in value.items() if isinstance(one, int | str)}
        counted.pop("ok")
        if value["ok"]:
            verdict = "The ledger is sound: everything stored follows from what was signed.\n"
        else:
            verdict = f"The ledger is damaged in {len(damages)} places:\n"
        places = table(("place", "what is wrong"), [(one["place"], one["what"]) for one in damages])
        show(call, value, verdict, *([places, ""] if damages else []), pairs(counted))
        return 0 if value["ok"] else 1

    @command(app, "rebuild", example="carbon-ledger rebuild")
    def rebuild(call: Call) -> int:
        """Fold the log from zero into fresh views, and compare them with those that are stored.

        Exit status 1 when they differ. The stored views stay as they are.
        """
        here_only(call, "rebuild")
        with progress(call, "folding entries") as shown:

            async def work(place: Place) -> object:
                return await place.ledger.rebuild(shown)

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

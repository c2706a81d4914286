"""`status`: whose ledger this is, and how far it has come."""

from __future__ import annotations

import msgspec
import typer

from ledger.carbon.info import LedgerStatus
from ledger.cli.call import Call, command
from ledger.cli.output import pairs, show
from ledger.cli.where import Place, ask


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "status", example="carbon-ledger status --json")
    def status(call: Call) -> None:
        """Origin, log key, size and root of the ledger.

        With the log key anybody checks what this ledger has signed.
        """
        found = ask(call, _status)
        text = {
            "origin": found.origin,
            "log key": found.log_key,
            "area": f"{found.area}, {found.timezone}",
            "operator": found.operator,
            "rules": f"{found.rules_version}, {found.rules_sha256}",
            "log size": f"{found.size} entries, {found.events} events",
            "root": found.root,
            "where": call.url or str(call.home),
        }
        if found.continued_by is not None:
            text["ended"] = f"continued by {found.continued_by}"
        for one in found.earlier:
            whole = f"{one.size} of {one.signed_size} entries"
            text[f"continues {one.origin}"] = (
                f"{one.size} entries"
                if one.size == one.signed_size
                else f"{whole}, the rest is lost"
            )
        if found.witness_policy is not None:
            text["published"] = f"size {found.witnessed_size or 0} (policy {found.witness_policy})"
        if found.redactions_waiting:
            text["redactions"] = f"data of {found.redactions_waiting} is still there"
        for asked in found.witnesses:
            replayed = "replayed to " if asked.replays else ""
            text[f"  {asked.witness}"] = f"{asked.role}, {asked.state}, {replayed}size {asked.size}"
        show(call, msgspec.to_builtins(found), pairs(text))


async def _status(place: Place) -> LedgerStatus:
    return await place.status()

"""`prove`: one file from which anybody checks where a reading comes from, without this ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.arguments import write_file
from ledger.cli.call import Call, command
from ledger.cli.output import show
from ledger.cli.where import Place, ask
from ledger.log.names import party_of, split_event


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "prove",
        example="carbon-ledger prove steelworks/plant/electricity@42 -o reading.json",
    )
    def prove(
        call: Call,
        event: Annotated[str, typer.Argument(metavar="STREAM@VERSION", help="The event.")],
        output: Annotated[
            Path,
            typer.Option("--output", "-o", metavar="FILE", help="Where the proof is written."),
        ],
    ) -> None:
        """Write the provenance of one event to a file: the event and everything it stands on.

        The file shows the event's data, its source and factors, and nothing else of its batch.
        """
        stream, _ = split_event(event)

        async def work(place: Place) -> tuple[bytes, str]:
            return await place.connection.bundle(event), (await place.status()).log_key

        data, log_key = ask(call, work, about=party_of(stream))
        write_file(output, data)
        show(
            call,
            {"event": event, "file": str(output), "bytes": len(data), "log_key": log_key},
            f"Wrote the proof of {event} to {output}, {len(data)} bytes. To check it anywhere:",
            f"  carbon-ledger verify {output} --log-key '{log_key}'",
        )

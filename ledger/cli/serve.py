"""`serve`: the ledger over HTTP, until a signal ends it."""

from __future__ import annotations

import importlib
from typing import Annotated, Final

import typer

from ledger.cli.call import Call, command
from ledger.cli.output import hint, write_json
from ledger.cli.where import here_only, server_packages

SERVER: Final = "api.server"
"""By name: the library does not import what stands on it."""


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "serve", example="carbon-ledger serve --port 8000")
    def serve(
        call: Call,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[
            int, typer.Option(min=0, max=65_535, help="0 takes one that is free.")
        ] = 8000,
    ) -> None:
        """Serve the ledger of this home over HTTP until Ctrl-C or SIGTERM.

        It speaks plain HTTP: put a proxy that speaks TLS before it where others shall reach it.
        """
        here_only(call, "serve")
        with server_packages("serve"):
            from ledger.service.settings import Settings  # noqa: PLC0415
            from ledger.store.embedded import stop_on_signals  # noqa: PLC0415

            server = importlib.import_module(SERVER)

        def ready(url: str) -> None:
            if call.json:
                write_json({"url": url})
            hint(f"Serving {call.home} at {url}  (Ctrl-C ends it)")

        with stop_on_signals():
            server.serve(Settings(home=call.home), host, port, ready)

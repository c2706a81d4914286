"""`witness`: cosign the checkpoints of logs that only ever grow; for certifiers, regulators, anybody."""

from __future__ import annotations

import importlib
from typing import Annotated, Final

import msgspec
import typer

from ledger.cli.call import Call, command
from ledger.cli.output import hint, pairs, show, write_json
from ledger.cli.where import here_only, server_packages
from ledger.cli.witness_replay import REPLAY_FOLDER, add_replay
from ledger.log.note import parse_vkey
from ledger.log.witnesses import ALGORITHMS
from ledger.witness.home import FOLDER, WitnessHome
from ledger.witness.state import LogState

SERVER: Final = "api.witness"
"""By name: the library does not import what stands on it."""


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(
        app, "init", example="carbon-ledger witness init --name witness.example/w1 --ml-dsa-44"
    )
    def init(
        call: Call,
        name: Annotated[
            str,
            typer.Option(metavar="HOST/PATH", help="Under which it cosigns for ever; no address."),
        ],
        *,
        ml_dsa_44: Annotated[
            bool,
            typer.Option(
                "--ml-dsa-44", metavar="", help="Make a key that resists quantum computers too."
            ),
        ] = False,
        replay: Annotated[
            bool,
            typer.Option(
                "--replay",
                metavar="",
                help="A replaying witness, which folds all that it cosigns; it has keys of its own.",
            ),
        ] = False,
    ) -> None:
        """Make a witness in the home: its keys, and an empty list of logs.

        Give its verifier keys to everybody who shall be able to check what it cosigns.
        """
        home = _home(call, "witness init", replay=replay)
        about = home.make(name, ml_dsa=ml_dsa_44)
        show(
            call,
            {"home": str(home.path), **msgspec.to_builtins(about), "logs_file": str(home.logs)},
            f"Made the witness {about.name} in {home.path}\n",
            _vkey_lines(about.vkeys),
            f"\nWrite the verifier keys of the logs that it shall follow into {home.logs}",
        )

    @command(app, "serve", example="carbon-ledger witness serve --port 8100")
    def serve(
        call: Call,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[
            int, typer.Option(min=0, max=65_535, help="0 takes one that is free.")
        ] = 8100,
        log: Annotated[
            list[str] | None,
            typer.Option(metavar="VKEY", help="A log beside those in the file logs; repeatable."),
        ] = None,
    ) -> None:
        """Cosign for those who ask over HTTP (POST /add-checkpoint), until Ctrl-C or SIGTERM.

        It speaks plain HTTP: put a proxy that speaks TLS before it where others shall reach it.
        """
        home = _home(call, "witness serve")
        vkeys = [*home.log_vkeys(), *(log or ())]
        if not vkeys:
            hint(
                f"{home.logs} names no log, so every request is refused. Write the verifier key of a "
                "log into it, one a line (log_key of carbon-ledger status --json), and start again."
            )
        with server_packages("witness serve"):
            server = importlib.import_module(SERVER)

        def ready(url: str) -> None:
            if call.json:
                write_json({"url": url})
            hint(
                f"Witness {home.about().name} for {len(set(vkeys))} logs at {url}  (Ctrl-C ends it)"
            )

        server.serve(home, vkeys, host, port, ready)

    @command(app, "show", example="carbon-ledger witness show --json")
    def show_(
        call: Call,
        *,
        replay: Annotated[
            bool, typer.Option("--replay", metavar="", help="The replaying witness of this home.")
        ] = False,
    ) -> None:
        """Its verifier keys, and how far it has seen each log."""
        home = _home(call, "witness show", replay=replay)
        about = home.about()
        logs = [LogState(home, vkey) for vkey in home.log_vkeys()]
        value = {
            **msgspec.to_builtins(about),
            "logs": [
                {
                    "origin": one.origin,
                    "vkey": one.vkey,
                    "size": one.known.size,
                    "root": one.known.root.hex(),
                    "evidence": home.evidence(one.origin).exists(),
                }
                for one in logs
            ],
        }
        lines = []
        for one in logs:
            lines.append(f"\n{one.vkey}\n  size {one.known.size}, root {one.known.root.hex()}")
            if home.evidence(one.origin).exists():
                lines.append(f"  THIS LOG HAS TWO HISTORIES: {home.evidence(one.origin)}")
        show(call, value, f"Witness {about.name}\n", _vkey_lines(about.vkeys), *lines)

    add_replay(app)


def _home(call: Call, what: str, *, replay: bool = False) -> WitnessHome:
    here_only(call, what)
    return WitnessHome(call.home / (REPLAY_FOLDER if replay else FOLDER))


def _vkey_lines(vkeys: tuple[str, ...]) -> str:
    return pairs({f"{ALGORITHMS[parse_vkey(vkey).kind]} key": vkey for vkey in vkeys})

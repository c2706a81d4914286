"""`init`: open a new ledger in an empty home, with the keys that it needs."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.cli.call import Call, command
from ledger.cli.output import hint, pairs, show
from ledger.cli.where import here_only, run, server_packages
from ledger.client.keyring import Keyring
from ledger.errors import Conflict
from ledger.log.keys import PrivateKey
from ledger.log.names import parse_origin, parse_party

RECOVERY = "recovery"
"""Folder of the home in which the recovery key waits to be taken away."""


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "init",
        example="carbon-ledger init --origin ledger.example/log "
        '--area "Example park" --timezone Asia/Shanghai',
    )
    def init(
        call: Call,
        origin: Annotated[
            str,
            typer.Option(
                metavar="HOST/PATH", help="Name of the log for ever; tiles are served under it."
            ),
        ] = "localhost/log",
        area: Annotated[
            str, typer.Option(metavar="NAME", help="The area that is accounted.")
        ] = "Area",
        timezone: Annotated[
            str, typer.Option(metavar="ZONE", help="Where its months begin, such as Asia/Shanghai.")
        ] = "UTC",
        operator: Annotated[
            str, typer.Option(metavar="PARTY", help="The party that runs the ledger.")
        ] = "operator",
    ) -> None:
        """Open a new ledger in the home: the log's key, the operator's, a recovery key, entry 0.

        Origin, area, time zone and operator can never be changed.
        """
        _init(call, origin, area, timezone, operator)


def _init(call: Call, origin: str, area: str, timezone: str, operator: str) -> None:
    here_only(call, "init")
    with server_packages("a ledger in this home"):
        from ledger.carbon.rulepack import CURRENT_VERSION, load  # noqa: PLC0415
        from ledger.service.home import Home  # noqa: PLC0415
        from ledger.service.settings import Settings  # noqa: PLC0415
        from ledger.service.setup import initialise  # noqa: PLC0415

    parse_origin(origin)
    parse_party(operator)
    load(CURRENT_VERSION).calendar(timezone)
    home = Home(call.home)
    if home.opened and (home.ledger().origin, home.ledger().operator) != (origin, operator):
        known = home.ledger()
        raise Conflict(
            "opening a ledger",
            expected="a home without a ledger",
            found=f"{call.home}, which has {known.origin} of {known.operator}",
            advice="Choose another folder with --home; a ledger is never overwritten.",
        )
    home.make()
    recovering = Keyring(call.home / RECOVERY)
    recovery_key = first_key(recovering, operator)
    operator_key = first_key(Keyring(call.keys), operator)
    posted = run(
        initialise(
            Settings(home=call.home),
            origin=origin,
            area=area,
            timezone=timezone,
            operator=operator,
            operator_key=operator_key,
            recovery_key=recovery_key,
        )
    )
    made = home.ledger()
    recovery_file = recovering.folder / operator / f"{recovery_key.public.thumbprint}.json"
    value = {
        "home": str(call.home),
        "origin": made.origin,
        "log_key": made.log,
        "operator": operator,
        "area": area,
        "timezone": timezone,
        "operator_key": operator_key.public.thumbprint,
        "recovery_key": recovery_key.public.thumbprint,
        "recovery_key_file": str(recovery_file),
        "index": posted.index,
    }
    show(
        call,
        value,
        f"Opened the ledger of {area} in {call.home}\n",
        pairs(
            {
                "origin": made.origin,
                "log key": made.log,
                "operator": f"{operator}, key {operator_key.public.thumbprint}",
                "time zone": timezone,
            }
        ),
        "\nGive the log key to everybody who shall be able to check this ledger.",
    )
    hint(
        "\nMove the recovery key off this machine now, to where no network reaches:\n"
        f"  {recovery_file}\n"
        "It is the only way back if the operator's key is lost or stolen, and whoever has it can "
        "take over the operator's keys."
    )


def first_key(keyring: Keyring, party: str) -> PrivateKey:
    """The key of an opening that was interrupted, or a new one."""
    return keyring.key(party) if keyring.list(party) else keyring.make(party)

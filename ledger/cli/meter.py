"""`meter`: when a cumulative meter begins and ceases to count, and what it shows then."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.carbon.organisation.events import MeterInstalled, MeterRemoved
from ledger.cli.arguments import parse_moment, parse_quantity
from ledger.cli.call import Call, command
from ledger.cli.stated import Reason, post_in
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_stream, party_of

Stream = Annotated[str, typer.Argument(help="Such as acme/plant-7/electricity.")]
Meter = Annotated[str, typer.Argument(help="Its number, such as m-4711.")]
At = Annotated[
    str, typer.Option(metavar="TIME", help="When; local time of the area, or with an offset.")
]
Register = Annotated[str, typer.Option(help="What it shows then.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_install(app)
    _add_remove(app)


def _add_install(app: typer.Typer) -> None:
    @command(
        app,
        "install",
        example="carbon-ledger meter install steelworks/plant/electricity m-4711 --at 2026-03-01 "
        "--register 17 --digits 6 --multiplier 40",
    )
    def install(
        call: Call,
        stream: Stream,
        meter: Meter,
        at: At,
        register: Register,
        digits: Annotated[
            int, typer.Option(min=1, max=18, help="Of the register, before it begins at 0 again.")
        ],
        multiplier: Annotated[str, typer.Option(help="Units of the source per unit shown.")] = "1",
    ) -> None:
        """Begin a meter: the first reading of its register starts where it stood."""

        async def work(place: Place) -> None:
            event = MeterInstalled(
                salt=UNSALTED,
                source=stream,
                meter=meter,
                at=parse_moment(at, (await place.status()).timezone),
                register=parse_quantity(register),
                digits=digits,
                multiplier=parse_quantity(multiplier),
            )
            text = f"Meter {meter} counts for {stream} from {event.at} on, at {event.register}"
            await post_in(
                place, call, party_of(stream), event, text, stream=stream, meter=meter, at=event.at
            )

        ask(call, work, about=party_of(parse_stream(stream)), writing=True)


def _add_remove(app: typer.Typer) -> None:
    @command(
        app,
        "remove",
        example="carbon-ledger meter remove steelworks/plant/electricity m-4711 --at 2026-09-01 "
        '--register 4021 --reason "worn out"',
    )
    def remove(
        call: Call, stream: Stream, meter: Meter, at: At, register: Register, reason: Reason
    ) -> None:
        """End a meter, where its last reading ended; another one may begin in the same stream."""

        async def work(place: Place) -> None:
            event = MeterRemoved(
                salt=UNSALTED,
                source=stream,
                meter=meter,
                at=parse_moment(at, (await place.status()).timezone),
                register=parse_quantity(register),
                reason=reason,
            )
            text = f"Meter {meter} of {stream} ended at {event.at}, at {event.register}"
            await post_in(
                place, call, party_of(stream), event, text, stream=stream, meter=meter, at=event.at
            )

        ask(call, work, about=party_of(parse_stream(stream)), writing=True)

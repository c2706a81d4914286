"""`supply`: which delivery of energy is claimed against which use, for the market-based figure."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ledger.carbon.organisation.events import SupplyMatched
from ledger.cli.call import Call, command
from ledger.cli.stated import FromMonth, Reason, parse_one_month, post
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_stream, party_of

Interval = Literal["hour", "month"]
Use = Annotated[str, typer.Argument(help="The source that uses it.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(
        app,
        "match",
        example="carbon-ledger supply match steelworks/plant/electricity steelworks/plant/solar "
        '--interval hour --from 2026-01 --reason "panels on the roof"',
    )
    def match(
        call: Call,
        stream: Use,
        supply: Annotated[str, typer.Argument(help="The source that delivers it.")],
        interval: Annotated[Interval, typer.Option(help="As fine as delivery is known.")],
        from_: FromMonth,
        reason: Reason,
    ) -> None:
        """Claim what one source delivers against what another uses, within hours or months."""
        event = SupplyMatched(
            salt=UNSALTED,
            source=parse_stream(stream),
            supply=parse_stream(supply),
            interval=interval,
            from_=parse_one_month(from_),
            reason=reason,
        )
        text = f"From {from_} on {supply} backs {stream}, by the {interval}"
        post(call, party_of(stream), event, text, stream=stream, supply=supply)

    @command(
        app,
        "end",
        example="carbon-ledger supply end steelworks/plant/electricity --from 2026-07 "
        '--reason "panels sold"',
    )
    def end(call: Call, stream: Use, from_: FromMonth, reason: Reason) -> None:
        """End what is claimed against a source from a month on."""
        event = SupplyMatched(
            salt=UNSALTED,
            source=parse_stream(stream),
            supply=None,
            interval="month",
            from_=parse_one_month(from_),
            reason=reason,
        )
        text = f"From {from_} on no supply backs {stream}"
        post(call, party_of(stream), event, text, stream=stream, supply=None)

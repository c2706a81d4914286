"""`line`: why a line of an inventory has no figure."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ledger.carbon.organisation.events import LineDeclared
from ledger.cli.call import Call, command
from ledger.cli.stated import Period, Reason, parse_months, post
from ledger.client.writer import UNSALTED
from ledger.log.names import parse_party

Notation = Literal["NO", "NE", "IE", "C"]


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "declare",
        example="carbon-ledger line declare steelworks scope3.4 NE --period 2026 "
        '--reason "carriers give no figures yet"',
    )
    def declare(
        call: Call,
        party: Annotated[str, typer.Argument(help="Whose inventory.")],
        line: Annotated[
            str,
            typer.Argument(
                help="An activity, scope3.1 to scope3.15, a GPC line such as iii.1.2, or "
                "indicator.water-reuse and the like for the area."
            ),
        ],
        notation: Annotated[
            Notation,
            typer.Argument(
                help="NO: not occurring, NE: not estimated, IE: included elsewhere, "
                "C: confidential."
            ),
        ],
        period: Period,
        reason: Reason,
        included_in: Annotated[
            str | None, typer.Option(metavar="TEXT", help="Where it is, with IE.")
        ] = None,
    ) -> None:
        """Say why a line has no figure, so that nobody takes a gap for nothing."""
        event = LineDeclared(
            salt=UNSALTED,
            line=line.lower(),
            notation=notation,
            period=parse_months(period),
            reason=reason,
            included_in=included_in,
        )
        text = f"{parse_party(party)} declares {event.line} {notation} for {period}"
        post(call, party, event, text, line=event.line, notation=notation)

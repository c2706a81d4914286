"""`transfer`: energy and carbon that one party hands to another, or out of the area, in a month.

`transfer list` is where a receiver finds what it may acknowledge: the event, its month and quantity.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, cast

import msgspec
import typer

from ledger.carbon.area.events import TransferAcknowledged, TransferRecorded, TransferWithdrawn
from ledger.carbon.info import TransferInfo
from ledger.cli.arguments import (
    find_factor,
    parse_evidence,
    parse_period,
    parse_quantity,
    parse_role,
)
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show, table
from ledger.cli.stated import (
    Evidence,
    Reason,
    Supersedes,
    parse_event,
    parse_one_month,
    post,
    post_in,
)
from ledger.cli.where import Place, ask
from ledger.client.keyring import Keyring
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.log.names import parse_party, parse_stream, party_of

Kind = Literal["carbon-carrier", "energy", "pass-through"]
Month = Annotated[str, typer.Option(help="The month in which it was handed over.")]
Quantity = Annotated[str, typer.Option(help="How much.")]
Unit = Annotated[str, typer.Option(help="Of the quantity, such as GJ or MWh.")]
Transfer = Annotated[
    str, typer.Argument(metavar="EVENT", help="The event that recorded it, acme/register@42.")
]
_DIRECTION: Final = {"sent": "to", "received": "from"}


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_record(app)
    _add_acknowledge(app)
    _add_withdraw(app)
    _add_list(app)


def _add_record(app: typer.Typer) -> None:
    @command(
        app,
        "record",
        example="carbon-ledger transfer record power-plant/boiler/gas --to steelworks "
        "--month 2026-01 --quantity 90000 --unit GJ --factor direct=power-plant/steam@2026",
    )
    def record(
        call: Call,
        stream: Annotated[str, typer.Argument(help="The sender's source that it came from.")],
        month: Month,
        quantity: Quantity,
        unit: Unit,
        to: Annotated[str | None, typer.Option(metavar="PARTY", help="Who received it.")] = None,
        *,
        out: Annotated[bool, flag("--out", "It left the area, instead of --to.")] = False,
        kind: Annotated[
            Kind,
            typer.Option(help="Energy that was made, bought energy that is handed on, or carbon."),
        ] = "energy",
        factor: Annotated[
            list[str] | None,
            typer.Option(
                metavar="ROLE=FACTOR",
                help="direct: what a unit emitted; location: what the park deducts for one that "
                "left the area. May be given again.",
            ),
        ] = None,
        reference: Annotated[str | None, typer.Option(help="Number of the bill.")] = None,
        evidence: Evidence = None,
        supersedes: Supersedes = None,
    ) -> None:
        """Record what a party handed over in a month; who bills a quarter records three."""
        if out == (to is not None):
            raise BadValue("receiver", expected="either --to PARTY or --out", found="both or none")
        roles = dict(_role(item) for item in factor or ())
        party = party_of(parse_stream(stream))

        async def work(place: Place) -> None:
            known = await place.connection.factors() if roles else []
            event = TransferRecorded(
                salt=UNSALTED,
                kind=kind,
                month=parse_one_month(month),
                stream=stream,
                to=None if to is None else parse_party(to),
                quantity=parse_quantity(quantity),
                unit=await place.unit(unit),
                factors={role: find_factor(ref, known) for role, ref in sorted(roles.items())},
                reference=reference,
                evidence=parse_evidence(evidence or ()),
                supersedes=None if supersedes is None else parse_event(supersedes),
            )
            text = (
                f"{event.quantity} {event.unit} of {stream} in {month} to {to or 'out of the area'}"
            )
            more = {"stream": stream, "to": to, "month": month, "factors": event.factors}
            await post_in(place, call, party, event, text, **more)

        ask(call, work, about=party, writing=True)


def _add_acknowledge(app: typer.Typer) -> None:
    @command(
        app,
        "acknowledge",
        example="carbon-ledger transfer acknowledge power-plant/register@12 --month 2026-01 "
        "--stream steelworks/plant/steam --quantity 90000 --unit GJ",
    )
    def acknowledge(
        call: Call,
        transfer: Transfer,
        month: Month,
        stream: Annotated[str, typer.Option(help="The receiver's source that it went to.")],
        quantity: Quantity,
        unit: Unit,
        supersedes: Supersedes = None,
    ) -> None:
        """Say what was received. For another quantity the smaller counts; the rest stands open."""
        party = party_of(parse_stream(stream))

        async def work(place: Place) -> None:
            event = TransferAcknowledged(
                salt=UNSALTED,
                transfer=parse_event(transfer),
                month=parse_one_month(month),
                stream=stream,
                quantity=parse_quantity(quantity),
                unit=await place.unit(unit),
                supersedes=None if supersedes is None else parse_event(supersedes),
            )
            text = f"{stream} received {event.quantity} {event.unit} of {transfer} in {month}"
            more = {"transfer": transfer, "stream": stream, "month": month}
            await post_in(place, call, party, event, text, **more)

        ask(call, work, about=party, writing=True)


def _add_withdraw(app: typer.Typer) -> None:
    @command(
        app,
        "withdraw",
        example="carbon-ledger transfer withdraw power-plant/register@12 --month 2026-01 "
        '--reason "billed by mistake"',
    )
    def withdraw(call: Call, transfer: Transfer, month: Month, reason: Reason) -> None:
        """Take a transfer back: it stays in the log and counts nowhere any more."""
        event = TransferWithdrawn(
            salt=UNSALTED,
            transfer=parse_event(transfer),
            month=parse_one_month(month),
            reason=reason,
        )
        text = f"Withdrew {transfer} of {month}"
        post(call, party_of(transfer), event, text, transfer=transfer, month=month)


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger transfer list steelworks --month 2026-01")
    def list_transfers(
        call: Call,
        party: Annotated[
            str | None,
            typer.Argument(help="Whose.", show_default="the one of --as, or of this home"),
        ] = None,
        month: Annotated[str | None, typer.Option(help="Of this month alone.")] = None,
        period: Annotated[
            str | None,
            typer.Option(help="Of these months, such as 2026, 2026-Q1 or 2026-01..2026-06."),
        ] = None,
    ) -> None:
        """What a party sent and received, and how it stands: open ones wait for the receiver."""
        if month is not None and period is not None:
            raise BadValue("--month and --period", expected="one of them", found="both")
        months = None if period is None else parse_period(period)
        if month is not None:
            months = parse_one_month(month), month
        whose = _whose(call) if party is None else parse_party(party)
        found = ask(call, lambda place: place.connection.transfers(whose, months), about=whose)
        rows = [
            (
                one.month,
                one.event,
                f"{_DIRECTION[one.side]} {one.other}" if one.other else "out of the area",
                one.kind,
                f"{one.quantity} {one.unit}",
                one.state if one.state != "differs" else f"differs: {_said(one)}",
            )
            for one in found
        ]
        columns = ("month", "event", "other side", "kind", "quantity", "state")
        value = {"party": whose, "transfers": msgspec.to_builtins(found)}
        none = f"{whose} sent and received nothing{' then' if months else ''}."
        show(call, value, table(columns, rows) if rows else none)


def _whose(call: Call) -> str:
    if call.as_party is not None:
        return parse_party(call.as_party)
    held = Keyring(call.keys).parties()
    if len(held) != 1:
        raise BadValue(
            "whose transfers",
            expected="the name of a party",
            found=f"keys of {', '.join(held)}" if held else "no key in this home",
            advice="carbon-ledger transfer list PARTY",
        )
    return held[0]


def _said(found: TransferInfo) -> str:
    return " ".join(found.acknowledged or ())


def _role(item: str) -> tuple[Literal["direct", "location"], str]:
    role, ref = parse_role(item)
    if role not in ("direct", "location"):
        raise BadValue("role of a factor of a transfer", expected="direct or location", found=role)
    return cast("Literal['direct', 'location']", role), ref

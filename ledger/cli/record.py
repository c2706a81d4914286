"""`record`: one bill, receipt, register reading or measured emission, as a person has it in hand.

Tables are for `import`; this is for the paper on the desk. The quantity of a register reading is
computed from what the register showed. A day without a time of day is its midnight in the area's
time zone, so a bill of March runs from 2026-03-01 to 2026-04-01.
"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ledger.carbon.events import (
    ActivityRecorded,
    EmissionMeasured,
    Quality,
    RegisterReading,
    Role,
)
from ledger.carbon.exact import TINY, tiny
from ledger.cli.arguments import (
    find_factor,
    parse_evidence,
    parse_masses,
    parse_moment,
    parse_quantity,
    parse_role,
)
from ledger.cli.call import Call, command, flag
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue, NotSignedIn, advising
from ledger.log.names import parse_stream, party_of
from ledger.log.values import DECIMAL_PLACES, format_decimal

MOST_DIGITS: Final = 18


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "record",
        example="carbon-ledger record steelworks/plant/diesel --period 2026-03-03 2026-03-04 "
        "--quantity 850 --reference R-1042",
    )
    def record(
        call: Call,
        stream: Annotated[str, typer.Argument(help="Such as acme/plant-7/diesel.")],
        period: Annotated[
            tuple[str, str],
            typer.Option(
                metavar="FROM UNTIL",
                help="Half-open: March is 2026-03-01 2026-04-01. Local time of the area, or with "
                "an offset.",
            ),
        ],
        quantity: Annotated[str | None, typer.Option(help="How much.")] = None,
        unit: Annotated[
            str | None, typer.Option(help="Its unit.", show_default="that of the source")
        ] = None,
        register: Annotated[
            tuple[str, str, str] | None,
            typer.Option(
                metavar="METER FROM TO",
                help="What a cumulative meter showed at both ends; the quantity follows.",
            ),
        ] = None,
        digits: Annotated[
            int | None, typer.Option(min=1, max=MOST_DIGITS, help="Digits of the register.")
        ] = None,
        multiplier: Annotated[str, typer.Option(help="Units of one step of the register.")] = "1",
        rollover: Annotated[
            int, typer.Option(min=0, max=9, help="How often the register passed its highest value.")
        ] = 0,
        mass: Annotated[
            list[str] | None,
            typer.Option(
                metavar="GAS=MILLIGRAMS", help="Of a measured emission. May be given again."
            ),
        ] = None,
        method: Annotated[
            str | None, typer.Option(help="How an emission was measured, such as CEMS.")
        ] = None,
        reference: Annotated[
            str | None, typer.Option(help="Number of the bill or receipt.")
        ] = None,
        evidence: Annotated[
            list[str] | None,
            typer.Option(
                metavar="FILE",
                help="A document, or its SHA-256; its hash is kept. May be repeated.",
            ),
        ] = None,
        quality: Annotated[Quality | None, typer.Option(help="High, medium or low.")] = None,
        factor: Annotated[
            list[str] | None,
            typer.Option(
                metavar="ROLE=FACTOR",
                help="A factor that differs from the source's. May be given again.",
            ),
        ] = None,
        confirm: Annotated[
            str | None, typer.Option(help="Why a value outside the plausible range is right.")
        ] = None,
        *,
        estimated: Annotated[bool, flag("--estimated", "Estimated, not measured.")] = False,
    ) -> None:
        """Record one bill, receipt, register reading or measured emission."""
        party = party_of(parse_stream(stream))
        if [quantity is not None, register is not None, bool(mass)].count(True) != 1:
            raise BadValue(
                "what to record",
                expected="exactly one of --quantity, --register and --mass",
                found="none or several of them",
            )
        shown = None if register is None else _register(register, digits, multiplier, rollover)
        amount = parse_quantity(quantity) if quantity is not None else ""
        if shown is not None:
            amount = counted(shown)
        roles = dict(parse_role(one) for one in factor or ())

        async def work(place: Place) -> None:
            timezone = (await place.status()).timezone
            start, end = (parse_moment(one, timezone) for one in period)
            said = {
                "period": (start, end),
                "reference": reference,
                "evidence": parse_evidence(evidence or ()),
                "quality": quality,
                "estimated": estimated,
                "confirm": confirm,
            }
            event: ActivityRecorded | EmissionMeasured
            if mass:
                masses_mg = parse_masses(mass)
                event = EmissionMeasured(
                    salt=UNSALTED,
                    masses_mg=masses_mg,
                    method=method or _missing_method(),
                    **said,  # type: ignore[arg-type]
                )
                what = ", ".join(f"{mass_mg} mg {gas}" for gas, mass_mg in masses_mg.items())
            else:
                said_in = None if unit is None else await place.unit(unit)
                event = ActivityRecorded(
                    salt=UNSALTED,
                    quantity=amount,
                    unit=await _unit(place, stream, said_in),
                    factors=await _factors(place, roles),
                    register=shown,
                    **said,  # type: ignore[arg-type]
                )
                what = amount + (f" {said_in}" if said_in else "")
            posted = await place.post(stream, [event])
            show_posted(
                call,
                posted,
                f"Recorded {what} of {stream}, {start} to {end}",
                quantity=amount or None,
            )

        ask(call, work, about=party, writing=True)


def counted(register: RegisterReading) -> str:
    """The quantity that a register counted. Raises BadValue where it ran backwards."""
    turned = (
        tiny(register.to) - tiny(register.from_) + register.rollover * 10**register.digits * TINY
    )
    if turned < 0:
        raise BadValue(
            f"the register of {register.meter} runs backwards",
            expected=f"at least {register.from_}",
            found=register.to,
            advice="--rollover 1 where it passed its highest value.",
        )
    return format_decimal(turned * tiny(register.multiplier), 2 * DECIMAL_PLACES)


def _register(
    shown: tuple[str, str, str], digits: int | None, multiplier: str, rollover: int
) -> RegisterReading:
    if digits is None:
        raise BadValue("--register", expected="--digits, those of the register", found="none")
    meter, begins, ends = shown
    return RegisterReading(
        meter=meter,
        from_=parse_quantity(begins),
        to=parse_quantity(ends),
        digits=digits,
        multiplier=parse_quantity(multiplier),
        rollover=rollover,
    )


async def _unit(place: Place, stream: str, unit: str | None) -> str | None:
    """The unit, if it is another one than the source's."""
    with advising(
        NotSignedIn,
        "Only --unit is compared with what the source says. Leave it out: a quantity is in the "
        "source's unit.",
    ):
        source = await place.connection.source(stream) if unit else None
    return None if source is not None and source.unit == unit else unit


async def _factors(place: Place, roles: dict[str, str]) -> dict[Role, str]:
    known = await place.connection.factors() if roles else []
    return {role: find_factor(ref, known) for role, ref in sorted(roles.items())}  # type: ignore[misc]


def _missing_method() -> str:
    raise BadValue("--mass", expected="--method, how it was measured, such as CEMS", found="none")

"""`factor chp`: what a plant of heat and power emitted, shared between the two and published."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final

import msgspec
import typer

from ledger.carbon.allocation import (
    Allocation,
    Efficiency,
    EnergyContent,
    Exergy,
    HeatDefault,
    Method,
    PowerDefault,
    allocate,
)
from ledger.carbon.events import Document, FactorPublished, Number, Ratio
from ledger.carbon.exact import number_of
from ledger.carbon.rulepack import CURRENT_VERSION, load
from ledger.cli.arguments import parse_evidence, parse_quantity
from ledger.cli.call import Call, command, flag
from ledger.cli.factor_publisher import publisher_of, refs_of
from ledger.cli.output import pairs, show
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.log.names import event_ref


class MethodName(StrEnum):
    """The methods of `ledger.carbon.allocation`."""

    energy_content = "energy-content"
    efficiency = "efficiency"
    exergy = "exergy"
    heat_default = "heat-default"
    power_default = "power-default"


class Carrier(StrEnum):
    """What carries the heat."""

    heat = "heat"
    steam = "steam"


NEEDS: Final[dict[MethodName, tuple[str, ...]]] = {
    MethodName.energy_content: (),
    MethodName.efficiency: ("--heat-efficiency", "--power-efficiency"),
    MethodName.exergy: ("--heat-k", "--ambient-k"),
    MethodName.heat_default: ("--heat-rate",),
    MethodName.power_default: ("--power-rate",),
}


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What a plant emitted and made, as its factors say it."""

    id: str
    year: int
    region: str
    valid: tuple[str, str]
    carrier: str
    emitted_kg: dict[str, Fraction]
    heat_gj: Fraction
    power_kwh: Fraction
    document: Document


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "chp",
        example="carbon-ledger factor chp chp-2026 --emitted CO2=8660000kg --heat 100000GJ "
        "--power 10GWh --method heat-default --heat-rate 60 --year 2026 --region CN-JS",
    )
    def chp(
        call: Call,
        id_: Annotated[str, typer.Argument(metavar="ID", help="Of the two factors.")],
        emitted: Annotated[
            list[str],
            typer.Option(metavar="GAS=MASS", help="What the fuel emitted, such as CO2=8660t."),
        ],
        heat: Annotated[str, typer.Option(metavar="ENERGY", help="Such as 100000GJ.")],
        power: Annotated[str, typer.Option(metavar="ENERGY", help="Such as 10GWh.")],
        method: Annotated[MethodName, typer.Option(help="How the two share it.")],
        year: Annotated[int, typer.Option(help="Of these amounts.")],
        region: Annotated[str, typer.Option(help="ISO 3166 country or subdivision.")],
        carrier: Annotated[Carrier, typer.Option(help="What carries the heat.")] = Carrier.steam,
        heat_rate: Annotated[
            str | None, typer.Option(metavar="KG", help="heat-default: kg CO2 per GJ.")
        ] = None,
        power_rate: Annotated[
            str | None, typer.Option(metavar="KG", help="power-default: kg CO2 per kWh.")
        ] = None,
        heat_efficiency: Annotated[
            str | None, typer.Option(metavar="SHARE", help="efficiency: of a boiler, 0.9.")
        ] = None,
        power_efficiency: Annotated[
            str | None, typer.Option(metavar="SHARE", help="efficiency: of a power plant, 0.5.")
        ] = None,
        heat_k: Annotated[
            str | None, typer.Option(metavar="KELVIN", help="exergy: temperature of the heat.")
        ] = None,
        ambient_k: Annotated[
            str | None, typer.Option(metavar="KELVIN", help="exergy: of the surroundings.")
        ] = None,
        valid: Annotated[
            tuple[str, str] | None,
            typer.Option(metavar="FROM UNTIL", help="Days they are for; the year by default."),
        ] = None,
        evidence: Annotated[
            str | None,
            typer.Option(metavar="FILE", help="The calculation: a file, or its SHA-256."),
        ] = None,
        *,
        dry_run: Annotated[bool, flag("--dry-run", "Compute it and post nothing.")] = False,
    ) -> None:
        """Share a plant's emissions between heat and power and publish a factor for each.

        Both are of the kind supplier, and name the method in the title of their document. Who buys
        the heat or the power uses them; a certifier confirms them.
        """
        chosen = method_of(
            method, (heat_efficiency, power_efficiency, heat_k, ambient_k, heat_rate, power_rate)
        )
        number = f"{id_} of {year}"
        made = Output(
            id=id_,
            year=year,
            region=region,
            valid=valid or (f"{year}-01-01", f"{year + 1}-01-01"),
            carrier=carrier.value,
            emitted_kg=dict(_emitted(one) for one in emitted),
            heat_gj=_amount("--heat", heat, "GJ"),
            power_kwh=_amount("--power", power, "kWh"),
            document=Document(
                title=f"Heat and power of {id_}, {year}, shared by {chosen}",
                sha256=parse_evidence([evidence])[0] if evidence else None,
                number=number,
            ),
        )
        shared = allocate(made.emitted_kg, made.heat_gj, made.power_kwh, chosen)
        events = factors_of(made, shared)
        value, text = _answer(made, shared, events)
        if dry_run:
            show(call, {**value, "dry_run": True}, "Nothing was posted.\n", text)
            return

        async def work(place: Place) -> tuple[str, str]:
            publisher = await publisher_of(place)
            posted = await place.post(f"{publisher}/factors", events)
            return publisher, event_ref(posted.stream, posted.last)

        publisher, event = ask(call, work, writing=True)
        refs = refs_of(publisher, events)
        show(
            call,
            {**value, "factors": refs, "event": event},
            f"Published {', '.join(refs)}, unverified until a certifier confirms them.\n",
            text,
        )


def factors_of(made: Output, shared: Allocation) -> list[FactorPublished]:
    """The factor of the heat, per GJ, and that of the power, per kWh."""

    def factor(what: str, activity: str, unit: str, gases: dict[str, Fraction]) -> FactorPublished:
        return FactorPublished(
            salt=UNSALTED,
            id=f"{made.id}-{what}",
            version=str(made.year),
            activity=activity,
            unit=unit,
            kind="supplier",
            region=made.region,
            year=made.year,
            valid=made.valid,
            gases_kg_per_unit={gas: number_of(value) for gas, value in sorted(gases.items())},
            source=made.document,
        )

    return [
        factor(made.carrier, f"{made.carrier}.purchased", "GJ", shared.heat_kg_per_gj),
        factor("power", "electricity.purchased", "kWh", shared.power_kg_per_kwh),
    ]


def method_of(name: MethodName, given: tuple[str | None, ...]) -> Method:
    """The method with its numbers. Raises BadValue for one that is missing or not its own."""
    options = (
        "--heat-efficiency", "--power-efficiency", "--heat-k", "--ambient-k", "--heat-rate",
        "--power-rate",
    )  # fmt: skip
    said = {option: text for option, text in zip(options, given, strict=True) if text is not None}
    if set(said) != set(NEEDS[name]):
        raise BadValue(
            f"numbers of the method {name}",
            expected=" and ".join(NEEDS[name]) or "none",
            found=", ".join(said) or "none",
        )
    numbers = [_fraction(option, said[option]) for option in NEEDS[name]]
    match name:
        case MethodName.energy_content:
            return EnergyContent()
        case MethodName.efficiency:
            return Efficiency(*numbers)
        case MethodName.exergy:
            return Exergy(*numbers)
        case MethodName.heat_default:
            return HeatDefault(*numbers)
        case MethodName.power_default:
            return PowerDefault(*numbers)


def _answer(
    made: Output, shared: Allocation, events: list[FactorPublished]
) -> tuple[dict[str, object], str]:
    heat, power = events
    value: dict[str, object] = {
        "title": made.document.title,
        "heat": {"unit": "GJ", "gases_kg_per_unit": heat.gases_kg_per_unit},
        "power": {"unit": "kWh", "gases_kg_per_unit": power.gases_kg_per_unit},
        "heat_kg": {gas: number_of(mass) for gas, mass in shared.heat_kg.items()},
        "power_kg": {gas: number_of(mass) for gas, mass in shared.power_kg.items()},
    }
    lines: dict[str, object] = {"method": made.document.title}
    for what, event in ((f"{made.carrier}, kg/GJ", heat), ("power, kg/kWh", power)):
        lines[what] = ", ".join(
            f"{gas} {_number(number)}" for gas, number in event.gases_kg_per_unit.items()
        )
    return value, pairs(lines)


def _emitted(text: str) -> tuple[str, Fraction]:
    gas, equals, mass = text.partition("=")
    if not equals:
        raise BadValue("--emitted", expected="GAS=MASS, such as CO2=8660t", found=repr(text))
    return load(CURRENT_VERSION).gas(gas).gas, _amount("--emitted", mass, "kg")


def _amount(option: str, text: str, into: str) -> Fraction:
    """An amount with its unit, such as 10GWh, in another unit of the dimension."""
    digits = len(text) - len(text.lstrip("0123456789."))
    number, unit = text[:digits], text[digits:].strip()
    if not number or not unit:
        raise BadValue(option, expected=f"an amount with its unit, such as 5{into}", found=text)
    pack = load(CURRENT_VERSION)
    ratio = pack.ratio(pack.spelling(unit), into)
    return Fraction(parse_quantity(number)) * ratio


def _fraction(option: str, text: str) -> Fraction:
    try:
        return Fraction(parse_quantity(text))
    except BadValue as error:
        raise error.again(f"{option}: {error.what}") from error


def _number(number: Number) -> str:
    return f"{number.num}/{number.den}" if isinstance(number, Ratio) else number

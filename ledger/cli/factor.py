"""`factor`: emission factors, published with their document. A published factor never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.carbon.events import FactorPublished, Ratio
from ledger.carbon.info import FactorInfo
from ledger.cli.arguments import read_file
from ledger.cli.call import Call, command
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, NotFound


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "publish", example="carbon-ledger factor publish grid-jiangsu.json")
    def publish(
        call: Call,
        file: Annotated[
            Path, typer.Argument(metavar="FILE.json", help="One factor, or a list of them.")
        ],
    ) -> None:
        """Publish factors: masses of gases per unit of an activity, with their document.

        The operator publishes averages; a company publishes factors of its suppliers and measured
        ones. Numbers are written as text, so that no digit is lost.
        """
        events = read_factors(file)

        async def work(place: Place) -> None:
            publisher = await _publisher(place)
            posted = await place.post(f"{publisher}/factors", events)
            refs = [f"{publisher}/{event.id}@{event.version}" for event in events]
            show_posted(call, posted, f"Published {', '.join(refs)}", factors=refs)

        ask(call, work, writing=True)

    @command(app, "list", example="carbon-ledger factor list")
    def list_factors(call: Call) -> None:
        """All published factors."""
        found = ask(call, lambda place: place.connection.factors())
        rows = [
            (
                one.factor,
                one.activity,
                _gases(one),
                one.kind,
                one.region,
                str(one.year),
                f"{one.valid[0]} to {one.valid[1]}",
                one.title,
            )
            for one in found
        ]
        columns = ("factor", "activity", "kg", "kind", "region", "data of", "allowed for", "source")
        show(call, {"factors": msgspec.to_builtins(found)}, table(columns, rows))


def read_factors(file: Path) -> list[FactorPublished]:
    """The factors of a file; raises BadFile that names what is wrong and how to write it."""
    data = read_file(file)
    try:
        value = json.loads(data, parse_float=_no_float)
    except ValueError as error:
        raise BadFile(f"{file} is not JSON", found=str(error)) from error
    factors = value if isinstance(value, list) else [value]
    if not factors:
        raise BadFile(f"{file} has no factor", expected="one, or a list of them")
    return [_factor(file, at, one) for at, one in enumerate(factors, start=1)]


def _factor(file: Path, number: int, value: object) -> FactorPublished:
    if not isinstance(value, dict):
        raise BadFile(f"{file}: factor {number}", expected="an object", found=repr(value)[:80])
    if {"type", "salt"} & value.keys():
        raise BadFile(
            f"{file}: factor {number}", expected="no type and no salt: the program adds them"
        )
    try:
        # A salt in form for the check; the writer draws the one that is posted.
        return msgspec.structs.replace(
            msgspec.convert(
                {**value, "type": FactorPublished.__name__, "salt": "0" * 32}, FactorPublished
            ),
            salt=UNSALTED,
        )
    except msgspec.ValidationError as error:
        raise BadFile(
            f"{file}: factor {number}",
            found=str(error),
            advice='Numbers are text without trailing zeros, such as "0.5827", or '
            '{"num":"44","den":"12"} where no decimal is exact.',
        ) from error


def _no_float(text: str) -> object:
    raise ValueError(f'the number {text}: write "{text}", as text, so that no digit is lost')


async def _publisher(place: Place) -> str:
    """As named; the operator where its key is here; else the only party of this home."""
    if place.call.as_party is not None:
        return place.call.as_party
    held = place.keyring.parties()
    operator = (await place.status()).operator
    if operator in held:
        return operator
    if len(held) == 1:
        return held[0]
    raise NotFound(
        "a publisher of factors",
        expected="a key of the operator, or of one party, in this home",
        found=", ".join(held) or "no key",
        advice="Say with --as which party publishes.",
    )


def _gases(factor: FactorInfo) -> str:
    parts = []
    for gas, number in factor.gases_kg_per_unit.items():
        value = f"{number.num}/{number.den}" if isinstance(number, Ratio) else number
        parts.append(f"{value} {gas}")
    return f"{', '.join(parts)} per {factor.unit}"

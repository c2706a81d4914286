"""`factor`: emission factors, published with their document. A published factor never changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.carbon.events import FactorConfirmed, FactorPublished, Ratio
from ledger.carbon.factor_fit import remarks_on
from ledger.carbon.info import FactorInfo
from ledger.carbon.rulepack import RulePack, load
from ledger.cli import factor_chp, factor_import, factor_library
from ledger.cli.arguments import find_factor, parse_evidence, read_file
from ledger.cli.call import Call, command
from ledger.cli.factor_publisher import publisher_of, refs_of
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, BadValue
from ledger.log.names import parse_party
from ledger.log.values import parse_month


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @command(app, "publish", example="carbon-ledger factor publish grid-jiangsu.json")
    def publish(
        call: Call,
        file: Annotated[
            Path, typer.Argument(metavar="FILE.json", help="One factor, or a list of them.")
        ],
        document: Annotated[
            str | None,
            typer.Option(metavar="FILE", help="Their document: a file, or its SHA-256."),
        ] = None,
    ) -> None:
        """Publish factors: masses of gases per unit of an activity, with their document.

        The operator publishes averages; a company publishes factors of its suppliers and measured
        ones. Numbers are written as text, so that no digit is lost.
        """
        events = read_factors(file)
        if document is not None:
            events = [_from_document(event, parse_evidence([document])[0]) for event in events]

        async def work(place: Place) -> None:
            publisher = await publisher_of(place)
            written = [
                msgspec.structs.replace(event, unit=await place.unit(event.unit))
                for event in events
            ]
            posted = await place.post(f"{publisher}/factors", written)
            refs = refs_of(publisher, events)
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
                f"{one.kind}, unverified" if one.unverified else one.kind,
                one.region,
                str(one.year),
                f"{one.valid[0]} to {one.valid[1]}",
                one.title,
            )
            for one in found
        ]
        columns = (
            "factor",
            "activity",
            "kg",
            "kind",
            "region",
            "data of",
            "allowed for",
            "",
            "source",
        )
        show(call, {"factors": msgspec.to_builtins(found)}, table(columns, rows))

    @command(
        app,
        "confirm",
        example="carbon-ledger factor confirm acme/chp-2026-steam@2026 --as tuv "
        '--reason "meters and fuel bills checked"',
    )
    def confirm(
        call: Call,
        factor: Annotated[str, typer.Argument(help="A company's own factor.")],
        reason: Annotated[str, typer.Option(help="What was checked.")],
        evidence: Annotated[
            list[str] | None,
            typer.Option(metavar="FILE", help="A document: a file, or its SHA-256."),
        ] = None,
    ) -> None:
        """Stand for a company's own factor as a certifier; until then it is shown as unverified."""

        async def work(place: Place) -> None:
            certifier = await publisher_of(place)
            event = FactorConfirmed(
                salt=UNSALTED,
                factor=find_factor(factor, await place.connection.factors()),
                reason=reason,
                evidence=parse_evidence(evidence or ()),
            )
            posted = await place.post(f"{certifier}/register", [event])
            text = f"{certifier} confirmed {event.factor}"
            show_posted(call, posted, text, factor=event.factor, certifier=certifier)

        ask(call, work, writing=True)

    @command(app, "used", example="carbon-ledger factor used steelworks --month 2026-03")
    def used(
        call: Call,
        party: Annotated[str, typer.Argument(help="Whose sources.")],
        month: Annotated[str, typer.Option(help="Of the activity, such as 2026-03.")],
    ) -> None:
        """The factors that sources use now, and what must be said beside their figures.

        Said is: data of another year, another region, not confirmed by a certifier.
        """
        parse_party(party)
        parse_month(month)

        async def work(place: Place) -> list[Use]:
            pack = load((await place.status()).rules_version)
            known = {one.factor: one for one in await place.connection.factors()}
            return [
                Use(one.stream, role, ref, _said(pack, known[ref], one.region, month))
                for one in await place.connection.sources(party)
                for role, ref in one.factors.items()
            ]

        found = ask(call, work, about=party)
        rows = [(one.stream, one.role, one.factor, "; ".join(one.remarks)) for one in found]
        columns = ("stream", "role", "factor", f"in {month}")
        show(call, {"month": month, "used": msgspec.to_builtins(found)}, table(columns, rows))

    factor_library.add(app)
    factor_import.add(app)
    factor_chp.add(app)


class Use(msgspec.Struct, frozen=True):
    """A factor in a role of a source, with what is to be shown beside its figures."""

    stream: str
    role: str
    factor: str
    remarks: tuple[str, ...]


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


def _from_document(event: FactorPublished, sha256: str) -> FactorPublished:
    """The same factor, whose document has this hash. Raises BadValue if it names another."""
    if event.source.sha256 not in (None, sha256):
        raise BadValue(
            f"document of {event.id}@{event.version}",
            expected=f"the hash that the factor names, {event.source.sha256}",
            found=sha256,
        )
    source = msgspec.structs.replace(event.source, sha256=sha256)
    return msgspec.structs.replace(event, source=source)


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


def _said(pack: RulePack, factor: FactorInfo, region: str, month: str) -> tuple[str, ...]:
    return remarks_on(pack, factor, region, month, unverified=factor.unverified)


def _gases(factor: FactorInfo) -> str:
    parts = []
    for gas, number in factor.gases_kg_per_unit.items():
        value = f"{number.num}/{number.den}" if isinstance(number, Ratio) else number
        parts.append(f"{value} {gas}")
    return f"{', '.join(parts)} per {factor.unit}"

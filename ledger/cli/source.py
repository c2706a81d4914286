"""`source`: what a stream of readings is about, said once for all of them, and how it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

import msgspec
import typer

from ledger.carbon.events import (
    FactorAssigned,
    Role,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.cli.arguments import (
    find_factor,
    parse_interval,
    parse_moment,
    parse_quantity,
    parse_role,
)
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.log.names import parse_party, parse_stream, party_of

Flow = Literal["in", "out", "opening", "closing"]
Stream = Annotated[str, typer.Argument(help="Such as acme/plant-7/electricity.")]
Reason = Annotated[str, typer.Option(help="Why.")]
From = Annotated[
    str,
    typer.Option(
        "--from", metavar="TIME", help="From when on; local time of the area, or with an offset."
    ),
]
Site = Annotated[
    str | None, typer.Option(help="A registered site.", show_default="the stream's second segment")
]
Category = Annotated[int | None, typer.Option(min=1, max=15, help="Category of a Scope 3 source.")]
Interval = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Between readings, such as PT15M.")
]
Gpc = Annotated[str | None, typer.Option(help="Line of the GPC table, such as I.3.2.")]
PartOf = Annotated[
    str | None,
    typer.Option(metavar="STREAM", help="The source that this sub-meter is a part of."),
]
Plausible = Annotated[
    tuple[str, str] | None,
    typer.Option(metavar="MIN MAX", help="A reading outside needs a reason."),
]
Uncertainty = Annotated[
    str | None, typer.Option(metavar="PERCENT", help="Half-width of the 95 % interval.")
]
Name = Annotated[str | None, typer.Option(help="A name for people.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_add(app)
    _add_list(app)
    _add_amend(app)
    _add_close(app)
    _add_assign(app)


def _add_add(app: typer.Typer) -> None:
    @command(
        app,
        "add",
        example="carbon-ledger source add steelworks/plant/electricity "
        "--activity electricity.purchased --unit kWh --scope 2 --key-area industry "
        "--interval PT15M --factor location=grid-jiangsu@2023",
    )
    def add_source(
        call: Call,
        stream: Stream,
        activity: Annotated[
            str, typer.Option(help="Of the rules' catalogue, such as electricity.purchased.")
        ],
        unit: Annotated[str, typer.Option(help="Of its readings, such as kWh.")],
        key_area: Annotated[str, typer.Option(help="Such as industry or mobility.")],
        scope: Annotated[
            int | None,
            typer.Option(min=1, max=3, help="1, 2 or 3.", show_default="none: outside the scopes"),
        ] = None,
        category: Category = None,
        factor: Annotated[
            list[str] | None,
            typer.Option(
                metavar="ROLE=FACTOR",
                help="The factor of a role, such as location=grid-jiangsu@2023; "
                "may be given again, once for each role.",
            ),
        ] = None,
        interval: Interval = None,
        *,
        discrete: Annotated[
            bool,
            flag(
                "--discrete",
                "Bills and receipts, which may overlap; else a meter, whose readings may not.",
            ),
        ] = False,
        site: Site = None,
        flow: Annotated[Flow, typer.Option(help="Within a balance group.")] = "in",
        balance_group: Annotated[
            str | None, typer.Option(help="Streams of the group are netted.")
        ] = None,
        part_of: PartOf = None,
        gpc: Gpc = None,
        plausible: Plausible = None,
        uncertainty: Uncertainty = None,
        name: Name = None,
    ) -> None:
        """Register a source: activity, unit, scope, site and the factors that its readings use."""
        party = party_of(parse_stream(stream))
        roles = _roles(factor)
        event = SourceRegistered(
            salt=UNSALTED,
            stream=stream,
            site=site or stream.split("/")[1],
            activity=activity,
            unit=unit,
            scope=cast("Literal[1, 2, 3] | None", scope),
            category=category,
            key_area=key_area,
            kind="discrete" if discrete else "continuous",
            flow=flow,
            balance_group=balance_group,
            interval_s=parse_interval(interval) if interval else None,
            factors={},
            gpc=gpc,
            part_of=part_of,
            plausible=_range(plausible),
            uncertainty_percent=parse_quantity(uncertainty) if uncertainty else None,
            name=name,
        )

        async def work(place: Place) -> None:
            factors = await place.connection.factors() if roles else []
            named = {role: find_factor(ref, factors) for role, ref in sorted(roles.items())}
            written = await place.unit(unit)
            posted = await place.post(
                f"{party}/register",
                [msgspec.structs.replace(event, factors=named, unit=written)],
            )
            using = ", ".join(f"{role} {ref}" for role, ref in named.items()) or "no factor yet"
            show_posted(
                call,
                posted,
                f"Registered source {stream}: {activity} in {written}, "
                f"{f'Scope {scope}' if scope else 'outside the scopes'}, {using}",
                stream=stream,
                factors=named,
            )

        ask(call, work, about=party, writing=True)


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger source list steelworks")
    def list_sources(
        call: Call, party: Annotated[str, typer.Argument(help="Whose sources.")]
    ) -> None:
        """The sources of a party, as they stand now."""
        parse_party(party)
        found = ask(call, lambda place: place.connection.sources(party), about=party)
        rows = [
            (
                one.stream,
                one.activity,
                one.unit,
                str(one.scope or "-") + (f".{one.category}" if one.category else ""),
                one.key_area,
                one.kind,
                ", ".join(f"{role} {ref}" for role, ref in one.factors.items()),
                "closed" if one.closed_at else "",
            )
            for one in found
        ]
        columns = ("stream", "activity", "unit", "scope", "key area", "kind", "factors", "")
        show(call, {"sources": msgspec.to_builtins(found)}, table(columns, rows))


def _add_amend(app: typer.Typer) -> None:
    @command(
        app,
        "amend",
        example="carbon-ledger source amend steelworks/plant/electricity --from 2026-01-01 "
        '--key-area energy --reason "moved to the power plant"',
    )
    def amend(
        call: Call,
        stream: Stream,
        from_: From,
        reason: Reason,
        site: Annotated[str | None, typer.Option(help="A registered site.")] = None,
        category: Category = None,
        key_area: Annotated[str | None, typer.Option(help="Such as industry.")] = None,
        interval: Interval = None,
        gpc: Gpc = None,
        part_of: PartOf = None,
        plausible: Plausible = None,
        uncertainty: Uncertainty = None,
        name: Name = None,
    ) -> None:
        """Change what a source is, from a time on; figures of that time change with it."""
        changed: dict[str, Any] = {
            "site": site,
            "category": category,
            "key_area": key_area,
            "interval_s": parse_interval(interval) if interval else None,
            "gpc": gpc,
            "part_of": part_of,
            "plausible": _range(plausible),
            "uncertainty_percent": parse_quantity(uncertainty) if uncertainty else None,
            "name": name,
        }
        if all(value is None for value in changed.values()):
            raise BadValue("source amend", expected="something to change", found="nothing")

        async def work(place: Place) -> None:
            event = SourceAmended(
                salt=UNSALTED,
                source=stream,
                from_=parse_moment(from_, (await place.status()).timezone),
                reason=reason,
                **changed,
            )
            await _post(call, place, stream, event, f"Amended {stream} from {event.from_} on")

        ask(call, work, about=party_of(parse_stream(stream)), writing=True)


def _add_close(app: typer.Typer) -> None:
    @command(
        app,
        "close",
        example="carbon-ledger source close steelworks/plant/electricity --at 2026-07-01 "
        '--reason "meter removed"',
    )
    def close(
        call: Call,
        stream: Stream,
        at: Annotated[
            str,
            typer.Option(metavar="TIME", help="Its end; local time of the area, or with offset."),
        ],
        reason: Reason,
    ) -> None:
        """Say that a source has no readings after a time, so that it lacks none."""

        async def work(place: Place) -> None:
            event = SourceClosed(
                salt=UNSALTED,
                source=stream,
                at=parse_moment(at, (await place.status()).timezone),
                reason=reason,
            )
            await _post(call, place, stream, event, f"Closed {stream} at {event.at}")

        ask(call, work, about=party_of(parse_stream(stream)), writing=True)


def _add_assign(app: typer.Typer) -> None:
    @command(
        app,
        "assign-factor",
        example="carbon-ledger source assign-factor steelworks/plant/electricity "
        'location=grid-jiangsu@2024 --from 2024-01-01 --reason "factor of the year"',
    )
    def assign_factor(
        call: Call,
        stream: Stream,
        factor: Annotated[
            str, typer.Argument(metavar="ROLE=FACTOR", help="Such as location=grid-jiangsu@2024.")
        ],
        from_: From,
        reason: Reason,
    ) -> None:
        """Give a role of a source another factor from a time on, for recorded periods too."""
        role, ref = parse_role(factor)

        async def work(place: Place) -> None:
            event = FactorAssigned(
                salt=UNSALTED,
                source=stream,
                role=cast("Role", role),
                factor=find_factor(ref, await place.connection.factors()),
                from_=parse_moment(from_, (await place.status()).timezone),
                reason=reason,
            )
            text = f"{stream} uses {event.factor} as {role} from {event.from_} on"
            await _post(call, place, stream, event, text)

        ask(call, work, about=party_of(parse_stream(stream)), writing=True)


async def _post(call: Call, place: Place, stream: str, event: msgspec.Struct, text: str) -> None:
    posted = await place.post(f"{party_of(stream)}/register", [event])
    show_posted(call, posted, text, stream=stream)


def _roles(items: Sequence[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items or ():
        role, ref = parse_role(item)
        if role in found:
            raise BadValue("--factor", expected="each role once", found=f"{role} twice")
        found[role] = ref
    return found


def _range(plausible: tuple[str, str] | None) -> tuple[str, str] | None:
    if plausible is None:
        return None
    return parse_quantity(plausible[0]), parse_quantity(plausible[1])

"""`correct`: replace or withdraw a reading that was wrong. Both figures remain readable.

The reading is fetched in its provenance bundle and checked, so what is corrected is what was
logged; the correction names the latest one before it, so nobody overwrites one unseen.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityWithdrawn,
    Body,
    EmissionBody,
    ProfileBody,
    Quality,
)
from ledger.cli.arguments import parse_moment, parse_quantity
from ledger.cli.call import Call, command, flag
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue, RuleBroken
from ledger.log.bundle import open_bundle, read_bundle
from ledger.log.names import event_ref, party_of, split_event

GAP = "gap"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to be different."""

    quantity: str | None
    unit: str | None
    period: tuple[str, str] | None
    reference: str | None
    quality: Quality | None
    estimated: bool | None
    confirm: str | None
    reading: tuple[str, ...]
    mass: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Whether nothing shall change."""
        return not any(getattr(self, name) not in (None, ()) for name in self.__struct_fields__)


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "correct",
        example="carbon-ledger correct steelworks/plant/electricity@42 --quantity 3.20 "
        '--reason "meter read again"',
    )
    def correct(
        call: Call,
        event: Annotated[str, typer.Argument(metavar="STREAM@VERSION", help="The reading.")],
        reason: Annotated[str, typer.Option(help="Why; it stands beside the figure for ever.")],
        quantity: Annotated[str | None, typer.Option(help="The right quantity.")] = None,
        unit: Annotated[str | None, typer.Option(help="The right unit.")] = None,
        period: Annotated[
            tuple[str, str] | None,
            typer.Option(metavar="FROM UNTIL", help="The right period."),
        ] = None,
        reference: Annotated[str | None, typer.Option(help="The right reference.")] = None,
        quality: Annotated[Quality | None, typer.Option(help="High, medium or low.")] = None,
        estimated: Annotated[
            bool | None, flag("--estimated/--measured", "Estimated or measured.")
        ] = None,
        confirm: Annotated[
            str | None, typer.Option(help="Why a value outside the plausible range is right.")
        ] = None,
        reading: Annotated[
            list[str] | None,
            typer.Option(
                metavar="POSITION=QUANTITY",
                help="Of a profile, positions from 0; QUANTITY may be gap. May be given again.",
            ),
        ] = None,
        mass: Annotated[
            list[str] | None,
            typer.Option(
                metavar="GAS=MILLIGRAMS",
                help="Of a measured emission. May be given again.",
            ),
        ] = None,
        *,
        withdraw: Annotated[
            bool, flag("--withdraw", "The reading shall not count at all.")
        ] = False,
    ) -> None:
        """Correct one reading, or withdraw it. What is not named stays as it is."""
        stream, _ = split_event(event)
        changes = Changes(
            quantity=quantity,
            unit=unit,
            period=period,
            reference=reference,
            quality=quality,
            estimated=estimated,
            confirm=confirm,
            reading=tuple(reading or ()),
            mass=tuple(mass or ()),
        )
        if withdraw != changes.none:
            raise BadValue(
                f"correction of {event}",
                expected="either what is different, such as --quantity, or --withdraw",
                found="both" if withdraw else "neither",
            )

        async def work(place: Place) -> None:
            body, latest = await _current(place, event)
            posted_event: msgspec.Struct
            if withdraw:
                posted_event = ActivityWithdrawn(
                    salt=UNSALTED, event=event, supersedes=latest, reason=reason
                )
            else:
                timezone = (await place.status()).timezone
                posted_event = _corrected(event, latest, reason, changed(body, changes, timezone))
            posted = await place.post(f"{stream}/corrections", [posted_event])
            what = "Withdrew" if withdraw else "Corrected"
            show_posted(
                call,
                posted,
                f"{what} {event}. As known before: --as-of {posted.index}",
                corrected=event,
                supersedes=latest,
                as_of_before=posted.index,
            )

        ask(call, work, about=party_of(stream), writing=True)


def changed(body: Body, changes: Changes, timezone: str) -> Body:
    """The body with the changes made; raises BadValue for one that it does not have."""
    found: dict[str, object] = {}
    for name in ("unit", "reference", "quality", "confirm"):
        value = getattr(changes, name)
        if value is not None:
            found[name] = value
    if changes.quantity is not None:
        found["quantity"] = parse_quantity(changes.quantity)
    if changes.period is not None:
        found["period"] = tuple(parse_moment(end, timezone) for end in changes.period)
    if changes.estimated is not None and not isinstance(body, ProfileBody):
        found["estimated"] = changes.estimated
    if changes.reading:
        found["quantities"] = _readings(body, changes.reading)
    if changes.mass:
        found["masses_mg"] = _masses(body, changes.mass)
    missing = set(found) - set(body.__struct_fields__)
    if missing or (changes.estimated is not None and isinstance(body, ProfileBody)):
        raise BadValue(
            "correction",
            expected="changes of " + ", ".join(body.__struct_fields__),
            found=", ".join(sorted(missing)) or "estimated for a whole profile",
        )
    return msgspec.structs.replace(body, **found)


def _readings(body: Body, items: tuple[str, ...]) -> tuple[str | None, ...]:
    quantities: list[str | None] = list(body.quantities) if isinstance(body, ProfileBody) else []
    for item in items:
        position, sign, value = item.partition("=")
        if not sign or not position.isdecimal() or int(position) >= len(quantities):
            raise BadValue(
                "--reading",
                expected=f"POSITION=QUANTITY, positions from 0 to {len(quantities) - 1}"
                if quantities
                else "a profile",
                found=item,
            )
        quantities[int(position)] = None if value == GAP else parse_quantity(value)
    return tuple(quantities)


def _masses(body: Body, items: tuple[str, ...]) -> dict[str, str]:
    masses = dict(body.masses_mg) if isinstance(body, EmissionBody) else {}
    for item in items:
        gas, sign, amount = item.partition("=")
        if not sign or not gas or not amount.isdecimal() or not amount.isascii():
            raise BadValue("--mass", expected="GAS=MILLIGRAMS, such as CO2=1200000", found=item)
        masses[gas] = str(int(amount))
    return masses


def _corrected(event: str, latest: str | None, reason: str, body: Body) -> ActivityCorrected:
    return ActivityCorrected(
        salt=UNSALTED,
        event=event,
        supersedes=latest,
        reason=reason,
        activity=body if isinstance(body, ActivityBody) else None,
        profile=body if isinstance(body, ProfileBody) else None,
        emission=body if isinstance(body, EmissionBody) else None,
    )


async def _current(place: Place, event: str) -> tuple[Body, str | None]:
    """The body in force of an event, and the latest correction of it; raises RuleBroken."""
    from ledger.machine import read_event  # noqa: PLC0415  (all event types; only this needs them)

    log_key = (await place.status()).log_key
    opened = open_bundle(read_bundle(await place.connection.bundle(event)), log_key)
    body: Body | None = None
    latest: tuple[int, str] | None = None
    for entry in opened.entries:
        for item in entry.events:
            if item.data is None:
                continue
            name = event_ref(item.stream, item.version)
            said = read_event(item.data)
            if name == event and isinstance(said, Body):
                body = body or _bare(said)
            elif isinstance(said, ActivityCorrected | ActivityWithdrawn) and said.event == event:
                latest = (item.version, name)
                body = said.body if isinstance(said, ActivityCorrected) else None
    if body is None:
        raise RuleBroken(
            f"correction of {event}",
            expected="a reading that counts",
            found="one that was withdrawn" if latest else f"a {opened.subject.type}",
        )
    return body, latest[1] if latest else None


def _bare(event: Body) -> Body:
    """The body of a recorded event, without its type and salt."""
    kinds: tuple[type[ActivityBody | ProfileBody | EmissionBody], ...] = (
        ActivityBody,
        ProfileBody,
        EmissionBody,
    )
    for kind in kinds:
        if isinstance(event, kind):
            members = {name: getattr(event, name) for name in kind.__struct_fields__}
            return kind(**members)
    raise AssertionError(type(event).__name__)

"""`correct`: replace or withdraw a reading that was wrong. Both figures remain readable.

The reading is fetched in its provenance bundle and checked, so what is corrected is what was
logged; the correction names the latest one before it, so nobody overwrites one unseen. Of a profile,
readings are named by a time or a position, or come from a file; the others stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

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
from ledger.cli.arguments import parse_masses, parse_moment, parse_quantity
from ledger.cli.call import Call, command, flag
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, BadValue, RuleBroken
from ledger.log.bundle import read_bundle
from ledger.log.bundle_proof import open_bundle
from ledger.log.names import event_ref, party_of, split_event
from ledger.log.values import later, parse_time

GAP: Final = "gap"
SHOWN: Final = 12
"""Lines of an answer; JSON has all readings that are different."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to be different."""

    quantity: str | None
    unit: str | None
    period: tuple[str, str] | None
    reference: str | None
    quality: Quality | None
    estimated: bool | None
    confirm: str | None
    at: str | None = None
    reading: tuple[str, ...] = ()
    mass: tuple[str, ...] = ()

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
        quantity: Annotated[
            str | None, typer.Option(help="The right quantity; or gap, of one in a profile.")
        ] = None,
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
        at: Annotated[
            str | None,
            typer.Option(
                metavar="TIME",
                help="Of a profile: --quantity, --estimated and --measured are about the one "
                "reading whose interval begins at this time, or has it within.",
            ),
        ] = None,
        reading: Annotated[
            list[str] | None,
            typer.Option(
                metavar="TIME=QUANTITY",
                help="Of a profile, as --at and --quantity; or POSITION=QUANTITY, positions from "
                "0. May be given again.",
            ),
        ] = None,
        file: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help="The right readings, CSV or XLSX with a --map; rows for other times are "
                "left alone.",
            ),
        ] = None,
        map_: Annotated[
            Path | None,
            typer.Option("--map", metavar="MAP.toml", help="Which column of --file means what."),
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
            at=at,
            reading=tuple(reading or ()),
            mass=tuple(mass or ()),
        )
        nothing = changes.none and file is None
        if withdraw != nothing:
            raise BadValue(
                f"correction of {event}",
                expected="either what is different, such as --quantity, or --withdraw",
                found="both" if withdraw else "neither",
            )
        if (file is None) != (map_ is None):
            raise BadValue("--file and --map", expected="both or neither", found="one of them")
        if file is not None and not file.is_file():
            raise BadFile(f"{file} cannot be read", expected="a CSV or XLSX file", found="none")

        async def work(place: Place) -> None:
            body, latest = await _current(place, event)
            right: Body | None = None
            posted_event: msgspec.Struct
            if withdraw:
                posted_event = ActivityWithdrawn(
                    salt=UNSALTED, event=event, supersedes=latest, reason=reason
                )
            else:
                right = body
                if file is not None and map_ is not None:
                    right = await _of_file(place, stream, body, file, map_)
                timezone = (await place.status()).timezone
                written = None if unit is None else await place.unit(unit)
                right = changed(right, msgspec.structs.replace(changes, unit=written), timezone)
                if right == body:
                    raise RuleBroken(
                        f"correction of {event}",
                        expected="something that is different",
                        found="what stands there already",
                    )
                posted_event = _corrected(event, latest, reason, right)
            posted = await place.post(f"{stream}/corrections", [posted_event])
            what = "Withdrew" if withdraw else "Corrected"
            different = differences(body, right)
            lines = [f"{what} {event}. As known before: --as-of {posted.index}"]
            lines += [f"  {one.start}: {one.was or GAP} → {one.now or GAP}" for one in different]
            if len(lines) > SHOWN:
                lines[SHOWN:] = [f"  and {len(lines) - SHOWN} more; --json lists them"]
            show_posted(
                call,
                posted,
                "\n".join(lines),
                corrected=event,
                supersedes=latest,
                as_of_before=posted.index,
                readings=msgspec.to_builtins(different),
            )

        ask(call, work, about=party_of(stream), writing=True)


def changed(body: Body, changes: Changes, timezone: str) -> Body:
    """The body with the changes made; raises BadValue for one that it does not have."""
    found: dict[str, object] = {}
    for name in ("unit", "reference", "quality", "confirm"):
        value = getattr(changes, name)
        if value is not None:
            found[name] = value
    if changes.period is not None:
        found["period"] = tuple(parse_moment(end, timezone) for end in changes.period)
    if changes.mass:
        found["masses_mg"] = _masses(body, changes.mass)
    if isinstance(body, ProfileBody):
        found |= _readings(body, changes, timezone)
    else:
        if changes.at is not None or changes.reading:
            raise BadValue(
                "--at" if changes.at is not None else "--reading",
                expected="a profile",
                found="a single reading",
                advice="Leave it out: --quantity is about the whole event.",
            )
        if changes.quantity is not None:
            found["quantity"] = parse_quantity(changes.quantity)
        if changes.estimated is not None:
            found["estimated"] = changes.estimated
    missing = set(found) - set(body.__struct_fields__)
    if missing:
        raise BadValue(
            "correction",
            expected="changes of " + ", ".join(body.__struct_fields__),
            found=", ".join(sorted(missing)),
        )
    return msgspec.structs.replace(body, **found)


class Difference(msgspec.Struct, frozen=True):
    """A reading of a profile that is another now; no quantity is a gap."""

    start: str
    was: str | None
    now: str | None


def differences(body: Body, right: Body | None) -> list[Difference]:
    """The readings that differ between two bodies of a profile."""
    if not isinstance(body, ProfileBody) or not isinstance(right, ProfileBody):
        return []
    pairs = zip(body.quantities, right.quantities, strict=True)
    return [
        Difference(later(body.start, at * body.interval_s), was, now)
        for at, (was, now) in enumerate(pairs)
        if was != now
    ]


def _readings(body: ProfileBody, changes: Changes, timezone: str) -> dict[str, object]:
    """What changes in the readings of a profile."""
    if changes.quantity is not None and changes.at is None:
        raise BadValue(
            "--quantity of a profile",
            expected="the time of one of its readings: --at TIME",
            found="none",
            advice="--reading TIME=QUANTITY changes several, --file all of them.",
        )
    quantities = list(body.quantities)
    named = []
    if changes.at is not None:
        named.append(_position(body, changes.at, timezone))
        if changes.quantity is not None:
            quantities[named[-1]] = _quantity(changes.quantity)
    for item in changes.reading:
        moment, _, value = item.rpartition("=")
        if not moment:
            raise BadValue("--reading", expected="TIME=QUANTITY or POSITION=QUANTITY", found=item)
        named.append(_position(body, moment, timezone))
        quantities[named[-1]] = _quantity(value)
    estimated = set(body.estimated)
    if changes.estimated is not None:
        about = set(named or range(len(quantities)))
        estimated = estimated | about if changes.estimated else estimated - about
    return {
        "quantities": tuple(quantities),
        "estimated": tuple(at for at in sorted(estimated) if quantities[at] is not None),
    }


def _position(body: ProfileBody, text: str, timezone: str) -> int:
    """The position that a number, or a time within its interval, names."""
    count = len(body.quantities)
    if text.isascii() and text.isdecimal() and len(text) < 5 and int(text) < count:
        return int(text)
    moment_s = -1
    if not text.isdecimal():
        moment_s = parse_time(parse_moment(text, timezone))
    position = (moment_s - parse_time(body.start)) // body.interval_s
    if not 0 <= position < count:
        raise BadValue(
            "a reading of this profile",
            expected=f"a time from {body.start} until before "
            f"{later(body.start, count * body.interval_s)}, or a position from 0 to {count - 1}",
            found=text,
        )
    return position


def _quantity(text: str) -> str | None:
    return None if text == GAP else parse_quantity(text)


async def _of_file(place: Place, stream: str, body: Body, file: Path, map_: Path) -> Body:
    """The body with the readings that a file has for its time; raises BadFile."""
    from ledger.client.importer.correcting import readings_of  # noqa: PLC0415  (only this needs them)
    from ledger.client.importer.mapfile import read_map  # noqa: PLC0415

    return await readings_of(place.connection, stream, file, read_map(map_), body)


def _masses(body: Body, items: tuple[str, ...]) -> dict[str, str]:
    masses = dict(body.masses_mg) if isinstance(body, EmissionBody) else {}
    return masses | parse_masses(items)


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
            found="one that was withdrawn" if latest else f"a {opened.event.type}",
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

"""Who of this home publishes factors, and how many events at once are posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from ledger.carbon.events import FactorPublished
from ledger.carbon.info import FactorInfo, Posted
from ledger.cli.output import Progress
from ledger.cli.where import Place, may_say
from ledger.errors import Conflict, NotFound

AT_ONCE: Final = 500
"""Factors of one batch: a table of thousands is posted in a few, and a bar can move."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted of many factors, and what had been there."""

    publisher: str
    posted: int
    already: int
    batches: tuple[Posted, ...]


async def publisher_of(place: Place) -> str:
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


async def publish_new(
    place: Place, events: Sequence[FactorPublished], progress: Progress
) -> Published:
    """Post those that are not published yet, in batches; run again after an interruption.

    Raises Conflict for one that is published already with other numbers, before anything is posted.
    """
    publisher = await publisher_of(place)
    known = {one.factor: one for one in await place.connection.factors()}
    new = [one for one in events if not _is_there(publisher, one, known)]
    stream = f"{publisher}/factors"
    batches: list[Posted] = []
    if new:
        writer = await place.writer(publisher, may_say(stream, {FactorPublished.__name__}))
        for start in range(0, len(new), AT_ONCE):
            batches.append(await writer.post(stream, new[start : start + AT_ONCE]))
            progress(min(start + AT_ONCE, len(new)), len(new))
    return Published(
        publisher=publisher,
        posted=len(new),
        already=len(events) - len(new),
        batches=tuple(batches),
    )


def refs_of(publisher: str, events: Iterable[FactorPublished]) -> list[str]:
    """`<publisher>/<id>@<version>` of each."""
    return [f"{publisher}/{event.id}@{event.version}" for event in events]


def _is_there(publisher: str, event: FactorPublished, known: dict[str, FactorInfo]) -> bool:
    ref = f"{publisher}/{event.id}@{event.version}"
    found = known.get(ref)
    if found is None:
        return False
    for name in ("activity", "unit", "kind", "region", "year", "valid", "gases_kg_per_unit"):
        if getattr(found, name) != getattr(event, name):
            raise Conflict(
                f"factor {ref}",
                expected=f"{name} as published, {getattr(found, name)}",
                found=str(getattr(event, name)),
                advice="A published factor never changes: give the new one another version.",
            )
    return True

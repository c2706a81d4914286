"""An event as the rules see it: its data, typed, and the place where it stands.

Every event type is a frozen struct derived from `Event`. Decoding one is strict: exact members,
exact types, no default spelled out. Source: formats, section 3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from ledger.log.values import SaltHex


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    tag=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """The members that every event has: `type` (the class's name) and `salt`."""

    salt: SaltHex


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands: entry of the log, position in its batch, stream and version."""

    index: int
    position: int
    stream: str
    version: int
    party: str
    key: str

    @property
    def event(self) -> str:
        """The event's name, `<stream>@<version>`."""
        return f"{self.stream}@{self.version}"


RegionCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(?:-[A-Z0-9]{1,3})?(?!\n)$")]
"""A country or its subdivision after ISO 3166, such as `CN` or `CN-JS`."""

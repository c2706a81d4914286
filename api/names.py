"""The forms of what stands in a path or a query, as the description for programs shows them.

They only describe: the ledger's own parsers decide, and say more when they refuse.
Source: formats, section 2; C2SP tlog-tiles.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query

from ledger.log.names import MAX_INTEGER, MAX_STREAM, PARTY, SEGMENT, VERSION

_ORIGIN_SEGMENT: Final = r"[A-Za-z0-9._~-]+"

PartyPath = Annotated[
    str,
    Path(
        description="The party's name.",
        examples=["steelworks"],
        json_schema_extra={"pattern": rf"^{PARTY}$"},
    ),
]
StreamPath = Annotated[
    str,
    Path(
        description="`<party>/<segment>[/<segment>…]`, slashes as they are.",
        examples=["steelworks/plant/electricity"],
        json_schema_extra={"pattern": rf"^{PARTY}(?:/{SEGMENT})+$", "maxLength": MAX_STREAM},
    ),
]
VersionPath = Annotated[
    str,
    Path(
        description="Version of the event, from 1.",
        examples=["42"],
        json_schema_extra={"pattern": rf"^{VERSION}$"},
    ),
]
FromVersion = Annotated[
    int,
    Query(
        alias="from",
        ge=1,
        le=MAX_INTEGER,
        description="The version to begin with; absent: the first.",
        examples=[1],
    ),
]
FromIndex = Annotated[
    int,
    Query(
        alias="from",
        ge=-MAX_INTEGER,
        le=MAX_INTEGER,
        description="Index of the entry to begin with, below 0 in a log that this one continues; "
        "absent: 0.",
        examples=[0],
    ),
]
OfLog = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Origin of a log that this one continues: of `<operator>/ledger`, which each log "
        "begins anew, that log's; absent: this log's.",
        examples=["ledger.example/log"],
    ),
]
NumberPath = Annotated[
    int,
    Path(
        ge=1,
        le=MAX_INTEGER,
        description="Version of the seal in `<operator>/seals`.",
        examples=[1],
    ),
]
IndexPath = Annotated[
    int, Path(ge=0, le=MAX_INTEGER, description="Index of the entry, from 0.", examples=[7])
]
LogPath = Annotated[
    str,
    Path(
        description="The path of the log's origin.",
        examples=["log"],
        json_schema_extra={"pattern": rf"^{_ORIGIN_SEGMENT}(?:/{_ORIGIN_SEGMENT})*$"},
    ),
]
TilePath = Annotated[
    str,
    Path(
        description="`<level>/<number>` or `entries/<number>`, and `.p/<width>` for a partial "
        "tile; numbers are written `x001/x234/067`.",
        examples=["0/000.p/8"],
        json_schema_extra={
            "pattern": r"^(?:entries|0|[1-9][0-9]?)/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?$"
        },
    ),
]

"""Writes what the product publishes about itself: `python -m api.schemas` in the project's folder.

    schemas/events/<Type>.json   JSON Schema of each event type, from the types that decode it
    schemas/openapi.json         the routes
    docs/reference/api.md        the same for people

Tests compare these files with what this would write, so none is ever behind. In a schema of an
event, a member that equals its default must be absent, as in canonical JSON.
Source: formats, sections 1 and 3.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from api import openapi, reference
from api.main import create_app
from ledger.machine import EVENTS

EVENTS_FOLDER: Final = "schemas/events"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema: TypeAlias = dict[str, Any]
"""JSON Schema: JSON at the edge."""


def event_schema(event: type[msgspec.Struct]) -> Schema:
    """The JSON Schema of an event's data."""
    (reference,), definitions = msgspec.json.schema_components(
        [event], ref_template="#/$defs/{name}"
    )
    for definition in definitions.values():
        _without_defaults(definition)
    top = definitions.pop(event.__name__)
    if reference != {"$ref": f"#/$defs/{event.__name__}"}:
        raise AssertionError(f"the schema of {event.__name__} stands elsewhere")
    return {"$schema": DIALECT, **top, **({"$defs": definitions} if definitions else {})}


def files() -> dict[str, str]:
    """Path under the project's folder to text, of every file that this writes."""
    document = create_app().openapi()
    return {
        **{
            f"{EVENTS_FOLDER}/{event.__name__}.json": json.dumps(
                event_schema(event), indent=1, ensure_ascii=False
            )
            + "\n"
            for event in EVENTS
        },
        "schemas/openapi.json": openapi.text(document),
        "docs/reference/api.md": reference.page(document),
    }


def write(root: Path) -> list[Path]:
    """Write every file that is not as it should be; those that were written."""
    written = []
    for name, text in files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _without_defaults(definition: Schema) -> None:
    """Let each optional member be absent or something else than its default."""
    for member in definition.get("properties", {}).values():
        if "default" not in member:
            continue
        default = member.pop("default")
        if default is None:
            others = [form for form in member.pop("anyOf") if form != {"type": "null"}]
            member.update(others[0] if len(others) == 1 else {"anyOf": others})
        else:
            member["not"] = {"const": default}


if __name__ == "__main__":
    for changed in write(Path.cwd()):
        sys.stdout.write(f"{changed}\n")

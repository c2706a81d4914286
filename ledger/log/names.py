"""Names are plain ASCII in one form each, so they can stand in a header without being escaped.

Rules (formats, section 2): a party owns all streams whose first segment it is; a stream has two or
more segments and at most 200 characters; a scope item that ends in "/" is a prefix of whole
segments, any other is exactly that stream; an event is `<stream>@<version>`, counted from 1.
Every check is a full match: a final newline is refused.

    steelworks/plant/electricity@42
    └─party──┘
    └──────────stream──────────┘
"""

from __future__ import annotations

import re
from typing import Final

from ledger.errors import BadName

PARTY: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SEGMENT: Final = r"[a-z0-9](?:(?:[a-z0-9_-]|\.(?!\.)){0,61}[a-z0-9])?"
STREAM: Final = rf"(?=.{{3,200}}$){PARTY}(?:/{SEGMENT})+"
EVENT_TYPE: Final = r"[A-Z][A-Za-z]{2,63}"
VERSION: Final = r"[1-9][0-9]{0,15}"
ORIGIN: Final = (
    r"(?=.{3,255}$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*(?::[1-9][0-9]{0,4})?"
    r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+"
)

MAX_INTEGER: Final = 2**53 - 1
MAX_STREAM: Final = 200

_PARTY = re.compile(PARTY)
_SEGMENT = re.compile(SEGMENT)
_STREAM = re.compile(STREAM)
_EVENT_TYPE = re.compile(EVENT_TYPE)
_VERSION = re.compile(VERSION)
_ORIGIN = re.compile(ORIGIN)


def is_party(text: str) -> bool:
    """Whether this is a party's name: letters a-z, digits and inner hyphens, at most 63."""
    return _PARTY.fullmatch(text) is not None


def is_segment(text: str) -> bool:
    """Whether this may stand between two slashes of a stream's name."""
    return _SEGMENT.fullmatch(text) is not None


def is_stream(text: str) -> bool:
    """Whether this is a stream's name; which segments are reserved is not asked here."""
    return _STREAM.fullmatch(text) is not None


def is_event_type(text: str) -> bool:
    """Whether this has the form of an event type; whether it exists is not asked here."""
    return _EVENT_TYPE.fullmatch(text) is not None


def is_origin(text: str) -> bool:
    """Whether this names a log: host, perhaps a port, and a path, without a scheme."""
    return _ORIGIN.fullmatch(text) is not None


def is_scope_item(text: str) -> bool:
    """Whether this may stand in a key's scope: a stream, or whole segments and a final slash."""
    if text.endswith("/"):
        return len(text) <= MAX_STREAM and (is_party(text[:-1]) or is_stream(text[:-1]))
    return is_stream(text)


def parse_party(text: str) -> str:
    """The party's name, unchanged; raises BadName."""
    if not is_party(text):
        raise BadName(
            "not a party's name",
            expected="1 to 63 of a-z, 0-9 and inner hyphens, such as steelworks",
            found=repr(text),
        )
    return text


def parse_stream(text: str) -> str:
    """The stream's name, unchanged; raises BadName."""
    if not is_stream(text):
        raise BadName(
            "not a stream's name",
            expected="<party>/<segment>[/<segment>…] in lower case, at most 200 characters",
            found=repr(text),
        )
    return text


def parse_event_type(text: str) -> str:
    """The event type, unchanged; raises BadName."""
    if not is_event_type(text):
        raise BadName(
            "not an event type",
            expected="3 to 64 letters, the first a capital, such as ActivityRecorded",
            found=repr(text),
        )
    return text


def parse_origin(text: str) -> str:
    """The log's origin, unchanged; raises BadName."""
    if not is_origin(text):
        raise BadName(
            "not an origin",
            expected="host and path without a scheme, such as ledger.example/log",
            found=repr(text),
        )
    return text


def scope_covers(item: str, stream: str) -> bool:
    """Whether one item of a scope covers a stream: `acme/plant-1/` does not cover `acme/plant-10/x`."""
    return stream.startswith(item) if item.endswith("/") else stream == item


def party_of(stream: str) -> str:
    """The party that owns a stream: its first segment."""
    return stream.partition("/")[0]


def begins_anew(stream: str) -> bool:
    """Whether every log has a stream of its own under this name: `<operator>/ledger`."""
    return stream.endswith("/ledger") and stream.count("/") == 1


def event_ref(stream: str, version: int) -> str:
    """`<stream>@<version>`, the name of one event."""
    return f"{stream}@{version}"


def split_event(ref: str) -> tuple[str, int]:
    """Stream and version of an event's name; raises BadName."""
    stream, _, digits = ref.partition("@")
    if not is_stream(stream) or _VERSION.fullmatch(digits) is None or int(digits) > MAX_INTEGER:
        raise BadName(
            "not the name of an event",
            expected="<stream>@<version>, versions counted from 1, such as acme/plant/gas@42",
            found=repr(ref),
        )
    return stream, int(digits)

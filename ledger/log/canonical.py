"""Canonical JSON: each value has exactly one spelling, and every other spelling is refused.

RFC 8785 over a smaller value space, in which the fast writers give the same bytes as JCS. Outside
that space they do not, so a value outside is an error and never an approximation.

Rules (formats, section 1): the top level is an object; member names are
`[A-Za-z][A-Za-z0-9_.-]{0,63}` and sorted; strings hold Unicode scalar values without U+0000;
integers have |n| ≤ 2^53 - 1; no floats; depth (the top-level object is depth 1) and length of a
line are limited. A reader decodes, checks these rules, writes again and compares bytes: comparing
alone would let `1.5` or a default that is spelled out slip through.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec
import orjson

from ledger.errors import BadValue, NotCanonical, TooLarge, UnknownEventType
from ledger.log.names import MAX_INTEGER, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import UnionType

MAX_LINE_BYTES: Final = 65_536
MAX_DEPTH: Final = 12

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_NUL_ESCAPE: Final = b"\\u0000"
_ADVICE: Final = (
    "docs/specification/canonical-json.md has the rules; carbon-ledger writes this form."
)

_A_NAME: Final = repr(f"^{SEGMENT}")[1:-1]
"""How msgspec writes the pattern of a name, which nobody should have to read."""

T = TypeVar("T")


def encode(
    value: object, *, max_bytes: int | None = MAX_LINE_BYTES, max_depth: int = MAX_DEPTH
) -> bytes:
    """The one spelling of an object; raises NotCanonical outside the value space, or TooLarge.

    `max_bytes=None` sets no limit (a bundle's line).
    """
    _check_object(value, max_depth)
    line = _write(value)
    _check_length(line, max_bytes)
    return line


def rewrite(value: object) -> bytes:
    """The line of an object within what `decode` has returned, where all has been checked."""
    return _write(value)


def decode(
    line: bytes, *, max_bytes: int | None = MAX_LINE_BYTES, max_depth: int = MAX_DEPTH
) -> dict[str, object]:
    """The object that this line spells, if this is its one spelling; raises NotCanonical, TooLarge.

    The line comes without its LF.
    """
    _check_length(line, max_bytes)
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _no_json(str(error)) from error
    checked = _check_object(value, max_depth)
    _compare(_write(checked), line)
    return checked


class StructReader(Generic[T]):
    """Reads lines of one struct type, or of a tagged union, in their one spelling: the fast path.

    The structs must forbid unknown fields, omit defaults, bound their integers (values.SafeInt) and
    contain no float; then this accepts a part of what `decode` accepts. One reader serves many
    lines and is safe to share.
    """

    __slots__ = ("_decode", "_encode")

    def __init__(self, kind: type[T] | UnionType) -> None:
        """`kind`: a struct type, or a union of tagged ones (then say which: `StructReader[A | B]`)."""
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind, strict=True).decode
        self._encode = msgspec.json.Encoder(order="sorted").encode

    def decode(self, line: bytes) -> T:
        """The struct that this line spells; raises NotCanonical, BadValue, UnknownEventType, TooLarge."""
        if len(line) > MAX_LINE_BYTES:
            _check_length(line, MAX_LINE_BYTES)
        try:
            value = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _translate(error) from error
        except RecursionError as error:
            raise _too_deep(MAX_DEPTH) from error
        if self._encode(value) != line:
            _compare(self._encode(value), line)
        if _NUL_ESCAPE in line:
            decode(line)  # An escaped backslash before "u0000" is fine, U+0000 is not.
        return value

    def decode_all(self, lines: list[bytes]) -> list[T] | None:
        """The structs of all lines, or None if one is not plainly right: `decode` says which and why.

        The bulk path: the same checks, each over all lines at once.
        """
        try:
            values = list(map(self._decode, lines))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if list(map(self._encode, values)) != lines or max(map(len, lines)) > MAX_LINE_BYTES:
            return None
        return None if _NUL_ESCAPE in b"".join(lines) else values


_struct_encoder = msgspec.json.Encoder(order="sorted")


def encode_struct(struct: msgspec.Struct) -> bytes:
    """The one spelling of a struct; raises NotCanonical outside the value space, or TooLarge."""
    line = _struct_encoder.encode(struct)
    decode(line)
    return line


def _write(value: object) -> bytes:
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise NotCanonical(
            "no canonical spelling",
            expected="strings of Unicode scalar values and the other values of this form",
            found=str(error),
            advice=_ADVICE,
        ) from error


def _check_object(value: object, max_depth: int) -> dict[str, object]:
    if type(value) is not dict:
        raise NotCanonical(
            "the top level must be an object",
            expected="an object",
            found=_kind(value),
            advice=_ADVICE,
        )
    _check(value, max_depth, max_depth)
    return value


def _check(value: object, depth_left: int, max_depth: int) -> None:
    kind = type(value)
    if kind is str:
        if "\x00" in value:  # type: ignore[operator]  # the line above says that it is a str
            raise NotCanonical(
                "a string contains U+0000",
                expected="strings without it",
                found=repr(value)[:80],
                advice="Leave the character out.",
            )
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise NotCanonical(
                "an integer is out of range",
                expected="|n| ≤ 2^53 - 1",
                found=str(value)[:80],
                advice=_ADVICE,
            )
    elif isinstance(value, dict) and kind is dict:
        if depth_left < 1:
            raise _too_deep(max_depth)
        for name, member in value.items():
            if type(name) is not str or _MEMBER.fullmatch(name) is None:
                raise NotCanonical(
                    "not a member's name",
                    expected="1 to 64 of A-Z, a-z, 0-9, '_', '.', '-', a letter first",
                    found=repr(name)[:80],
                    advice=_ADVICE,
                )
            _check(member, depth_left - 1, max_depth)
    elif isinstance(value, list) and kind is list:
        if depth_left < 1:
            raise _too_deep(max_depth)
        for item in value:
            _check(item, depth_left - 1, max_depth)
    elif value is not None and kind is not bool:
        raise NotCanonical(
            "a value of a kind that does not exist here",
            expected="object, array, string, integer, true, false or null",
            found=_kind(value),
            advice=_ADVICE,
        )


def _check_length(line: bytes, max_bytes: int | None) -> None:
    if max_bytes is not None and len(line) > max_bytes:
        raise TooLarge(
            "a line is too long",
            expected=f"at most {max_bytes} bytes",
            found=f"{len(line)}",
            advice="Say it in several events.",
        )


def _compare(written: bytes, line: bytes) -> None:
    if written == line:
        return
    at = next(
        (i for i, (a, b) in enumerate(zip(written, line, strict=False)) if a != b),
        min(len(written), len(line)),
    )
    raise NotCanonical(
        f"not the one spelling, from byte {at} on",
        expected=repr(written[at : at + 40]),
        found=repr(line[at : at + 40]),
        advice="Members are sorted and not repeated, without spaces, defaults left out",
    )


def _translate(error: Exception) -> BadValue | NotCanonical | UnknownEventType:
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return _no_json(text)
    if text.startswith("Invalid value") and text.endswith("`$.type`"):
        return UnknownEventType(
            "no such event type here",
            expected="a type that this ledger's rules know",
            found=text,
            advice="docs/reference/events.md lists them; a newer type needs a newer release.",
        )
    if _A_NAME in text:
        return BadValue(
            "not a name",
            expected="1 to 63 of a-z and 0-9, with single . and any - and _ inside",
            found="another spelling at " + text.rpartition(" - at ")[2].strip("`"),
            advice="Names are lower case; docs/reference/events.md lists every member and its form.",
        )
    return BadValue(
        "the line does not fit its schema",
        expected="exactly the members of its type, each in its form",
        found=text,
        advice="docs/reference/events.md lists every member and its form.",
    )


def _no_json(found: str) -> NotCanonical:
    return NotCanonical(
        "not JSON", expected="one JSON object in UTF-8", found=found, advice=_ADVICE
    )


def _too_deep(max_depth: int) -> NotCanonical:
    return NotCanonical(
        "nested too deeply",
        expected=f"at most {max_depth} levels",
        found=f"more than {max_depth}",
        advice=_ADVICE,
    )


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__

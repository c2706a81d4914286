r"""Single values in one spelling each: decimals, amounts, times, hashes, names of things.

Each type below carries its pattern, which msgspec enforces while it decodes and which JSON Schema
shows; patterns end in `(?!\n)$` because `$` alone lets a final newline through and `\Z` does not
exist in ECMA. A pattern costs about half a microsecond, so the types called Unchecked… only show
their pattern: whoever uses one must hand each value to its parser (`parse_time`, `decimal_parts`)
or to `batch.check_salts`.

Rules (formats, section 1): no floats; a decimal has no trailing zero in its fraction and no minus
zero; a time has an offset, UTC is `Z`, no fraction and no leap second. Digits are ASCII.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta

from ledger.errors import BadValue
from ledger.log import names

_END = r"(?!\n)$"
_CONTROLS = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"

DECIMAL: Final = (
    rf"^(?:0|-?[1-9][0-9]{{0,17}}|-?(?:0|[1-9][0-9]{{0,17}})\.[0-9]{{0,11}}[1-9]){_END}"
)
QUANTITY: Final = rf"^(?:0|[1-9][0-9]{{0,17}}|(?:0|[1-9][0-9]{{0,17}})\.[0-9]{{0,11}}[1-9]){_END}"
AMOUNT: Final = rf"^(?:0|[1-9][0-9]{{0,29}}){_END}"
TIME: Final = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    rf"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9]){_END}"
)
UTC_TIME: Final = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z{_END}"
)
MONTH: Final = rf"^(?!0000)[0-9]{{4}}-(?:0[1-9]|1[0-2]){_END}"
DAY: Final = rf"^[0-9]{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]){_END}"
SALT: Final = rf"^[0-9a-f]{{32}}{_END}"

Decimal12 = Annotated[str, Meta(pattern=DECIMAL)]
"""A decimal of at most 18 digits and 12 places."""
Quantity = Annotated[str, Meta(pattern=QUANTITY)]
"""A decimal ≥ 0."""
AmountText = Annotated[str, Meta(pattern=AMOUNT)]
"""A non-negative integer of at most 30 digits, usually milligrams."""
TimeText = Annotated[str, Meta(pattern=TIME)]
"""A time with its offset; the pattern does not know the calendar, `parse_time` does."""
UtcTimeText = Annotated[str, Meta(pattern=UTC_TIME)]
MonthText = Annotated[str, Meta(pattern=MONTH)]
DayText = Annotated[str, Meta(pattern=DAY)]
HashHex = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{_END}")]
SaltHex = Annotated[str, Meta(pattern=SALT)]
NameText = Annotated[str, Meta(pattern=rf"^[^{_CONTROLS}]{{1,200}}{_END}")]
"""The name of a thing, 1 to 200 characters, without control and bidirectional-control characters."""
PartyName = Annotated[str, Meta(pattern=rf"^{names.PARTY}{_END}")]
SegmentName = Annotated[str, Meta(pattern=rf"^{names.SEGMENT}{_END}")]
StreamName = Annotated[str, Meta(pattern=rf"^{names.STREAM}{_END}")]
EventRef = Annotated[
    str,
    Meta(pattern=rf"^(?=[^@]{{3,200}}@){names.PARTY}(?:/{names.SEGMENT})+@{names.VERSION}{_END}"),
]
EventTypeName = Annotated[str, Meta(pattern=rf"^{names.EVENT_TYPE}{_END}")]
ScopeItem = Annotated[
    str, Meta(pattern=rf"^(?=.{{2,200}}$){names.PARTY}(?:/|(?:/{names.SEGMENT})+/?){_END}")
]
OriginName = Annotated[str, Meta(pattern=rf"^{names.ORIGIN}{_END}")]
MemberName = Annotated[str, Meta(pattern=rf"^[A-Za-z][A-Za-z0-9_.-]{{0,63}}{_END}")]
"""A member's name in canonical JSON: the type of a mapping's keys."""
KeyId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048]{_END}")]
"""RFC 7638 thumbprint in base64url; the last of 43 digits carries four bits only."""

SafeInt = Annotated[int, Meta(ge=-names.MAX_INTEGER, le=names.MAX_INTEGER)]
Size = Annotated[int, Meta(ge=0, le=names.MAX_INTEGER)]
"""A count or a zero-based index."""
Version = Annotated[int, Meta(ge=1, le=names.MAX_INTEGER)]

UncheckedTime = Annotated[str, Meta(extra_json_schema={"pattern": TIME})]
UncheckedQuantity = Annotated[str, Meta(extra_json_schema={"pattern": QUANTITY})]
UncheckedSalt = Annotated[str, Meta(extra_json_schema={"pattern": SALT})]

DECIMAL_DIGITS: Final = 18
DECIMAL_PLACES: Final = 12

_DECIMAL = re.compile(DECIMAL[1 : -len(_END)])
_MONTH = re.compile(MONTH[1 : -len(_END)])
_DAY = re.compile(DAY[1 : -len(_END)])
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MAX_OFFSET = timedelta(hours=14)


def parse_time(text: str) -> int:
    """Seconds since 1970-01-01T00:00:00Z of a time in its one spelling; raises BadValue.

    Refused: days that do not exist, leap seconds, fractions, offsets beyond ±14:00, and a zero
    offset written otherwise than `Z`.
    """
    # fromisoformat understands many spellings. These marks, with digits in between, leave one.
    utc = text[19:] == "Z"
    if not (
        text.isascii()
        and text[4:5] == text[7:8] == "-"
        and text[10:11] == "T"
        and text[13:14] == text[16:17] == ":"
        and text[11:13] != "24"
        and (utc or (len(text) == 25 and text[22] == ":" and text[23] < "6"))
    ):
        raise _bad_time(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad_time(text) from error
    offset = moment.utcoffset()
    if offset is None or not (utc or (offset and -_MAX_OFFSET <= offset <= _MAX_OFFSET)):
        raise _bad_time(text)
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def later(text: str, seconds: int) -> str:
    """The time so many seconds after another, at the same offset."""
    moment = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    spelled = moment.isoformat()
    return spelled[:19] + "Z" if moment.utcoffset() == timedelta(0) else spelled


def parse_utc_time(text: str) -> int:
    """Seconds since the epoch of a time that ends in `Z`; raises BadValue."""
    if not text.endswith("Z"):
        raise BadValue("this time must end in Z", found=repr(text))
    return parse_time(text)


def parse_month(text: str) -> tuple[int, int]:
    """Year and month of `2026-11`; raises BadValue."""
    if _MONTH.fullmatch(text) is None:
        raise BadValue("not a month", expected="YYYY-MM, such as 2026-11", found=repr(text))
    return int(text[:4]), int(text[5:])


def parse_day(text: str) -> date:
    """The day of `2026-11-22`; raises BadValue when the calendar has no such day."""
    if _DAY.fullmatch(text) is not None:
        try:
            return date(int(text[:4]), int(text[5:7]), int(text[8:]))
        except ValueError:
            pass
    raise BadValue("not a day", expected="YYYY-MM-DD, such as 2026-11-22", found=repr(text))


def decimal_parts(text: str) -> tuple[int, int]:
    """Coefficient and scale of a decimal: `-3.17` is (-317, 2), value = -317 / 10**2.

    The scale is 0 to 12. Raises BadValue for every other spelling.
    """
    if _DECIMAL.fullmatch(text) is None:
        raise BadValue(
            "not a decimal",
            expected="at most 18 digits and 12 places, without trailing zeros, exponent or -0",
            found=repr(text[:80]),
            advice="Write it in its shortest form, such as 3.17 or 0.",
        )
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), len(fraction)


def format_decimal(coefficient: int, scale: int) -> str:
    """The one spelling of coefficient / 10**scale; raises BadValue when it is out of range."""
    while scale > 0 and coefficient % 10 == 0:
        coefficient //= 10
        scale -= 1
    digits = str(abs(coefficient)).rjust(scale + 1, "0")
    whole, fraction = (digits[:-scale], digits[-scale:]) if scale else (digits, "")
    if scale < 0 or scale > DECIMAL_PLACES or len(whole) > DECIMAL_DIGITS:
        raise BadValue(
            "this number does not fit a decimal",
            expected="at most 18 digits and 12 places",
            found=f"{coefficient} / 10**{scale}",
        )
    return ("-" if coefficient < 0 else "") + whole + ("." + fraction if fraction else "")


def _bad_time(text: str) -> BadValue:
    return BadValue(
        "not a time",
        expected="YYYY-MM-DDTHH:MM:SS with Z or an offset up to ±14:00, a zero offset as Z",
        found=repr(text[:80]),
        advice="Say the offset of the place, such as +08:00; a time without one is ambiguous.",
    )

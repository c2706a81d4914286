"""Arguments that people type become values in the ledger's one spelling, or a refusal with an example.

Times without an offset are local times of the ledger's area. Decimals may be typed with trailing
zeros. A factor may be named without its publisher, and without its version, while that is unique.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ledger.carbon.info import FactorInfo
from ledger.errors import BadFile, BadValue, NotFound
from ledger.log.names import parse_party
from ledger.log.values import format_decimal, parse_month, parse_time

ROLES: Final = ("direct", "location", "market", "upstream", "lifecycle")

_DURATION = re.compile(
    r"P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?"
)
_DECIMAL = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?")
_HASH = re.compile(r"[0-9a-f]{64}")
_QUARTER = re.compile(r"([0-9]{4})-?[Qq]([1-4])")
_YEAR = re.compile(r"[0-9]{4}")


def parse_period(text: str) -> tuple[str, str]:
    """First and last month, both included, of 2018, 2018-03, 2018-Q1 or a range with `..`."""
    first, dots, last = text.partition("..")
    months = _months(first, text)[0], _months(last if dots else first, text)[1]
    if months[0] > months[1]:
        raise BadValue("period", expected="a first month before the last", found=text)
    return months


def _months(part: str, text: str) -> tuple[str, str]:
    if _YEAR.fullmatch(part) and part != "0000":
        return f"{part}-01", f"{part}-12"
    if quarter := _QUARTER.fullmatch(part):
        last = int(quarter[2]) * 3
        return f"{quarter[1]}-{last - 2:02d}", f"{quarter[1]}-{last:02d}"
    try:
        parse_month(part)
    except BadValue:
        raise BadValue(
            "not a period",
            expected="2018, 2018-03, 2018-Q1 or a range such as 2018-01..2018-06",
            found=repr(text),
        ) from None
    return part, part


def check_log_size(size: int | None) -> int | None:
    """A size of the log at hand, for --as-of. Raises BadValue below 0: another log had that size."""
    if size is not None and size < 0:
        raise BadValue(
            "--as-of",
            expected="a size of this log, from 0 on",
            found=str(size),
            advice="Where this log continues an earlier one, 0 is the end of that; what was known "
            "before, the earlier log's own home still tells.",
        )
    return size


def parse_interval(text: str) -> int:
    """Seconds of an ISO 8601 duration such as PT15M, PT1H or P1D."""
    found = _DURATION.fullmatch(text)
    parts = [int(part or 0) for part in found.groups()] if found else [0]
    if not found or not any(parts):
        raise BadValue("not an interval", expected="such as PT15M, PT1H or P1D", found=repr(text))
    days, hours, minutes, seconds = parts
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse_quantity(text: str) -> str:
    """A decimal ≥ 0 in its one spelling; trailing zeros may be typed."""
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise BadValue(
            "not a quantity",
            expected="a decimal of zero or more with a point, such as 3.17",
            found=repr(text),
        )
    fraction = (found[2] or "").rstrip("0")
    return format_decimal(int(found[1] + fraction), len(fraction))


def parse_moment(text: str, timezone: str) -> str:
    """A time with its offset; one without is local time in the area's time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(
            "not a time",
            expected="2018-01-01, 2018-01-01T00:15 or 2018-01-01T00:15:00+08:00",
            found=repr(text),
        ) from None
    if moment.tzinfo is None:
        moment = _local(moment, ZoneInfo(timezone), text)
    offset = moment.utcoffset()
    spelled = moment.isoformat()
    if offset == timedelta(0):
        spelled = moment.replace(tzinfo=None).isoformat() + "Z"
    parse_time(spelled)
    return spelled


def _local(moment: datetime, zone: ZoneInfo, text: str) -> datetime:
    early, late = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    back = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if back != moment or early.utcoffset() != late.utcoffset():
        raise BadValue(
            f"local time in {zone.key}",
            expected="one that exists once",
            found=f"{text}, where the clock changes",
            advice="Give the offset too, such as +01:00.",
        )
    return early


def parse_role(text: str) -> tuple[str, str]:
    """Role and factor of `location=grid-jiangsu@2023`."""
    role, sign, factor = text.partition("=")
    if role not in ROLES or not sign or not factor:
        raise BadValue(
            "not a factor in a role",
            expected=f"role=factor with a role of {', '.join(ROLES)}, "
            "such as location=grid-jiangsu@2023",
            found=repr(text),
        )
    return role, factor


def find_factor(text: str, factors: Iterable[FactorInfo]) -> str:
    """The factor that this names, whole or in part, when it is one; raises NotFound, BadValue."""
    known = [one.factor for one in factors]
    if text in known:
        return text
    found = [
        ref
        for ref in known
        if text in {ref.partition("/")[2], ref.partition("/")[2].partition("@")[0]}
        or ref.partition("@")[0] == text
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            f"factor {text}",
            expected="a published factor: " + (", ".join(known[:5]) or "there is none yet"),
            advice="See carbon-ledger factor list; publish one with carbon-ledger factor publish.",
        )
    raise BadValue(
        f"factor {text}",
        expected="a name that means one factor",
        found=", ".join(found),
        advice="Name it in full.",
    )


def parse_masses(items: Iterable[str]) -> dict[str, str]:
    """Milligrams by gas of `CO2=1200000`, one for each gas."""
    masses: dict[str, str] = {}
    for item in items:
        gas, sign, amount = item.partition("=")
        if not sign or not gas or not amount.isdecimal() or not amount.isascii() or gas in masses:
            raise BadValue(
                "--mass",
                expected="GAS=MILLIGRAMS, once for each gas, such as CO2=1200000",
                found=item,
            )
        masses[gas] = str(int(amount))
    return masses


def parse_site(text: str) -> tuple[str, str]:
    """Party and site of `steelworks/plant`."""
    party, slash, site = text.partition("/")
    if not slash or not site or "/" in site:
        raise BadValue("not a site", expected="PARTY/SITE, such as acme/plant-7", found=repr(text))
    return parse_party(party), site


def parse_evidence(items: Iterable[str]) -> tuple[str, ...]:
    """SHA-256 of each document: a file of that name, or the hash itself; sorted, without repeats."""
    return tuple(sorted({_evidence(item) for item in items}))


def _evidence(item: str) -> str:
    if _HASH.fullmatch(item):
        return item
    return hashlib.sha256(read_file(Path(item))).hexdigest()


def read_file(path: Path) -> bytes:
    """The bytes of a file that a command was given; raises BadFile."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read", expected="a file", found=error.strerror or str(error)
        ) from error


def write_file(path: Path, data: bytes) -> None:
    """Write a result to a file of the user's; raises BadFile."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BadFile(
            f"{path} cannot be written",
            expected="a folder that exists and may be written",
            found=error.strerror or str(error),
        ) from error

"""What a stamp in a file means: an interval with an offset, or a refusal, never a guess.

Rules: a local time that does not exist, or exists twice, in the file's time zone is refused; a
stamp with an offset of its own is taken as it is. An interval of hours, minutes and seconds is
elapsed time; one of days, weeks, months or years goes by the local calendar. `24:00` is the end of
its day, and so is a `00:00` where the map says that midnight stands last in its day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ledger.client.importer.mapfile import ImportMap
from ledger.errors import BadFile, BadValue

_DURATION = re.compile(
    r"P(?:(?P<years>[1-9][0-9]{0,2})Y|(?P<months>[1-9][0-9]{0,2})M|(?P<weeks>[1-9][0-9]{0,2})W"
    r"|(?P<days>[1-9][0-9]{0,2})D"
    r"|T(?=[0-9])(?:(?P<hours>[1-9][0-9]{0,3})H)?(?:(?P<minutes>[1-9][0-9]{0,5})M)?"
    r"(?:(?P<seconds>[1-9][0-9]{0,7})S)?)"
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>0[0-9]|1[0-4]):(?P<minutes>[0-5][0-9])")
_END_OF_DAY = re.compile(r"(?<![0-9:])24:00(?::00)?(?![0-9:])")
_DAY: Final = timedelta(days=1)
_MAX_OFFSET: Final = timedelta(hours=14)
_ROUNDING: Final = timedelta(milliseconds=1)


class Interval(msgspec.Struct, frozen=True):
    """A length: seconds that pass, or days and months of the calendar."""

    seconds: int = 0
    days: int = 0
    months: int = 0


class Period(msgspec.Struct, frozen=True):
    """An interval of time as events write it."""

    start: str
    end: str
    start_s: int
    end_s: int
    """Seconds since 1970."""
    day: date
    """The local day in which it starts."""


def parse_interval(text: str) -> Interval:
    """The interval of an ISO 8601 duration; raises BadValue."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadValue(
            "not an interval",
            expected="PT15M, PT1H, PT30S, P1D, P1W, P1M or P1Y, and multiples",
            found=repr(text),
        )
    part = {name: int(digits or 0) for name, digits in match.groupdict().items()}
    return Interval(
        seconds=part["hours"] * 3600 + part["minutes"] * 60 + part["seconds"],
        days=part["weeks"] * 7 + part["days"],
        months=part["years"] * 12 + part["months"],
    )


def parse_zone(name: str) -> tzinfo:
    """The zone of an IANA name or of a fixed offset such as +01:00; raises BadValue."""
    if name in {"Z", "UTC"}:
        return UTC
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
        return timezone(-offset if match["sign"] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadValue(
            "not a time zone",
            expected="a name such as Asia/Shanghai, or an offset such as +08:00",
            found=repr(name),
        ) from error


class Clock:
    """Reads the stamps of one file."""

    def __init__(self, mapping: ImportMap, area_zone: str, interval_s: int | None) -> None:
        """`area_zone` and `interval_s` (of the source) hold where the map does not say."""
        time, period = mapping.time, mapping.period
        named = (time or period or AssertionError).timezone  # type: ignore[union-attr]
        try:
            self.zone: Final = parse_zone(named or area_zone)
            self._zone_name = named or area_zone
            self.interval: Final = self._interval(mapping, interval_s)
        except BadValue as error:
            raise BadFile(
                f"[{'time' if time else 'period'}] of the map: {error.what}",
                expected=error.expected,
                found=error.found,
                advice=error.advice,
            ) from error
        self._format = _check_format((time or period).format)  # type: ignore[union-attr]
        self._marks_end = time is not None and time.marks == "end"
        self._midnight_ends = time is not None and time.midnight == "end-of-day"
        self._end_day_included = period is not None and period.end_day == "included"

    def stamped(self, stamp: str | datetime) -> Period:
        """The interval that one stamp marks; raises BadValue."""
        local = self._read(stamp)
        if self._midnight_ends and (local.hour, local.minute, local.second) == (0, 0, 0):
            local += _DAY
        moment = self._place(local)
        if self._marks_end:
            return self._period(self._shift(moment, -1), moment)
        return self._period(moment, self._shift(moment, 1))

    def between(self, start: str | datetime, end: str | datetime) -> Period:
        """The period between two stamps; raises BadValue."""
        last = self._read(end)
        if self._end_day_included:
            if (last.hour, last.minute, last.second) != (0, 0, 0):
                raise BadValue(
                    "the last day of a period", expected="a day without a time", found=repr(end)
                )
            last += _DAY
        period = self._period(self._place(self._read(start)), self._place(last))
        if period.start_s >= period.end_s:
            raise BadValue(
                "a period that ends before it starts",
                expected="an end after the start",
                found=f"{period.start} to {period.end}",
            )
        return period

    @staticmethod
    def _interval(mapping: ImportMap, interval_s: int | None) -> Interval:
        if mapping.time is None:
            return Interval()
        if mapping.time.interval is not None:
            return parse_interval(mapping.time.interval)
        if interval_s is None:
            raise BadValue(
                "interval is missing",
                expected='the length of a reading, such as interval = "PT15M"',
                advice="Neither the map nor the source says it",
            )
        return Interval(seconds=interval_s)

    def _read(self, stamp: str | datetime) -> datetime:
        if isinstance(stamp, datetime):
            return _whole_seconds(stamp)
        text = stamp.strip()
        plain = _END_OF_DAY.sub("00:00", text)
        try:
            if self._format == "iso":
                local = datetime.fromisoformat(plain)
            else:
                local = datetime.strptime(plain, self._format)  # noqa: DTZ007  (the zone follows)
        except ValueError as error:
            raise BadValue(
                "not a time of the format that the map names",
                expected=self._format,
                found=repr(text[:60]),
            ) from error
        if local.microsecond:
            raise BadValue("a time with a fraction", expected="whole seconds", found=repr(text))
        return local if plain == text else local + _DAY

    def _place(self, local: datetime) -> datetime:
        """The moment of a local time; one with an offset of its own is one already."""
        if local.tzinfo is not None:
            offset = local.utcoffset()
            if offset is None or abs(offset) > _MAX_OFFSET or offset % timedelta(minutes=1):
                raise BadValue(
                    "an offset out of range",
                    expected="up to ±14:00, whole minutes",
                    found=str(offset),
                )
            return local
        early = local.replace(tzinfo=self.zone, fold=0)
        late = local.replace(tzinfo=self.zone, fold=1)
        before, after = early.utcoffset(), late.utcoffset()
        if before is None or after is None:
            raise AssertionError("a zone without offsets")
        if before != after:
            raise BadValue(
                f"this local time {'does not exist' if before < after else 'exists twice'} "
                f"in {self._zone_name}",
                expected="a time that names one moment",
                found=local.isoformat(sep=" "),
                advice="Export with offsets and a format with %z, or, if the meter keeps one time "
                'all year, name it: timezone = "+01:00"',
            )
        return early

    def _shift(self, moment: datetime, direction: int) -> datetime:
        step = self.interval
        if step.seconds:
            zone = moment.tzinfo
            return (
                moment.astimezone(UTC) + direction * timedelta(seconds=step.seconds)
            ).astimezone(zone)
        # By the calendar: the same local time on another day, which must exist once itself.
        own_offset = moment.tzinfo is not self.zone
        local = moment if own_offset else moment.replace(tzinfo=None)
        local += direction * timedelta(days=step.days)
        if step.months:
            at = local.year * 12 + local.month - 1 + direction * step.months
            try:
                local = local.replace(year=at // 12, month=at % 12 + 1)
            except ValueError as error:
                raise BadValue(
                    "no such day a month away", expected="a day up to 28", found=moment.isoformat()
                ) from error
        return self._place(local)

    @staticmethod
    def _period(start: datetime, end: datetime) -> Period:
        return Period(
            _text(start), _text(end), int(start.timestamp()), int(end.timestamp()), start.date()
        )


def _text(moment: datetime) -> str:
    text = moment.isoformat()
    return text[:19] + "Z" if moment.utcoffset() == timedelta(0) else text


def _whole_seconds(stamp: datetime) -> datetime:
    """A native date of a workbook, which counts in fractions of a day, to the second it means."""
    rounded = (stamp + timedelta(microseconds=500_000)).replace(microsecond=0)
    if abs(rounded - stamp) > _ROUNDING:
        raise BadValue("a time with a fraction", expected="whole seconds", found=str(stamp))
    return rounded


def _check_format(text: str) -> str:
    if text == "iso":
        return text
    if "%Z" in text or not re.search(r"%[YyGcx]", text):
        raise BadFile(
            "format of the map",
            expected='"iso", or a format with a year such as "%d/%m/%Y %H:%M", offsets as %z',
            found=repr(text),
        )
    return text

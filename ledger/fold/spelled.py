"""Every time, day and quantity of an event in its one spelling, also those that only rules look at.

Readers leave times and quantities of readings to the rules, which need them as numbers anyway, and
no pattern knows the calendar. Whoever must say what is wrong with an event before any rule asks here.
Source: specification, names, "Single values".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from ledger.errors import BadValue
from ledger.log import values

Check = Callable[[Any], object]

_PARSERS: Final[dict[str, Callable[[str], object]]] = {
    values.TIME: values.parse_time,
    values.UTC_TIME: values.parse_utc_time,
    values.DAY: values.parse_day,
}
"""By the pattern of a type that knows no calendar."""
_QUANTITY: Final = re.compile(values.QUANTITY)


def check_spelled(event: msgspec.Struct) -> None:
    """Raise BadValue for a time or day that the calendar lacks, or a quantity out of form."""
    check = _check_of_struct(type(event))
    if check is not None:
        check(event)


@lru_cache(maxsize=256)
def _check_of_struct(kind: type[msgspec.Struct]) -> Check | None:
    described = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(kind)).fields
    found = [(field.name, _check_of(field.type)) for field in described]
    checks = [(name, check) for name, check in found if check is not None]

    def fields(value: object) -> None:
        for name, check in checks:
            item = getattr(value, name)
            if item is not None:
                check(item)

    return fields if checks else None


def _check_of(kind: msgspec.inspect.Type) -> Check | None:
    """What to ask of a value of this type that is not null; None where there is nothing to ask."""
    inspect = msgspec.inspect
    match kind:
        case inspect.Metadata():
            pattern = (kind.extra_json_schema or {}).get("pattern", "")
            unchecked = _check_quantity if pattern == values.QUANTITY else _PARSERS.get(pattern)
            return unchecked or _check_of(kind.type)
        case inspect.StrType():
            return _PARSERS.get(kind.pattern or "")
        case inspect.StructType():
            return _check_of_struct(kind.cls)
        case inspect.UnionType():
            # Null beside one other: what may be a string or an object has no such check.
            checks = [check for one in kind.types if (check := _check_of(one)) is not None]
            return checks[0] if checks else None
        case inspect.VarTupleType():
            return _of_each(_check_of(kind.item_type))
        case inspect.TupleType():
            return _of_each(_check_of(kind.item_types[0]))  # all are pairs of the same
        case _:
            return None


def _of_each(check: Check | None) -> Check | None:
    if check is None:
        return None

    def items(value: Iterable[object]) -> None:
        for item in value:
            if item is not None:
                check(item)

    return items


def _check_quantity(text: str) -> None:
    if _QUANTITY.fullmatch(text) is None:
        raise BadValue(
            "not a quantity",
            expected="a decimal of 0 or more, at most 18 digits and 12 places, in its shortest form",
            found=repr(text[:80]),
        )

from typing import get_args

import msgspec
import pytest

from ledger.errors import BadValue
from ledger.log import names, values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2018-01-01T00:00:00+08:00", 1514736000),
        ("2026-03-29T01:59:59+01:00", 1774745999),
        ("2024-02-29T12:00:00-09:30", 1709242200),
        ("2018-01-01T00:00:00+14:00", 1514714400),
        ("0001-01-01T00:00:00Z", -62135596800),
    ],
)
def test_a_time_is_seconds_since_1970(text: str, seconds: int):
    assert values.parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-01T00:00:00",
        "2018-01-01T00:00:00+00:00",
        "2018-01-01T00:00:00-00:00",
        "2018-01-01T00:00:00+14:01",
        "2018-01-01T00:00:00-15:00",
        "2018-01-01T00:00:00+08:60",
        "2018-01-01T00:00:00+08",
        "2018-01-01T00:00:00+0800",
        "2018-01-01T00:00:00+08:00:30",
        "2018-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2018-01-01T24:00:00Z",
        "2018-01-01T00:00:00.5Z",
        "2018-01-01T00:00:00z",
        "2018-01-01t00:00:00Z",
        "2018-01-01 00:00:00Z",
        "2018-W01-1T00:00:00+08:00",
        "20180101T000000Z",
        "2018-01-01T00:00:00Z\n",
        "٢018-01-01T00:00:00Z",
        "2018-01-01",
        "",
    ],
)
def test_another_spelling_of_a_time_is_refused(text: str):
    with pytest.raises(BadValue):
        values.parse_time(text)


def test_a_utc_time_ends_in_z():
    assert values.parse_utc_time("1970-01-01T00:00:01Z") == 1
    with pytest.raises(BadValue):
        values.parse_utc_time("1970-01-01T08:00:01+08:00")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0", (0, 0)),
        ("3.17", (317, 2)),
        ("-3.17", (-317, 2)),
        ("-0.5", (-5, 1)),
        ("0.000000000001", (1, 12)),
        ("999999999999999999.999999999999", (10**30 - 1, 12)),
        ("-12", (-12, 0)),
    ],
)
def test_a_decimal_is_a_coefficient_and_a_scale(text: str, parts: tuple[int, int]):
    assert values.decimal_parts(text) == parts
    assert values.format_decimal(*parts) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "-0", "-0.0", "0.0", "1.", ".5", "1.0", "1.50", "01", "+1", "1e3", "NaN", "Infinity",
        "1,5", "1 ", "1\n", "-", "1.0000000000001", "1234567890123456789", "٣", "0x1", "1_0",
        "9" * 40,
    ],
)  # fmt: skip
def test_another_spelling_of_a_decimal_is_refused(text: str):
    with pytest.raises(BadValue):
        values.decimal_parts(text)


def test_a_number_that_fits_no_decimal_has_no_spelling():
    assert values.format_decimal(1_500, 3) == "1.5"
    assert values.format_decimal(10**14, 14) == "1"
    for coefficient, scale in ((1, 13), (10**18, 0), (10**20, 1), (1, -1)):
        with pytest.raises(BadValue):
            values.format_decimal(coefficient, scale)


def test_months_and_days_exist():
    assert values.parse_month("2026-11") == (2026, 11)
    assert values.parse_day("2024-02-29").isoformat() == "2024-02-29"
    for month in ("2026-13", "2026-1", "2026-11-01", "2026-11\n", "0000-01"):
        with pytest.raises(BadValue):
            values.parse_month(month)
    for day in ("2023-02-29", "2026-11-31", "2026-1-1", "2026-11-22\n", "0000-01-01"):
        with pytest.raises(BadValue):
            values.parse_day(day)


def accepts(kind: object, text: str) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (values.Decimal12, "-3.17", "3.170"),
        (values.Quantity, "3.17", "-3.17"),
        (values.AmountText, "559182408637", "-1"),
        (values.TimeText, "2018-01-01T00:15:00+08:00", "2018-01-01T00:15:00"),
        (values.UtcTimeText, "2026-11-22T06:00:00Z", "2026-11-22T06:00:00+08:00"),
        (values.MonthText, "2026-11", "2026-00"),
        (values.DayText, "2026-11-22", "2026-11-32"),
        (values.HashHex, "0" * 64, "A" * 64),
        (values.SaltHex, "0" * 32, "0" * 31),
        (values.NameText, "Stahlwerk Süd 钢厂", "two\nlines"),
        (values.NameText, "a\u2028b", "a\u202eb"),
        (values.PartyName, "acme", "Acme"),
        (values.SegmentName, "plant.7", "plant..7"),
        (values.StreamName, "acme/plant", "acme"),
        (values.EventRef, "acme/plant@42", "acme/plant@0"),
        (values.EventTypeName, "SiteRegistered", "siteRegistered"),
        (values.ScopeItem, "acme/", "acme"),
        (values.OriginName, "ledger.example/log", "https://ledger.example/log"),
        (values.MemberName, "CO2e_AR5", "5"),
        (values.KeyId, "A" * 43, "A" * 42 + "B"),
    ],
)
def test_a_typed_field_accepts_the_one_form_without_a_final_newline(
    kind: object, good: str, bad: str
):
    assert accepts(kind, good)
    assert not accepts(kind, bad)
    assert not accepts(kind, good + "\n")


@pytest.mark.parametrize(
    "stream", ["acme/plant-7/gas", "a/b", "acme/a..b", "acme", "a/" + "b" * 64]
)
def test_patterns_and_names_agree(stream: str):
    assert accepts(values.StreamName, stream) == names.is_stream(stream)
    assert accepts(values.EventRef, stream + "@1") == names.is_stream(stream)
    assert accepts(values.ScopeItem, stream) == names.is_scope_item(stream)


def test_unchecked_types_show_the_same_pattern_and_let_everything_pass():
    assert accepts(values.UncheckedTime, "whenever")
    shown = get_args(values.UncheckedTime)[1].extra_json_schema
    assert shown == {"pattern": get_args(values.TimeText)[1].pattern}

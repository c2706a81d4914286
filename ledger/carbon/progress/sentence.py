"""One plain sentence on a target: neutral in time or not, and what is missing.

The same in English and in Chinese. Tonnes are rounded for the sentence alone: what is missing up,
what is projected to the nearest. Source: accounting rules, section 5.
"""
# ruff: noqa: RUF001  (Chinese punctuation is meant)

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["en", "zh"]


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What the sentence says, for a program to read.

    `word`: `neutral` or `missed` once the neutral year is told in full; before it `on-course` (the
    whole interval is within what credits may take off), `off-course` (all of it is above), `open`
    (it is on both sides) or `not-enough-years`. Tonnes of CO2e; `missing_t` is what a year lacked, or
    what is above the cap as projected, or (open) at the interval's upper end.
    """

    word: str
    who: str | None
    """A party's name; None is the area."""
    neutral_year: int
    years: int
    least_years: int
    last_year: int | None
    last_t: int | None
    expected_t: int | None
    low_t: int | None
    high_t: int | None
    cap_t: int
    missing_t: int | None
    over_cap: bool
    not_estimated: tuple[str, ...]
    apart: tuple[str, ...]


_SAID: dict[Language, dict[str, str]] = {
    "en": {
        "neutral": "{who} was neutral in {last_year}, as planned for {neutral_year}",
        "missed": "{who} was not neutral in {last_year}, as planned for {neutral_year}:"
        " {missing_t} t CO2e were missing",
        "on-course": "{who} is on course to be neutral by {neutral_year}: {expected_t} t CO2e"
        " are projected (95 %: {low_t} to {high_t}), and credits may take off {cap_t} t",
        "off-course": "{who} will not be neutral by {neutral_year} on its present course:"
        " {expected_t} t CO2e are projected (95 %: {low_t} to {high_t}), credits may take off {cap_t} t,"
        " so {missing_t} t are missing",
        "open": "It is open whether {who} will be neutral by {neutral_year}: {expected_t} t CO2e"
        " are projected (95 %: {low_t} to {high_t}), and credits may take off {cap_t} t,"
        " so up to {missing_t} t may be missing",
        "not-enough-years": "Not enough years to say whether {who} will be neutral by"
        " {neutral_year}: {years} full of at least {least_years}",
        "last": "; {last_t} t CO2e were missing in {last_year}",
        "over_cap": "; retired credits are above the cap",
        "not_estimated": "; not estimated, so nothing counts as neutral: {not_estimated}",
        "apart": "; not in the sum, of another GWP set: {apart}",
        "end": ".",
        "who": "the area",
        "comma": ", ",
    },
    "zh": {
        "neutral": "{who}{last_year}年已实现碳中和（目标年份{neutral_year}年）",
        "missed": "{who}{last_year}年未实现碳中和（目标年份{neutral_year}年），"
        "尚差{missing_t}吨二氧化碳当量",
        "on-course": "按目前趋势，{who}可在{neutral_year}年前实现碳中和：预计剩余排放{expected_t}吨"
        "二氧化碳当量（95%区间：{low_t}至{high_t}），碳信用最多可抵消{cap_t}吨",
        "off-course": "按目前趋势，{who}无法在{neutral_year}年前实现碳中和：预计剩余排放{expected_t}吨"
        "二氧化碳当量（95%区间：{low_t}至{high_t}），碳信用最多可抵消{cap_t}吨，尚差{missing_t}吨",
        "open": "{who}能否在{neutral_year}年前实现碳中和尚无定论：预计剩余排放{expected_t}吨"
        "二氧化碳当量（95%区间：{low_t}至{high_t}），碳信用最多可抵消{cap_t}吨，最多可能尚差{missing_t}吨",
        "not-enough-years": "完整年份不足（现有{years}年，至少需要{least_years}年），"
        "无法判断{who}能否在{neutral_year}年前实现碳中和",
        "last": "；{last_year}年尚差{last_t}吨二氧化碳当量",
        "over_cap": "；已注销的碳信用超过上限",
        "not_estimated": "；以下项目未估算，因此不得称为碳中和：{not_estimated}",
        "apart": "；以下气体采用其他GWP，未计入：{apart}",
        "end": "。",
        "who": "本区域",
        "comma": "、",
    },
}


def verdict_in(language: Language, outlook: Outlook) -> str:
    """The sentence in a language."""
    said = _SAID[language]
    parts = [said[outlook.word]]
    if outlook.word == "not-enough-years" and outlook.last_year is not None:
        parts.append(said["last"])
    parts += [
        said[name] for name in ("over_cap", "not_estimated", "apart") if getattr(outlook, name)
    ]
    values = {
        name: _shown(value, said["comma"])
        for name, value in msgspec.structs.asdict(outlook).items()
    } | {name: str(getattr(outlook, name)) for name in ("neutral_year", "last_year")}
    values["who"] = outlook.who or said["who"]
    text = "".join(parts).format(**values) + said["end"]
    return text[0].upper() + text[1:] if outlook.who is None else text


def _shown(value: object, comma: str) -> str:
    if isinstance(value, tuple):
        return comma.join(value)
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else str(value)

"""Vectors of what a seal commits to: heads, lines with their salts, the list of companies, absence."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from ledger.log import seals
from ledger.log.seals import CompanyLine, Head, InventoryLine, LineName
from ledger.log.tree import path_of
from tests.vectors.shape import Case, File, file_of

REGISTER_SALT = sha256(b"the salt of acme/register@1").hexdigest()[:32]
STREAMS = {
    "acme/keys": 1,
    "acme/plant-7/electricity": 42,
    "acme/register": 3,
    "bolt/keys": 2,
    "operator/ledger": 1,
}


def _line(mass_mg: int, **more: Any) -> InventoryLine:
    members = {
        "column": "emitted",
        "gas": "CO2",
        "line": 0,
        "month": "2026-01",
        "role": "location",
        "scope": 2,
        "stream": "acme/plant-7/electricity",
        **more,
    }
    name = LineName(**members)
    return InventoryLine(name, mass_mg, seals.line_salt(REGISTER_SALT, name.key()))


CHARCOAL = {"stream": "acme/plant-7/charcoal", "role": "direct", "scope": 1}
LINES = {
    "location": _line(1_847_159, method="location"),
    "market": _line(1_900_000, method="market", role="market"),
    "biogenic": _line(12, **CHARCOAL, gas="CO2_bio", column="biogenic"),
    "methane": _line(3, **CHARCOAL, gas="CH4"),
    "scope-3": _line(5, scope=3, category=3, role="upstream"),
    "outside-the-scopes": _line(8, **CHARCOAL, gas="HCFC-22", column="memo"),
    "taken-off-a-balance": _line(2, **CHARCOAL, gas="CH4", subtract=True),
    "of-a-later-line": _line(10**29, **CHARCOAL, line=3, month="2026-12"),
}


def seal() -> File:
    """The file."""
    heads = [
        Head(head=sha256(stream.encode()).hexdigest(), stream=stream, version=version)
        for stream, version in STREAMS.items()
    ]
    head_lines = [seals.encode_head(head) for head in heads]
    own = sorted(LINES.values(), key=lambda line: line.name.key())
    lines = [line.encode() for line in own]
    companies = [
        seals.encode_company(_company("acme", lines, seals.as_sums(seals.sums_of(own)), heads)),
        seals.encode_company(_company("bolt", [], {}, heads)),
    ]
    path = _path("a-head-by-its-path", head_lines, 1)
    absence = _absence("no-corrections", head_lines, "acme/plant-7/electricity/corrections", 1)
    accepted: list[Case] = [
        _list("heads", "heads", head_lines),
        *({"name": f"line-{name}", **_spelled(line)} for name, line in LINES.items()),
        {**_list("lines", "lines", lines), "sums": _builtins(seals.as_sums(seals.sums_of(own)))},
        _list("no-lines", "lines", []),
        _list("companies", "companies", companies),
        path,
        _path("a-line-by-its-path", lines, len(lines) - 1),
        absence,
        _absence("absent-before-the-first", head_lines, "abel/keys", -1),
        _absence("absent-behind-the-last", head_lines, "operator/seals", len(heads) - 1),
    ]
    return file_of(
        "Lists of a seal: lines in order with the root over them; inventory lines with key and salt, "
        "where register_salt is that of <party>/register@1; lines by path; streams that have none.",
        accepted,
        _refused(head_lines, lines, companies, path, absence),
    )


def _refused(
    heads: list[bytes], lines: list[bytes], companies: list[bytes], path: Case, absence: Case
) -> list[Case]:
    right = LINES["location"]
    key, text = right.name.key().decode(), right.encode().decode()
    line = {"line": text, "key": key, "register_salt": REGISTER_SALT}
    three = _builtins({"CO2": seals.Amounts(biogenic="0", emitted="1", removed="0")})
    return [
        {**_list("heads-out-of-order", "heads", heads), "heads": _texts(heads[::-1])},
        _list("heads-out-of-order-with-their-root", "heads", heads[::-1]),
        _list("a-stream-twice", "heads", [heads[0], *heads]),
        {**_list("a-stream-left-out", "heads", heads), "heads": _texts(heads[1:])},
        _list("a-company-twice", "companies", [companies[0], *companies]),
        {**_list("a-company-left-out", "companies", companies), "companies": _texts(companies[1:])},
        _list(
            "a-company-with-an-amount-below-zero",
            "companies",
            [companies[0].replace(b'"emitted":"1', b'"emitted":"-1'), companies[1]],
        ),
        _list(
            "a-company-without-a-column",
            "companies",
            [companies[0].replace(b'"biogenic":"0",', b"", 1), companies[1]],
        ),
        _list("lines-out-of-order", "lines", lines[::-1]),
        _list("a-line-twice", "lines", [lines[0], *lines]),
        {**_list("sums-that-are-not-those-of-the-lines", "lines", lines), "sums": three},
        {**_list("another-root", "lines", lines), "root": sha256(b"").hexdigest()},
        {"name": "line-of-nothing", **line, "line": text.replace('"1847159"', '"0"')},
        {"name": "line-below-zero", **line, "line": text.replace('"1847159"', '"-1"')},
        {"name": "line-with-another-key", **line, "key": key.replace("2026-01", "2026-02")},
        {"name": "line-with-another-salt", **line, "register_salt": "0" * 32},
        {
            "name": "line-that-spells-a-default",
            **line,
            "line": text.replace(
                ',"stream":"acme/plant-7/electricity"',
                ',"stream":"acme/plant-7/electricity","subtract":false',
            ),
        },
        {"name": "line-without-salt", **line, "line": text.replace(f',"salt":"{right.salt}"', "")},
        {"name": "line-of-category-16", **line, "line": text.replace("{", '{"category":16,', 1)},
        {**path, "name": "path-of-another-place", "position": 2},
        {**path, "name": "path-of-a-longer-list", "count": 9},
        {**path, "name": "path-cut-short", "path": path["path"][:-1]},
        {**path, "name": "path-of-another-line", "line": heads[2].decode()},
        {**absence, "name": "absent-though-it-is-there", "stream": "acme/register"},
        {**absence, "name": "absent-elsewhere", "stream": "bolt/plant"},
        {
            **_absence(
                "neighbours-that-are-none", heads, "acme/plant-7/electricity/corrections", 1
            ),
            "after": _place(heads, 3),
        },
        {**absence, "name": "one-neighbour-left-out", "after": None},
    ]


def _company(party: str, lines: list[bytes], sums: seals.Sums, heads: list[Head]) -> CompanyLine:
    return CompanyLine(
        lines_count=len(lines),
        lines_root=seals.root(lines).hex(),
        party=party,
        streams_root=seals.streams_root(heads, party).hex(),
        sums=sums,
    )


def _spelled(line: InventoryLine) -> Case:
    return {
        "line": line.encode().decode(),
        "key": line.name.key().decode(),
        "register_salt": REGISTER_SALT,
    }


def _list(name: str, kind: str, lines: list[bytes]) -> Case:
    return {"name": name, kind: _texts(lines), "root": seals.root(lines).hex()}


def _path(name: str, lines: list[bytes], position: int) -> Case:
    return {
        "name": name,
        **_place(lines, position),
        "count": len(lines),
        "root": seals.root(lines).hex(),
    }


def _absence(name: str, lines: list[bytes], stream: str, before: int) -> Case:
    return {
        "name": name,
        "stream": stream,
        "before": None if before < 0 else _place(lines, before),
        "after": None if before + 1 == len(lines) else _place(lines, before + 1),
        "count": len(lines),
        "root": seals.root(lines).hex(),
    }


def _place(lines: list[bytes], position: int) -> Case:
    path = path_of(seals.leaves(lines), position)
    return {
        "line": lines[position].decode(),
        "position": position,
        "path": [node.hex() for node in path],
    }


def _texts(lines: list[bytes]) -> list[str]:
    return [line.decode() for line in lines]


def _builtins(sums: seals.Sums) -> object:
    return msgspec.to_builtins(sums)

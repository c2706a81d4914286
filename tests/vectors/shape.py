"""The shape of a vector file: what must be accepted, and what must be refused and why.

A file is `{"about": …, "accepted": [case, …], "refused": [case, …]}`. Every case has a `name`; a
refused one is named by its defect. Bytes stand as text where they are UTF-8, or else as
`{"base64": …}`; hashes in hexadecimal unless the format itself says otherwise.
"""

from __future__ import annotations

import base64
from typing import Any

Case = dict[str, Any]
File = dict[str, Any]


def spell(data: bytes) -> object:
    """Bytes as they stand in a vector file."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def unspell(value: object) -> bytes:
    """The bytes that a vector file spells."""
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    assert isinstance(value, str)
    return value.encode()


def file_of(about: str, accepted: list[Case], refused: list[Case]) -> File:
    return {"about": about, "accepted": accepted, "refused": refused}


def named(member: str, cases: dict[str, bytes]) -> list[Case]:
    """Cases with one member besides their name."""
    return [{"name": name, member: spell(data)} for name, data in cases.items()]

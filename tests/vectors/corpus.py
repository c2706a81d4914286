"""All frozen bundles that a verifier of a few entries judges, with what it must say of each."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tests.vectors import deep_cases, kind_cases
from tests.vectors.shape import Case, unspell

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"


class Frozen(msgspec.Struct, frozen=True):
    """One file, whom the verifier trusts, and the answers that are right."""

    name: str
    data: bytes
    case: Case
    answers: tuple[Any, ...]
    """Facts or a defect; `ANY_VERDICT` where a rule may be left to an audit."""

    @property
    def post_quantum(self) -> bool:
        """Whether a witness has a key that no browser checks."""
        trusted = (*self.case.get("witnesses", ()), *self.case.get("replayed", ()))
        return any(len(vkey) > 1000 for vkey in trusted)

    def is_answered_by(self, said: object) -> bool:
        """Whether a verifier that says this is right."""
        return said in self.answers or (ANY_VERDICT in self.answers and isinstance(said, dict))


ANY_VERDICT = "any verdict"


@cache
def corpus() -> tuple[Frozen, ...]:
    """Every case of `bundle-kinds.json`, `bundle-deep.json` and `bundle-continued.json`."""
    return (*_kinds(), *_edited("bundle-deep"), *continued())


@cache
def continued() -> tuple[Frozen, ...]:
    """Every case of `bundle-continued.json`: files about a log that continues another one."""
    return tuple(_edited("bundle-continued"))


@cache
def whole_corpus() -> tuple[tuple[str, bytes], ...]:
    """Name and file of every case of `bundle-whole.json`: nobody but the product derives them."""
    file = _read("bundle-whole")
    cases = [*file["accepted"], *file["refused"]]
    return tuple((case["name"], unspell(case["bundle"])) for case in cases)


def _kinds() -> list[Frozen]:
    file = _read("bundle-kinds")
    cases = [*file["accepted"], *file["refused"]]
    return [_frozen(case, kind_cases.whole(case, file["accepted"])) for case in cases]


def _edited(name: str) -> list[Frozen]:
    file = _read(name)
    accepted = {case["name"]: case for case in file["accepted"]}
    cases = [*file["accepted"], *file["refused"]]
    return [_frozen(case, deep_cases.whole_file(case, accepted)) for case in cases]


def _frozen(case: Case, data: bytes) -> Frozen:
    answers: list[Any] = [case["verdict"] if "verdict" in case else case["defect"]]
    answers += [ANY_VERDICT] if case.get("audit") else []
    return Frozen(case["name"], data, case, tuple(answers))


def _read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_bytes())

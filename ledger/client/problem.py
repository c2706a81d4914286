"""A refusal that came over HTTP becomes the error that it was: problem details by their `code`.

Source: RFC 9457; the codes are the classes of ledger/errors.py in kebab case.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ledger import errors
from ledger.errors import Conflict, InvalidInput, LedgerError, NotFound, Unavailable

MEDIA_TYPE: Final = "application/problem+json"


class _Problem(msgspec.Struct, frozen=True):
    """The members that are read; others are ignored (RFC 9457, section 3.2)."""

    title: str = ""
    detail: str = ""
    code: str = ""
    expected: str = ""
    found: str = ""
    advice: str = ""
    logged_jws: str = ""


def _classes() -> dict[str, type[LedgerError]]:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    return {kind("").code: kind for kind in kinds if issubclass(kind, LedgerError)}


_CLASSES: Final = _classes()


def error_of(status: int, media_type: str, body: bytes, url: str) -> LedgerError:
    """The error that an answer with this status stands for."""
    problem = _Problem()
    if media_type.partition(";")[0].strip() == MEDIA_TYPE:
        try:
            problem = msgspec.json.decode(body, type=_Problem)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            problem = _Problem(detail="the answer is no problem details")
    kind = _CLASSES.get(problem.code) or _by_status(status)
    error = kind(
        problem.detail or problem.title or f"{url} answers with status {status}",
        expected=problem.expected,
        found=problem.found or ("" if problem.code else body[:200].decode(errors="replace")),
        advice=problem.advice,
    )
    if isinstance(error, Conflict):
        error.logged_jws = problem.logged_jws.encode("ascii", "replace")
    return error


def _by_status(status: int) -> type[LedgerError]:
    """For an answer that is not the ledger's own: a proxy's, or another server's."""
    if status == 404:
        return NotFound
    return InvalidInput if 400 <= status < 500 and status != 429 else Unavailable

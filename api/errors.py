"""Every refusal leaves the service as problem details, and only this file knows status codes.

    {"advice":"…","code":"conflict","detail":"…","expected":"…","found":"…","status":409,
     "title":"Another event stands where this one wants to stand","type":"urn:carbon-ledger:problem:conflict"}

`code` is the name of the error's class and stays; `title` is the class's sentence; `detail`,
`expected`, `found` and `advice` say what a person can act on. A conflict carries the JWS that is
logged. What nobody foresaw answers with status 500 and says nothing of its cause; the cause goes
to the log of the process, without the values in it. Why the ledger cannot do it now is the
operator's business too: hosts, logins and paths stand in that log, never in an answer.
Source: RFC 9457; style, "Errors".
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.journal import places_of
from api.models import PROBLEM
from ledger import errors
from ledger.errors import Conflict, LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[type[LedgerError], HTTPStatus]] = {
    errors.LedgerError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidInput: HTTPStatus.BAD_REQUEST,
    errors.NotCanonical: HTTPStatus.BAD_REQUEST,
    errors.BadName: HTTPStatus.BAD_REQUEST,
    errors.BadValue: HTTPStatus.BAD_REQUEST,
    errors.BadKey: HTTPStatus.BAD_REQUEST,
    errors.BadJws: HTTPStatus.BAD_REQUEST,
    errors.BadBatch: HTTPStatus.BAD_REQUEST,
    errors.BadNote: HTTPStatus.BAD_REQUEST,
    errors.BadBundle: HTTPStatus.BAD_REQUEST,
    errors.UnknownEventType: HTTPStatus.BAD_REQUEST,
    errors.BadFile: HTTPStatus.BAD_REQUEST,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.WrongMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    errors.Refused: HTTPStatus.FORBIDDEN,
    errors.NotAuthorised: HTTPStatus.FORBIDDEN,
    errors.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.RuleBroken: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.ProofFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BadSignature: HTTPStatus.FORBIDDEN,
    errors.OtherHistory: HTTPStatus.CONFLICT,
    errors.Damaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LogStopped: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LogEnded: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Overloaded: HTTPStatus.TOO_MANY_REQUESTS,
}
"""Every class of the tree by name: a test compares, so a new one is given its status on purpose."""

RETRY_AFTER_S: Final[Mapping[type[LedgerError], int]] = {
    errors.Unavailable: 5,
    errors.DatabaseUnavailable: 5,
    errors.LogStopped: 60,
    errors.LogEnded: 60,
    errors.Overloaded: 1,
}

OPERATORS_BUSINESS: Final = (errors.DatabaseUnavailable, errors.LogStopped)
"""Their texts may name hosts, logins and paths of the operator; that of a log that ended does not."""

_FOR_THE_OPERATOR: Final = "The operator finds the cause in the log of the service."
_LATER: Final = "Send the same bytes again later; nothing is logged twice."

_log = structlog.get_logger("carbon-ledger.api")


class Problem(JSONResponse):
    """A refusal as it is sent."""

    media_type = MEDIA_TYPE


def install(app: FastAPI) -> None:
    """Let every refusal that a route raises answer as problem details."""
    app.add_exception_handler(LedgerError, _on_ledger_error)
    app.add_exception_handler(RequestValidationError, _on_bad_parameter)
    app.add_exception_handler(HTTPException, _on_http_exception)


def status_of(error: LedgerError) -> HTTPStatus:
    """The status of an error, by its own class or by the nearest one above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def kebab(kind: type[LedgerError]) -> str:
    """The `code` of a class of errors."""
    return kind("").code


def problem(error: LedgerError) -> Problem:
    """An error of ours as problem details."""
    status = status_of(error)
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="carbon-ledger"'
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = str(RETRY_AFTER_S.get(type(error), 5))
    if status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        # What is still on its way is not read.
        headers["Connection"] = "close"
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log_unexpected(error)
        return _unexpected(error.code, (type(error).__doc__ or "").rstrip("."))
    if isinstance(error, OPERATORS_BUSINESS) and not isinstance(error, errors.LogEnded):
        _log.error(error.code, what=error.what, expected=error.expected, found=error.found)
        members = _members(error.code, status, _title(error), _FOR_THE_OPERATOR)
        return Problem({**members, "advice": error.advice or _LATER}, status, headers)
    members = {
        **_members(error.code, status, _title(error), error.what),
        "expected": error.expected,
        "found": error.found,
        "advice": error.advice,
    }
    if isinstance(error, Conflict):
        members["logged_jws"] = error.logged_jws.decode("ascii")
    return Problem({k: v for k, v in members.items() if v != ""}, status, headers)


def unexpected(error: Exception) -> Problem:
    """What is answered when nobody foresaw the error; its cause stands only in our own log."""
    log_unexpected(error)
    return _unexpected("internal-error", "The service made a mistake")


def log_unexpected(error: BaseException) -> None:
    """Class and places of an error, never its message: that may carry somebody's data."""
    _log.error("unexpected", error=type(error).__qualname__, places=places_of(error))


async def _on_ledger_error(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, LedgerError):
        raise error
    return problem(error)


async def _on_bad_parameter(_request: Request, error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    place, *names = (str(part) for part in first["loc"])
    name = ".".join(names) or place
    return problem(
        errors.BadValue(
            f"{place} parameter {name}" if names else name,
            expected=str(first["msg"]),
            found=repr(first.get("input"))[:200],
            advice="docs/reference/api.md names every parameter, and /openapi.json its form.",
        )
    )


async def _on_http_exception(_request: Request, error: Exception) -> Problem:
    """What the framework refuses by itself: an unknown route, another method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.NOT_FOUND:
        return problem(errors.NotFound("there is nothing here", advice="/docs lists every route."))
    code = status.phrase.lower().replace(" ", "-")
    return Problem(_members(code, status, status.phrase, status.description), status, error.headers)


def _title(error: LedgerError) -> str:
    return (type(error).__doc__ or status_of(error).phrase).partition("\n")[0].rstrip(".")


def _members(code: str, status: HTTPStatus, title: str, detail: str) -> dict[str, str | int]:
    return {
        "type": PROBLEM + code,
        "title": title,
        "status": int(status),
        "code": code,
        "detail": detail,
    }


def _unexpected(code: str, title: str) -> Problem:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    members = _members(code, status, title, _FOR_THE_OPERATOR)
    advice = "After posting, send the same bytes again: nothing is logged twice."
    return Problem({**members, "advice": advice}, status)

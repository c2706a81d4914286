"""From the service's structs to described answers, and what an operation's documentation repeats."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from api import errors
from api.models import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.errors import LedgerError

A = TypeVar("A", bound=Answer)

Documented = dict[int | str, dict[str, Any]]
"""What FastAPI takes for `responses`."""


def answer(model: type[A], struct: msgspec.Struct, **more: object) -> A:
    """The struct's members, and some more, as an answer; a member not described is a fault."""
    return model.model_validate({**msgspec.to_builtins(struct), **more})


def answers(model: type[A], structs: Iterable[msgspec.Struct]) -> list[A]:
    """Each struct as an answer."""
    return [answer(model, struct) for struct in structs]


def problems(*kinds: type[LedgerError]) -> Documented:
    """How an operation documents the refusals that it is likely to give."""
    by_status: dict[HTTPStatus, list[type[LedgerError]]] = {}
    for kind in kinds:
        by_status.setdefault(errors.STATUS[kind], []).append(kind)
    return {
        int(status): {
            "description": " ".join((kind.__doc__ or "").partition("\n")[0] for kind in found),
            "content": {
                errors.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
            },
        }
        for status, found in sorted(by_status.items())
    }


def text(media_type: str, description: str, example: str | None = None) -> Documented:
    """How an operation documents an answer of one text in a media type."""
    schema: dict[str, Any] = {"type": "string"}
    if example is not None:
        schema["examples"] = [example]
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


def octets(media_type: str, description: str) -> Documented:
    """How an operation documents an answer of bytes."""
    schema = {"type": "string", "contentMediaType": media_type}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}

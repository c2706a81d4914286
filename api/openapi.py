"""The description of the service for programs, and the page of it for people.

`document()` is what `/openapi.json` answers and `schemas/openapi.json` keeps: a test compares, so no
route changes unseen. `reference(document)` is `docs/reference/api.md`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from api.models import ProblemDetails

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

TITLE: Final = "carbon-ledger"
DESCRIPTION: Final = (
    "An append-only, verifiable ledger of carbon emissions for a whole area. Posting needs no "
    "password: a batch is signed. Reading private data needs a short-lived token that the reader "
    "signs with its own registered key. Refusals are problem details (RFC 9457)."
)
TAGS: Final = [
    {"name": "post", "description": "Append signed batches."},
    {"name": "log", "description": "The log as static files (C2SP tlog-tiles). Public."},
    {"name": "streams", "description": "Where streams stand, and the proof of an event."},
    {"name": "bundles", "description": "One file for anything that is claimed, checked offline."},
    {"name": "footprints", "description": "Figures. Private."},
    {"name": "reports", "description": "Reports, and where their figures come from. Private."},
    {"name": "registers", "description": "Parties, factors, sites and sources."},
    {"name": "redactions", "description": "Readings whose data was taken out of the log."},
    {"name": "seals", "description": "Figures of the area that the operator has committed to."},
    {"name": "status", "description": "How the ledger and the service are. Public."},
]

_FRAMEWORKS_WORDS: Final = "Successful Response"

Document: TypeAlias = dict[str, Any]
"""An OpenAPI document: JSON at the edge."""


def version() -> str:
    """The version of the installed product."""
    return metadata.version("carbon-ledger")


def install(app: FastAPI) -> None:
    """Give the application's own document what the framework leaves out, once and kept."""
    generate = app.openapi

    def document() -> Document:
        if app.openapi_schema is None:
            _complete(generate())
        return generate()

    app.openapi = document  # type: ignore[method-assign]


def text(document: Document) -> str:
    """The document as it is kept in a file: sorted, indented, ended by LF."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Method, path and operation of each route, in the order of the application."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def access(operation: Document) -> str:
    """Who may call an operation, in words."""
    security = operation.get("security", [])
    if not security:
        return "Needs no token."
    if {} in security:
        return "Needs a reader's token for what is private."
    return "Needs a reader's token."


def phrase(status: str) -> str:
    """A status with its words; `default` is every other one."""
    return "other" if status == "default" else f"{status} {HTTPStatus(int(status)).phrase}"


def _complete(document: Document) -> None:
    schemas = document["components"]["schemas"]
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["ProblemDetails"] = problem
    # The framework's own form of a refused parameter is never sent: ours is a problem of status 400.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for _, _, operation in operations(document):
        responses = operation["responses"]
        if "application/json" in responses.get("422", {}).get("content", {}):
            del responses["422"]
        if operation.get("parameters"):
            responses.setdefault("400", _problem("A parameter is out of form."))
        responses["default"] = _problem("Any other refusal.")
        for response in responses.values():
            if response["description"] == _FRAMEWORKS_WORDS:
                response["description"] = _described(response, schemas)
        operation["responses"] = dict(sorted(responses.items()))


def _described(response: Document, schemas: Document) -> str:
    """What an answer's own type says of it."""
    schema = response["content"]["application/json"]["schema"]
    name = schema.get("items", schema)["$ref"].rpartition("/")[2]
    return str(schemas[name]["description"]).partition("\n")[0]


def _problem(description: str) -> Document:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }

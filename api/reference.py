"""The page of the HTTP interface for people, made from its description for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from api import openapi
from api.errors import STATUS, kebab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.openapi import Document

_HEAD: Final = """\
# HTTP interface

For whoever writes a client. This page is made from [`schemas/openapi.json`](../../schemas/openapi.json)
by `python -m api.schemas`; a running service shows the same at `/docs` and `/openapi.json`.

## Posting

A body of type `application/vnd.carbon-ledger.batch+x-ndjson`: line 1 is the signed statement, then one
line of event data for each event, every line ended by LF. The signature is the authentication. Keep
the body until its receipt arrives, and send the very same bytes again after any failure: nothing is
logged twice.

## Reading what is private

Sites, sources, transfers, footprints and the bundles of readings are private. A reader signs a JWT with a
registered key that may read, and sends it as `Authorization: Bearer <token>`:

| part | members |
| --- | --- |
| header | `alg` = `Ed25519`, `kid` = the key's thumbprint, `typ` = `carbon-read+jwt` |
| payload | `aud` = the log's origin, `iat`, `exp` at most 300 seconds later, `jti` |

A party reads its own data, the operator and a regulator everyone's; what a regulator reads is
recorded. Without a token that holds the answer is 401; with one, what is not yours answers 404, just as
if it did not exist.

## Answers

Masses are integer milligrams as strings: they can pass 2^53. Every figure names the log size that it is
true for, and the same size (`as_of`) gives the same figure for ever. Full tiles may be kept for ever,
a checkpoint for some seconds, and everything else not at all.

## Refusals

Every refusal is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, `detail`, and where
they help `expected`, `found` and `advice`. `conflict` carries `logged_jws`, the statement that is
logged. 429 (too much at once) and 503 (not now) carry `Retry-After`: send the same bytes again after that
many seconds, and nothing is logged twice.

| code | status | meaning |
| --- | --- | --- |
"""


def page(document: Document) -> str:
    """`docs/reference/api.md` for an OpenAPI document."""
    lines = [_HEAD.rstrip("\n")]
    lines += [
        f"| `{kebab(kind)}` | {int(status)} | {(kind.__doc__ or '').partition(chr(10))[0]} |"
        for kind, status in STATUS.items()
        if not kind.__subclasses__() or kind.__name__ in {"NotAuthorised", "Conflict"}
    ]
    for tag in document["tags"]:
        lines += ["", f"## Routes: {tag['name']}", "", tag["description"]]
        for method, path, operation in openapi.operations(document):
            if tag["name"] in operation["tags"]:
                lines += _operation(method, path, operation)
    lines += ["", "## Members of the answers"]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _schema(name, schema)
    return "\n".join(lines) + "\n"


def _operation(method: str, path: str, operation: Document) -> Iterator[str]:
    yield from ("", f"### `{method} {path}`", "")
    yield f"**{operation['summary']}.** {' '.join(operation['description'].split())}"
    yield from ("", openapi.access(operation))
    parameters = operation.get("parameters", [])
    if parameters:
        yield from ("", "| parameter | in | meaning |", "| --- | --- | --- |")
        for parameter in parameters:
            optional = "" if parameter["required"] else ", optional"
            meaning = parameter["description"]
            yield f"| `{parameter['name']}`{optional} | {parameter['in']} | {meaning} |"
    yield from ("", "| status | answer |", "| --- | --- |")
    for status, response in operation["responses"].items():
        yield f"| {openapi.phrase(status)} | {response['description']}{_kinds(response)} |"


def _kinds(response: Document) -> str:
    return "".join(
        f" ({_form(content['schema'])}, `{media_type}`)"
        for media_type, content in response.get("content", {}).items()
        if media_type != "application/problem+json"
    )


def _schema(name: str, schema: Document) -> Iterator[str]:
    yield from ("", f"### {name}", "", " ".join(schema.get("description", "").split()), "")
    yield from ("| member | form | meaning |", "| --- | --- | --- |")
    for member, form in schema.get("properties", {}).items():
        optional = "" if member in schema.get("required", []) else ", optional"
        yield f"| `{member}`{optional} | {_form(form)} | {form.get('description', '')} |"


def _form(schema: Document) -> str:
    """The form of a value, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_form(form) for form in schema["anyOf"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "value")
    if kind == "array" and "items" in schema:
        return f"list of {_form(schema['items'])}"
    if kind == "array":
        return f"list of {len(schema['prefixItems'])}: {_form(schema['prefixItems'][0])}"
    if kind == "object" and "additionalProperties" in schema:
        return f"map to {_form(schema['additionalProperties'])}"
    return str(kind)

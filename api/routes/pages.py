"""Pages for people: what this is, and its routes. Plain, without scripts, from this host alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api import openapi
from api.access import RunningLedger
from api.envelope import FOR_A_WHILE
from api.names import NumberPath
from api.sealed import gas_rows, newest, party_rows, shown

if TYPE_CHECKING:
    from jinja2 import Template

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SEALS_AT_HOME: Final = 5

_FOLDER: Final = Path(__file__).parent.parent / "pages"


@router.get("/")
async def home(ledger: RunningLedger) -> HTMLResponse:
    """What this ledger is, how far it has come, and the key to check it with."""
    status = await ledger.status()
    return _page(
        "home.html",
        status=status,
        seals=newest(await ledger.seals(), status.earlier)[:SEALS_AT_HOME],
        version=openapi.version(),
    )


@router.get("/seals")
async def seals(ledger: RunningLedger) -> HTMLResponse:
    """The area's figures, as sealed."""
    status = await ledger.status()
    found = newest(await ledger.seals(), status.earlier)
    return _page("seals.html", status=status, seals=found)


@router.get("/seals/{number}")
async def seal(number: NumberPath, ledger: RunningLedger) -> HTMLResponse:
    """A seal with every party of it."""
    found, companies = await ledger.seal(number), await ledger.seal_companies(number)
    status = await ledger.status()
    return _page(
        "seal.html",
        status=status,
        shown=shown(found, status.earlier),
        gases=gas_rows(found, companies),
        parties=party_rows(found, companies),
    )


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """All routes, from the same description that programs read."""
    document = request.app.openapi()
    return _page(
        "docs.html",
        info=document["info"],
        tags=document["tags"],
        operations=[
            (method, path, operation, openapi.access(operation))
            for method, path, operation in openapi.operations(document)
        ],
        phrase=openapi.phrase,
    )


@router.get("/style.css")
async def style() -> Response:
    """The one style sheet of all pages."""
    return Response(
        (_FOLDER / "style.css").read_text(),
        media_type="text/css",
        headers={"Cache-Control": FOR_A_WHILE},
    )


def _page(name: str, **values: object) -> HTMLResponse:
    return HTMLResponse(_template(name).render(values))


@cache
def _template(name: str) -> Template:
    pages = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(name)

"""The page on which a person checks a proof, and the ES module that it uses.

The browser does the checking and sends nothing: the page's policy allows its own script and style, and
no request to anybody. Whoever does not trust this host keeps the page as a file, and compares it with
the one that `carbon-ledger verify-page` writes elsewhere: they are the same bytes.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from api.envelope import FOR_A_WHILE, HEADERS
from ledger.browser import module

router = APIRouter(include_in_schema=False)

_WITH_SCRIPT: Final = HEADERS["Content-Security-Policy"] + "; script-src 'self'"


@router.get("/verify")
async def verify() -> HTMLResponse:
    """The page itself."""
    return HTMLResponse(module.served(), headers={"Content-Security-Policy": _WITH_SCRIPT})


@router.get("/verify.html")
async def verify_alone() -> HTMLResponse:
    """The same page as one file to keep, which works without any network."""
    return HTMLResponse(
        module.page(),
        headers={"Content-Disposition": f'attachment; filename="{module.NAME}"'},
    )


@router.get("/verify.js")
async def verifier() -> Response:
    """The verifier as an ES module, for other people's pages."""
    return _asset(module.verifier(), "text/javascript")


@router.get("/verify-page.js")
async def verify_script() -> Response:
    """What the page runs."""
    return _asset(module.script(), "text/javascript")


@router.get("/verify.css")
async def verify_style() -> Response:
    """How the page looks."""
    return _asset(module.style(), "text/css")


def _asset(text: str, media_type: str) -> Response:
    return Response(text, media_type=media_type, headers={"Cache-Control": FOR_A_WHILE})

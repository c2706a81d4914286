"""The application: routes, refusals and safety headers around one running ledger.

`create_app` takes a ledger that is open, or the settings to open one with when the server starts;
`app` is the factory that a server loads by name, `api.main:app`. Importing this opens nothing.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from api import errors, openapi
from api.envelope import Envelope
from api.limits import Room
from api.metrics import Metrics
from api.routes import (
    batches,
    bundles,
    footprints,
    log,
    pages,
    redactions,
    registers,
    reports,
    seals,
    status,
    streams,
    verifier,
)
from ledger.service.ledger import Ledger
from ledger.service.opening import open_ledger
from ledger.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# The log's own paths come last: they begin with whatever the origin says.
ROUTERS: Final = (
    batches.router,
    streams.router,
    bundles.router,
    footprints.router,
    reports.router,
    registers.router,
    seals.router,
    redactions.router,
    status.router,
    pages.router,
    verifier.router,
    log.router,
)


def create_app(served: Ledger | Settings | None = None) -> FastAPI:
    """The application around an open ledger, or around one that it opens and closes itself.

    Without an argument the settings are those of the environment, read when the server starts.
    """
    app = FastAPI(
        title=openapi.TITLE,
        version=openapi.version(),
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # Their pages load scripts from another host; ours is at /docs.
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
    )
    app.state.served = served
    app.state.ledger = served if isinstance(served, Ledger) else None
    app.state.metrics = Metrics()
    app.state.room = Room()
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    app.add_middleware(Envelope, metrics=app.state.metrics)
    openapi.install(app)
    return app


def app() -> FastAPI:
    """The application of this environment's ledger, for `uvicorn --factory api.main:app`."""
    return create_app()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if app.state.ledger is not None:
        yield
        return
    settings = app.state.served or Settings()
    async with open_ledger(settings) as ledger:
        app.state.ledger = ledger
        try:
            yield
        finally:
            app.state.ledger = None

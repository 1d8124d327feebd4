"""The one place where the parts are joined into an application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from schemas.errors import IndexNotReadyError
from schemas.settings import Settings
from search_api.document import install_document
from search_api.middleware import BodyLimit, Tracing
from search_api.parts import make_services, open_parts
from search_api.problems import install_problems
from search_api.routes import documentation, ingest, operations, prefill, procedures, records

VERSION = "0.1.0"


def create_app(settings: Settings, passphrase: Callable[[], str | None] = lambda: None) -> FastAPI:
    """Return the application of one installation.

    Raises:
        KeysError, StorageError, SettingsError: what is wrong with the installation; nothing starts then.
    """
    parts = open_parts(settings, passphrase)

    @asynccontextmanager
    async def closing(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        parts.close()

    app = FastAPI(
        title="Hoso",
        version=VERSION,
        description="Search and data reuse for citizen records, over an encrypted index.",
        lifespan=closing,
        # The framework's pages load their scripts from another host: see routes/documentation.py.
        docs_url=None,
        redoc_url=None,
        # A redirect would send path and query string back in a header, and through every log on the way.
        redirect_slashes=False,
    )
    # An installation without records answers that there are none; only one that is being built says "not ready".
    with suppress(IndexNotReadyError), parts.records.writing():
        pass
    app.state.parts = parts
    app.state.services = make_services(parts)
    # Here and not in the first search, which would wait for all cards to be opened.
    app.state.services.procedures.reload()
    install_problems(app)
    for module in (procedures, records, prefill, ingest):
        app.include_router(module.router, prefix="/v1")
    app.include_router(operations.router)
    app.include_router(documentation.router)
    install_document(app)
    app.add_middleware(BodyLimit, max_body_mib=settings.max_body_mib)
    app.add_middleware(Tracing)
    return app

"""Lines from the one-stop system: NDJSON in, a result line for each line out."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from search_api.deps import Asking, NoParameters, ServicesOf
from search_api.routes import examples
from search_api.services.ingest import IngestKind

router = APIRouter(tags=["ingest"], dependencies=[NoParameters], default_response_class=Response)

MEDIA_TYPE = "application/x-ndjson"
_encode_line = msgspec.json.Encoder().encode_lines


async def _ingest(kind: IngestKind, request: Request, asking: Asking, services: ServicesOf) -> Response:
    results = await services.ingest.ingest(kind, await request.body(), asking)
    return Response(_encode_line(results), media_type=MEDIA_TYPE)


@router.post(
    "/ingest/dossiers", summary="Send dossiers", responses=examples.INGEST, openapi_extra=examples.DOSSIER_LINES
)
async def dossiers(request: Request, asking: Asking, services: ServicesOf) -> Response:
    """Add or update dossiers; a line answered `indexed` is on disk and found."""
    return await _ingest("dossiers", request, asking, services)


@router.post("/ingest/papers", summary="Send papers", responses=examples.INGEST, openapi_extra=examples.PAPER_LINES)
async def papers(request: Request, asking: Asking, services: ServicesOf) -> Response:
    """Add or update papers."""
    return await _ingest("papers", request, asking, services)


@router.post(
    "/ingest/procedures", summary="Send procedures", responses=examples.INGEST, openapi_extra=examples.PROCEDURE_LINES
)
async def procedures(request: Request, asking: Asking, services: ServicesOf) -> Response:
    """Add or update procedures."""
    return await _ingest("procedures", request, asking, services)

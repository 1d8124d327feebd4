"""Prefill, for portals and for officers at the desk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from schemas.prefill import PrefillRequest
from search_api.deps import Asking, Purpose, ServicesOf, personal_answer
from search_api.routes import examples
from search_api.routes.procedures import NoParameters

router = APIRouter(tags=["prefill"])


@router.post(
    "/prefill",
    summary="Prefill a dossier",
    responses=examples.PREFILL,
    openapi_extra=examples.request_example(examples.PREFILL_REQUEST),
)
async def prefill(wanted: PrefillRequest, asking: Asking, services: ServicesOf) -> Response:
    """Return what is known for a new dossier, each value with its source, and the papers that are held already."""
    return personal_answer(await services.prefill.prefill(wanted, asking))


@router.get("/prefill/{prefill_id}", summary="Read a prefill again", responses=examples.PREFILL)
async def stored(
    prefill_id: str, none: Annotated[NoParameters, Query()], asking: Asking, purpose: Purpose, services: ServicesOf
) -> Response:
    """Return an answer of this client again, until it expires."""
    del none
    return personal_answer(await services.prefill.stored(prefill_id, purpose, asking))

"""Prefill, for portals and for officers at the desk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from schemas.prefill import PrefillRequest
from search_api.deps import Asking, NoParameters, Purpose, ServicesOf, personal_answer
from search_api.routes import examples

router = APIRouter(tags=["prefill"], dependencies=[NoParameters])


@router.post(
    "/prefill",
    summary="Prefill a dossier",
    responses=examples.PREFILL,
    openapi_extra=examples.request_example(examples.PREFILL_REQUEST),
)
async def prefill(wanted: PrefillRequest, asking: Asking, services: ServicesOf) -> Response:
    """Return what is known for a new dossier, each value with its source, and the papers that are held already."""
    return personal_answer(await services.prefill.prefill(wanted, asking))


@router.get("/prefill/{id}", summary="Read a prefill again", responses=examples.PREFILL)
async def stored(
    prefill_id: Annotated[str, Path(alias="id", max_length=100, description="Of the answer to a prefill.")],
    asking: Asking,
    purpose: Purpose,
    services: ServicesOf,
) -> Response:
    """Return an answer of this client again, until it expires."""
    return personal_answer(await services.prefill.stored(prefill_id, purpose, asking))

"""Officers' look-ups. Searches travel in bodies: an URL is logged, a body is not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from schemas.records import RecordOpenRequest, RecordSearchRequest
from search_api.deps import Asking, Case, NoParameters, Purpose, ServicesOf, personal_answer, record_id
from search_api.routes import examples

router = APIRouter(tags=["records"], dependencies=[NoParameters])

RecordId = Annotated[str, Path(alias="id", max_length=100, description="Of a search: 32 hex digits.")]


@router.post(
    "/records/search",
    summary="Search dossiers",
    responses=examples.RECORD_SEARCH,
    openapi_extra=examples.request_example(examples.SEARCH_REQUEST),
)
async def search(wanted: RecordSearchRequest, asking: Asking, services: ServicesOf) -> Response:
    """Find a person's or a dossier's records, masked, as far as the duty allows."""
    return personal_answer(await services.record_search.search(wanted, asking))


@router.get("/records/{id}", summary="Look at a record", responses=examples.RECORD)
async def get(record: RecordId, asking: Asking, purpose: Purpose, case: Case, services: ServicesOf) -> Response:
    """Return a record, masked."""
    return personal_answer(await services.record_opening.get(record_id(record), purpose, case, asking))


@router.post(
    "/records/{id}/open",
    summary="Open a record",
    responses=examples.OPENED_RECORD,
    openapi_extra=examples.request_example(examples.OPEN_REQUEST),
)
async def open_record(record: RecordId, wanted: RecordOpenRequest, asking: Asking, services: ServicesOf) -> Response:
    """Return a record unmasked, for a reason and a case that concerns the same person."""
    return personal_answer(await services.record_opening.open(record_id(record), wanted, asking))

"""Officers' look-ups. Searches travel in bodies: an URL is logged, a body is not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from schemas import canonical
from schemas.records import RecordOpenRequest, RecordSearchRequest
from search_api.deps import Asking, Purpose, ServicesOf, personal_answer, record_id
from search_api.routes import examples
from search_api.routes.procedures import NoParameters

router = APIRouter(tags=["records"])


@router.post(
    "/records/search",
    summary="Search dossiers",
    responses=examples.RECORD_SEARCH,
    openapi_extra=examples.request_example(examples.SEARCH_REQUEST),
)
async def search(wanted: RecordSearchRequest, asking: Asking, services: ServicesOf) -> Response:
    """Find a person's or a dossier's records, masked, as far as the duty allows."""
    return personal_answer(await services.record_search.search(wanted, asking))


@router.get("/records/{record}", summary="Look at a record", responses=examples.RECORD)
async def get(
    record: str,
    none: Annotated[NoParameters, Query()],
    asking: Asking,
    purpose: Purpose,
    services: ServicesOf,
    hoso_case: Annotated[str | None, Header()] = None,
) -> Response:
    """Return a record, masked."""
    del none
    case = canonical.dossier_code(hoso_case) if hoso_case else None
    return personal_answer(await services.record_opening.get(record_id(record), purpose, case, asking))


@router.post(
    "/records/{record}/open",
    summary="Open a record",
    responses=examples.RECORD,
    openapi_extra=examples.request_example(examples.OPEN_REQUEST),
)
async def open_record(record: str, wanted: RecordOpenRequest, asking: Asking, services: ServicesOf) -> Response:
    """Return a record unmasked, for a reason and a case that concerns the same person."""
    return personal_answer(await services.record_opening.open(record_id(record), wanted, asking))

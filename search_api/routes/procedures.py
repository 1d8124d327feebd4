"""The public search of procedures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.search import FACETS, MAX_PAGE, MAX_QUERY_CHARS, ProcedureFilters
from search_api.deps import NoParameters, OptionalActor, PartsOf, ServicesOf, json_answer
from search_api.routes import examples
from search_api.services.prefill.forms import get_form

router = APIRouter(tags=["procedures"])

# Signing in adds what is not public, but is not needed.
_TOKEN_OR_NONE: dict[str, Any] = {"security": [{}]}

ProcedureId = Annotated[
    str, Path(alias="id", max_length=300, description="The `id` of a search, such as the code.", examples=["1.001193"])
]
_Values = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=20)]


class ProcedureParameters(BaseModel):
    """`GET /v1/procedures`."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        Field(
            max_length=MAX_QUERY_CHARS,
            description="The question, in any spelling; empty lists all.",
            examples=["khai sinh"],
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 10
    cursor: Annotated[str | None, Field(max_length=2000)] = None
    domain: _Values = []
    level: _Values = []
    agency: _Values = []
    audience: _Values = []
    channel: _Values = []


@router.get("/procedures", summary="Search procedures", responses=examples.PROCEDURES, openapi_extra=_TOKEN_OR_NONE)
async def search(
    parameters: Annotated[ProcedureParameters, Query()], actor: OptionalActor, services: ServicesOf, parts: PartsOf
) -> Response:
    """Find the procedure that a question asks for, best first."""
    filters = ProcedureFilters(**{facet: frozenset(getattr(parameters, facet)) for facet in FACETS})
    found = services.procedures.search(
        parameters.q,
        parts.policy.visibilities(actor),
        limit=parameters.limit,
        cursor=parameters.cursor,
        filters=filters,
    )
    return json_answer(found)


@router.get(
    "/procedures/{id}",
    summary="One procedure",
    responses=examples.PROCEDURE_ANSWERS,
    dependencies=[NoParameters],
    openapi_extra=_TOKEN_OR_NONE,
)
async def get(procedure_id: ProcedureId, actor: OptionalActor, services: ServicesOf, parts: PartsOf) -> Response:
    """Return a whole procedure: terms, fees, papers, steps."""
    return json_answer(services.procedures.get(procedure_id, parts.policy.visibilities(actor)))


@router.get(
    "/procedures/{id}/form", summary="The form of a procedure", responses=examples.FORM, dependencies=[NoParameters]
)
async def form(procedure_id: ProcedureId) -> Response:
    """Return the form's JSON Schema, and with it the pointers of a prefill."""
    return json_answer(get_form(procedure_id).schema)

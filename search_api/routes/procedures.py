"""The public search of procedures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.search import FACETS, MAX_PAGE, ProcedureFilters
from search_api.deps import OptionalActor, PartsOf, ServicesOf, json_answer
from search_api.routes import examples
from search_api.services.prefill.forms import get_form

router = APIRouter(tags=["procedures"])

_Values = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=20)]


class ProcedureParameters(BaseModel):
    """`GET /v1/procedures`."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(description="The question, in any spelling; empty lists all.")] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 10
    cursor: Annotated[str | None, Field(max_length=2000)] = None
    domain: _Values = []
    level: _Values = []
    agency: _Values = []
    audience: _Values = []
    channel: _Values = []


class NoParameters(BaseModel):
    """A route without parameters: any is refused."""

    model_config = ConfigDict(extra="forbid")


@router.get("/procedures", summary="Search procedures", responses=examples.PROCEDURES)
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


@router.get("/procedures/{procedure_id}", summary="One procedure", responses=examples.PROCEDURE_ANSWERS)
async def get(
    procedure_id: str,
    none: Annotated[NoParameters, Query()],
    actor: OptionalActor,
    services: ServicesOf,
    parts: PartsOf,
) -> Response:
    """Return a whole procedure: terms, fees, papers, steps."""
    del none
    return json_answer(services.procedures.get(procedure_id, parts.policy.visibilities(actor)))


@router.get("/procedures/{procedure_id}/form", summary="The form of a procedure", responses=examples.FORM)
async def form(procedure_id: str, none: Annotated[NoParameters, Query()]) -> Response:
    """Return the form's JSON Schema, and with it the pointers of a prefill."""
    del none
    return json_answer(get_form(procedure_id).schema)

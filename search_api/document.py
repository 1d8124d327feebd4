"""The OpenAPI document: what the framework finds in the routes, and the schemas of the answers that we encode."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from schemas.prefill import PrefillAnswer
from schemas.records import RecordPage, RecordView
from schemas.search import ProcedureAnswer
from search_api.problems import Problem
from search_api.services.ingest import LineAnswer

_ANSWERS = (LineAnswer, PrefillAnswer, Problem, ProcedureAnswer, RecordPage, RecordView)


def install_document(app: FastAPI) -> None:
    """Put the schemas that routes refer to (`examples.answers`) into the document."""
    made = app.openapi

    def document() -> dict[str, Any]:
        found: dict[str, Any] = made()
        _, schemas = msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")
        found["components"]["schemas"].update(schemas)
        return found

    app.openapi = document  # type: ignore[method-assign]  # The way that FastAPI documents.

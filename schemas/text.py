"""Types of text and time that the record models share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StrictStr

from schemas import canonical
from schemas.errors import CanonicalFormError
from schemas.vietnamese import normalise

MAX_TEXT_CHARS = 20_000


def _plain(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise CanonicalFormError("text_too_long", f"a text may have at most {MAX_TEXT_CHARS} characters")
    if "\0" in text:
        raise CanonicalFormError("nul_character", "a text may not contain the character NUL")
    return normalise(text)


def _written_time(value: object) -> object:
    # Pydantic would read a bare number as seconds since 1970; RFC 3339 is text.
    if not isinstance(value, str | datetime):
        raise CanonicalFormError("not_a_time", "a time is RFC 3339 text such as 2026-11-23T08:30:00+07:00")
    return value


def _canonical(form: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(form)


PlainText = Annotated[StrictStr, AfterValidator(_plain)]
Timestamp = Annotated[AwareDatetime, BeforeValidator(_written_time)]
PartialDate = Annotated[StrictStr, _canonical(canonical.partial_date)]
FullName = Annotated[StrictStr, _canonical(canonical.full_name)]
CitizenId = Annotated[StrictStr, _canonical(canonical.citizen_id)]
OldId = Annotated[StrictStr, _canonical(canonical.old_id)]
Passport = Annotated[StrictStr, _canonical(canonical.passport)]
Phone = Annotated[StrictStr, _canonical(canonical.phone)]
Email = Annotated[StrictStr, _canonical(canonical.email)]
DossierCode = Annotated[StrictStr, _canonical(canonical.dossier_code)]
AgencyCode = Annotated[StrictStr, _canonical(canonical.agency_code)]
DocumentNumber = Annotated[StrictStr, _canonical(canonical.document_number)]
ResultKind = Annotated[StrictStr, _canonical(canonical.result_kind)]


def _short_procedure_code(text: str) -> str:
    return canonical.procedure_code(text)[0]


ProcedureCode = Annotated[StrictStr, _canonical(_short_procedure_code)]

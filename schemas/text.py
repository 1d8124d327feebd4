"""Types of text and time that the record models share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StrictStr

from schemas import canonical
from schemas.errors import CanonicalFormError
from schemas.vietnamese import normalise

MAX_TEXT_CHARS = 20_000
MAX_JSON_DEPTH = 32

_WRITTEN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")
# What programs of every language read back as they wrote it.
_JSON_INTEGERS = range(-(2**63), 2**63)


def _plain(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise CanonicalFormError("text_too_long", f"a text may have at most {MAX_TEXT_CHARS} characters")
    if "\0" in text:
        raise CanonicalFormError("nul_character", "a text may not contain the character NUL")
    # Codes and words of forms come again and again: half of the time of reading a record went into their spelling.
    return _normalise_short(text) if len(text) <= _SHORT_CHARS else normalise(text)


_SHORT_CHARS = 160
_CACHED_VALUES = 1 << 14
_normalise_short = lru_cache(maxsize=_CACHED_VALUES)(normalise)


def _written_time(value: object) -> object:
    # Pydantic would read a number as seconds since 1970, in text too: "20231107" would become a day of 1970.
    if not (isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN_TIME.fullmatch(value))):
        raise CanonicalFormError("not_a_time", "a time is RFC 3339 text such as 2026-11-23T08:30:00+07:00")
    return value


def _storable(tree: dict[str, Any]) -> dict[str, Any]:
    _check_members(tree, MAX_JSON_DEPTH)
    return tree


def _check_members(tree: dict[str, Any] | list[Any], depth: int) -> None:
    if depth == 0:
        raise CanonicalFormError("nested_too_deep", f"objects and lists may nest at most {MAX_JSON_DEPTH} deep")
    for one in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(one, dict | list):
            _check_members(one, depth - 1)
        elif (isinstance(one, int) and one not in _JSON_INTEGERS) or (isinstance(one, float) and not isfinite(one)):
            raise CanonicalFormError("number_too_large", "a number must fit into 64 bits; write longer ones as text")


def _canonical(form: Callable[[str], str]) -> AfterValidator:
    # A person's name, number and phone stand in several records, close together in a source.
    return AfterValidator(lru_cache(maxsize=_CACHED_VALUES)(form))


JSONObject = Annotated[dict[str, Any], AfterValidator(_storable)]
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

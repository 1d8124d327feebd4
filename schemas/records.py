"""What officers ask of the records index, and the answers. Source: contract, section 3."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from schemas.errors import CanonicalFormError
from schemas.text import (
    CitizenId,
    DocumentNumber,
    DossierCode,
    FullName,
    OldId,
    PartialDate,
    Phone,
    PlainText,
    ProcedureCode,
    Timestamp,
)

MAX_PAGE = 100
_FORBID = ConfigDict(frozen=True, extra="forbid")


def _one_fault(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        raise CanonicalFormError("date_format", "expected a day such as 2026-11-23, or an RFC 3339 time") from None


TimeOrDay = Annotated[Timestamp | PartialDate, WrapValidator(_one_fault)]


class RecordQuery(BaseModel):
    """The keys, ANDed. `text` is a text box: the server finds out what it holds."""

    model_config = _FORBID

    citizen_id: CitizenId | None = None
    old_id: OldId | None = None
    phone: Phone | None = None
    dossier_code: DossierCode | None = None
    document_number: DocumentNumber | None = None
    document_kind: PlainText | None = None
    full_name: FullName | None = None
    birth_year: Annotated[StrictInt, Field(ge=1880, le=2100)] | None = None
    born_on: PartialDate | None = None
    ward: PlainText | None = None
    text: Annotated[PlainText, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_birth(self) -> RecordQuery:
        if self.birth_year and self.born_on and not self.born_on.startswith(str(self.birth_year)):
            raise CanonicalFormError("two_birth_years", "birth_year and born_on name different years")
        return self

    @property
    def year(self) -> str | None:
        """The birth year, however it was given."""
        return self.born_on[:4] if self.born_on else str(self.birth_year) if self.birth_year else None


class RecordFilter(BaseModel):
    """Narrows after decryption; needs a key beside it."""

    model_config = _FORBID

    procedure_code: ProcedureCode | None = None
    status: Annotated[list[Annotated[StrictInt, Field(ge=1, le=10)]], Field(max_length=10)] | None = None
    received_from: TimeOrDay | None = None
    received_to: TimeOrDay | None = None


class RecordSearchRequest(BaseModel):
    """`POST /v1/records/search`."""

    model_config = _FORBID

    purpose: Annotated[str, Field(max_length=40)]
    query: RecordQuery
    case_number: DossierCode | None = None
    filter: RecordFilter | None = None
    collapse: Literal["person"] | None = None
    limit: Annotated[StrictInt, Field(ge=1, le=MAX_PAGE)] = 20
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class RecordOpenRequest(BaseModel):
    """`POST /v1/records/{id}/open`."""

    model_config = _FORBID

    purpose: Annotated[str, Field(max_length=40)]
    case_number: DossierCode
    reason: Annotated[PlainText, Field(min_length=3, max_length=500)]


class ProcedureName(msgspec.Struct, frozen=True):
    """A procedure as a record names it; the name is None until the catalogue has it."""

    code: str
    name: str | None


class Match(msgspec.Struct, frozen=True):
    """Why a record was found, and how well it fits: 0 to 1."""

    kind: str
    score: float
    text_vi: str


class RecordItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One dossier found: people masked."""

    id: str
    dossier_code: str | None
    procedure: ProcedureName | None
    status: int | None
    status_vi: str | None
    received_at: str | None
    agency: str
    agency_name: str
    persons: list[dict[str, Any]]
    match: Match
    more: int | None = None


class TotalCount(msgspec.Struct, frozen=True):
    """How many were found: exactly (`eq`), or at least (`gte`)."""

    value: int
    relation: Literal["eq", "gte"]


class RecordPage(msgspec.Struct, frozen=True):
    """The answer to a search."""

    items: list[RecordItem]
    total: TotalCount
    next_cursor: str | None
    audit_entry: str
    took_ms: float


class RecordView(msgspec.Struct, frozen=True):
    """One record: masked as a look, clear as opened."""

    id: str
    collection: str
    agency: str
    agency_name: str
    shared: dict[str, Any]
    persons: list[dict[str, Any]]
    masked: bool
    audit_entry: str

"""Prefill: what a portal asks for, and what it is answered, in the shape of contract.md, section 3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, get_args

import msgspec
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from schemas import canonical
from schemas.errors import CanonicalFormError
from schemas.fields import FieldClass
from schemas.paper import Assurance
from schemas.text import PlainText, ProcedureCode

IdType = Literal["CCCD", "CMND", "passport"]
NumberKind = Literal["citizen_id", "old_id", "passport"]
FieldStatus = Literal["filled", "suggested", "conflict", "withheld", "missing"]
ComponentStatus = Literal["reusable", "reusable_after_check", "must_supply", "not_required"]
PrefillStatus = Literal["complete", "partial", "empty"]
COMPONENT_STATUSES: tuple[ComponentStatus, ...] = get_args(ComponentStatus)

# How the request names the kinds of numbers, and how the records do.
NUMBER_KINDS: dict[IdType, NumberKind] = {"CCCD": "citizen_id", "CMND": "old_id", "passport": "passport"}
_CANONICAL: dict[str, Callable[[str], str]] = {
    "CCCD": canonical.citizen_id,
    "CMND": canonical.old_id,
    "passport": canonical.passport,
}

# The person whose dossier it is: in forms and tables the role of that name.
SUBJECT = "subject"
MAX_PERSONS = 8
_MAX_NAMED = 500
_FULL_DATE_CHARS = len("2026-11-23")

_REQUEST = ConfigDict(frozen=True, extra="forbid")


def _full_date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if len(day := canonical.partial_date(value)) != _FULL_DATE_CHARS:
        raise CanonicalFormError("date_format", "expected a full date such as 2026-11-23")
    return date.fromisoformat(day)


class PersonAsked(BaseModel):
    """A person by number. The number does not show in `repr`."""

    model_config = _REQUEST

    id_type: IdType
    id: Annotated[StrictStr, Field(repr=False)]

    @field_validator("id")
    @classmethod
    def _in_canonical_form(cls, number: str, known: ValidationInfo) -> str:
        form = _CANONICAL.get(known.data.get("id_type", ""))
        return form(number) if form else number

    @property
    def kind(self) -> NumberKind:
        """What records call the number."""
        return NUMBER_KINDS[self.id_type]


class NamedPerson(PersonAsked):
    """Another person whose data is asked for, under the role that the form gives."""

    role: Annotated[PlainText, Field(min_length=1, max_length=50)]


class PrefillRequest(BaseModel):
    """A request for a prefilled dossier.

    Attributes:
        case: code of the procedure's case; None where it is not known yet.
        persons: people beside the subject, each under a role of the form, each role once.
        explicit_request: that the person asked for it; there is no prefill without.
        fields: pointers of the form; None means all that are not sensitive.
        components: codes of the procedure's papers; None means all.
        filing_date: on which validity is judged; None means today.
    """

    model_config = _REQUEST

    procedure: ProcedureCode
    case: PlainText | None = None
    subject: PersonAsked
    persons: Annotated[tuple[NamedPerson, ...], Field(max_length=MAX_PERSONS)] = ()
    purpose: PlainText
    legal_basis: Literal["statutory_task", "consent"]
    consent_id: PlainText | None = None
    subject_token: Annotated[StrictStr | None, Field(repr=False)] = None
    explicit_request: Literal[True] = True
    fields: Annotated[tuple[StrictStr, ...], Field(max_length=_MAX_NAMED)] | None = None
    components: Annotated[tuple[StrictStr, ...], Field(max_length=_MAX_NAMED)] | None = None
    # Strict, as a bare number would be read as seconds since 1970.
    filing_date: Annotated[date | None, Field(strict=True), BeforeValidator(_full_date)] = None

    @model_validator(mode="after")
    def _each_role_once(self) -> PrefillRequest:
        roles = [one.role for one in self.persons]
        if SUBJECT in roles or len(set(roles)) < len(roles):
            raise CanonicalFormError("role_twice", "each role of `persons` stands for one person, never the subject")
        return self

    def people(self) -> dict[str, PersonAsked]:
        """Return each person asked about, by role; the subject under `subject`."""
        return {SUBJECT: self.subject, **{one.role: one for one in self.persons}}


class Reason(msgspec.Struct, frozen=True):
    """Why: a stable code, and the same in plain words."""

    code: str
    text_vi: str


class FieldSource(msgspec.Struct, frozen=True):
    """Where a value stands. `issuer` is the agency's name; of a dossier, `issued_on` is the day it came in."""

    dossier_code: str | None
    paper_id: str | None
    issuer: str
    issued_on: str | None


class Alternative(msgspec.Struct, frozen=True):
    """Another reading of the same field."""

    value: Any
    source: FieldSource
    reason: Reason


class PrefilledField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form. `confidence` is 0 to 1 and stands only beside a value."""

    pointer: str
    value: Any = None
    status: FieldStatus
    source: FieldSource | None = None
    assurance: Assurance | None = None
    classification: FieldClass
    valid_until: str | None = None
    confidence: float | None = None
    reason: Reason
    alternatives: tuple[Alternative, ...] = ()


class KpiFlags(msgspec.Struct, frozen=True):
    """What the national index of public-service quality (Decision 766) counts, under its own names.

    Attributes:
        digitised: 1 if the paper's file is in the province's repository.
        reused: 1 if it stands for the component as it is.
        from_national_repository: 1 if it was taken from there; Hoso reads the province's, so it is 0.
        replacing_result: code of the result that stands in for the one that the component names first, else "".
    """

    digitised: int = msgspec.field(name="DuocSoHoa")
    reused: int = msgspec.field(name="DuocTaiSuDung")
    from_national_repository: int = msgspec.field(name="DuocLayTuKhoDMQG")
    replacing_result: str = msgspec.field(name="MaKetQuaThayThe")


class EvidenceFile(msgspec.Struct, frozen=True):
    """Reference into the province's repository."""

    uri: str
    sha256: str | None


class PaperEvidence(msgspec.Struct, frozen=True):
    """A paper that the State holds already."""

    paper_id: str
    title: str
    number: str | None
    issuer: str
    valid_until: str | None
    file: EvidenceFile | None
    kpi: KpiFlags


class PrefilledComponent(msgspec.Struct, frozen=True):
    """One paper that the procedure asks for, and what may stand in its place."""

    code: str
    name: str
    required: bool
    status: ComponentStatus
    evidence: tuple[PaperEvidence, ...]
    reason: Reason


class Issue(msgspec.Struct, frozen=True):
    """What the citizen or the officer should look at."""

    severity: Literal["info", "warning"]
    code: str
    text_vi: str
    pointer: str | None = None


class SourceStatus(msgspec.Struct, frozen=True):
    """How a source answered."""

    system: str
    status: Literal["ok"]
    latency_ms: float


class ProcedureVersion(msgspec.Struct, frozen=True):
    """The procedure and the version of its form."""

    code: str
    version: str


class PrefillAnswer(msgspec.Struct, frozen=True):
    """The answer to `POST /v1/prefill`."""

    id: str
    expires_at: str
    procedure: ProcedureVersion
    status: PrefillStatus
    fields: tuple[PrefilledField, ...]
    components: tuple[PrefilledComponent, ...]
    papers_saved: int
    issues: tuple[Issue, ...]
    sources: tuple[SourceStatus, ...]
    audit_entry: str

"""A digitised paper (giấy tờ số hóa): who holds it, who issued it, how far it can be trusted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from schemas.citizen import Person
from schemas.errors import CanonicalFormError
from schemas.text import AgencyCode, DocumentNumber, DossierCode, JSONObject, PartialDate, PlainText, ResultKind

Assurance = Literal["issued_result", "verified_copy", "extracted_ocr", "self_declared"]

# Best first. Source: design, section 7.
ASSURANCE_ORDER: tuple[Assurance, ...] = ("issued_result", "verified_copy", "extracted_ocr", "self_declared")

# The keys of a paper's `data` that hold another person.
RELATIVES = ("mother", "father", "spouse", "child")

_RECORD = ConfigDict(frozen=True, extra="ignore")


class FileReference(BaseModel):
    """Where the province's repository keeps the scan or the electronic result; Hoso stores none."""

    model_config = _RECORD

    uri: PlainText
    sha256: PlainText | None = None
    media_type: PlainText | None = None
    signed: StrictBool | None = None


class Paper(BaseModel):
    """One paper. Its scope is the issuer's agency; `valid_until` and `permanent` exclude each other."""

    model_config = _RECORD

    id: Annotated[PlainText, Field(min_length=1, max_length=200)]
    kind: ResultKind
    issuer: AgencyCode
    version: Annotated[StrictInt, Field(ge=0, lt=2**63)]
    holders: Annotated[tuple[Person, ...], Field(min_length=1, max_length=60)]
    assurance: Assurance
    title: PlainText | None = None
    number: DocumentNumber | None = None
    issued_on: PartialDate | None = None
    valid_until: PartialDate | None = None
    permanent: StrictBool = False
    data: JSONObject = {}
    dossier_code: DossierCode | None = None
    file: FileReference | None = None
    replaced_by: PlainText | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_holder_is_a_list(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "holder" in raw and "holders" not in raw:
            raw = {**raw, "holders": [raw["holder"]]}
        return raw

    @model_validator(mode="after")
    def _one_validity(self) -> Paper:
        if self.permanent and self.valid_until:
            raise CanonicalFormError("two_validities", "a paper is permanent or has valid_until, not both")
        return self

"""A dossier (hồ sơ): one line to index, and its course.

Source: docs/formats.md, "Lines to index"; the status numbers are those of the national portal.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from schemas.citizen import Person, RolePerson
from schemas.errors import CanonicalFormError
from schemas.text import (
    AgencyCode,
    DocumentNumber,
    DossierCode,
    JSONObject,
    PartialDate,
    PlainText,
    ProcedureCode,
    Timestamp,
)

Dong = Annotated[StrictInt, Field(ge=0, le=10**13)]
Channel = Annotated[StrictInt, Field(ge=1, le=3)]
Status = Annotated[StrictInt, Field(ge=1, le=10)]

STATUS_LABELS_VI: dict[int, str] = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

# A case number widens an officer's reach only while the dossier is being worked on.
OPEN_STATUSES = frozenset({1, 2, 4, 5, 6})

_RECORD = ConfigDict(frozen=True, extra="ignore")


class Result(BaseModel):
    """What the dossier ended in: kind (`KQ.G15.000031`), number and date of the paper issued."""

    model_config = _RECORD

    code: PlainText | None = None
    number: DocumentNumber | None = None
    issued_on: PartialDate | None = None
    electronic: StrictBool | None = None


class Fee(BaseModel):
    """Dong due and paid."""

    model_config = _RECORD

    due: Dong | None = None
    paid: Dong | None = None
    paid_online: StrictBool | None = None


class Supplement(BaseModel):
    """One request for missing papers, and when it was answered."""

    model_config = _RECORD

    requested_at: Timestamp
    reason: PlainText | None = None
    answered_at: Timestamp | None = None


class Component(BaseModel):
    """One paper of the dossier. `digitised`: 0 no, 1 yes, 2 reused, 3 reused from another dossier's result."""

    model_config = _RECORD

    code: PlainText | None = None
    name: PlainText | None = None
    digitised: Annotated[StrictInt, Field(ge=0, le=3)] | None = None
    paper_id: PlainText | None = None


class Dossier(BaseModel):
    """One dossier. `version` is the source's and grows with each change; an older one never overwrites a newer one."""

    model_config = _RECORD

    code: DossierCode
    procedure_code: ProcedureCode
    agency: AgencyCode
    version: Annotated[StrictInt, Field(ge=0, lt=2**63)]
    applicant: Person
    persons: Annotated[tuple[RolePerson, ...], Field(max_length=60)] = ()
    channel: Channel | None = None
    status: Status | None = None
    received_at: Timestamp | None = None
    due_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    returned_at: Timestamp | None = None
    result: Result | None = None
    fee: Fee | None = None
    on_the_spot: StrictBool | None = None
    supplements: Annotated[tuple[Supplement, ...], Field(max_length=200)] = ()
    return_reason: PlainText | None = None
    form: JSONObject = {}
    components: Annotated[tuple[Component, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Dossier:
        if self.received_at and self.finished_at and self.finished_at < self.received_at:
            raise CanonicalFormError("finished_before_received", "finished_at lies before received_at")
        return self

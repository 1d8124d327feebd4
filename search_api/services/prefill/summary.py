"""What an answer comes to as a whole: its status, what should be looked at, and what the audit log says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.prefill import Issue, PrefillRequest, PrefillStatus
from search_api.services.prefill.answers import Trace
from search_api.services.prefill.components import ComponentDecision, People
from search_api.services.prefill.fields import FieldDecision
from search_api.services.prefill.forms import Form
from search_api.services.prefill.requirements import Requirements


@dataclass(frozen=True, slots=True)
class Decided:
    """All that was decided for one request, in the order of form and table."""

    fields: tuple[FieldDecision, ...]
    components: tuple[ComponentDecision, ...]


def status_of(form: Form, decided: Decided) -> PrefillStatus:
    """Return `complete` if each required field that records can fill has a value; `empty` if nothing was found."""
    if not any(one.candidates for one in decided.fields) and not any(one.papers for one in decided.components):
        return "empty"
    needed = {one.pointer for one in form.fields if one.required and one.source}
    open_fields = (one.field for one in decided.fields if one.field.status not in ("filled", "suggested"))
    return "partial" if any(one.pointer in needed for one in open_fields) else "complete"


def issues_of(request: PrefillRequest, table: Requirements, people: People, decided: Decided) -> Iterator[Issue]:
    """Yield what the citizen or the officer should look at, the most general first."""
    if request.case is None and any(one.cases or one.except_cases for one in table.components):
        yield Issue("info", "case_not_stated", "Chưa chọn trường hợp; danh sách giấy tờ có thể thay đổi.")
    known = {one.references: one for one in people.values()}.values()
    if refused := sum(one.refused for one in known):
        text = f"Có {refused} hồ sơ, giấy tờ không được dùng vì họ tên hoặc ngày sinh khác với giấy tờ đã cấp."
        yield Issue("warning", "records_not_used", text)
    if any(one.has_more for one in known):
        yield Issue(
            "warning", "more_records", "Còn hồ sơ, giấy tờ chưa được xét vì số lượng vượt giới hạn một lần tra."
        )
    for one in decided.fields:
        if one.field.status == "conflict":
            yield Issue("warning", one.field.reason.code, one.field.reason.text_vi, one.field.pointer)


def trace_of(request: PrefillRequest, people: People, opened: frozenset[bytes], decided: Decided) -> Trace:
    """Return what the answer shows, of the records that were `opened` for it."""
    candidates = [candidate for one in decided.fields for candidate in one.candidates]
    papers = [paper for one in decided.components for paper in one.papers]
    shown = {one.origin.record_id for one in candidates} | {one.record.record_id for one in papers}
    subjects = {one.about for one in candidates} | {one.person.reference for one in papers}
    for person in people.values():
        if subjects.isdisjoint(person.references):
            # Looked up and nothing shown is a read about that person too.
            subjects |= person.references
    return Trace(
        records=tuple(sorted(one.hex() for one in shown)),
        opened=len(opened - shown),
        subjects=tuple(sorted(one.hex() for one in subjects)),
        fields=tuple(sorted({one.field.classification for one in decided.fields if one.candidates})),
        outcome="allowed" if opened else "not_found",
        procedure=request.procedure,
        legal_basis=request.legal_basis,
    )

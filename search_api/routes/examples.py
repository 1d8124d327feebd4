"""Examples of the OpenAPI document. A test sends each request and holds the answer against its example.

The people are made up; their numbers lie outside what is given out (serials 9999xx).
"""

from __future__ import annotations

import json
from typing import Any

_MOTHER = {
    "citizen_id": "040190999901",
    "full_name": "Hồ Thị Minh Khuê",
    "born_on": "1990-03-14",
    "sex": "female",
    "phone": "+84912000111",
    "address": {"unit_code": "16681", "text": "Khối 5, phường Thành Vinh, tỉnh Nghệ An"},
}
_FATHER = {"citizen_id": "040088999902", "full_name": "Phan Văn Lĩnh", "born_on": "1988-09-02", "sex": "male"}

DOSSIER = {
    "code": "H41.14-260105-0001",
    "procedure_code": "1.001193",
    "agency": "H41.14",
    "version": 1,
    "status": 10,
    "channel": 2,
    "received_at": "2026-01-05T08:12:00+07:00",
    "due_at": "2026-01-06T17:00:00+07:00",
    "finished_at": "2026-01-05T15:40:00+07:00",
    "applicant": _MOTHER,
    "persons": [
        {"role": "child", "full_name": "Phan Minh An", "born_on": "2025-12-28", "sex": "male"},
        {"role": "mother", **_MOTHER},
        {"role": "father", **_FATHER},
    ],
    "result": {"code": "KQ.G15.000031", "number": "12/2026", "issued_on": "2026-01-05", "electronic": True},
    "components": [{"code": "to-khai", "name": "Tờ khai đăng ký khai sinh", "digitised": 1}],
}
CASE = {
    "code": "H41.14-261102-0003",
    "procedure_code": "1.004873",
    "agency": "H41.14",
    "version": 1,
    "status": 4,
    "channel": 1,
    "received_at": "2026-11-02T09:00:00+07:00",
    "applicant": _MOTHER,
}
PAPER = {
    "id": "GKS-H41.14-2026-0012",
    "kind": "KQ.G15.000031",
    "title": "Giấy khai sinh",
    "number": "12/2026",
    "holders": [{"citizen_id": "040225999903", "full_name": "Phan Minh An", "born_on": "2025-12-28"}],
    "issuer": "H41.14",
    "issued_on": "2026-01-05",
    "permanent": True,
    "assurance": "issued_result",
    "data": {"mother": {**_MOTHER}, "father": {**_FATHER}},
    "dossier_code": "H41.14-260105-0001",
    "file": {"uri": "kho://H41/gks/2026/0012", "media_type": "application/pdf", "signed": True},
    "version": 1,
}
PROCEDURE = {"code": "1.001193", "name": "Thủ tục đăng ký khai sinh", "domain": "Hộ tịch", "level": ["Cấp xã"]}

SEARCH_REQUEST = {"purpose": "dossier_processing", "query": {"citizen_id": _MOTHER["citizen_id"]}}
OPEN_REQUEST = {
    "purpose": "dossier_processing",
    "case_number": CASE["code"],
    "reason": "Đối chiếu hồ sơ xác nhận tình trạng hôn nhân",
}
PREFILL_REQUEST = {
    "procedure": "1.004873",
    "subject": {"id_type": "CCCD", "id": _MOTHER["citizen_id"]},
    "purpose": "prefill",
    "legal_basis": "statutory_task",
    "explicit_request": True,
    "filing_date": "2026-11-23",
}

PROBLEM = {
    "type": "https://hoso.example/problems/record_not_found",
    "title": "Not found",
    "status": 404,
    "code": "record_not_found",
    "detail": "no such record within reach",
    "text_vi": "Không tìm thấy hồ sơ.",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}

_RECORD_ITEM = {
    "id": "0f3c9c1be0a24dd0a8f3a7d21f6a9b55",
    "dossier_code": CASE["code"],
    "procedure": {"code": "1.004873", "name": "Thủ tục cấp Giấy xác nhận tình trạng hôn nhân"},
    "status": 4,
    "status_vi": "Đang xử lý",
    "received_at": CASE["received_at"],
    "agency": "H41.14",
    "agency_name": "Ủy ban nhân dân phường",
    "persons": [
        {"roles": ["applicant"], "full_name": "H… T… M… Khuê", "birth_year": 1990, "citizen_id": "•••••••••901"}
    ],
    "match": {"kind": "exact", "score": 1.0, "text_vi": "Khớp chính xác"},
}


def _answers(
    example: Any, schema: dict[str, Any], media_type: str = "application/json"
) -> dict[int | str, dict[str, Any]]:
    problem = {"application/problem+json": {"schema": _schema("Problem"), "example": PROBLEM}}
    return {
        200: {"description": "Answer", "content": {media_type: {"schema": schema, "example": example}}},
        "4XX": {"description": "A problem (RFC 9457)", "content": problem},
        "5XX": {"description": "A problem (RFC 9457)", "content": problem},
    }


def _schema(name: str) -> dict[str, Any]:
    # `search_api.document` has them.
    return {"$ref": f"#/components/schemas/{name}"}


def _lines(*rows: Any) -> dict[str, Any]:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    body = {"schema": {"type": "string", "description": "One JSON object a line."}, "example": text}
    return {"requestBody": {"required": True, "content": {"application/x-ndjson": body}}}


def request_example(example: Any) -> dict[str, Any]:
    """Return what adds an example to a route's JSON body."""
    return {"requestBody": {"content": {"application/json": {"example": example}}}}


PROCEDURES = _answers(
    {
        "query": {"text": "khai sinh", "read_as": "khai sinh", "steps": []},
        "items": [
            {
                "id": "1.001193",
                "code": "1.001193",
                "name": "Thủ tục đăng ký khai sinh",
                "domain": "Hộ tịch",
                "agency": "Ủy ban nhân dân cấp xã",
                "level": ["Cấp xã"],
                "time_limit": "1 ngày",
                "fee": "Miễn phí",
                "why": [{"kind": "name", "text_vi": "Tên thủ tục có các từ đã tìm"}],
                "snippet": "",
            }
        ],
        "total": {"value": 1, "relation": "eq"},
        "facets": {"domain": [{"value": "Hộ tịch", "count": 1}]},
        "next_cursor": None,
        "suggestions": [],
        "took_ms": 1.2,
    },
    _schema("ProcedureAnswer"),
)
PROCEDURE_ANSWER = {"id": "1.001193", "visibility": "public", **PROCEDURE}
RECORD_PAGE = {
    "items": [_RECORD_ITEM],
    "total": {"value": 1, "relation": "eq"},
    "next_cursor": None,
    "audit_entry": "17",
    "took_ms": 1.4,
}
RECORD_ANSWER = {
    "id": _RECORD_ITEM["id"],
    "collection": "dossier",
    "agency": "H41.14",
    "agency_name": _RECORD_ITEM["agency_name"],
    "shared": {"code": CASE["code"], "status": 4},
    "persons": _RECORD_ITEM["persons"],
    "masked": True,
    "audit_entry": "18",
}
OPENED_ANSWER = {
    **RECORD_ANSWER,
    "persons": [{"roles": ["applicant"], **_MOTHER}],
    "masked": False,
    "audit_entry": "19",
}
PREFILL_ANSWER = {
    "id": "9b0e4a4de1c64f5f9f9a3a0c2b7f5d11",
    "expires_at": "2026-11-23T03:30:00Z",
    "procedure": {"code": "1.004873", "version": "1"},
    "status": "partial",
    "fields": [
        {
            "pointer": "/applicant/full_name",
            "value": "Hồ Thị Minh Khuê",
            "status": "suggested",
            "source": {
                "dossier_code": CASE["code"],
                "paper_id": None,
                "issuer": "Ủy ban nhân dân phường",
                "issued_on": "2026-11-02",
            },
            "assurance": "self_declared",
            "classification": "basic",
            "valid_until": None,
            "confidence": 0.6,
            "reason": {"code": "declared", "text_vi": "Công dân tự khai trong hồ sơ trước"},
            "alternatives": [],
        }
    ],
    "components": [],
    "papers_saved": 0,
    "issues": [],
    "sources": [{"system": "hoso", "status": "ok", "latency_ms": 2.1}],
    "audit_entry": "20",
}

_ANY_OBJECT = {"type": "object"}
FORM = _answers(
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tờ khai đăng ký khai sinh",
        "type": "object",
        "properties": {},
    },
    _ANY_OBJECT,
)
HEALTH = _answers({"status": "ok"}, _ANY_OBJECT)
READINESS = _answers({"status": "ok", "checks": {"keys": "ok", "vault": "ok", "engine": "ok"}}, _ANY_OBJECT)
JWKS = _answers(
    {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}, _ANY_OBJECT
)
RECORD_SEARCH = _answers(RECORD_PAGE, _schema("RecordPage"))
RECORD = _answers(RECORD_ANSWER, _schema("RecordView"))
OPENED_RECORD = _answers(OPENED_ANSWER, _schema("RecordView"))
PREFILL = _answers(PREFILL_ANSWER, _schema("PrefillAnswer"))
PROCEDURE_ANSWERS = _answers(PROCEDURE_ANSWER, _ANY_OBJECT)
INGEST = _answers(
    '{"line":1,"status":"indexed","id":"0f3c9c1be0a24dd0a8f3a7d21f6a9b55"}\n',
    {"type": "string", "description": "One JSON object a line, in the order of the lines sent: see LineAnswer."},
    "application/x-ndjson",
)

DOSSIER_LINES = _lines(DOSSIER, CASE)
PAPER_LINES = _lines(PAPER)
PROCEDURE_LINES = _lines(PROCEDURE)

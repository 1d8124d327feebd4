"""What every problem must be, and the requests that problems are made of."""

from __future__ import annotations

from typing import Any

import httpx
from installation import Installation
from support.rows import CODE, MOTHER_ID

NOBODY = "0" * 32
CANARY = "zqxcanary"
SEARCH = {"purpose": "dossier_processing", "query": {"citizen_id": MOTHER_ID}}
PREFILL = {
    "procedure": "1.004873",
    "subject": {"id_type": "CCCD", "id": MOTHER_ID},
    "purpose": "prefill",
    "legal_basis": "statutory_task",
}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the body of an answer that must be this problem."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() >= {"type", "title", "status", "code", "detail", "text_vi", "trace_id"}
    assert body["status"] == status
    assert body["type"].endswith(f"/{code}")
    assert not body["text_vi"].isascii()
    return body


def says(answer: httpx.Response) -> str:
    """Return everything that an answer says."""
    return f"{answer.headers!r} {answer.text}"


PERSONAL = [
    ("POST", "/v1/records/search", {"json": SEARCH}),
    ("GET", f"/v1/records/{NOBODY}", {"headers": {"Hoso-Purpose": "dossier_processing"}}),
    (
        "POST",
        f"/v1/records/{NOBODY}/open",
        {"json": {"purpose": "dossier_processing", "case_number": CODE, "reason": "đối chiếu"}},
    ),
    ("POST", "/v1/prefill", {"json": PREFILL}),
    ("GET", "/v1/prefill/x", {"headers": {"Hoso-Purpose": "prefill"}}),
    ("POST", "/v1/ingest/dossiers", {"content": b"{}"}),
    ("POST", "/v1/ingest/papers", {"content": b"{}"}),
    ("POST", "/v1/ingest/procedures", {"content": b"{}"}),
]


def send(api: Installation, route: tuple[str, str, dict[str, Any]], **headers: str) -> httpx.Response:
    method, path, how = route
    return api.request(method, path, **{**how, "headers": {**how.get("headers", {}), **headers}})

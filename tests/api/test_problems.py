"""Every error is a problem of RFC 9457: stable code, Vietnamese words, trace id, never a value of the request."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from installation import Installation, to_ndjson
from problem_checks import CANARY, NOBODY, PERSONAL, PREFILL, SEARCH, problem, says
from support.rows import CODE, MOTHER_ID, make_dossier, make_person

from indexer.engines.embedded.record_versions import EmbeddedRecords
from schemas.errors import HosoError, SourceUnavailableError

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


@pytest.fixture(scope="module")
def module_api(tmp_path_factory: pytest.TempPathFactory) -> Any:
    api = Installation.at(tmp_path_factory.mktemp("problems"), max_body_mib=2)
    api.put(make_dossier())
    yield api
    api.close()


# ---------------------------------------------------------------- shape


def test_the_trace_id_is_the_callers(module_api):
    answer = module_api.get("/v1/nothing", headers=TRACEPARENT)
    assert problem(answer, 404, "not_found")["trace_id"] == TRACE
    assert answer.headers["trace-id"] == TRACE


@pytest.mark.parametrize("sent", ["", "00-zz-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7-01\t{CANARY}", CANARY])
def test_a_traceparent_that_is_none_is_replaced(module_api, sent):
    answer = module_api.get("/v1/nothing", headers={"traceparent": sent})
    trace = problem(answer, 404, "not_found")["trace_id"]
    assert len(trace) == 32
    assert trace != TRACE
    assert CANARY not in says(answer)


def test_an_answer_that_is_no_problem_has_the_trace_id_too(module_api):
    assert module_api.get("/healthz", headers=TRACEPARENT).headers["trace-id"] == TRACE


def test_what_may_be_tried_again_says_when(module_api, monkeypatch):
    def unavailable() -> None:
        raise SourceUnavailableError("the log is away")

    monkeypatch.setattr(module_api.parts.vault.audit, "extent", unavailable)
    answer = module_api.get("/readyz")
    problem(answer, 503, "index_not_ready")
    assert int(answer.headers["retry-after"]) > 0


# ---------------------------------------------------------------- routes and methods


@pytest.mark.parametrize(("method", "path"), [("GET", "/v2/procedures"), ("POST", "/v1/records"), ("GET", "/v1/me")])
def test_a_route_that_is_not_there_is_a_problem(module_api, method, path):
    problem(module_api.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/records/search", "POST"), ("DELETE", "/v1/procedures", "GET"), ("PUT", "/v1/ingest/papers", "POST")],
)
def test_another_method_is_a_problem_that_names_the_right_ones(module_api, method, path, allowed):
    # A GET of this path is one of a record with an odd id: the router takes what fits.
    answer = module_api.request(method, path)
    if path == "/v1/records/search":
        problem(answer, 401, "unauthenticated")
    else:
        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


# ---------------------------------------------------------------- what is sent


def search(api: Installation, **how: Any) -> httpx.Response:
    how["headers"] = {**api.officer("H41.14"), **how.get("headers", {})}
    return api.post("/v1/records/search", **how)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**SEARCH, "extra": CANARY}, "/extra"),
        ({**SEARCH, "query": {"citizen_id": MOTHER_ID, "surname": CANARY}}, "/query/surname"),
        ({**SEARCH, "filter": {"agency": CANARY}}, "/filter/agency"),
    ],
)
def test_an_unknown_key_is_refused_and_named(module_api, body, pointer):
    answer = search(module_api, json=body)
    assert problem(answer, 422, "unknown_parameter")["pointer"] == pointer
    assert CANARY not in says(answer)


def test_an_unknown_key_that_may_be_somebodys_is_not_named(module_api):
    answer = search(module_api, json={**SEARCH, "query": {"citizen_id": MOTHER_ID, "040187000999": 1}})
    assert problem(answer, 422, "unknown_parameter")["pointer"] == "/query"
    assert "040187000999" not in says(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/procedures"),
        ("GET", "/v1/procedures/1.001193"),
        ("GET", "/v1/procedures/1.001193/form"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        *((method, path) for method, path, _ in PERSONAL),
    ],
)
def test_an_unknown_query_parameter_is_refused_and_named_without_its_value(module_api, method, path):
    answer = module_api.request(method, path, params={"page": CANARY})
    assert problem(answer, 422, "unknown_parameter")["pointer"] == "/page"
    assert CANARY not in says(answer)


def test_a_query_parameter_that_may_be_somebodys_number_is_not_named(module_api):
    answer = module_api.get("/v1/procedures", params={MOTHER_ID: ""})
    assert problem(answer, 422, "unknown_parameter")["pointer"] == ""
    assert MOTHER_ID not in says(answer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"purpose": "' + CANARY.encode() + b'"',
        b'{"purpose": "\xff' + CANARY.encode() + b'"}',
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"' + CANARY.encode() + b'"',
    ],
    ids=["nothing", "cut", "cut with a value", "not UTF-8", "nested", "null", "a list", "a text"],
)
def test_a_body_that_is_no_object_in_json_is_422(module_api, content):
    answer = search(module_api, content=content, headers={"Content-Type": "application/json"})
    problem(answer, 422, "validation_failed")
    assert CANARY not in says(answer)


def test_a_body_of_another_media_type_is_422(module_api):
    answer = search(module_api, content=json.dumps(SEARCH), headers={"Content-Type": "text/plain"})
    problem(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"query": {"birth_year": CANARY, "full_name": "Nguyễn Văn An"}}, "/query/birth_year"),
        ({"query": {"birth_year": "1987", "full_name": "Nguyễn Văn An"}}, "/query/birth_year"),
        ({"query": {"citizen_id": 40187000123}}, "/query/citizen_id"),
        ({"query": {"citizen_id": CANARY}}, "/query/citizen_id"),
        ({"query": {"citizen_id": "04018700012"}}, "/query/citizen_id"),
        ({"query": {"phone": CANARY}}, "/query/phone"),
        ({"query": {"born_on": "30/02/1987", "full_name": "Nguyễn Văn An"}}, "/query/born_on"),
        ({"query": {"full_name": f"{CANARY}\0"}}, "/query/full_name"),
        ({"query": {"full_name": "\ud800" + CANARY}}, "/query/full_name"),
        ({"query": CANARY}, "/query"),
        ({"limit": 0}, "/limit"),
        ({"limit": 101}, "/limit"),
        ({"limit": CANARY}, "/limit"),
        ({"limit": True}, "/limit"),
        ({"collapse": CANARY}, "/collapse"),
        ({"case_number": CANARY}, "/case_number"),
        ({"filter": {"status": [CANARY]}}, "/filter/status/0"),
        ({"filter": {"status": [11]}}, "/filter/status/0"),
        ({"filter": {"received_from": CANARY}}, "/filter/received_from"),
        ({"filter": {"procedure_code": CANARY}}, "/filter/procedure_code"),
        ({"cursor": CANARY}, "/cursor"),
        ({"purpose": None}, "/purpose"),
    ],
)
def test_a_value_of_the_wrong_kind_is_422_at_its_place_and_is_not_repeated(module_api, change, pointer):
    body = json.dumps({**SEARCH, **change}).encode()
    answer = search(module_api, content=body, headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "validation_failed")["pointer"] == pointer
    assert CANARY not in says(answer)
    assert "function" not in answer.text


def test_a_value_without_a_canonical_form_says_why_in_a_stable_word(module_api):
    answer = search(module_api, json={**SEARCH, "query": {"full_name": "Nguyễn Văn An", "born_on": "30/02/1987"}})
    assert problem(answer, 422, "validation_failed")["reason"] == "date_impossible"


def test_two_birth_years_are_422(module_api):
    query = {"full_name": "Nguyễn Văn An", "born_on": "1987", "birth_year": 1988}
    assert problem(search(module_api, json={**SEARCH, "query": query}), 422, "validation_failed")["pointer"] == "/query"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"limit": CANARY}, "/limit"),
        ({"limit": 0}, "/limit"),
        ({"limit": 51}, "/limit"),
        ({"q": CANARY * 300}, "/q"),
        ({"domain": CANARY * 40}, "/domain/0"),
    ],
)
def test_a_query_parameter_of_the_wrong_kind_is_422_and_is_not_repeated(module_api, params, pointer):
    answer = module_api.get("/v1/procedures", params=params)
    assert problem(answer, 422, "validation_failed")["pointer"] == pointer
    assert CANARY not in says(answer)


@pytest.mark.parametrize("record", [CANARY, "0" * 31, "0" * 33, "%00", "x" * 200])
def test_a_record_id_that_is_none_is_422(module_api, record):
    answer = module_api.get(f"/v1/records/{record}", headers=module_api.looking("H41.14"))
    assert problem(answer, 422, "validation_failed")["pointer"] == "/id"
    assert CANARY not in says(answer)


def test_a_look_without_a_purpose_is_422(module_api):
    answer = module_api.get(f"/v1/records/{NOBODY}", headers=module_api.officer("H41.14"))
    assert problem(answer, 422, "validation_failed")["pointer"] == "/Hoso-Purpose"


def test_a_look_with_a_case_that_is_no_code_is_422_and_is_not_repeated(module_api):
    answer = module_api.get(f"/v1/records/{NOBODY}", headers=module_api.looking("H41.14", CANARY))
    problem(answer, 422, "validation_failed")
    assert CANARY not in says(answer)


@pytest.mark.parametrize("reason", ["", "ab", CANARY * 100, 7])
def test_an_opening_without_a_reason_is_422(module_api, reason):
    body = {"purpose": "dossier_processing", "case_number": CODE, "reason": reason}
    answer = module_api.post(f"/v1/records/{NOBODY}/open", json=body, headers=module_api.officer("H41.14"))
    assert problem(answer, 422, "validation_failed")["pointer"] == "/reason"
    assert CANARY not in says(answer)


# ---------------------------------------------------------------- too large


def chunks(size_mib: int) -> Any:
    async def stream() -> Any:
        for _ in range(size_mib * 16):
            yield b" " * (1 << 16)

    return stream()


def test_lines_beyond_the_limit_of_a_body_are_413(module_api):
    headers = module_api.as_("ingester")
    problem(module_api.post("/v1/ingest/dossiers", content=b" " * (3 << 20), headers=headers), 413, "too_large")


def test_lines_beyond_the_limit_of_a_body_are_413_if_their_length_is_not_declared(module_api):
    headers = module_api.as_("ingester")
    problem(module_api.post("/v1/ingest/dossiers", content=chunks(3), headers=headers), 413, "too_large")


def test_a_question_of_more_than_a_mebibyte_is_413(module_api):
    headers = {"Content-Type": "application/json"}
    problem(search(module_api, content=b" " * ((1 << 20) + 1), headers=headers), 413, "too_large")


def test_a_line_at_the_limit_of_a_body_is_answered(module_api):
    headers = module_api.as_("ingester")
    answer = module_api.post("/v1/ingest/dossiers", content=b" " * (2 << 20), headers=headers)
    assert (answer.status_code, answer.text) == (200, "")


# ---------------------------------------------------------------- not there, not possible


def test_a_procedure_that_is_not_there_is_404(module_api):
    problem(module_api.get(f"/v1/procedures/{CANARY}"), 404, "procedure_not_found")
    problem(module_api.get(f"/v1/procedures/{CANARY}/form"), 404, "procedure_not_found")


def test_a_record_that_is_not_there_is_404(module_api):
    answer = module_api.get(f"/v1/records/{NOBODY}", headers=module_api.looking("H41.14"))
    problem(answer, 404, "record_not_found")


def test_a_prefill_that_is_not_there_is_404(module_api):
    headers = {**module_api.as_("portal"), "Hoso-Purpose": "prefill"}
    problem(module_api.get(f"/v1/prefill/{CANARY}", headers=headers), 404, "record_not_found")


def test_a_case_that_is_none_is_403_case_not_valid(module_api):
    body = {"purpose": "dossier_processing", "case_number": "H41.14-231107-9999", "reason": "đối chiếu"}
    answer = module_api.post(f"/v1/records/{NOBODY}/open", json=body, headers=module_api.officer("H41.14"))
    assert problem(answer, 403, "case_not_valid")["pointer"] == "/case_number"


def test_a_field_that_the_form_does_not_have_is_422(module_api):
    body = {**PREFILL, "procedure": "1.001193", "fields": ["/child/religion"]}
    answer = module_api.post("/v1/prefill", json=body, headers=module_api.as_("portal"))
    problem(answer, 422, "validation_failed")


def test_an_installation_without_records_finds_nobody(api):
    answer = api.search_answer("H41.14", {"citizen_id": MOTHER_ID})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_search_of_procedures_before_any_was_indexed_is_503(api):
    problem(api.get("/v1/procedures"), 503, "index_not_ready")


def test_an_installation_whose_first_build_is_under_way_is_503(tmp_path):
    build = EmbeddedRecords(tmp_path / "records").build()
    api = Installation.at(tmp_path)
    answer = api.search_answer("H41.14", {"citizen_id": MOTHER_ID})
    problem(answer, 503, "index_not_ready")
    assert int(answer.headers["retry-after"]) > 0
    build.close()
    api.close()


def test_an_empty_installation_is_ready(api):
    assert api.get("/readyz").json() == {"status": "ok", "checks": {"keys": "ok", "vault": "ok", "engine": "ok"}}


def test_a_line_of_another_content_under_one_version_is_refused_as_conflict(module_api):
    [line] = module_api.ingest("dossiers", make_dossier(applicant=make_person(full_name="Lê Thị Hoa")))
    assert (line["status"], line["error"]["code"]) == ("refused", "conflict")


# ---------------------------------------------------------------- what nobody expected


@pytest.fixture
def broken(module_api: Installation, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    def breaks(error: Exception) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(module_api.app.state.services.procedures, "search", fail)

    return breaks


def test_a_crash_is_500_and_says_nothing_of_its_message(module_api, broken, capsys, caplog):
    broken(RuntimeError(CANARY))
    with caplog.at_level(logging.DEBUG):
        answer = module_api.get("/v1/procedures", headers=TRACEPARENT)
    assert problem(answer, 500, "internal")["trace_id"] == TRACE
    assert answer.headers["trace-id"] == TRACE
    told = capsys.readouterr()
    assert CANARY not in says(answer) + told.out + told.err + caplog.text
    assert "RuntimeError" in told.out + told.err + caplog.text


def test_an_error_of_ours_keeps_its_code(module_api, broken):
    broken(SourceUnavailableError("the engine is away"))
    problem(module_api.get("/v1/procedures"), 503, "source_unavailable")


def test_the_plainest_error_of_ours_is_500(module_api, broken):
    broken(HosoError("something"))
    problem(module_api.get("/v1/procedures"), 500, "internal")


# ---------------------------------------------------------------- logs


def test_the_log_of_requests_holds_the_route_and_nothing_that_was_sent(module_api, capsys, caplog):
    # The client's own log is not ours.
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.WARNING, logger="httpx"):
        module_api.get(f"/v1/procedures/{CANARY}", params={"q": CANARY}, headers={"X-Name": CANARY})
        module_api.get(f"/{CANARY}")
        found = search(module_api, json={**SEARCH, "query": {"full_name": CANARY, "birth_year": 1987}})
        module_api.post(
            "/v1/ingest/dossiers", content=to_ndjson([{"code": CANARY}]), headers=module_api.as_("ingester")
        )
    assert found.json()["items"] == []
    told = capsys.readouterr()
    written = told.out + told.err + caplog.text
    assert "/procedures/{id}" in written
    assert CANARY not in written
    assert MOTHER_ID not in written

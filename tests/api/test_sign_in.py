"""Who may ask at all: tokens, roles, scopes and purposes, over every route of personal data."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from installation import Installation
from problem_checks import CANARY, NOBODY, PERSONAL, SEARCH, problem, says, send
from support.rows import MOTHER_ID, make_dossier

from security.access_tokens import TokenVerifier


@pytest.fixture(scope="module")
def module_api(tmp_path_factory: pytest.TempPathFactory) -> Any:
    api = Installation.at(tmp_path_factory.mktemp("sign-in"))
    api.put(make_dossier())
    yield api
    api.close()


@pytest.mark.parametrize("route", PERSONAL, ids=lambda route: f"{route[0]} {route[1]}")
def test_without_a_token_every_route_of_personal_data_is_401(module_api, route):
    answer = send(module_api, route)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", PERSONAL, ids=lambda route: f"{route[0]} {route[1]}")
@pytest.mark.parametrize("header", ["Bearer", "Bearer ", f"Bearer {CANARY}", f"Basic {CANARY}", CANARY, "Bearer a.b.c"])
def test_what_is_no_token_is_401(module_api, route, header):
    answer = send(module_api, route, authorization=header)
    problem(answer, 401, "unauthenticated")
    assert CANARY not in says(answer)


def test_the_public_search_refuses_a_token_that_does_not_verify(module_api):
    problem(module_api.get("/v1/procedures", headers={"Authorization": "Bearer x"}), 401, "unauthenticated")


def test_an_expired_token_is_401(new_installation, monkeypatch):
    api = new_installation()
    token = api.token("officer", agency="H41.14", ttl_s=1)
    later = TokenVerifier.local(api.parts.local_issuer(), clock=lambda: time.time() + 100)
    monkeypatch.setattr(api.app.state, "services", replace(api.app.state.services, verifier=later))
    answer = api.post("/v1/records/search", json=SEARCH, headers={"Authorization": f"Bearer {token}"})
    assert "expired" in problem(answer, 401, "unauthenticated")["detail"]


def test_a_token_of_another_installation_is_401(module_api, new_installation):
    other = new_installation()
    answer = module_api.post("/v1/records/search", json=SEARCH, headers=other.officer("H41.14"))
    problem(answer, 401, "unauthenticated")


RIGHT = {
    "records": {"officer"},
    "prefill": {"officer", "portal"},
    "ingest": {"ingester", "operator"},
}
ROLES = ("citizen", "portal", "officer", "reporter", "auditor", "ingester", "operator", "editor")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", PERSONAL, ids=lambda route: f"{route[0]} {route[1]}")
def test_a_role_without_a_grant_is_403_and_one_with_a_grant_is_not(module_api, route, role):
    claims = {"agency": "H41.14"} if role == "officer" else {}
    if role == "citizen":
        claims = {"subject": module_api.parts.subjects.make(MOTHER_ID)}
    answer = send(module_api, route, **module_api.as_(role, **claims))
    allowed = role in RIGHT[route[1].split("/")[2]]
    assert (answer.status_code == 403) == (not allowed or answer.json().get("code") == "case_not_valid"), answer.text


def test_a_citizen_with_the_purpose_of_citizens_is_403_on_records(module_api):
    headers = module_api.as_("citizen", subject=module_api.parts.subjects.make(MOTHER_ID))
    answer = module_api.get(f"/v1/records/{NOBODY}", headers={**headers, "Hoso-Purpose": "self_access"})
    problem(answer, 403, "not_permitted")


def test_a_token_without_the_scope_is_403(module_api):
    headers = module_api.officer("H41.14", scopes=["prefill"])
    problem(module_api.post("/v1/records/search", json=SEARCH, headers=headers), 403, "not_permitted")


def test_an_officer_without_an_agency_is_403(module_api):
    problem(module_api.post("/v1/records/search", json=SEARCH, headers=module_api.as_("officer")), 403, "not_permitted")


@pytest.mark.parametrize("purpose", ["statistics", "self_access", CANARY, ""])
def test_a_purpose_that_the_role_has_no_grant_for_is_403(module_api, purpose):
    answer = module_api.post(
        "/v1/records/search", json={**SEARCH, "purpose": purpose}, headers=module_api.officer("H41.14")
    )
    problem(answer, 403, "not_permitted")
    assert CANARY not in says(answer)

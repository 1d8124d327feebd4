"""Prefill over HTTP: who may ask, on which legal basis, for whom; reading again; what is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from installation import Headers, Installation
from support.rows import make_dossier, make_paper

LAN_ID, TAM_ID = "040187000501", "040085000502"
LAN = {
    "citizen_id": LAN_ID,
    "full_name": "Hồ Thị Lan",
    "born_on": "1987-03-04",
    "sex": "female",
    "phone": "0912000501",
    "ethnicity": "Kinh",
    "address": {"unit_code": "16681", "text": "Khối 5, phường Thành Vinh"},
}
TAM = {"citizen_id": TAM_ID, "full_name": "Phan Văn Tám", "born_on": "1985-01-02", "sex": "male"}
MARITAL, BIRTH = "1.004873", "1.001193"
CODE = "H41.15-240101-0001"

REGISTERED = """
[client.local-portal]
procedures = ["1.004873"]
purposes = ["prefill"]
legal_bases = ["statutory_task", "consent"]
fields = ["basic", "contact", "identity", "family"]
by_name = []
daily_quota = 100

[client.births-only]
procedures = ["1.001193"]
purposes = ["prefill"]
legal_bases = ["statutory_task"]
fields = ["basic"]
by_name = []
daily_quota = 100

[client.consent-only]
procedures = ["*"]
purposes = ["prefill"]
legal_bases = ["consent"]
fields = ["basic"]
by_name = []
daily_quota = 100
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy that comes with Hoso, with clients of our own."""
    whole = files("security").joinpath("policy.toml").read_text(encoding="utf-8")
    start, end = whole.index("[client.local-portal]"), whole.index("# -----", whole.index("[client.local-portal]"))
    path = tmp_path / "policy.toml"
    path.write_text(whole[:start] + REGISTERED + whole[end:], encoding="utf-8")
    return path


@pytest.fixture
def api(new_installation: Callable[..., Installation], policy: Path) -> Installation:
    api = new_installation(policy=policy)
    api.put(
        make_dossier(code=CODE, agency="H41.15", applicant=LAN, persons=[{"role": "spouse", **TAM}]),
        make_dossier(code="H56.10-240101-0001", agency="H56.10", applicant=TAM),
    )
    api.put_papers(
        make_paper(id="GKS-LAN", issuer="H41.15", holders=[LAN], data={**LAN}, dossier_code=None, number="1/2020")
    )
    return api


def ask(api: Installation, headers: Headers | None = None, **changes: Any) -> httpx.Response:
    body = {
        "procedure": MARITAL,
        "subject": {"id_type": "CCCD", "id": LAN_ID},
        "purpose": "prefill",
        "legal_basis": "statutory_task",
        **changes,
    }
    return api.post("/v1/prefill", json=body, headers=headers or api.as_("portal"))


def read_again(api: Installation, prefill_id: str, headers: Headers | None = None) -> httpx.Response:
    stated = {**(headers or api.as_("portal")), "Hoso-Purpose": "prefill"}
    return api.get(f"/v1/prefill/{prefill_id}", headers=stated)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


def says_nothing(answer: httpx.Response) -> bool:
    return not any(value in answer.text for value in (LAN_ID, TAM_ID, "Lan", "Tám", CODE, "GKS"))


# ---------------------------------------------------------------- what is answered


def test_a_registered_portal_gets_values_with_their_sources(api):
    answer = ask(api)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    name = next(field for field in answer.json()["fields"] if field["pointer"] == "/applicant/full_name")
    assert (name["value"], name["status"], name["assurance"]) == ("Hồ Thị Lan", "filled", "issued_result")
    assert name["source"]["paper_id"] == "GKS-LAN"


def test_an_officer_prefills_for_who_stands_at_the_desk(api):
    answer = ask(api, api.officer("H41.14"))
    assert answer.status_code == 200
    assert "Hồ Thị Lan" in answer.text


def test_an_officer_of_another_domain_finds_nothing(api):
    answer = ask(api, api.officer("H56.10"))
    assert (answer.status_code, answer.json()["status"]) == (200, "empty")
    assert "Hồ Thị Lan" not in answer.text


def test_nobody_is_known_by_an_unknown_number(api):
    answer = ask(api, subject={"id_type": "CCCD", "id": "040190000777"})
    assert (answer.status_code, answer.json()["status"]) == (200, "empty")
    assert says_nothing(answer)
    assert api.last_entry().entry.outcome == "not_found"


# ---------------------------------------------------------------- registration


@pytest.mark.parametrize(
    "change",
    [
        {"procedure": BIRTH},
        {"purpose": "dossier_processing"},
        {"purpose": "statistics"},
        {"client_id": "consent-only"},
        {"client_id": "nobody-knows-me"},
        {"client_id": "births-only"},
    ],
)
def test_what_the_client_is_not_registered_for_is_403(api, change):
    client = change.pop("client_id", "local-portal")
    answer = ask(api, api.as_("portal", client_id=client), **change)
    assert code_of(answer) == (403, "purpose_not_registered")
    assert says_nothing(answer)


def test_an_officer_needs_the_legal_basis_of_officers(api):
    assert code_of(ask(api, api.officer("H41.14"), legal_basis="consent")) == (403, "not_permitted")


def test_a_legal_basis_that_is_none_is_422(api):
    assert code_of(ask(api, legal_basis="curiosity")) == (422, "validation_failed")


def test_there_is_no_prefill_that_nobody_asked_for(api):
    answer = ask(api, explicit_request=False)
    assert (code_of(answer), answer.json()["pointer"]) == ((422, "validation_failed"), "/explicit_request")


def test_a_client_gets_only_the_field_classes_that_it_is_registered_for(api):
    headers = api.as_("portal", client_id="births-only")
    answer = ask(api, headers, procedure=BIRTH)
    assert answer.status_code == 200
    assert LAN_ID not in answer.text
    assert "Thành Vinh" not in str([field["value"] for field in answer.json()["fields"]])
    assert "Hồ Thị Lan" in answer.text


def test_a_field_by_name_that_the_registration_does_not_cover_is_403(api):
    headers = api.as_("portal", client_id="births-only")
    answer = ask(api, headers, procedure=BIRTH, fields=["/mother/ethnicity"])
    assert code_of(answer) == (403, "field_not_allowed")
    assert says_nothing(answer)


# ---------------------------------------------------------------- consent


def test_consent_without_one_is_403(api):
    for stated in (None, "no-such-consent"):
        answer = ask(api, legal_basis="consent", consent_id=stated)
        assert code_of(answer) == (403, "consent_required")
        assert says_nothing(answer)


def test_consent_with_a_valid_one_is_answered(api):
    consent = api.consent("c1", LAN_ID)
    answer = ask(api, legal_basis="consent", consent_id=consent)
    assert answer.status_code == 200
    assert "Hồ Thị Lan" in answer.text
    assert api.last_entry().entry.basis == "consent"


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"citizen_id": TAM_ID},
        {"client": "births-only"},
        {"purpose": "statistics"},
        {"given_at": NOW - timedelta(days=2), "expires_at": NOW - timedelta(days=1)},
        {"given_at": NOW + timedelta(days=1), "expires_at": NOW + timedelta(days=2)},
        {"withdrawn_at": NOW},
    ],
    ids=["another person's", "another client's", "another purpose's", "expired", "not yet", "withdrawn"],
)
def test_a_consent_that_does_not_cover_this_use_is_403(api, change):
    consent = api.consent("c1", change.pop("citizen_id", LAN_ID), **change)
    answer = ask(api, legal_basis="consent", consent_id=consent)
    assert code_of(answer) == (403, "consent_required")
    assert says_nothing(answer)


def test_a_consent_that_was_withdrawn_holds_no_more(api):
    consent = api.consent("c1", LAN_ID)
    assert ask(api, legal_basis="consent", consent_id=consent).status_code == 200
    api.parts.vault.consents.withdraw(consent, datetime.now(UTC))
    assert code_of(ask(api, legal_basis="consent", consent_id=consent)) == (403, "consent_required")


def test_the_consent_of_one_person_does_not_cover_another_who_is_asked_about(api):
    consent = api.consent("c1", LAN_ID)
    headers = api.as_("portal", client_id="consent-only")
    api.consent("c2", LAN_ID, client="consent-only")
    persons = [{"role": "mother", "id_type": "CCCD", "id": TAM_ID}]
    for stated in (consent, "c2"):
        answer = ask(api, headers, procedure=BIRTH, legal_basis="consent", consent_id=stated, persons=persons)
        assert code_of(answer) == (403, "consent_required")


# ---------------------------------------------------------------- who is present


def test_the_token_of_the_citizen_who_is_asked_about_is_accepted(api):
    token = api.token("citizen", subject=api.parts.subjects.make(LAN_ID))
    assert ask(api, subject_token=token).status_code == 200


@pytest.mark.parametrize("role", ["citizen", "portal", "officer"])
def test_the_token_of_somebody_else_is_403(api, role):
    claims = {"subject": api.parts.subjects.make(TAM_ID)} if role == "citizen" else {"agency": "H41.14"}
    answer = ask(api, subject_token=api.token(role, **claims))
    assert code_of(answer) == (403, "not_permitted")
    assert says_nothing(answer)


def test_a_citizens_token_does_not_stand_for_an_old_number(api):
    token = api.token("citizen", subject=api.parts.subjects.make(LAN_ID))
    answer = ask(api, subject={"id_type": "CMND", "id": "186123456"}, subject_token=token)
    assert code_of(answer) == (403, "not_permitted")


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_what_is_no_token_of_a_citizen_is_403_not_401(api, token):
    answer = ask(api, subject_token=token)
    assert (code_of(answer), answer.json()["pointer"]) == ((403, "not_permitted"), "/subject_token")


def test_a_citizen_of_another_installation_is_not_present_here(api, new_installation):
    other = new_installation()
    foreign = other.parts.subjects.make(LAN_ID)
    assert code_of(ask(api, subject_token=api.token("citizen", subject=foreign))) == (403, "not_permitted")


# ---------------------------------------------------------------- reading again


def test_the_same_client_reads_the_answer_again_under_an_entry_of_its_own(api):
    first = ask(api).json()
    again = read_again(api, first["id"])
    assert again.status_code == 200
    assert again.headers["cache-control"] == "no-store"
    second = again.json()
    assert {**second, "audit_entry": None} == {**first, "audit_entry": None}
    assert int(second["audit_entry"]) > int(first["audit_entry"])


def test_a_client_that_is_registered_for_one_procedure_only_reads_its_answer_again(api):
    headers = api.as_("portal", client_id="births-only")
    first = ask(api, headers, procedure=BIRTH).json()
    assert read_again(api, first["id"], headers).status_code == 200


def test_an_answer_on_consent_is_read_again_on_consent(api):
    headers = api.as_("portal", client_id="consent-only")
    api.consent("c1", LAN_ID, client="consent-only")
    first = ask(api, headers, legal_basis="consent", consent_id="c1").json()
    assert read_again(api, first["id"], headers).status_code == 200
    assert api.last_entry().entry.basis == "consent"


def test_another_client_gets_404(api):
    first = ask(api).json()
    hidden = read_again(api, first["id"], api.as_("portal", client_id="births-only"))
    missing = read_again(api, "0" * 32, api.as_("portal", client_id="births-only"))
    assert code_of(hidden) == code_of(missing) == (404, "record_not_found")
    assert says_nothing(hidden)


def test_another_officer_gets_404(api):
    first = ask(api, api.officer("H41.14", actor_id="officer-1")).json()
    assert read_again(api, first["id"], api.officer("H41.14", actor_id="officer-1")).status_code == 200
    assert read_again(api, first["id"], api.officer("H41.14", actor_id="officer-2")).status_code == 404
    assert read_again(api, first["id"]).status_code == 404


def test_an_answer_that_has_expired_is_404(api, monkeypatch):
    first = ask(api).json()
    later = datetime.now(UTC) + timedelta(minutes=31)
    monkeypatch.setattr(api.app.state.services.prefill._prefill, "_clock", lambda: later)
    assert code_of(read_again(api, first["id"])) == (404, "record_not_found")


def test_an_answer_says_when_it_expires(api):
    expires_at = datetime.fromisoformat(ask(api).json()["expires_at"])
    assert timedelta(minutes=29) < expires_at - datetime.now(UTC) <= timedelta(minutes=30)


def test_reading_again_needs_the_purpose(api):
    first = ask(api).json()
    for purpose in ("statistics", "dossier_processing"):
        headers = {**api.as_("portal"), "Hoso-Purpose": purpose}
        answer = api.get(f"/v1/prefill/{first['id']}", headers=headers)
        assert code_of(answer) == (403, "purpose_not_registered")


def test_what_is_kept_for_reading_again_is_sealed(api):
    ask(api)
    stored = b"".join(path.read_bytes() for path in api.parts.settings.home.rglob("*") if path.is_file())
    for value in ("Hồ Thị Lan", LAN_ID, "0912000501", "+84912000501", "Thành Vinh"):
        assert value.encode() not in stored


# ---------------------------------------------------------------- audit


def test_a_prefill_is_written_down_with_its_records_and_people(api):
    answer = ask(api).json()
    logged = api.last_entry()
    entry = logged.entry
    assert str(logged.seq) == answer["audit_entry"]
    assert (entry.action, entry.purpose, entry.basis) == ("prefill", "prefill", "statutory_task")
    assert (entry.role, entry.client, entry.outcome) == ("portal", "local-portal", "allowed")
    assert api.reference(LAN_ID).hex() in entry.subjects
    assert entry.records
    assert {"basic", "identity"} <= set(entry.fields)
    assert b"Lan" not in logged.raw


def test_reading_again_is_written_down_as_what_it_is(api):
    first = ask(api).json()
    made = api.last_entry().entry
    read_again(api, first["id"])
    read = api.last_entry().entry
    assert (read.action, read.outcome) == ("prefill.get", "allowed")
    assert (read.records, read.subjects, read.fields) == (made.records, made.subjects, made.fields)


def test_what_is_refused_before_anything_was_read_leaves_no_entry(api):
    before = len(api.entries())
    ask(api, procedure=BIRTH)
    ask(api, legal_basis="consent")
    read_again(api, "0" * 32)
    assert len(api.entries()) == before


def test_numbers_of_the_request_stand_in_no_entry(api):
    ask(api)
    log = b"".join(entry.raw for entry in api.entries())
    assert LAN_ID.encode() not in log

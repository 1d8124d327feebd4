"""The request: exactly the contract's keys, in canonical form."""

from datetime import date

import pytest
from pydantic import ValidationError
from support.prefill_world import AN, BINH, request_for

from schemas.prefill import PrefillRequest

CONTRACT = {
    "procedure": "1.001193",
    "case": None,
    "subject": {"id_type": "CCCD", "id": "040087001234"},
    "persons": [{"role": "mother", "id_type": "CCCD", "id": "040189004321"}],
    "purpose": "prefill",
    "legal_basis": "statutory_task",
    "consent_id": None,
    "subject_token": None,
    "explicit_request": True,
    "fields": ["/applicant/full_name"],
    "components": None,
    "filing_date": "2026-11-23",
}


def test_the_request_of_the_contract_is_read():
    request = PrefillRequest.model_validate(CONTRACT)
    assert set(PrefillRequest.model_fields) == set(CONTRACT)
    assert request.filing_date == date(2026, 11, 23)
    assert {role: one.kind for role, one in request.people().items()} == {
        "subject": "citizen_id",
        "mother": "citizen_id",
    }


def test_numbers_dates_and_codes_are_brought_into_canonical_form():
    request = request_for("1.001193.000.00.00.H41", {"citizen_id": "040 087 001 234"}, filing_date="23/11/2026")
    assert (request.procedure, request.subject.id) == ("1.001193", "040087001234")
    assert request.filing_date == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("id_type", "number", "kind", "canonical"),
    [
        ("CMND", "186 123 456", "old_id", "186123456"),
        ("passport", "c1234567", "passport", "C1234567"),
        ("CCCD", "040.087.001.234", "citizen_id", "040087001234"),
    ],
)
def test_each_kind_of_number_has_its_own_form(id_type, number, kind, canonical):
    subject = PrefillRequest.model_validate({**CONTRACT, "subject": {"id_type": id_type, "id": number}}).subject
    assert (subject.kind, subject.id) == (kind, canonical)


@pytest.mark.parametrize(
    "change",
    [
        {"subjects": []},
        {"subject": {"id_type": "CCCD", "id": "04008700123"}},
        {"subject": {"id_type": "CCCD", "id": "040087001234", "name": "An"}},
        {"subject": {"id_type": "BHXH", "id": "040087001234"}},
        {"subject": {"id_type": ["CCCD"], "id": "040087001234"}},
        {"subject": {"id_type": "CCCD", "id": 40087001234}},
        {"subject": None},
        {"procedure": "khai sinh"},
        {"legal_basis": "data_subject_right"},
        {"legal_basis": None},
        {"explicit_request": False},
        {"filing_date": "2026-11"},
        {"filing_date": "30/02/2026"},
        {"filing_date": 1795392000},
        {"fields": "/applicant/full_name"},
        {"persons": [{"role": "subject", "id_type": "CCCD", "id": "040189004321"}]},
        {"persons": [{"role": "mother", "id_type": "CCCD", "id": "040189004321"}] * 2},
        {"persons": [{"role": f"r{n}", "id_type": "CCCD", "id": "040189004321"} for n in range(9)]},
    ],
    ids=str,
)
def test_anything_else_is_refused(change):
    with pytest.raises(ValidationError):
        PrefillRequest.model_validate({**CONTRACT, **change})


def test_a_request_shows_no_number_in_a_log():
    request = request_for("1.001193", AN, persons={"mother": BINH}, subject_token="secret")
    for hidden in (AN["citizen_id"], BINH["citizen_id"], "secret"):
        assert hidden not in repr(request)

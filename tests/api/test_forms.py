"""Forms over HTTP: JSON Schemas whose pointers a prefill takes."""

from __future__ import annotations

import jsonschema
import pytest

from search_api.services.prefill.forms import PROCEDURES, get_form


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_each_procedure_with_a_form_has_a_json_schema_in_vietnamese(filled, procedure):
    answer = filled.get(f"/v1/procedures/{procedure}/form")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    schema = answer.json()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not schema["title"].isascii()
    assert schema["properties"]


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_procedure_with_a_form_stands_in_the_catalogue(filled, procedure):
    assert filled.get(f"/v1/procedures/{procedure}").json()["code"] == procedure


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_the_pointers_of_a_form_are_what_a_prefill_answers_with(filled, block, procedure):
    number = next(one["applicant"]["citizen_id"] for one in block.dossiers if "citizen_id" in one["applicant"])
    body = {
        "procedure": procedure,
        "subject": {"id_type": "CCCD", "id": number},
        "purpose": "prefill",
        "legal_basis": "statutory_task",
    }
    answered = filled.post("/v1/prefill", json=body, headers=filled.as_("portal")).json()["fields"]
    schema = filled.get(f"/v1/procedures/{procedure}/form").json()
    pointers = [field["pointer"] for field in answered]
    assert pointers
    assert set(pointers) <= {one.pointer for one in get_form(procedure).fields}
    for pointer in pointers:
        block_of = schema
        for name in pointer.split("/")[1:]:
            block_of = block_of["properties"][name]
        assert "source" in block_of


def test_a_procedure_without_a_form_is_404_in_vietnamese(filled):
    for procedure in ("1.012783", "9.999999", "khai-sinh"):
        answer = filled.get(f"/v1/procedures/{procedure}/form")
        assert (answer.status_code, answer.json()["code"]) == (404, "procedure_not_found")
        assert "biểu mẫu" in answer.json()["text_vi"]


def test_a_form_needs_no_token(filled):
    assert filled.get(f"/v1/procedures/{PROCEDURES[0]}/form").status_code == 200

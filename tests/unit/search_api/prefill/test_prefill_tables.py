"""The forms and the tables of requirements, as data."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from schemas.citizen import Person
from schemas.errors import ProcedureNotFoundError
from schemas.fields import FIELD_CLASSES, FIELDS
from search_api.services.prefill.forms import PROCEDURES, PaperSource, PersonSource, get_form
from search_api.services.prefill.requirements import get_requirements

CATALOGUE = {
    row["code"]: row
    for line in files("indexer").joinpath("data/catalogue.ndjson").read_text(encoding="utf-8").splitlines()
    if (row := json.loads(line))
}
RESULT_KINDS = files("indexer").joinpath("data/README.md").read_text(encoding="utf-8")


def test_there_are_a_form_and_a_table_for_each_procedure_and_no_others():
    folder = files("search_api.services.prefill")
    for kind in ("forms", "requirements"):
        names = {one.name for one in folder.joinpath(kind).iterdir()}
        assert names == {f"{code}.json" for code in PROCEDURES}


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_form_is_a_valid_json_schema(procedure):
    schema = get_form(procedure).schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_each_field_of_a_form_has_a_title_a_class_and_a_source_that_exists(procedure):
    form = get_form(procedure)
    assert len({one.pointer for one in form.fields}) == len(form.fields) > 10
    for one in form.fields:
        block = form.schema
        for key in one.pointer.split("/")[1:]:
            block = block["properties"][key]
        assert block["title"]
        assert one.classification in FIELD_CLASSES
        if isinstance(one.source, PersonSource):
            assert one.source.field in Person.model_fields
            assert one.classification == FIELDS[one.source.field].field_class
        if isinstance(one.source, PaperSource):
            assert all(kind in RESULT_KINDS for kind in one.source.kinds)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_person_blocks_use_the_names_of_the_contract(procedure):
    for one in get_form(procedure).fields:
        if isinstance(one.source, PersonSource):
            block, name = one.pointer[1:].split("/")
            assert name == one.source.field
            assert block == ("applicant" if one.source.role == "subject" else one.source.role)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_table_has_the_papers_and_cases_of_the_catalogue(procedure):
    table, row = get_requirements(procedure), CATALOGUE[procedure]
    assert [(case.code, case.name) for case in table.cases] == [(case["code"], case["name"]) for case in row["cases"]]
    expected = [(one["code"], one["name"], one["required"], one["case"]) for one in row["documents"]]
    assert [(one.code, one.name, one.required, one.cases[0] if one.cases else None) for one in table.components] == (
        expected
    )


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_evidence_is_of_the_kinds_that_the_catalogue_names(procedure):
    documents = {one["code"]: set(one["paper_kinds"]) for one in CATALOGUE[procedure]["documents"]}
    for part in get_requirements(procedure).components:
        assert {kind for one in part.evidence for kind in one.paper_kinds} == documents[part.code]
        for one in part.evidence:
            assert (one.register is None) == bool(one.holder and one.paper_kinds)
        assert set(part.each_of) <= {one.holder for one in part.evidence}


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_each_table_has_one_component_that_is_the_form_itself(procedure):
    assert [one.this_form for one in get_requirements(procedure).components].count(True) == 1


@pytest.mark.parametrize("find", [get_form, get_requirements])
def test_a_procedure_without_a_form_is_said_not_to_be_found(find):
    with pytest.raises(ProcedureNotFoundError):
        find("2.000815")

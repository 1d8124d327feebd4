"""Prefill from request to answer: six procedures, and nothing left out."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.prefill_world import (
    AN,
    BINH,
    CARD,
    CUC,
    LAND,
    MARRIAGE,
    RESIDENCE,
    Desk,
    World,
    a_family,
    component,
    field_at,
    reference,
    statuses,
)

from search_api.services.prefill.forms import PROCEDURES, get_form
from search_api.services.prefill.requirements import get_requirements

OLD_VINH = {"unit_code": "16669", "text": "số 5, phường Lê Lợi, thành phố Vinh, tỉnh Nghệ An"}


@pytest.fixture
def world():
    return a_family()


@pytest.fixture
def desk(world):
    return Desk(world)


def value(answer, pointer):
    return field_at(answer, pointer).value


# ---------------------------------------------------------------- the six procedures


def test_birth_a_father_registers_and_names_the_mother(desk):
    answer = desk.ask("1.001193", AN, persons={"mother": BINH, "father": AN}, case="cha-me-da-ket-hon")
    assert value(answer, "/applicant/full_name") == value(answer, "/father/full_name") == "Nguyễn Văn An"
    assert value(answer, "/applicant/phone") == "+84912345678"
    assert (value(answer, "/mother/full_name"), value(answer, "/mother/born_on")) == ("Trần Thị Bình", "1989-09-12")
    assert field_at(answer, "/child/full_name").reason.code == "person_not_named"
    assert field_at(answer, "/copies").reason.code == "must_be_typed"
    assert component(answer, "giay-chung-nhan-ket-hon").status == "reusable"
    assert answer.papers_saved == 2
    assert answer.status == "partial"


def test_birth_a_mother_who_applies_is_told_her_husband_as_a_suggestion(desk):
    answer = desk.ask("1.001193", BINH, persons={"mother": BINH})
    father = field_at(answer, "/father/full_name")
    assert (father.value, father.status, father.reason.code) == (
        "Nguyễn Văn An", "suggested", "relation_may_have_changed",
    )  # fmt: skip
    assert (value(answer, "/father/born_on"), field_at(answer, "/father/born_on").reason.code) == (
        "1987", "birth_year_only",
    )  # fmt: skip
    assert statuses(answer)["/father/address"] == statuses(answer)["/father/citizen_id"] == "missing"


def test_birth_a_grandmothers_husband_is_never_the_childs_father(desk):
    answer = desk.ask("1.001193", BINH, persons={"mother": CUC})
    assert statuses(answer)["/father/full_name"] == "missing"


def test_marriage_asks_for_both_and_what_each_holds(desk, world):
    hoa = {"citizen_id": "040190005555", "full_name": "Lê Thị Hoa", "born_on": "1990-01-01"}
    world.paper(CARD, hoa, data={"address": OLD_VINH}, issued_on="2023-05-05")
    answer = desk.ask("1.000894", AN, persons={"spouse": hoa}, case="lan-dau")
    assert value(answer, "/spouse/full_name") == "Lê Thị Hoa"
    assert value(answer, "/spouse/address")["unit_2025"] == "Phường Thành Vinh"
    assert component(answer, "giay-to-tuy-than").status == "reusable"
    assert answer.status == "complete"


def test_death_is_reported_by_the_wife(desk):
    answer = desk.ask("1.000656", BINH, persons={"deceased": AN})
    assert (value(answer, "/deceased/full_name"), value(answer, "/deceased/sex")) == ("Nguyễn Văn An", "male")
    assert statuses(answer)["/deceased/died_at"] == "missing"
    assert component(answer, "giay-bao-tu").status == "must_supply"
    assert component(answer, "giay-to-tuy-than").evidence[0].paper_id == "CARD-BINH"


def test_residence_a_mother_moves_with_her_child_who_is_a_minor(desk):
    answer = desk.ask("1.004222", BINH, persons={"child": CUC, "householder": AN}, case="tre-em")
    assert (value(answer, "/child/full_name"), value(answer, "/child/citizen_id")) == (
        "Nguyễn Thu Cúc", CUC["citizen_id"],
    )  # fmt: skip
    assert field_at(answer, "/child/full_name").source.paper_id == "BIRTH-CUC"
    assert value(answer, "/householder/full_name") == "Nguyễn Văn An"
    assert component(answer, "giay-khai-sinh").status == "reusable"
    assert component(answer, "dong-y-cha-me").status == "must_supply"


def test_residence_of_a_minor_by_the_own_number_tells_of_the_parents_nothing(desk):
    answer = desk.ask("1.004222", CUC, case="tre-em")
    assert statuses(answer)["/householder/full_name"] == "missing"
    assert component(answer, "giay-khai-sinh").status == "reusable_after_check"


def test_marital_status_tells_the_marriage_and_of_the_wife_only_name_and_year(desk):
    answer = desk.ask("1.004873", AN, case="chua-ket-hon")
    assert (value(answer, "/marriage/certificate_number"), value(answer, "/marriage/registered_on")) == (
        "12/2015", "2015-10-10",
    )  # fmt: skip
    assert (value(answer, "/spouse/full_name"), value(answer, "/spouse/born_on")) == ("Trần Thị Bình", "1989")
    assert field_at(answer, "/marriage/certificate_number").status == "filled"


def test_the_second_holder_of_a_marriage_certificate_is_told_the_same_of_the_marriage(desk):
    answer = desk.ask("1.004873", BINH)
    assert value(answer, "/marriage/registered_on") == "2015-10-10"
    assert value(answer, "/spouse/full_name") == "Nguyễn Văn An"


def test_household_business_is_filled_from_card_and_dossier(desk, world):
    world.paper(LAND, AN, number="CS 001234", issued_on="2021-01-01")
    answer = desk.ask("1.001612", AN, case="ca-nhan")
    filled = [pointer for pointer, status in statuses(answer).items() if status == "filled"]
    assert "/applicant/address" in filled
    assert value(answer, "/applicant/email") == "an@example.vn"
    assert value(answer, "/business/place_certificate_number") == "CS 001234"
    assert component(answer, "dia-diem").status == "reusable_after_check"
    assert answer.status == "complete"


# ---------------------------------------------------------------- nothing is left out


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), procedure=st.sampled_from(PROCEDURES))
def test_each_field_and_component_is_answered_exactly_once_in_order(desk, data, procedure):
    form, table = get_form(procedure), get_requirements(procedure)
    roles = sorted((form.roles | table.roles) - {"subject"})
    named = data.draw(st.dictionaries(st.sampled_from(roles), st.sampled_from([AN, BINH, CUC]))) if roles else {}
    case = data.draw(st.sampled_from([None, *(one.code for one in table.cases)]))
    subject = data.draw(st.sampled_from([AN, BINH, CUC]))
    answer = desk.ask(procedure, subject, persons=named, case=case)
    assert [one.pointer for one in answer.fields] == [one.pointer for one in form.fields]
    assert [one.code for one in answer.components] == [one.code for one in table.components]
    for one in answer.fields:
        has_value = one.status in ("filled", "suggested")
        assert has_value == (one.value is not None) == (one.source is not None) == (one.confidence is not None)
        assert one.reason.text_vi
    assert answer.papers_saved == [one.status for one in answer.components].count("reusable")


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_each_value_is_one_that_the_form_takes(desk, procedure):
    schema = get_form(procedure).schema
    roles = get_form(procedure).roles - {"subject"}
    answer = desk.ask(procedure, AN, persons=dict.fromkeys(sorted(roles), BINH))
    given = [one for one in answer.fields if one.value is not None]
    assert len(given) >= 5
    for one in given:
        block = schema
        for key in one.pointer.split("/")[1:]:
            block = block["properties"][key]
        Draft202012Validator({**block, "$defs": schema["$defs"]}).validate(one.value)


def test_named_fields_and_components_are_answered_alone(desk):
    answer = desk.ask("1.004873", fields=["/applicant/sex", "/applicant/full_name"], components=["to-khai"])
    assert [one.pointer for one in answer.fields] == ["/applicant/full_name", "/applicant/sex"]
    assert [one.code for one in answer.components] == ["to-khai"]


def test_of_an_unknown_person_everything_is_missing_and_the_answer_is_empty(desk):
    answer = desk.ask("1.004873", {"citizen_id": "040099000001"})
    assert answer.status == "empty"
    assert {one.status for one in answer.fields} == {"missing", "withheld"}
    assert field_at(answer, "/applicant/full_name").reason.code == "no_record"
    (trace,) = desk.audited
    assert (trace.outcome, trace.records, trace.subjects) == (
        "not_found", (), (reference("citizen_id", "040099000001").hex(),),
    )  # fmt: skip


def test_a_conflict_is_an_issue_too_and_makes_the_answer_partial(desk, world):
    world.paper(RESIDENCE, {**AN, "born_on": "1987-02-05"})
    answer = desk.ask("1.001612", case="ca-nhan")
    assert (statuses(answer)["/applicant/born_on"], answer.status) == ("conflict", "partial")
    assert [(one.code, one.pointer) for one in answer.issues] == [("day_and_month_swapped", "/applicant/born_on")]


def test_issues_say_what_was_not_used_and_what_was_not_looked_at(desk, world):
    world.dossier({**AN, "full_name": "Lê Thị Hoa"})
    world.more = True
    answer = desk.ask("1.001612")
    assert [one.code for one in answer.issues] == ["case_not_stated", "records_not_used", "more_records"]
    assert "1 hồ sơ" in answer.issues[1].text_vi


def test_where_two_people_bear_one_number_only_name_and_birth_are_told(desk, world):
    world.paper(
        MARRIAGE, {**AN, "full_name": "Lê Thị Hoa", "born_on": "1960"}, number="99/1999", issued_on="1999-01-01"
    )
    answer = desk.ask("1.004873", AN)
    assert statuses(answer)["/applicant/full_name"] == "conflict"
    for pointer in ("/applicant/address", "/marriage/certificate_number"):
        assert field_at(answer, pointer).reason.code == "identity_unclear"
    assert statuses(answer)["/spouse/full_name"] == "missing"
    assert component(answer, "giay-to-tuy-than").status == "reusable_after_check"


@pytest.mark.parametrize("registered_on", ["30/02/2015", 2015, None])
def test_a_date_of_a_paper_that_is_none_is_not_in_the_records(registered_on):
    world = World()
    world.paper(MARRIAGE, AN, BINH, data={"registered_on": registered_on})
    field = field_at(Desk(world).ask("1.004873", AN), "/marriage/registered_on")
    assert (field.status, field.reason.code) == ("missing", "not_in_records")

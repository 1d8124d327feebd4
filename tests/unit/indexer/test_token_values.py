"""Which search tokens a record makes, and which it never makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper, make_person

from indexer.participants import participants_of_dossier, participants_of_paper
from indexer.token_values import dossier_token_values, name_values, paper_token_values
from schemas.dossier import Dossier
from schemas.fields import TOKEN_KINDS
from schemas.paper import Paper
from security.references import References

REFS = References(b"r" * 32)


def of_dossier(row):
    dossier = Dossier.model_validate(row)
    return set(dossier_token_values(dossier, participants_of_dossier(dossier, REFS), REFS))


def of_paper(row):
    paper = Paper.model_validate(row)
    return set(paper_token_values(paper, participants_of_paper(paper, REFS), REFS))


def of_kind(values, kind):
    return {parts for name, parts in values if name == kind}


def test_a_dossier_is_found_by_its_code_and_its_results_number():
    values = of_dossier(make_dossier(result={"code": "KQ.G15.000031", "number": "118/2023"}))
    assert of_kind(values, "dossier_code") == {(CODE,)}
    assert of_kind(values, "document_number") == {("118/2023",)}
    assert of_kind(values, "document_kind_number") == {("KQ.G15.000031", "118/2023")}


def test_a_result_of_unknown_kind_is_found_by_its_number_alone():
    values = of_dossier(make_dossier(result={"number": "118/2023"}))
    assert of_kind(values, "document_kind_number") == set()
    assert of_kind(values, "document_number") == {("118/2023",)}


def test_every_person_is_found_by_reference():
    references = {REFS.subject("citizen_id", MOTHER_ID), REFS.subject("citizen_id", FATHER_ID)}
    found = {parts[0] for parts in of_kind(of_dossier(make_birth()), "subject")}
    assert found == references | {REFS.role("dossier", CODE, "child", 0)}


def test_an_old_id_beside_a_new_one_makes_a_token_of_its_own():
    values = of_dossier(make_dossier(applicant=make_person(old_id=OLD_ID)))
    assert of_kind(values, "subject") == {(REFS.subject("citizen_id", MOTHER_ID),)}
    assert of_kind(values, "old_id") == {(REFS.subject("old_id", OLD_ID),)}


def test_a_name_makes_compounds_with_the_birth_year():
    values = of_dossier(make_dossier(applicant=make_person(phone="0912345678")))
    assert of_kind(values, "name") == {("nguyen thi hong nhung",)}
    assert of_kind(values, "name_year") == {("nguyen thi hong nhung", "1987")}
    assert of_kind(values, "name_ends_year") == {("nguyen", "nhung", "1987")}
    assert of_kind(values, "name_day") == {("nguyen thi hong nhung", "05-02")}
    assert of_kind(values, "name_sorted_year") == {("hong nguyen nhung thi", "1987")}
    assert of_kind(values, "name_deletion_year") == {
        (shorter, "1987") for shorter in ("thi hong nhung", "nguyen hong nhung", "nguyen thi nhung", "nguyen thi hong")
    }
    assert of_kind(values, "phone") == {("+84912345678",)}
    assert of_kind(values, "phone_tail") == {("345678", "nhung")}
    assert of_kind(values, "id_tail") == {("0123", "nhung", "1987")}


@pytest.mark.parametrize(
    ("born_on", "day", "year"), [("1987", False, True), ("1987-05", False, True), (None, False, False)]
)
def test_a_birth_date_counts_as_far_as_it_is_given(born_on, day, year):
    values = of_dossier(make_dossier(applicant=make_person(born_on=born_on)))
    assert bool(of_kind(values, "name_day")) is day
    assert bool(of_kind(values, "name_year")) is year
    assert bool(of_kind(values, "id_tail")) is year
    assert of_kind(values, "name")


def test_without_a_name_a_phone_makes_only_its_own_token():
    values = of_dossier(make_dossier(applicant={"phone": "0912345678", "born_on": "1987-05-02"}))
    assert {kind for kind, _ in values} == {"dossier_code", "subject", "phone"}


@pytest.mark.parametrize(
    ("received_at", "era"),
    [("2025-06-30T23:59:00+07:00", "old"), ("2025-07-01T00:00:00+07:00", "new"), (None, "new")],
)
def test_a_commune_code_is_one_of_the_day_of_filing(received_at, era):
    applicant = make_person(address={"unit_code": "16690", "text": "xã Nghi Kim"})
    values = of_dossier(make_dossier(applicant=applicant, received_at=received_at))
    assert of_kind(values, "name_ward") == {("nguyen thi hong nhung", f"{era}:16690")}


def test_a_paper_is_found_by_number_by_dossier_and_by_person_and_never_by_name():
    values = of_paper(make_paper(holders=[make_person(old_id=OLD_ID)], data={}))
    assert values == {
        ("document_number", ("118/2023",)),
        ("document_kind_number", ("KQ.G15.000031", "118/2023")),
        ("paper_dossier", (CODE,)),
        ("subject", (REFS.subject("citizen_id", MOTHER_ID),)),
        ("old_id", (REFS.subject("old_id", OLD_ID),)),
    }


_SYLLABLES = st.text(st.sampled_from("abcđêơưáà"), min_size=1, max_size=6)


@given(
    syllables=st.lists(_SYLLABLES, min_size=1, max_size=7),
    year=st.none() | st.just("1987"),
    day=st.none() | st.just("05-02"),
)
def test_no_name_makes_a_token_of_a_lone_syllable_a_left_part_or_a_lone_year(syllables, year, day):
    for kind, parts in name_values(" ".join(syllables), year, day):
        words = parts[0].split()
        if kind == "name":
            assert len(words) == len(syllables)
        else:
            assert len(parts) > 1
        if kind == "name_deletion_year":
            assert len(words) == len(syllables) - 1 >= 2


def test_every_kind_that_is_made_stands_in_the_field_table():
    applicant = make_person(old_id=OLD_ID, phone="0912345678", address={"unit_code": "16690"})
    made = of_dossier(make_dossier(applicant=applicant, result={"code": "K", "number": "1"})) | of_paper(make_paper())
    assert {kind for kind, _ in made} == set(TOKEN_KINDS)


def test_values_are_equal_whatever_the_spelling_of_the_name():
    for name in ("NGUYỄN THỊ HỒNG NHUNG", "nguyen thi hong nhung"):
        assert of_dossier(make_dossier(applicant=make_person(full_name=name))) == of_dossier(make_dossier())

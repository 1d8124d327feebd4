"""Who a record concerns: each person once, with the roles played and what was said of each."""

from __future__ import annotations

import pytest
from support.rows import CHILD_ID, CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper, make_person

from indexer.participants import names_nobody, participants_of_dossier, participants_of_paper
from indexer.sources.rows import RowError
from schemas.dossier import Dossier
from schemas.paper import Paper
from security.references import References

REFS = References(b"r" * 32)


def of_dossier(row):
    return participants_of_dossier(Dossier.model_validate(row), REFS)


def of_paper(row):
    return participants_of_paper(Paper.model_validate(row), REFS)


def test_the_applicant_comes_first_then_the_others_in_their_order():
    people = of_dossier(make_birth())
    assert [one.roles for one in people] == [["applicant", "mother"], ["child"], ["father"]]


def test_the_applicant_who_stands_among_the_persons_too_is_one_person_with_both_roles():
    [mother, *_] = of_dossier(make_birth())
    assert mother.reference == REFS.subject("citizen_id", MOTHER_ID)
    assert mother.person.full_name == "Nguyễn Thị Hồng Nhung"


def test_what_one_mention_leaves_out_another_fills_in_and_the_first_counts():
    persons = [
        {"role": "mother", "citizen_id": MOTHER_ID, "phone": "0912345678", "born_on": "1988", "old_id": OLD_ID},
        {"role": "mother", "citizen_id": MOTHER_ID, "phone": "0987654321", "ethnicity": "Kinh"},
    ]
    [person] = of_dossier(make_dossier(persons=persons))
    assert person.roles == ["applicant", "mother"]
    assert (person.person.phone, person.person.born_on) == ("+84912345678", "1987-05-02")
    assert (person.person.old_id, person.person.ethnicity) == (OLD_ID, "Kinh")


@pytest.mark.parametrize("name", ["NGUYEN THI HONG NHUNG", "Nguyễn Thị Hồng Nhung", "nguyen thi hong nhung"])
def test_one_number_under_two_spellings_of_a_name_is_one_person(name):
    [person] = of_dossier(make_dossier(persons=[make_person(role="mother", full_name=name)]))
    assert person.person.full_name == "Nguyễn Thị Hồng Nhung"


def test_one_number_with_two_names_is_refused_where_the_second_stands():
    row = make_dossier(persons=[{"role": "father"}, make_person(role="mother", full_name="Lê Văn C")])
    with pytest.raises(RowError) as caught:
        of_dossier(row)
    assert (caught.value.code, caught.value.pointer) == ("one_number_two_names", "/persons/1")
    assert "Lê Văn C" not in str(caught.value)


@pytest.mark.parametrize(
    ("numbers", "id_type", "number"),
    [
        ({"citizen_id": FATHER_ID, "old_id": OLD_ID, "passport": "C1234567"}, "citizen_id", FATHER_ID),
        ({"old_id": OLD_ID, "passport": "C1234567"}, "old_id", OLD_ID),
        ({"passport": "C1234567"}, "passport", "C1234567"),
    ],
)
def test_a_person_is_known_by_the_best_number_given(numbers, id_type, number):
    [person] = of_dossier(make_dossier(applicant={"full_name": "Trần Văn Hùng", **numbers}))
    assert person.reference == REFS.subject(id_type, number)


def test_people_without_a_number_are_known_by_role_and_place():
    children = [{"role": "child", "full_name": name} for name in ("Trần Gia Bảo", "Trần Gia Hân")]
    numbered = {"role": "child", "citizen_id": CHILD_ID}
    people = of_dossier(make_dossier(persons=[children[0], numbered, children[1]]))
    assert [one.reference for one in people[1:]] == [
        REFS.role("dossier", CODE, "child", 0),
        REFS.subject("citizen_id", CHILD_ID),
        REFS.role("dossier", CODE, "child", 1),
    ]


def test_an_applicant_without_a_number_has_a_role_reference_too():
    [person] = of_dossier(make_dossier(applicant={"full_name": "Lê Văn C"}))
    assert person.reference == REFS.role("dossier", CODE, "applicant", 0)


def test_two_people_without_a_number_stay_two_even_with_equal_names():
    twins = [{"role": "child", "full_name": "Trần Gia Bảo"}] * 2
    assert len({one.reference for one in of_dossier(make_dossier(persons=twins))}) == 3


def test_a_block_of_the_form_goes_to_the_person_of_its_role_and_other_text_to_the_applicant():
    form = {"child": {"weight": "3,2 kg"}, "buyer": {"name": "X"}, "note": "xin gấp", "copies": 2, "list": [1]}
    mother, child, father = of_dossier(make_birth(form=form))
    assert child.extra == {"form": {"child": {"weight": "3,2 kg"}}}
    assert mother.extra == {"form": {"buyer": {"name": "X"}, "note": "xin gấp", "list": [1]}}
    assert father.extra == {}


def test_a_block_of_a_role_that_several_play_goes_to_the_first_of_them():
    children = [{"role": "child", "full_name": name} for name in ("Trần Gia Bảo", "Trần Gia Hân")]
    _, first, second = of_dossier(make_dossier(persons=children, form={"child": {"weight": "3"}}))
    assert "form" in first.extra
    assert second.extra == {}


def test_free_text_of_the_course_goes_to_the_applicant():
    supplements = [
        {"requested_at": "2023-11-08T08:00:00Z", "reason": "Thiếu giấy chứng sinh"},
        {"requested_at": "2023-11-09T08:00:00Z"},
    ]
    [mother, *others] = of_dossier(make_birth(return_reason="Sai tên", supplements=supplements))
    assert mother.extra == {
        "free_text": {"return_reason": "Sai tên", "supplement_reasons": ["Thiếu giấy chứng sinh", None]}
    }
    assert all(one.extra == {} for one in others)


@pytest.mark.parametrize("value", [None, True, False, 0, 2, 99_999_999, -3, 2.5])
def test_a_short_number_names_nobody(value):
    assert names_nobody(value)


@pytest.mark.parametrize("value", ["", "2", 912345678, 40187000123, -(10**8), 1e12, [], {}, [2]])
def test_a_text_a_list_or_a_number_as_long_as_an_identity_might_name_somebody(value):
    assert not names_nobody(value)


def test_what_a_section_holds_has_roles_fields_and_extras_and_nothing_empty():
    mother, child, _ = of_dossier(make_birth(form={"note": "x"}))
    assert mother.plaintext() == {
        "roles": ["applicant", "mother"],
        "citizen_id": MOTHER_ID,
        "full_name": "Nguyễn Thị Hồng Nhung",
        "born_on": "1987-05-02",
        "sex": "female",
        "form": {"note": "x"},
    }
    assert child.plaintext()["roles"] == ["child"]
    assert "role" not in child.plaintext()


# ---------------------------------------------------------------- papers


def test_the_holders_of_a_paper_come_first_then_the_relatives_its_data_names():
    holders = [{"citizen_id": MOTHER_ID, "full_name": "Nguyễn Thị Hồng Nhung"}, {"citizen_id": FATHER_ID}]
    data = {"child": {"full_name": "Trần Gia Bảo"}, "book": "12/2023", "mother": "Nhung"}
    people = of_paper(make_paper(holders=holders, data=data))
    assert [one.roles for one in people] == [["holder"], ["holder"], ["child"]]
    # The paper's own words, and what bears a relative's name and is no person, stay with the first holder.
    assert people[0].extra == {"data": {"book": "12/2023", "mother": "Nhung"}}
    assert people[1].extra == {}


def test_a_relative_with_the_holders_number_is_the_holder():
    [person] = of_paper(make_paper(data={"child": {"citizen_id": CHILD_ID, "sex": "male"}}))
    assert person.roles == ["holder", "child"]
    assert person.person.sex == "male"


def test_a_relative_without_a_number_is_known_by_the_paper():
    [_, mother] = of_paper(make_paper(data={"mother": {"full_name": "Nguyễn Thị Hồng Nhung"}}))
    assert mother.reference == REFS.role("paper", make_paper()["id"], "mother", 0)


def test_a_relative_whose_fields_have_no_canonical_form_is_refused_with_the_place():
    with pytest.raises(RowError) as caught:
        of_paper(make_paper(data={"mother": {"born_on": "30/02/1987"}}))
    assert (caught.value.code, caught.value.pointer) == ("date_impossible", "/data/mother/born_on")


def test_a_relative_of_another_name_under_the_holders_number_is_refused():
    with pytest.raises(RowError) as caught:
        of_paper(make_paper(data={"father": {"citizen_id": CHILD_ID, "full_name": "Lê Văn C"}}))
    assert (caught.value.code, caught.value.pointer) == ("one_number_two_names", "/data/father")

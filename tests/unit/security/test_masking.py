"""Masks: what is left of a value, and what a grant lets be seen of a person. All people are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import FIELD_CLASSES
from security.masking import mask_date, mask_name, mask_number, reveal
from security.policy import Grant

SHOWN = {"basic", "contact", "identity", "family"}


def _grant(clear=(), masked=(), by_name=()):
    return Grant(
        action="records.get",
        purpose="dossier_processing",
        legal_basis="statutory_task",
        domains=frozenset({"H41"}),
        agencies=frozenset({"H41.14"}),
        reaches_subject=False,
        clear=frozenset(clear),
        masked=frozenset(masked),
        by_name=frozenset(by_name),
        domain_of=lambda code: code.partition(".")[0],
    )


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Nguyễn Văn An", "N… V… An"),
        ("Đỗ Ân", "Đ… Ân"),
        ("An", "A…"),
        ("Y", "Y…"),
        ("", "…"),
        ("Tôn Nữ Thị Ế", "T… N… T… Ế"),
    ],
)
def test_a_masked_name_keeps_the_initials_and_the_given_name(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("001099000123", "•••••••••123"),
        ("100000123", "••••••123"),
        ("B1234567", "•••••567"),
        ("123456", "••••••"),
        ("", ""),
    ],
)
def test_a_masked_number_keeps_three_digits_of_seven_or_more(number, masked):
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("date", "year"),
    [("1987-05-02", 1987), ("1987-05", 1987), ("1987", 1987), ("87", None), ("", None), ("٢٠٢٠", None)],
)
def test_a_masked_date_keeps_the_year(date, year):
    assert mask_date(date) == year


PERSON = {
    "full_name": "Nguyễn Văn An",
    "born_on": "1987-05-02",
    "citizen_id": "001087000123",
    "phone": "+84900000123",
    "address": {"unit_code": "17329", "text": "xóm 3"},
    "ethnicity": "Kinh",
    "religion": None,
    "roles": ["applicant"],
    "blood_group": "O",
}


def test_a_search_shows_enough_to_tell_people_apart_and_no_more():
    assert reveal(PERSON, _grant(masked={"basic", "identity"})) == {
        "full_name": "N… V… An",
        "birth_year": 1987,
        "citizen_id": "•••••••••123",
    }


def test_opening_shows_all_but_what_is_sensitive_and_nothing_that_the_table_lacks():
    opened = reveal(PERSON, _grant(clear=SHOWN, masked={"sensitive"}))
    assert opened == {name: PERSON[name] for name in ("full_name", "born_on", "citizen_id", "phone", "address")}


def test_a_field_asked_for_by_name_shows_if_the_grant_has_it():
    assert "ethnicity" not in reveal(PERSON, _grant(clear=SHOWN, by_name={"ethnicity"}))
    assert (
        reveal(PERSON, _grant(clear=SHOWN, by_name={"ethnicity"}), named=["ethnicity", "blood_group"])["ethnicity"]
        == "Kinh"
    )
    assert "blood_group" not in reveal(
        PERSON, _grant(clear=SHOWN, by_name={"ethnicity"}), named=["ethnicity", "blood_group"]
    )


def test_other_people_in_ones_own_record_are_masked():
    grant = _grant(clear=FIELD_CLASSES)
    assert reveal(PERSON, grant)["ethnicity"] == "Kinh"
    assert reveal(PERSON, grant.all_masked()) == {
        "full_name": "N… V… An",
        "birth_year": 1987,
        "citizen_id": "•••••••••123",
        "phone": "•••••••••123",
    }


def test_a_masked_value_that_is_not_text_is_left_out():
    assert reveal({"full_name": ["An"], "citizen_id": 1087000123}, _grant(masked={"basic", "identity"})) == {}


@given(st.dictionaries(st.text(), st.text()))
def test_without_a_class_in_the_grant_nothing_is_shown(person):
    assert reveal({**PERSON, **person}, _grant(), named=[*PERSON, *person]) == {}


@given(st.text(alphabet="0123456789", min_size=7, max_size=20))
def test_a_masked_number_has_its_length_and_three_digits(number):
    masked = mask_number(number)
    assert (len(masked), masked.count("•"), masked[-3:]) == (len(number), len(number) - 3, number[-3:])

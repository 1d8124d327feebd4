"""Canonical forms of identity numbers. All numbers are invented."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import citizen_id, citizen_id_facts, old_id, passport
from schemas.errors import CanonicalFormError


def reason_of(form, text):
    with pytest.raises(CanonicalFormError) as caught:
        form(text)
    return caught.value.reason


def test_blanks_and_dots_inside_a_citizen_id_are_dropped():
    assert citizen_id(" 040 187.001\u00a0234 ") == "040187001234"


def test_an_eleven_digit_citizen_id_is_refused_with_a_hint_at_the_lost_zero():
    with pytest.raises(CanonicalFormError, match="leading zero") as caught:
        citizen_id("40187001234")
    assert caught.value.reason == "citizen_id_length"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "citizen_id_characters"),
        ("04018700123A", "citizen_id_characters"),
        ("٠٤٠١٨٧٠٠١٢٣٤", "citizen_id_characters"),
        ("0401870012345", "citizen_id_length"),
        ("003187001234", "citizen_id_province"),
        ("100187001234", "citizen_id_province"),
        ("040487001234", "citizen_id_century"),
    ],
)
def test_a_wrong_citizen_id_is_refused_by_its_fault(text, reason):
    assert reason_of(citizen_id, text) == reason


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        ("040087001234", ("040", "male", 1987)),
        ("001187001234", ("001", "female", 1987)),
        ("096205001234", ("096", "male", 2005)),
        ("079300001234", ("079", "female", 2000)),
    ],
)
def test_a_citizen_id_tells_province_sex_and_birth_year(number, facts):
    assert citizen_id_facts(number) == facts


def test_an_old_number_has_nine_digits():
    assert old_id("186 123.456") == "186123456"
    assert reason_of(old_id, "86123456") == "old_id_length"
    assert reason_of(old_id, "B8612345") == "old_id_characters"


def test_a_passport_number_is_upper_case_without_blanks():
    assert passport(" c 1234567 ") == "C1234567"
    assert reason_of(passport, "ABCDEFG") == "passport_format"
    assert reason_of(passport, "C12") == "passport_format"


@pytest.mark.parametrize("form", [citizen_id, citizen_id_facts, old_id, passport])
@given(text=st.text(max_size=20))
def test_garbage_gives_no_error_but_the_typed_one(form, text):
    with contextlib.suppress(CanonicalFormError):
        form(text)


@pytest.mark.parametrize(
    ("form", "text"),
    [(citizen_id, "40187001234"), (citizen_id, "100187001234"), (old_id, "86123456"), (passport, "AZ")],
)
def test_an_error_does_not_repeat_the_number(form, text):
    with pytest.raises(CanonicalFormError) as caught:
        form(text)
    assert text not in str(caught.value)


@given(st.from_regex(r"040[0-3][0-9]{8}", fullmatch=True))
def test_the_form_of_a_citizen_id_is_idempotent(number):
    assert citizen_id(citizen_id(f"{number[:3]} {number[3:]}")) == number


@given(st.text(alphabet="aZ19 -", max_size=12))
def test_the_form_of_a_passport_is_idempotent(text):
    try:
        form = passport(text)
    except CanonicalFormError:
        return
    assert passport(form) == form

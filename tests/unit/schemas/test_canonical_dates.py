"""Canonical form of dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import dates_agree, partial_date
from schemas.errors import CanonicalFormError


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("1987-05-02", "1987-05-02"), ("1987-5-2", "1987-05-02"), ("1987/05/02", "1987-05-02"),
        ("02/05/1987", "1987-05-02"), ("2/5/1987", "1987-05-02"), ("02-05-1987", "1987-05-02"),
        ("02.05.1987", "1987-05-02"), (" 02 / 05 / 1987 ", "1987-05-02"),
        ("1987-05", "1987-05"), ("05/1987", "1987-05"), ("1987", "1987"),
        ("00/00/1987", "1987"), ("00/05/1987", "1987-05"), ("1987-00-00", "1987"),
        ("29/02/2024", "2024-02-29"),
    ],
)  # fmt: skip
def test_a_date_is_read_as_far_as_it_is_given(typed, canonical):
    assert partial_date(typed) == canonical


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("30/02/1987", "date_impossible"), ("29/02/2023", "date_impossible"), ("05/13/1987", "date_impossible"),
        ("1987-13", "date_impossible"), ("12/00/1987", "date_impossible"), ("1987-00-05", "date_impossible"),
        ("02/05/87", "date_format"), ("02051987", "date_format"), ("", "date_format"), ("hôm qua", "date_format"),
        ("1987-05-02T00:00:00", "date_format"), ("۱۹۸۷", "date_format"),
        ("1879", "date_range"), ("01/01/2101", "date_range"), ("0000", "date_range"),
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_is_refused_by_its_fault(typed, reason):
    with pytest.raises(CanonicalFormError) as caught:
        partial_date(typed)
    assert caught.value.reason == reason


def test_the_day_comes_before_the_month():
    assert partial_date("03/04/1990") == "1990-04-03"


@given(st.dates(min_value=date(1880, 1, 1), max_value=date(2100, 12, 31)))
def test_every_day_of_the_calendar_is_read_in_both_orders(day):
    assert partial_date(day.isoformat()) == day.isoformat()
    assert partial_date(f"{day.day}/{day.month}/{day.year}") == day.isoformat()


@given(st.one_of(st.text(max_size=12), st.text(alphabet="0123456789-/. ", max_size=12)))
def test_garbage_gives_a_date_or_a_typed_error(text):
    try:
        form = partial_date(text)
    except CanonicalFormError:
        return
    assert partial_date(form) == form


def test_dates_agree_as_far_as_both_are_given():
    assert dates_agree("1987", "02/05/1987")
    assert dates_agree("1987-05-02", "05/1987")
    assert dates_agree("02/05/1987", "1987-05-02")
    assert not dates_agree("1987-05", "1987-06-05")
    assert not dates_agree("1988", "1987-05-02")

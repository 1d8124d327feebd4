"""Canonical forms of phones, e-mails, addresses. All values are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import address_text, email, phone
from schemas.errors import CanonicalFormError


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678", "0912 345 678", "0912.345.678", "0912-345–678", "(091) 2345678", "+84912345678", "84912345678",
        "0084 912 345 678", "+84 (0) 912 345 678",
    ],
)  # fmt: skip
def test_the_spellings_of_one_number_meet(typed):
    assert phone(typed) == "+84912345678"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0162", "32"), ("0163", "33"), ("0164", "34"), ("0165", "35"), ("0166", "36"), ("0167", "37"), ("0168", "38"),
        ("0169", "39"), ("0120", "70"), ("0121", "79"), ("0122", "77"), ("0126", "76"), ("0128", "78"), ("0123", "83"),
        ("0124", "84"), ("0125", "85"), ("0127", "81"), ("0129", "82"), ("0186", "56"), ("0188", "58"), ("0199", "59"),
    ],
)  # fmt: skip
def test_an_eleven_digit_mobile_number_becomes_the_one_of_today(old, new):
    assert phone(f"{old} 111 2222") == f"+84{new}1112222"
    assert phone(f"+84{old[1:]}1112222") == f"+84{new}1112222"


def test_landlines_and_numbers_abroad_are_read():
    assert phone("(0238) 3.844.123") == "+842383844123"
    assert phone("024 3812 3456") == "+842438123456"
    assert phone("+1 202 555 0123") == "+12025550123"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "912345678",
        "0112345678",
        "01111112222",
        "091234567",
        "09123456789",
        "113",
        "0912345678, 0912345679",
        "số nhà 5",
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(CanonicalFormError) as caught:
        phone(text)
    assert caught.value.reason == "phone_format"


def test_an_email_is_lower_case():
    assert email(" Ten.Rieng+1@Example.VN ") == "ten.rieng+1@example.vn"


@pytest.mark.parametrize(
    "text",
    ["", "ten", "ten@", "@example.vn", "ten@example", "a..b@example.vn", "a b@example.vn", "tên@example.vn", "a@-x.vn"],
)
def test_what_is_no_email_is_refused(text):
    with pytest.raises(CanonicalFormError) as caught:
        email(text)
    assert caught.value.reason == "email_format"


def test_an_overlong_email_is_refused():
    with pytest.raises(CanonicalFormError):
        email("a" * 250 + "@example.vn")


def test_an_address_is_one_normalised_line():
    assert address_text(" Xóm 3,\n xã Hoà  Sơn ") == "Xóm 3, xã Hòa Sơn"


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" ", "address_length"), ("x" * 501, "address_length"), ("Xóm\x003", "address_characters")],
)
def test_an_address_that_cannot_be_kept_is_refused(text, reason):
    with pytest.raises(CanonicalFormError) as caught:
        address_text(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize("form", [phone, email, address_text])
@given(text=st.one_of(st.text(max_size=30), st.text(alphabet="+0123456789 .-()", max_size=16)))
def test_garbage_gives_a_stable_form_or_a_typed_error(form, text):
    try:
        canonical = form(text)
    except CanonicalFormError:
        return
    assert form(canonical) == canonical

"""A dossier's line: what is read, in which form, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.rows import MOTHER_ID, make_birth, make_dossier, make_person

from schemas.dossier import OPEN_STATUSES, STATUS_LABELS_VI, Dossier
from schemas.errors import CanonicalFormError
from schemas.text import MAX_JSON_DEPTH, MAX_TEXT_CHARS


def read(**changes):
    return Dossier.model_validate(make_dossier(**changes))


def reason(**changes):
    """Return why a dossier is refused: our reason, else pydantic's, with the place."""
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    first = caught.value.errors()[0]
    cause = first.get("ctx", {}).get("error")
    return first["loc"], cause.reason if isinstance(cause, CanonicalFormError) else first["type"]


def test_values_are_read_into_their_canonical_forms():
    dossier = read(
        code=" h41.14 - 231107-0001 ",
        procedure_code="1.001193.000.00.00.H41",
        applicant=make_person(full_name="NGUYỄN THỊ  HOÀ", born_on="02/05/1987", phone="0162 345 6789"),
        result={"number": "118 / 2023", "issued_on": "08/11/2023", "electronic": True},
    )
    assert (dossier.code, dossier.procedure_code) == ("H41.14-231107-0001", "1.001193")
    assert (dossier.applicant.full_name, dossier.applicant.born_on) == ("Nguyễn Thị Hòa", "1987-05-02")
    assert dossier.applicant.phone == "+84323456789"
    assert (dossier.result.number, dossier.result.issued_on) == ("118/2023", "2023-11-08")


def test_what_is_canonical_is_read_as_it_is():
    once = Dossier.model_validate(make_birth(form={"copies": 2, "child": {"weight": "3,2 kg"}}))
    assert Dossier.model_validate(once.model_dump(mode="json", exclude_none=True)) == once


def test_text_in_decomposed_letters_is_read_as_composed():
    assert read(return_reason="Thie\u0302\u0301u giấy").return_reason == "Thiếu giấy"


@pytest.mark.parametrize("key", ["code", "procedure_code", "agency", "version", "applicant"])
def test_a_dossier_needs(key):
    assert reason(**{key: None}) == ((key,), "missing")


@pytest.mark.parametrize(
    ("changes", "place", "why"),
    [
        ({"version": "1"}, ("version",), "int_type"),
        ({"version": True}, ("version",), "int_type"),
        ({"version": 1.0}, ("version",), "int_type"),
        ({"version": -1}, ("version",), "greater_than_equal"),
        ({"version": 2**63}, ("version",), "less_than"),
        ({"status": 0}, ("status",), "greater_than_equal"),
        ({"status": 11}, ("status",), "less_than_equal"),
        ({"channel": 4}, ("channel",), "less_than_equal"),
        ({"channel": True}, ("channel",), "int_type"),
        ({"on_the_spot": 1}, ("on_the_spot",), "bool_type"),
        ({"fee": {"due": -1}}, ("fee", "due"), "greater_than_equal"),
        ({"fee": {"due": 8000.5}}, ("fee", "due"), "int_type"),
        ({"applicant": "Nguyễn Thị Hồng Nhung"}, ("applicant",), "model_type"),
        ({"persons": {}}, ("persons",), "tuple_type"),
        ({"persons": [make_person()]}, ("persons", 0, "role"), "missing"),
        ({"persons": [{"role": " "}]}, ("persons", 0, "role"), "too_short"),
        ({"applicant": make_person(sex="nữ")}, ("applicant", "sex"), "literal_error"),
        ({"applicant": make_person(citizen_id="40187000123")}, ("applicant", "citizen_id"), "citizen_id_length"),
        ({"applicant": make_person(citizen_id=40187000123)}, ("applicant", "citizen_id"), "string_type"),
        ({"applicant": make_person(born_on="30/02/1987")}, ("applicant", "born_on"), "date_impossible"),
        ({"code": "hồ sơ 1"}, ("code",), "dossier_code_format"),
        ({"return_reason": "a\0b"}, ("return_reason",), "nul_character"),
        ({"return_reason": "a" * (MAX_TEXT_CHARS + 1)}, ("return_reason",), "text_too_long"),
        ({"persons": [{"role": "buyer"}] * 61}, ("persons",), "too_long"),
    ],
)
def test_what_has_the_wrong_type_or_form_is_refused_with_its_place(changes, place, why):
    assert reason(**changes) == (place, why)


@pytest.mark.parametrize(
    "written", ["20231107", "202311070815", "1699318800", 1699318800, 1.5, "07/11/2023 08:00", "2023-11-07", "", True]
)
def test_a_time_is_never_read_from_a_number_or_a_date_alone(written):
    assert reason(received_at=written) == (("received_at",), "not_a_time")


def test_a_time_without_an_offset_is_refused():
    assert reason(received_at="2023-11-07T08:00:00") == (("received_at",), "timezone_aware")


def test_a_time_that_does_not_exist_is_refused():
    assert reason(received_at="2023-02-30T08:00:00+07:00")[0] == ("received_at",)


@pytest.mark.parametrize(
    "written", ["2023-11-07T08:00:00+07:00", "2023-11-07t01:00:00Z", "2023-11-07 08:00:00.000+07:00"]
)
def test_a_time_is_read_as_rfc_3339_writes_it(written):
    assert read(received_at=written).received_at == datetime(2023, 11, 7, 1, tzinfo=UTC)


def test_a_dossier_that_ended_before_it_came_is_refused():
    assert reason(finished_at="2023-11-07T00:59:59Z") == ((), "finished_before_received")
    assert read(finished_at="2023-11-07T01:00:00Z").finished_at is not None


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400, float("inf"), float("nan")])
def test_a_number_of_the_form_that_other_programs_cannot_read_is_refused(number):
    assert reason(form={"list": [{"deep": number}]}) == (("form",), "number_too_large")


def test_numbers_of_the_form_may_fill_64_bits():
    assert read(form={"low": -(2**63), "high": 2**63 - 1, "real": 1e300}).form["high"] == 2**63 - 1


def _nested(depth):
    return {} if depth == 1 else {"deeper": _nested(depth - 1)}


def test_a_form_may_nest_so_deep_and_no_deeper():
    assert read(form=_nested(MAX_JSON_DEPTH)).form == _nested(MAX_JSON_DEPTH)
    assert reason(form=_nested(MAX_JSON_DEPTH + 1)) == (("form",), "nested_too_deep")
    assert reason(form=_nested(900)) == (("form",), "nested_too_deep")


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(form=st.dictionaries(st.text(), _json, max_size=4))
def test_a_form_is_kept_as_it_was_filed(form):
    assert read(form=form).form == form


def test_keys_that_are_not_known_are_ignored():
    assert not hasattr(read(clerk="Lê Văn C", applicant=make_person(zodiac="hổ")), "clerk")


def test_every_status_has_its_official_label():
    assert set(STATUS_LABELS_VI) == set(range(1, 11))
    assert set(STATUS_LABELS_VI) > OPEN_STATUSES


def test_no_error_of_a_dossier_repeats_a_citizen_id():
    with pytest.raises(ValidationError) as caught:
        read(applicant=make_person(citizen_id=MOTHER_ID[1:]))
    assert MOTHER_ID[1:] not in caught.value.errors(include_input=False, include_url=False)[0]["msg"]

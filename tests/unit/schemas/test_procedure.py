"""One line of a catalogue, as real catalogues write it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.procedure import MAX_NAME_CHARS, Procedure, canonical_json, unknown_keys

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
ROW = st.fixed_dictionaries(
    {"name": TEXT.filter(lambda text: text.split())},
    optional={
        "code": st.sampled_from(["1.001193", "1.014955-Xoa", "", None]),
        "level": st.lists(TEXT, max_size=3) | st.none(),
        "steps": TEXT | st.none(),
        "documents": st.lists(st.fixed_dictionaries({"name": TEXT}, optional={"copies": st.none()}), max_size=2),
        "on_the_spot": st.booleans(),
        "visibility": st.sampled_from(["public", "internal", "draft"]),
    },
)


def test_only_the_name_is_required_and_the_rest_is_unknown():
    procedure = Procedure.model_validate({"name": "Đăng ký khai sinh"})
    assert procedure.visibility == "public"
    assert procedure.content == {"name": "Đăng ký khai sinh"}


@given(ROW)
def test_content_read_again_gives_the_same_content_and_id(row):
    procedure = Procedure.model_validate(row)
    again = Procedure.model_validate(
        {**json.loads(canonical_json(procedure.content)), "visibility": procedure.visibility}
    )
    assert again == procedure
    assert again.item_id == procedure.item_id


@pytest.mark.parametrize("code", ["1.001193", "1.014955-Xoa", "2.009182739", "1.004616.000.00.00.H56"])
def test_a_procedure_is_known_by_its_code(code):
    assert Procedure(name="Tên", code=f" {code} ").item_id == code


def test_without_a_code_it_is_known_by_name_domain_and_agency_alone():
    row = {"name": "Tên", "domain": "Hộ tịch", "agency": "UBND xã", "code": ""}
    known_as = Procedure.model_validate(row).item_id
    assert known_as == Procedure.model_validate({**row, "fee": "8.000 đồng"}).item_id
    assert known_as != Procedure.model_validate({**row, "agency": "UBND tỉnh"}).item_id
    # SHA-256 of {"agency":"UBND xã","domain":"Hộ tịch","name":"Tên"}, as sha256sum gives it.
    assert known_as == "h-e3e00b3233eea0a6"


def test_a_code_cannot_pretend_to_be_the_id_of_a_procedure_without_one():
    with pytest.raises(ValidationError):
        Procedure(name="Tên", code="h-0123456789abcdef")


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        ({}, ("name",), "missing"),
        ({"name": "  "}, ("name",), "name_length"),
        ({"name": "a" * (MAX_NAME_CHARS + 1)}, ("name",), "name_length"),
        ({"name": "a\0b"}, ("name",), "nul_character"),
        ({"name": 5}, ("name",), "string_type"),
        ({"name": "a", "code": "1/2"}, ("code",), "procedure_code_format"),
        ({"name": "a", "visibility": "secret"}, ("visibility",), "literal_error"),
        ({"name": "a", "steps": "b\0"}, ("steps",), "nul_character"),
        ({"name": "a", "documents": [{"copies": -1}]}, ("documents", 0, "copies"), "greater_than_equal"),
        ({"name": "a", "level": 5}, ("level",), "tuple_type"),
        ({"name": "\ud800"}, ("name",), "half_character"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(row, place, reason):
    with pytest.raises(ValidationError) as caught:
        Procedure.model_validate(row)
    fault = caught.value.errors()[0]
    cause = fault.get("ctx", {}).get("error")
    assert (fault["loc"], getattr(cause, "reason", fault["type"])) == (place, reason)


def test_official_wording_is_kept_but_for_composition_and_white_space():
    procedure = Procedure(name="Thuỷ  lợi\n và hoà giải", steps=" Bước 1\nBước 2 ")
    assert (procedure.name, procedure.steps) == ("Thuỷ lợi và hoà giải", "Bước 1\nBước 2")


def test_plain_texts_stand_for_papers_laws_and_channels():
    row = {"name": "a", "documents": ["Tờ khai"], "legal_basis": "60/2014/QH13", "methods": ["Trực tuyến"] * 2}
    procedure = Procedure.model_validate(row)
    assert procedure.documents[0].name == "Tờ khai"
    assert procedure.legal_basis[0].title == "60/2014/QH13"
    assert procedure.channels == ("Trực tuyến",)


def test_keys_that_no_field_has_are_ignored_and_counted():
    row = {"name": "a", "colour": "red", "documents": [{"name": "b", "colour": "red"}]}
    assert unknown_keys(row) == {"colour"}
    assert "colour" not in str(Procedure.model_validate(row).content)


def test_the_visibility_is_no_part_of_the_content():
    assert Procedure(name="a", visibility="draft").content == Procedure(name="a").content

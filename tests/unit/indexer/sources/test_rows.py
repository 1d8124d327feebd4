"""From a line to an object: every fault has a code, and none repeats a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from indexer.sources import Line, RowError, read_object, row_error
from schemas.procedure import Procedure


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"name": "Nguy', "not_json"),
        (b"", "not_json"),
        (b'{"a": 1} {"b": 2}', "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"name": "\xff"}', "not_utf8"),
        ("Nguyễn".encode("utf-16"), "nul_character"),
        (b'{"name": "a\0b"}', "nul_character"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 2}}', "duplicate_key"),
    ],
)
def test_a_faulty_line_is_refused_by_a_code_and_without_its_value(raw, code):
    with pytest.raises(RowError) as caught:
        read_object(Line(1, 0, raw))
    assert caught.value.code == code
    assert "Nguy" not in str(caught.value)


def test_a_line_that_was_refused_unread_stays_refused():
    fault = RowError("line_too_long", "", "too long")
    with pytest.raises(RowError) as caught:
        read_object(Line(1, 0, b"", fault))
    assert caught.value is fault


def outcome(raw):
    try:
        return type(read_object(Line(1, 0, raw))).__name__
    except RowError as fault:
        return fault.code


@given(st.binary(max_size=40))
def test_any_bytes_give_an_object_or_a_row_error(raw):
    codes = ("not_json", "not_an_object", "not_utf8", "nul_character", "duplicate_key")
    assert outcome(raw) in ("dict", *codes)


class Form(BaseModel):
    a: dict[str, int]


@pytest.mark.parametrize(
    ("model", "row", "code", "pointer"),
    [
        (Procedure, {"name": "SECRET\0"}, "nul_character", "/name"),
        (Procedure, {"name": "a", "documents": [{"copies": "SECRET"}]}, "int_parsing", "/documents/0/copies"),
        (Procedure, {"name": "a", "visibility": "SECRET"}, "literal_error", "/visibility"),
        (Form, {"a": {"x/y~z": "SECRET"}}, "int_parsing", "/a/x~1y~0z"),
    ],
)
def test_a_fault_of_a_model_is_named_by_pointer_and_code_without_its_value(model, row, code, pointer):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(row)
    fault = row_error(caught.value)
    assert (fault.code, fault.pointer) == (code, pointer)
    assert "SECRET" not in str(fault)

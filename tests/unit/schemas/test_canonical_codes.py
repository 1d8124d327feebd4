"""Canonical forms of codes and document numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import agency_code, document_number, dossier_code, procedure_code, result_kind
from schemas.errors import CanonicalFormError


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        (" h41.14-231107-0001 ", "H41.14-231107-0001"),
        ("H41.14 – 231107 — 0001", "H41.14-231107-0001"),
        ("H56-231027-0361", "H56-231027-0361"),
        ("000.17.22.H56-210531-0001", "000.17.22.H56-210531-0001"),
    ],
)
def test_a_dossier_code_is_upper_case_with_plain_dashes(typed, canonical):
    assert dossier_code(typed) == canonical


@pytest.mark.parametrize(
    ("typed", "short", "suffix"),
    [
        ("1.001193", "1.001193", None),
        (" 1.001193.000.00.00.h41 ", "1.001193", "000.00.00.H41"),
        ("1.013980.H19", "1.013980", "H19"),
        ("1.012790.000.00.00", "1.012790", "000.00.00"),
    ],
)
def test_a_procedure_code_is_split_into_national_code_and_suffix(typed, short, suffix):
    assert procedure_code(typed) == (short, suffix)


def test_agency_codes_and_kinds_of_result_are_upper_case():
    assert agency_code("h41") == "H41"
    assert agency_code("H41.14.2") == "H41.14.2"
    assert agency_code("000.00.00.h41") == "000.00.00.H41"
    assert agency_code("H41CA.14") == "H41CA.14"
    assert result_kind("kq.g15.000031") == "KQ.G15.000031"


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        (dossier_code, "H41.14-2311-0001", "dossier_code_format"),
        (dossier_code, "", "dossier_code_format"),
        (dossier_code, "H41-231107-0001; drop", "dossier_code_format"),
        (procedure_code, "0.001193", "procedure_code_format"),
        (procedure_code, "1.001193.", "procedure_code_format"),
        (procedure_code, "1.001193.41", "procedure_code_format"),
        (procedure_code, "1001193", "procedure_code_format"),
        (agency_code, "41", "agency_code_format"),
        (agency_code, "H41.", "agency_code_format"),
        (result_kind, "KQ.X15.000031", "result_kind_format"),
        (document_number, " ", "document_number_length"),
        (document_number, "//--", "document_number_characters"),
        (document_number, "12\x00/GP", "document_number_characters"),
        (document_number, "1" * 101, "document_number_length"),
    ],
)
def test_what_is_no_code_is_refused_by_its_fault(form, text, reason):
    with pytest.raises(CanonicalFormError) as caught:
        form(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("118 / 2025/ nđ – cp", "118/2025/NĐ-CP"),
        ("12/gks-ubnd", "12/GKS-UBND"),
        ("AB  123456", "AB 123456"),
        ("5/ÐKKD", "5/ĐKKD"),
    ],
)
def test_a_document_number_keeps_its_letters(typed, canonical):
    assert document_number(typed) == canonical


def short_procedure_code(text):
    return procedure_code(text).short


@pytest.mark.parametrize("form", [dossier_code, short_procedure_code, agency_code, result_kind, document_number])
@given(text=st.one_of(st.text(max_size=30), st.text(alphabet="hđKQG.0123-/– ", max_size=24)))
def test_garbage_gives_a_stable_form_or_a_typed_error(form, text):
    try:
        canonical = form(text)
    except CanonicalFormError:
        return
    assert form(canonical) == canonical

"""From a line to a record."""

from __future__ import annotations

import json

import pytest
from support.rows import make_dossier, make_paper, make_person, to_lines

from indexer.record_lines import DOSSIERS, OTHER_KEY, PAPERS, read_record
from indexer.sources.rows import RowError


def read(row, kind=DOSSIERS):
    [line] = to_lines(row)
    return read_record(kind, line)


def refusal(row, kind=DOSSIERS):
    with pytest.raises(RowError) as caught:
        read(row, kind)
    return caught.value


def test_a_line_is_read_with_no_unknown_keys():
    dossier, unknown = read(make_dossier())
    assert (dossier.code, unknown) == ("H41.14-231107-0001", [])
    paper, unknown = read(make_paper(holders=None, holder=make_person()), PAPERS)
    assert (len(paper.holders), unknown) == (1, [])


def test_unknown_keys_are_named_with_whose_they_are():
    row = make_dossier(clerk="x", applicant=make_person(zodiac="x"), persons=[{"role": "child", "height": 1}])
    assert read(row)[1] == ["clerk", "applicant/zodiac", "persons/height"]
    row = make_paper(holders=[make_person(zodiac="x")], seal="x")
    assert read(row, PAPERS)[1] == ["seal", "holders/zodiac"]


@pytest.mark.parametrize("key", ["040187000123", "Nguyễn Thị Nhung", "", "a" * 50, "H4118700012345", "x\ty"])
def test_a_key_that_might_be_somebodys_is_counted_without_its_name(key):
    assert read(make_dossier(**{key: 1}))[1] == [OTHER_KEY]
    assert read(make_dossier(applicant=make_person(**{key: 1})))[1] == [f"applicant/{OTHER_KEY}"]


def test_a_row_of_the_exchange_format_is_read():
    row = {
        "MaHoSo": "H41.14-231107-0001", "MaTTHC": "1.001193", "MaDonVi": "H41.14", "PhienBan": 1,
        "ChuHoSo": "Lê Văn C", "LoaiDoiTuong": 1,
    }  # fmt: skip
    dossier, unknown = read(row)
    assert (dossier.applicant.full_name, unknown) == ("Lê Văn C", ["LoaiDoiTuong"])


def test_a_fault_of_the_exchange_format_is_a_fault_of_the_row():
    error = refusal(make_dossier(MaHoSo="H41.14-231107-0001", ChuHoSo="Lê Văn C", applicant="Lê Văn C"))
    assert (error.code, error.pointer) == ("exchange_mixed", "/applicant")


@pytest.mark.parametrize(
    ("row", "code", "pointer"),
    [
        (b"{", "not_json", ""),
        (b'"text"', "not_an_object", ""),
        (b'{"code": "a", "code": "b"}', "duplicate_key", ""),
        (make_dossier(applicant=make_person(born_on="30/02/1987")), "date_impossible", "/applicant/born_on"),
        (make_dossier(persons=[{"role": "child", "sex": "x"}]), "literal_error", "/persons/0/sex"),
        (make_dossier(finished_at="2023-01-01T00:00:00Z"), "finished_before_received", ""),
        (make_dossier(code=None), "missing", "/code"),
    ],
)
def test_a_refusal_says_where_and_why(row, code, pointer):
    error = refusal(row)
    assert (error.code, error.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("escape", "code"), [("\\u0000", "nul_character"), ("\\ud83d", "not_utf8"), ("\\udc00\\ud800", "not_utf8")]
)
@pytest.mark.parametrize("place", ['"form": {"note": "%s"}', '"form": {"%s": 1}', '"%s": 1', '"a": [["%s"]]'])
def test_half_a_character_or_nul_behind_an_escape_is_refused_wherever_it_stands(escape, code, place):
    raw = json.dumps(make_dossier())[:-1] + ", " + place % escape + "}"
    assert refusal(raw.encode()).code == code


def test_whole_characters_behind_escapes_are_read():
    raw = json.dumps(make_dossier(return_reason="Thiếu 😀 \\u0000"))
    assert "\\ud83d" in raw
    assert read(raw.encode())[0].return_reason == "Thiếu 😀 \\u0000"

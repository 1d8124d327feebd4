"""Procedures in tables become the lines that they stand for."""

from __future__ import annotations

import gzip
from datetime import date

import openpyxl
import pytest

from indexer.sources import RowError, SourceError, is_table, read_object, read_rows
from schemas.procedure import Procedure


def csv_file(folder, raw, name="rows.csv"):
    (folder / name).write_bytes(raw)
    return folder / name


def workbook(folder, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "rows.xlsx")
    return folder / "rows.xlsx"


def objects(source):
    return [read_object(line) for line in read_rows(source)]


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.csv.gz", "a.csv.xz", "a.xlsx"])
def test_tables_are_known_by_their_names(name):
    assert is_table(name)


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "-", "csv", "a.csv.bak"])
def test_other_sources_are_no_tables(name):
    assert not is_table(name)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_a_csv_is_read_with_either_delimiter_and_with_or_without_a_mark(tmp_path, mark, delimiter):
    text = f'{mark}Code{delimiter}NAME\r\n1.001193{delimiter}"Đăng ký{delimiter} khai sinh"\r\n'
    rows = objects(csv_file(tmp_path, text.encode()))
    assert rows == [{"code": "1.001193", "name": f"Đăng ký{delimiter} khai sinh"}]


def test_list_columns_are_split_and_become_lists(tmp_path):
    text = 'name,level,documents\nA,"Cấp xã; Cấp tỉnh","Tờ khai\nẢnh; Đơn"\n'
    (row,) = objects(csv_file(tmp_path, text.encode()))
    assert row == {"name": "A", "level": ["Cấp xã", "Cấp tỉnh"], "documents": ["Tờ khai", "Ảnh", "Đơn"]}
    assert [paper.name for paper in Procedure.model_validate(row).documents] == ["Tờ khai", "Ảnh", "Đơn"]


def test_rows_keep_line_and_offset_though_cells_hold_line_ends(tmp_path):
    raw = b'name,steps\nA,"1\n2\n3"\n\nB,x\n'
    lines = list(read_rows(csv_file(tmp_path, raw)))
    assert [line.number for line in lines] == [2, 6]
    assert [raw[line.offset :][:1] for line in lines] == [b"A", b"B"]


def test_a_row_that_is_not_utf8_is_refused_and_the_others_are_read(tmp_path):
    first, second, third = read_rows(csv_file(tmp_path, b"name\nA\n\xff\xfe\nB\n"))
    assert [read_object(first), read_object(third)] == [{"name": "A"}, {"name": "B"}]
    with pytest.raises(RowError) as caught:
        read_object(second)
    assert caught.value.code == "not_utf8"


def test_a_packed_csv_is_read(tmp_path):
    assert objects(csv_file(tmp_path, gzip.compress(b"name\nA\n", mtime=0), "rows.csv.gz")) == [{"name": "A"}]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"code\n1.001193\n", "no_name_column"),
        (b"", "no_name_column"),
        (b'name\n"A', "not_a_table"),
        (b'name\n"A"x\n', "not_a_table"),
    ],
)
def test_a_csv_without_names_or_with_broken_quotes_is_refused(tmp_path, raw, reason):
    source = csv_file(tmp_path, raw)
    with pytest.raises(SourceError) as caught:
        list(read_rows(source))
    assert caught.value.reason == reason


def test_a_file_without_line_ends_is_not_read_into_memory(tmp_path):
    source = csv_file(tmp_path, b"name\n" + b"x" * 20_000_000)
    with pytest.raises(SourceError) as caught:
        list(read_rows(source))
    assert caught.value.reason == "not_a_table"


def test_a_workbook_is_read_with_codes_and_dates_that_it_took_for_numbers(tmp_path):
    rows = [("code", "name", "valid_from", "uses", None), (1.00119, "A", date(2025, 7, 1), 12, "x"), (None,) * 5]
    (row,) = objects(workbook(tmp_path, rows))
    assert row == {"code": "1.001190", "name": "A", "valid_from": "2025-07-01", "uses": "12"}
    assert Procedure.model_validate(row).uses == 12


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 no workbook", gzip.compress(b"x", mtime=0)])
def test_a_damaged_workbook_is_an_error(tmp_path, raw):
    source = csv_file(tmp_path, raw, "rows.xlsx")
    with pytest.raises(SourceError) as caught:
        list(read_rows(source))
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_table_that_is_not_there_is_an_error(tmp_path, name):
    with pytest.raises(SourceError) as caught:
        list(read_rows(tmp_path / name))
    assert caught.value.reason == "not_readable"

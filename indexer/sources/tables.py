"""Procedures in tables: CSV and XLSX. Each row becomes the line of JSON that it stands for, so one path takes all in.

The first row names the keys. A cell of a list column holds its items on lines of their own, or with ";" between them.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from indexer.sources.lines import MAX_LINE_BYTES, Line, iter_chunks
from indexer.sources.rows import RowError, SourceError
from schemas.procedure import Procedure

_CSV, _XLSX = ".csv", ".xlsx"
_COMPRESSED = (".gz", ".xz")
_LIST_COLUMNS = frozenset(
    name for name, field in Procedure.model_fields.items() if field.get_default() == ()
)  # fmt: skip


def is_table(source: Path | str) -> bool:
    """Return whether the file's name says that it is a table: `.csv`, also `.csv.gz` and `.csv.xz`, or `.xlsx`."""
    return _kind(source) in (_CSV, _XLSX)


def read_rows(source: Path | str) -> Iterator[Line]:
    """Yield the rows of a table, each as a line of JSON. An XLSX has no offsets: they are 0.

    Raises:
        SourceError: `not_readable`, `damaged`, `no_name_column`, `not_a_table`.
    """
    return _csv_rows(source) if _kind(source) == _CSV else _xlsx_rows(source)


def _kind(source: Path | str) -> str:
    suffixes = [suffix.lower() for suffix in Path(source).suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in _COMPRESSED), "")


# ---------------------------------------------------------------- CSV


class _Feed:
    """The lines of a text for the CSV reader, and how many bytes of them it has taken."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.taken = 0
        self._chunks = iter(chunks)

    def __iter__(self) -> Iterator[str]:
        rest = b""
        for chunk in self._chunks:
            *lines, rest = (rest + chunk).splitlines(keepends=True) or [b""]
            for line in lines:
                yield self._text(line)
            if len(rest) > MAX_LINE_BYTES:
                raise SourceError("not_a_table", "the file is no CSV: a line has no end")
        if rest:
            yield self._text(rest)

    def _text(self, line: bytes) -> str:
        self.taken += len(line)
        # Wrong bytes are found again below, in the row that they stand in: the other rows go in.
        return line.decode(errors="surrogateescape").removeprefix("\ufeff")


def _csv_rows(source: Path | str) -> Iterator[Line]:
    # The limit belongs to the module and not to a reader; 128 KiB would refuse real procedures.
    csv.field_size_limit(MAX_LINE_BYTES)
    feed = _Feed(iter_chunks(source))
    lines = iter(feed)
    head = next(lines, "")
    reader = csv.reader(_again(head, lines), delimiter=";" if head.count(";") >= head.count(",") else ",", strict=True)
    try:
        columns = _columns(next(reader, []))
        while True:
            number, offset = reader.line_num + 1, feed.taken
            cells = next(reader, None)
            if cells is None:
                return
            if any(cells):
                yield _row(number, offset, columns, cells)
    except csv.Error as wrong:
        raise SourceError("not_a_table", "the file is no CSV: a quoted cell does not end as it should") from wrong


def _again(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from lines


# ---------------------------------------------------------------- XLSX


def _xlsx_rows(source: Path | str) -> Iterator[Line]:
    try:
        with Path(source).open("rb") as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            rows = book.worksheets[0].iter_rows(values_only=True)
            columns = _columns([_cell("", value) for value in next(rows, ())])
            for number, values in enumerate(rows, 2):
                cells = [_cell(column, value) for column, value in zip(columns, values, strict=False)]
                if any(cells):
                    yield _row(number, 0, columns, cells)
    except OSError as wrong:
        raise SourceError("not_readable", f"the source cannot be read: {wrong.strerror}") from wrong
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError) as wrong:
        raise SourceError("damaged", "the file is no workbook, or it is damaged") from wrong


def _cell(column: str, value: object) -> str:
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        # A spreadsheet reads 1.001190 as a number and drops its last zero.
        return f"{value:.6f}" if column == "code" else f"{value:g}"
    return "" if value is None else str(value)


# ---------------------------------------------------------------- both


def _columns(cells: Sequence[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    if "name" not in columns:
        raise SourceError("no_name_column", "the first row must name the columns, and one of them is `name`")
    return columns


def _row(number: int, offset: int, columns: Sequence[str], cells: Sequence[str]) -> Line:
    row = {
        column: _value(column, cell) for column, cell in zip(columns, cells, strict=False) if column and cell.strip()
    }  # fmt: skip
    raw = json.dumps(row, ensure_ascii=False).encode(errors="surrogateescape")
    if len(raw) > MAX_LINE_BYTES:
        return Line(
            number, offset, b"", RowError("line_too_long", "", f"a row may have at most {MAX_LINE_BYTES} bytes")
        )
    return Line(number, offset, raw)


def _value(column: str, cell: str) -> Any:
    if column in _LIST_COLUMNS:
        return [item for part in cell.splitlines() for item in map(str.strip, part.split(";")) if item]
    if column == "on_the_spot":
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.strip().lower(), cell)
    return cell

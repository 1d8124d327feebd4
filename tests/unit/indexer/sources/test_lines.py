"""Lines of any source: each with its place, whatever the bytes are."""

from __future__ import annotations

import gzip
import io
import lzma
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources import MAX_LINE_BYTES, SourceError, iter_lines, split_lines

ROWS = [f'{{"name":"{number}"}}'.encode() for number in range(5000)]
TEXT = b"\n".join(ROWS) + b"\n"


def whole(lines):
    """The lines that came, and the fault that ended them."""
    came = []
    try:
        came.extend(line for line in lines)
    except SourceError as fault:
        return came, fault
    return came, None


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_a_file_is_read_packed_or_not(tmp_path, pack):
    (tmp_path / "file").write_bytes(pack(TEXT))
    lines = list(iter_lines(tmp_path / "file"))
    assert [line.raw for line in lines] == ROWS
    assert [line.number for line in lines] == list(range(1, 5001))
    assert all(TEXT[line.offset :].startswith(line.raw) for line in lines)


def test_several_packed_members_are_one_file(tmp_path):
    (tmp_path / "file").write_bytes(gzip.compress(b"1\n2") + gzip.compress(b"3\n"))
    assert [line.raw for line in iter_lines(tmp_path / "file")] == [b"1", b"23"]


def test_standard_input_is_read_for_a_dash(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"1\n2\n"))))
    assert [line.raw for line in iter_lines("-")] == [b"1", b"2"]


def test_an_empty_file_has_no_lines(tmp_path):
    (tmp_path / "file").touch()
    assert list(iter_lines(tmp_path / "file")) == []


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SourceError) as caught:
        list(iter_lines(tmp_path / "file"))
    assert caught.value.reason == "not_readable"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_of_a_file_that_was_cut_off_the_rows_before_come_out(tmp_path, pack):
    packed = pack(TEXT)
    (tmp_path / "file").write_bytes(packed[: len(packed) // 2])
    came, fault = whole(iter_lines(tmp_path / "file"))
    assert fault is not None
    assert fault.reason == "damaged"
    assert "cut off" in str(fault)
    assert 100 < len(came) < 5000
    assert [line.raw for line in came] == ROWS[: len(came)]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_of_a_file_with_wrong_bytes_no_wrong_row_is_the_last_word(tmp_path, pack):
    packed = bytearray(pack(TEXT))
    packed[-12:-8] = b"\xff\x00\xff\x00"
    (tmp_path / "file").write_bytes(packed)
    _, fault = whole(iter_lines(tmp_path / "file"))
    assert fault is not None
    assert fault.reason == "damaged"


def test_byte_order_mark_line_ends_of_windows_and_blank_lines_are_undone():
    lines = list(split_lines([b"\xef\xbb\xbf1\r\n\r\n  \n2\r\n3"]))
    assert [(line.number, line.offset, line.raw) for line in lines] == [(1, 3, b"1"), (4, 11, b"2"), (5, 14, b"3")]


@given(st.binary(max_size=60), st.lists(st.integers(1, 7), max_size=40))
def test_where_a_stream_is_cut_makes_no_difference(text, cuts):
    chunks, rest = [], text
    for cut in cuts:
        chunks.append(rest[:cut])
        rest = rest[cut:]
    assert list(split_lines([*chunks, rest])) == list(split_lines([text]))


def test_a_line_over_the_limit_is_refused_and_the_next_one_is_read():
    chunks = [b"1\n", *[b"x" * 1024 * 1024] * 10, b"\n2\n", b"y" * (MAX_LINE_BYTES + 1)]
    first, long, second, last = split_lines(chunks)
    assert (first.raw, second.raw) == (b"1", b"2")
    assert (second.number, second.offset) == (3, 10 * 1024 * 1024 + 3)
    for line in (long, last):
        assert line.raw == b""
        assert line.fault is not None
        assert line.fault.code == "line_too_long"


def test_a_line_of_exactly_the_limit_is_read():
    (line,) = split_lines([b"x" * MAX_LINE_BYTES, b"\n"])
    assert len(line.raw) == MAX_LINE_BYTES


def test_a_long_line_is_not_held_in_memory(tmp_path):
    (tmp_path / "file").write_bytes(gzip.compress(b"x" * 200_000_000, 1))
    tracemalloc.start()
    (line,) = iter_lines(tmp_path / "file")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert line.fault is not None
    assert peak < 40_000_000

"""Cursors serve only the reader and the query that they were made for."""

from __future__ import annotations

import pytest

from schemas.errors import ValidationFailedError
from security.cursors import Cursors


@pytest.fixture
def cursors():
    return Cursors(bytes(32))


def test_a_cursor_gives_back_its_position(cursors):
    assert cursors.open("reader", b"query", cursors.seal("reader", b"query", [20, "a"])) == [20, "a"]


def test_a_cursor_shows_nothing_and_is_safe_in_an_address(cursors):
    cursor = cursors.seal("reader", b"query", [20])
    assert cursor.isascii()
    assert not set(cursor) & set("+/=%&? ")
    assert cursor != cursors.seal("reader", b"query", [20])


@pytest.mark.parametrize(("actor", "query"), [("other", b"query"), ("reader", b"other")])
def test_a_cursor_of_another_reader_or_query_is_refused(cursors, actor, query):
    cursor = cursors.seal("reader", b"query", [20])
    with pytest.raises(ValidationFailedError) as caught:
        cursors.open(actor, query, cursor)
    assert caught.value.pointer == "/cursor"


@pytest.mark.parametrize("cursor", ["", "x", "đ", "AAAA", "A" * 200, "A" * 5000, "a b", "=" * 8])
def test_what_is_no_cursor_is_refused(cursors, cursor):
    with pytest.raises(ValidationFailedError):
        cursors.open("reader", b"query", cursor)


def test_a_changed_cursor_is_refused(cursors):
    cursor = cursors.seal("reader", b"query", [20])
    with pytest.raises(ValidationFailedError):
        cursors.open("reader", b"query", cursor[:-8] + cursor[-8:].swapcase())

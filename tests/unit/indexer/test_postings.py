"""The sorted bulk load of postings."""

from __future__ import annotations

import random

import pytest

from indexer.engines.embedded import postings
from indexer.engines.embedded.database import open_writer
from indexer.engines.embedded.postings import sort_postings
from indexer.engines.embedded.records import SCHEMA, token_numbers
from schemas.errors import StorageError

LOWEST, HIGHEST = (1 << 63).to_bytes(8, "big"), ((1 << 63) - 1).to_bytes(8, "big")
EDGES = [LOWEST, HIGHEST, b"\0" * 8, b"\xff" * 8]


@pytest.fixture
def database(tmp_path):
    connection = open_writer(tmp_path / "index.db")
    connection.execute(SCHEMA)
    yield connection
    connection.close()


def fill(connection, records=300):
    """Store the token lists of some records; return the postings they make."""
    noise, wanted = random.Random(7), set()
    for row_id in range(1, records + 1):
        tokens = sorted({noise.randbytes(8) for _ in range(noise.randrange(1, 9))} | set(noise.sample(EDGES, 2)))
        connection.execute("insert into record_tokens values (?, ?)", (row_id * 3, b"".join(tokens)))
        wanted |= {(number, row_id * 3) for number in token_numbers(b"".join(tokens))}
    return wanted


def stored(connection):
    return set(connection.execute("select token, row_id from posting"))


@pytest.mark.parametrize("at_once", [1 << 23, 1000, 100, 7])
@pytest.mark.parametrize("per_commit", [1_000_000, 50])
def test_every_token_of_every_record_becomes_a_posting_in_slices_of_any_size(
    database, monkeypatch, at_once, per_commit
):
    monkeypatch.setattr(postings, "_POSTINGS_AT_ONCE", at_once)
    monkeypatch.setattr(postings, "_POSTINGS_PER_COMMIT", per_commit)
    monkeypatch.setattr(postings, "_ROWS_AT_ONCE", 64)
    wanted = fill(database)
    told = []
    sort_postings(database, lambda *progress: told.append(progress))
    assert stored(database) == wanted
    assert told[-1] == ("postings", len(wanted), len(wanted))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_table_that_a_killed_run_half_filled_is_filled_anew(database):
    wanted = fill(database)
    database.execute("insert into posting values (1, 2), (3, 4)")
    sort_postings(database, lambda *_: None)
    assert stored(database) == wanted
    sort_postings(database, lambda *_: None)
    assert stored(database) == wanted


def test_no_records_make_no_postings(database):
    sort_postings(database, lambda *_: None)
    assert stored(database) == set()


def test_a_number_of_postings_that_is_not_that_of_the_tokens_is_refused(database):
    fill(database, records=5)
    database.execute("create trigger lose before insert on posting when new.row_id = 6 begin select raise(ignore); end")
    with pytest.raises(StorageError, match="another number of postings"):
        sort_postings(database, lambda *_: None)

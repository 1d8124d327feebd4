"""Sorted bulk load of the postings: from the rows' token lists into the posting tree, in the tree's own order."""

from __future__ import annotations

from typing import cast

import apsw
import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.database import our_errors
from indexer.engines.records import Progress
from schemas.errors import StorageError
from security.search_tokens import TOKEN_BYTES

# One slice of the token space at a time: 2^22 postings are 64 MiB, and sorting takes that four times.
_POSTINGS_AT_ONCE = 1 << 22
_POSTINGS_PER_COMMIT = 500_000
_ROWS_AT_ONCE = 20_000

_Numbers = NDArray[np.int64]


def sort_postings(connection: apsw.Connection, progress: Progress) -> None:
    """Fill the empty posting table from `record_tokens`; a table half filled by a run that was killed is filled anew.

    Tokens are keyed hashes, so equal slices of the token space hold about equally many postings, and memory stays
    the same however many records there are.

    Raises:
        StorageError: the table does not hold as many postings as the rows have tokens.
    """
    with our_errors(), connection:
        connection.execute("delete from posting")
    with our_errors():
        size = int(connection.execute("select coalesce(sum(length(tokens)), 0) from record_tokens").get)
    total = size // TOKEN_BYTES
    slices = max(1, -(-total // _POSTINGS_AT_ONCE))
    done = 0
    for number in range(slices):
        tokens, row_ids = _slice(connection, number, slices)
        for start in range(0, len(tokens), _POSTINGS_PER_COMMIT):
            some = slice(start, start + _POSTINGS_PER_COMMIT)
            with our_errors(), connection:
                connection.executemany(
                    "insert into posting values (?, ?)",
                    zip(tokens[some].tolist(), row_ids[some].tolist(), strict=True),
                )
            done += len(tokens[some])
            progress("postings", done, total)
    with our_errors():
        found = connection.execute("select count(*) from posting").get
    if found != total:
        raise StorageError("the build has another number of postings than its records have tokens: run it again")


def _slice(connection: apsw.Connection, number: int, slices: int) -> tuple[_Numbers, _Numbers]:
    """Return (tokens, row ids) of one slice of the token space, ascending by token, then by row."""
    span = (1 << 64) // slices
    low = -(1 << 63) + number * span
    high = (1 << 63) - 1 if number == slices - 1 else low + span - 1
    token_parts, row_parts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    last = 0
    while rows := _rows(connection, last):
        last = rows[-1][0]
        tokens = np.frombuffer(b"".join(row[1] for row in rows), dtype=">i8").astype(np.int64)
        lengths = [len(row[1]) // TOKEN_BYTES for row in rows]
        row_ids = np.repeat(np.array([row[0] for row in rows], np.int64), lengths)
        inside = (tokens >= low) & (tokens <= high)
        token_parts.append(tokens[inside])
        row_parts.append(row_ids[inside])
    all_tokens, all_rows = np.concatenate(token_parts), np.concatenate(row_parts)
    # Rows come in ascending order, and a stable sort keeps that within a token.
    order = np.argsort(all_tokens, kind="stable")
    return all_tokens[order], all_rows[order]


def _rows(connection: apsw.Connection, after: int) -> list[tuple[int, bytes]]:
    sql = "select row_id, tokens from record_tokens where row_id > ? order by row_id limit ?"
    with our_errors():
        return cast(list[tuple[int, bytes]], connection.execute(sql, (after, _ROWS_AT_ONCE)).fetchall())

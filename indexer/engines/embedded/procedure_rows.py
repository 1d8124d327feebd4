"""The rows of the catalogue in SQLite: the truth from which the term index is built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import apsw

from indexer.engines.embedded.database import Readers, open_writer, our_errors
from schemas.errors import StorageError
from schemas.procedure import Visibility
from security.catalogue import StoredProcedure

_FORMAT = 1
_PAGE_ROWS = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS procedure (
    key BLOB PRIMARY KEY, visibility TEXT NOT NULL, digest BLOB NOT NULL, card BLOB NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO meta VALUES ('format', 1), ('generation', 0);
"""
_COLUMNS = "key, visibility, digest, card, body"


class ProcedureRowReader:
    """Reads the rows, from several threads; without a file there are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers: Readers | None = None

    def fetch(self, keys: Iterable[bytes], visibilities: Collection[Visibility]) -> list[StoredProcedure]:
        """Return the rows of `keys` that are of one of `visibilities`, in the order of `keys`."""
        select = f"SELECT {_COLUMNS} FROM procedure WHERE key = ?"  # noqa: S608  # A constant.
        with our_errors():
            connection = self._connection()
            if connection is None:
                return []
            rows = [StoredProcedure(*row) for key in keys for row in connection.execute(select, (key,))]
        return [row for row in rows if row.visibility in visibilities]

    def page(self, after: bytes, visibilities: Collection[Visibility]) -> list[StoredProcedure]:
        """Return the next rows of one of `visibilities` behind the key `after`, by key; empty at the end."""
        marks = ",".join("?" * len(visibilities))
        select = f"SELECT {_COLUMNS} FROM procedure WHERE key > ? AND visibility IN ({marks}) ORDER BY key LIMIT ?"  # noqa: S608  # Question marks.
        with our_errors():
            connection = self._connection()
            if connection is None:
                return []
            return [StoredProcedure(*row) for row in connection.execute(select, (after, *visibilities, _PAGE_ROWS))]

    def _connection(self) -> apsw.Connection | None:
        if self._readers is None:
            if not self._path.exists():
                return None
            readers = Readers(self._path)
            _check_format(readers.connection())
            self._readers = readers
        return self._readers.connection()


class ProcedureRowWriter:
    """Writes the rows. Their generation counts the writes, so an index that is older than the rows is known."""

    def __init__(self, path: Path) -> None:
        self._connection = open_writer(path)
        with our_errors(), self._connection:
            self._connection.execute(_SCHEMA)
        _check_format(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def put(self, rows: Sequence[StoredProcedure]) -> None:
        """Add or replace rows, all or none."""
        with our_errors(), self._connection:
            self._connection.executemany(
                f"REPLACE INTO procedure ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608  # A constant.
                [(row.key, row.visibility, row.digest, row.card, row.body) for row in rows],
            )
            self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")

    def generation(self) -> int:
        """Return how often rows were written."""
        with our_errors():
            return _number(self._connection, _META, "generation")


_META = "SELECT value FROM meta WHERE name = ?"


def _check_format(connection: apsw.Connection) -> None:
    with our_errors():
        written = _number(connection, _META, "format")
    if written != _FORMAT:
        raise StorageError("the procedures were written by another version of Hoso: index them again")


def _number(connection: apsw.Connection, select: str, argument: str) -> int:
    value = connection.execute(select, (argument,)).get
    assert isinstance(value, int)
    return value

"""Connections to one SQLite file: one a thread, short write transactions, errors of apsw turned into ours."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from schemas.errors import SourceUnavailableError, StorageError

Row = tuple[Any, ...]

# FULL: a commit is on the disk when it returns. secure_delete: a destroyed key is overwritten, not merely unlinked.
# journal_size_limit: one long transaction must not leave a write-ahead log of its size behind for ever.
_PRAGMAS = """
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -16384;
PRAGMA journal_size_limit = 67108864;
PRAGMA trusted_schema = OFF;
"""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn errors of apsw into ours. The text of SQLite's error is dropped: it may quote what was written."""
    try:
        yield
    except (apsw.BusyError, apsw.LockedError) as error:
        raise SourceUnavailableError("the vault is busy: another process has been writing for too long") from error
    except apsw.FullError as error:
        raise StorageError("the disk of the vault is full: free some space, then try again") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StorageError("the vault is damaged or is not a vault: restore it from a backup") from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError) as error:
        raise StorageError("the vault cannot be opened for writing: check its path, owner and rights") from error
    except apsw.Error as error:
        raise StorageError(f"the vault refuses: {type(error).__name__}; see `hoso doctor`") from error


class Database:
    """One SQLite file, for all threads of this process."""

    def __init__(self, path: Path, wait_s: float) -> None:
        """`wait_s` is how long a writer waits for another writer, seconds."""
        self._path = path
        self._wait_s = wait_s
        self._process = os.getpid()
        self._local = threading.local()
        # Weak: the connection of a thread that ended closes with the thread's locals.
        self._open: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        # SQLite's own waiting is a sleep with growing intervals; threads of one process wait here, in order of waking.
        self._writing = threading.Lock()
        self._closed = False

    def read(self, sql: str, bindings: Iterable[Any] = ()) -> list[Row]:
        """Return all rows of one statement; inside `writing` on the same thread it sees what was written so far."""
        with translated_errors():
            return list(self._connection().execute(sql, tuple(bindings)))

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Give a connection inside a BEGIN IMMEDIATE transaction; committed, on the disk, when the block ends well.

        Raises:
            SourceUnavailableError: others wrote for longer than the wait; nothing was written.
            StorageError: the disk or the file refuses; nothing was written.
        """
        if not self._writing.acquire(timeout=self._wait_s):
            raise SourceUnavailableError("the vault is busy: another thread has been writing for too long")
        try:
            with translated_errors():
                connection = self._connection()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # After some errors, such as a full disk, SQLite has rolled back by itself.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        finally:
            self._writing.release()

    def truncate_journal(self) -> None:
        """Move the write-ahead log into the database and cut it to nothing, if no reader keeps it from that."""
        with translated_errors():
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def prepare(self, steps: Callable[[apsw.Connection], None]) -> None:
        """Run `steps` on this thread's connection, outside any transaction."""
        with translated_errors():
            steps(self._connection())

    def close(self) -> None:
        """Close the connections of all threads; a later use raises `StorageError`."""
        with self._guard:
            self._closed = True
            connections = list(self._open)
        for connection in connections:
            with translated_errors():
                connection.close()

    def _connection(self) -> apsw.Connection:
        if self._closed or os.getpid() != self._process:
            # SQLite forbids to carry a connection over a fork: it would lose its locks.
            raise StorageError("this vault is closed, or was opened before a fork: open it in the process that uses it")
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = apsw.Connection(str(self._path))
            connection.set_busy_timeout(int(self._wait_s * 1000))
            connection.execute(_PRAGMAS)
            self._local.connection = connection
            with self._guard:
                self._open.add(connection)
        return connection


def rows_deleted(connection: apsw.Connection, expected: int) -> int:
    """Return how many rows the last statement deleted.

    Raises:
        StorageError: it is not `expected`; the transaction is to be given up.
    """
    deleted: int = connection.changes()
    if deleted != expected:
        raise StorageError(f"the vault deleted {deleted} rows where {expected} were found; nothing was deleted")
    return deleted

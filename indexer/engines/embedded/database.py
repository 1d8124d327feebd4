"""SQLite as the embedded engine uses it: durable settings, one connection for each thread, our errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from schemas.errors import SourceUnavailableError, StorageError

BUSY_WAIT_MS = 30_000
# Rows of one or two KiB: in pages of 8 KiB five or three fit; in pages of 4 KiB half of the page stays empty.
PAGE_BYTES = 8192
_READER_MAP_BYTES = 1 << 36
_WRITER_CACHE_KIB = 131_072
_READER_CACHE_KIB = 16_384


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn SQLite's errors into ours; no message of SQLite holds a value."""
    try:
        yield
    except apsw.FullError:
        raise StorageError("the disk is full: nothing of this batch was written; free space and run again") from None
    except (apsw.BusyError, apsw.LockedError):
        raise SourceUnavailableError("the index is busy: another process has held it for too long") from None
    except (apsw.CorruptError, apsw.NotADBError):
        raise StorageError("an index file is damaged: run `hoso index verify`, then restore or index again") from None
    except (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError) as cause:
        raise StorageError(f"an index file cannot be used ({type(cause).__name__}): check disk and owner") from None


def open_writer(path: Path) -> apsw.Connection:
    """Return a read-write connection whose commits are on disk when they return; makes the file, mode 0600."""
    with our_errors():
        path.touch(mode=0o600)
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(BUSY_WAIT_MS)
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("secure_delete", "on")
        connection.pragma("cache_size", -_WRITER_CACHE_KIB)
        # A temporary file would hold tokens outside the home folder.
        connection.pragma("temp_store", "memory")
        return connection


class Readers:
    """Read-only connections to one file, one for each thread."""

    def __init__(self, path: Path, *, mapped: bool = True) -> None:
        """`mapped` reads through a map of the file: fast for searches, but counted as memory of the process."""
        self.path = path
        self._map_bytes = _READER_MAP_BYTES if mapped else 0
        self._local = threading.local()

    def connection(self) -> apsw.Connection:
        """Return this thread's connection."""
        found: apsw.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
            found.set_busy_timeout(BUSY_WAIT_MS)
            found.pragma("mmap_size", self._map_bytes)
            found.pragma("cache_size", -_READER_CACHE_KIB)
            found.pragma("temp_store", "memory")
            self._local.connection = found
        return found

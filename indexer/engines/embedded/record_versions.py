"""The life of the embedded records index: numbered files, of which the file `published` names one.

`building` names the one that is being built aside, if any. Who writes a batch to the published version holds
`write.lock` shared; who starts or publishes a build holds it alone, so no batch goes to a version about to be dropped.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

import apsw

from indexer.engines.embedded.database import open_writer, our_errors
from indexer.engines.embedded.postings import sort_postings
from indexer.engines.embedded.records import SCHEMA, SqliteRecordSearcher, SqliteRecordWriter
from indexer.engines.records import Candidate, Candidates, IndexStatus, Progress, RecordCollection, RecordWriter
from schemas.errors import IndexNotReadyError, StorageError
from schemas.query import Query, Scope

Answer = TypeVar("Answer")
_FIRST_VERSION = "000001"


class EmbeddedRecords:
    """The records index under one folder: searcher of the published version, and catalog of versions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._searcher: tuple[str, SqliteRecordSearcher] | None = None
        self._live: tuple[str, SqliteRecordWriter] | None = None

    # ---------------------------------------------------------------- reading

    def search(self, collection: RecordCollection, wanted: Query, scope: Scope, limit: int) -> Candidates:
        """Return at most `limit` matching records of the published version."""
        return self._read(lambda index: index.search(collection, wanted, scope, limit))

    def fetch(self, collection: RecordCollection, ids: Sequence[bytes], scope: Scope) -> list[Candidate]:
        """Return those of `ids` that exist within `scope`."""
        return self._read(lambda index: index.fetch(collection, ids, scope))

    def _read(self, what: Callable[[SqliteRecordSearcher], Answer]) -> Answer:
        index = self._published_searcher()
        try:
            return what(index)
        except StorageError:
            # Since the pointer was read the version may have been replaced, and its file removed.
            newer = self._published_searcher()
            if newer is index:
                raise
            return what(newer)

    def _published_searcher(self) -> SqliteRecordSearcher:
        # The pointer is read at each search (some microseconds), so another process's swap is seen at once.
        version = self._pointer("published")
        if version is None:
            raise IndexNotReadyError("no version of the records index is published: run `hoso index dossiers FILE`")
        with self._lock:
            if self._searcher is None or self._searcher[0] != version:
                self._searcher = (version, SqliteRecordSearcher(self._file(version)))
            return self._searcher[1]

    # ---------------------------------------------------------------- writing

    @contextmanager
    def writing(self) -> Iterator[RecordWriter]:
        """Lend a writer of the published version, made empty if there is none, for one batch.

        Raises:
            IndexNotReadyError: a build that will replace the version is under way or was left.
        """
        self._start_empty()
        with self._locked("write.lock", fcntl.LOCK_SH):
            version = self._pointer("published")
            if version is None or self.unfinished():
                raise IndexNotReadyError(
                    "a first build of the records index is under way: send the batch again when it is published"
                )
            yield self._live_writer(version)

    def _live_writer(self, version: str) -> SqliteRecordWriter:
        with self._lock:
            if self._live is None or self._live[0] != version:
                self._live = (version, SqliteRecordWriter(self._file(version), with_postings=True))
            return self._live[1]

    def _start_empty(self) -> None:
        if self._pointer("published") is not None:
            return
        with self._locked("write.lock", fcntl.LOCK_EX):
            # Another process may have been faster.
            if self._pointer("published") is None and not self.unfinished():
                self._sweep()
                _make(self._file(_FIRST_VERSION))
                self._point("published", _FIRST_VERSION)

    def status(self) -> IndexStatus | None:
        """Return the facts of the published version; None if there is none."""
        version = self._pointer("published")
        if version is None:
            return None
        counts = self._read(SqliteRecordSearcher.count)
        return IndexStatus(version, counts, self._size(version))

    def is_empty(self) -> bool:
        """Return whether the published version has no record, or there is none."""
        return self._pointer("published") is None or self._read(SqliteRecordSearcher.is_empty)

    def _size(self, version: str) -> int:
        size = 0
        for path in self._files(version):
            # Its log goes when the last process that has the file open closes it.
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return size

    # ---------------------------------------------------------------- building aside

    def build(self) -> EmbeddedBuild | None:
        """Start the first build, or go on with the one that was left; None if the published version has records.

        Raises:
            StorageError: another process is building.
        """
        with self._locked("write.lock", fcntl.LOCK_EX):
            self._sweep()
            if not self.unfinished() and not self.is_empty():
                return None
            # Within the lock of `publish`: else a version published meanwhile would be taken for one being built.
            right = self._right_to_build()
            version = self._pointer("building") if self.unfinished() else None
            if version is None:
                version = f"{int(self._pointer('published') or 0) + 1:06d}"
                _make(self._file(version))
                self._point("building", version)
        return EmbeddedBuild(self, self._file(version), version, right)

    def unfinished(self) -> bool:
        """Return whether a version is being built or was left half built."""
        building = self._pointer("building")
        return building is not None and building != self._pointer("published")

    def publish(self, version: str) -> None:
        """Put the version that was built in the place of the published one."""
        with self._locked("write.lock", fcntl.LOCK_EX):
            self._point("published", version)
            (self._folder / "building").unlink()
            # Readers that still hold the old file keep it until they see the pointer change.
            self._sweep()

    def abandon(self) -> None:
        """Remove the version that was being built."""
        with self._locked("write.lock", fcntl.LOCK_EX):
            (self._folder / "building").unlink(missing_ok=True)
            self._sweep()

    def _right_to_build(self) -> IO[str]:
        lock = (self._folder / "build.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StorageError("another process is building this index: wait for it, or end it first") from None
        return lock

    # ---------------------------------------------------------------- files

    def _sweep(self) -> None:
        """Remove versions that no pointer names: replaced ones, and what a kill left. Needs `write.lock` alone."""
        named = {self._pointer("published"), self._pointer("building")}
        for path in self._folder.glob("*.db*"):
            if path.name.partition(".")[0] not in named:
                path.unlink()

    def _pointer(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def _point(self, name: str, version: str) -> None:
        new = self._folder / f"{name}.new"
        with new.open("w", encoding="ascii") as file:
            file.write(version)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _file(self, version: str) -> Path:
        return self._folder / f"{version}.db"

    def _files(self, version: str) -> list[Path]:
        return sorted(self._folder.glob(f"{version}.db*"))

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        with (self._folder / name).open("a") as lock:
            fcntl.flock(lock, how)
            yield


class EmbeddedBuild(SqliteRecordWriter):
    """A version built aside: rows first, durable at each `put`; the postings are sorted in when it is published."""

    def __init__(self, index: EmbeddedRecords, file: Path, version: str, right: IO[str]) -> None:
        """`right` is the locked file that keeps others from building; closed with the build."""
        super().__init__(file, with_postings=False)
        self._index = index
        self._version = version
        self._right = right

    def publish(self, progress: Progress) -> None:
        """Sort the postings in, verify their number, and swap the version in."""
        sort_postings(self.connection, progress)
        with our_errors():
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        super().close()
        self._index.publish(self._version)
        self.close()

    def discard(self) -> None:
        """Remove the version and all it left on disk."""
        super().close()
        self._index.abandon()
        self.close()

    def close(self) -> None:
        """Leave the version as it is, for the next `build` to go on with."""
        super().close()
        self._right.close()


def _make(path: Path) -> None:
    connection = open_writer(path)
    with our_errors(), connection:
        connection.execute(SCHEMA)
    connection.close()

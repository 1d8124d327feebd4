"""The life of the embedded records index: numbered files, of which the file `published` names one.

`building` names the one that is being built aside, if any. Who writes a batch to the published version holds
`write.lock` shared; who starts or publishes a build holds it alone, so no batch goes to a version about to be dropped.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.engines.embedded.database import open_writer, our_errors
from indexer.engines.embedded.postings import sort_postings
from indexer.engines.embedded.records import SCHEMA, SqliteRecordSearcher, SqliteRecordWriter
from indexer.engines.records import Candidate, Candidates, IndexStatus, Progress, RecordCollection, RecordWriter
from schemas.errors import IndexNotReadyError, StorageError
from schemas.query import Query, Scope


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
        return self._published_searcher().search(collection, wanted, scope, limit)

    def fetch(self, collection: RecordCollection, ids: list[bytes], scope: Scope) -> list[Candidate]:
        """Return those of `ids` that exist within `scope`."""
        return self._published_searcher().fetch(collection, ids, scope)

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
        with self._locked("write.lock", fcntl.LOCK_SH):
            if self.unfinished():
                raise IndexNotReadyError(
                    "a first build of the records index is under way: send the batch again when it is published"
                )
            yield self._live_writer()

    def _live_writer(self) -> SqliteRecordWriter:
        with self._lock:
            version = self._pointer("published") or self._start_empty()
            if self._live is None or self._live[0] != version:
                self._live = (version, SqliteRecordWriter(self._file(version), with_postings=True))
            return self._live[1]

    def _start_empty(self) -> str:
        version = "000001"
        _make(self._file(version))
        self._point("published", version)
        return version

    def status(self) -> IndexStatus | None:
        """Return the facts of the published version; None if there is none."""
        version = self._pointer("published")
        if version is None:
            return None
        counts = self._published_searcher().count()
        return IndexStatus(version, counts, sum(path.stat().st_size for path in self._files(version)))

    # ---------------------------------------------------------------- building aside

    def build(self) -> EmbeddedBuild | None:
        """Start the first build, or go on with the one that was left; None if the published version has records.

        Raises:
            StorageError: another process is building.
        """
        with self._locked("write.lock", fcntl.LOCK_EX):
            if not self.unfinished():
                status = self.status()
                if status is not None and any(status.records.values()):
                    return None
                version = f"{int(status.version if status else 0) + 1:06d}"
                for left in self._files(version):
                    left.unlink()
                _make(self._file(version))
                self._point("building", version)
            version = self._pointer("building") or ""
        return EmbeddedBuild(self, self._file(version), version)

    def unfinished(self) -> bool:
        """Return whether a version is being built or was left half built."""
        building = self._pointer("building")
        return building is not None and building != self._pointer("published")

    def publish(self, version: str) -> None:
        """Put the version that was built in the place of the published one."""
        with self._locked("write.lock", fcntl.LOCK_EX):
            old = self._pointer("published")
            self._point("published", version)
            (self._folder / "building").unlink()
            # Readers that still hold the old file keep it until they see the pointer change.
            for path in self._files(old) if old else ():
                path.unlink()

    def abandon(self, version: str) -> None:
        """Remove a version that was being built."""
        with self._locked("write.lock", fcntl.LOCK_EX):
            (self._folder / "building").unlink(missing_ok=True)
            for path in self._files(version):
                path.unlink()

    def building_lock(self) -> int:
        """Return a file descriptor that holds the right to build.

        Raises:
            StorageError: another process holds it.
        """
        descriptor = os.open(self._folder / "build.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StorageError("another process is building this index: wait for it, or end it first") from None
        return descriptor

    # ---------------------------------------------------------------- files

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

    def __init__(self, index: EmbeddedRecords, file: Path, version: str) -> None:
        self._index = index
        self._version = version
        self._lock_descriptor = index.building_lock()
        super().__init__(file, with_postings=False)

    def publish(self, progress: Progress) -> None:
        """Sort the postings in, verify their number, and swap the version in."""
        sort_postings(self.connection, progress)
        with our_errors():
            self.connection.pragma("wal_checkpoint(TRUNCATE)")
        self.close()
        self._index.publish(self._version)
        os.close(self._lock_descriptor)

    def discard(self) -> None:
        """Remove the version and all it left on disk."""
        self.close()
        self._index.abandon(self._version)
        os.close(self._lock_descriptor)


def _make(path: Path) -> None:
    connection = open_writer(path)
    with our_errors(), connection:
        connection.execute(SCHEMA)
    connection.close()

"""The list of erasures and their journal on SQLite."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import apsw

from schemas.errors import StorageError
from security.vault.rows import ErasedReference, ErasureRow
from security.vault.sqlite.connection import Database
from security.vault.sqlite.stores import instant_text


class SqliteErasedList:
    """`ErasedList` on SQLite."""

    def __init__(self, database: Database, lock_file: Path) -> None:
        """`lock_file` is held shared by who writes a batch, alone by who erases; it stays empty."""
        self._database = database
        self._lock_file = lock_file

    def put_on(self, entries: Sequence[ErasedReference]) -> None:
        """See `ErasedList.put_on`."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO erased_reference VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                ((one.reference, one.domain, instant_text(one.at)) for one in entries),
            )

    def among(self, references: Collection[bytes]) -> frozenset[bytes]:
        """See `ErasedList.among`."""
        if not references:
            return frozenset()
        sql = "SELECT reference FROM erased_reference WHERE reference IN carray(?)"
        return frozenset(row[0] for row in self._database.read(sql, (apsw.carray(tuple(references)),)))

    def entries(self) -> list[ErasedReference]:
        """See `ErasedList.entries`."""
        rows = self._database.read("SELECT reference, domain, at FROM erased_reference ORDER BY reference")
        return [ErasedReference(reference, domain, datetime.fromisoformat(at)) for reference, domain, at in rows]

    @contextmanager
    def batch(self) -> Iterator[None]:
        """See `ErasedList.batch`."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `ErasedList.alone`."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        # Opened anew each time: a lock belongs to what was opened, so threads of one process keep each other out too.
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(f"the lock beside the vault cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


class SqliteErasureJournal:
    """`ErasureJournal` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, row: ErasureRow) -> None:
        """See `ErasureJournal.save`."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO erasure (id, subject, begun_at, state) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET state = excluded.state WHERE finished_at IS NULL",
                (row.id, row.subject, instant_text(row.begun_at), row.state),
            )

    def unfinished(self) -> list[ErasureRow]:
        """See `ErasureJournal.unfinished`."""
        sql = "SELECT id, subject, begun_at, state FROM erasure WHERE finished_at IS NULL ORDER BY begun_at, id"
        return [
            ErasureRow(one, subject, datetime.fromisoformat(begun_at), state)
            for one, subject, begun_at, state in self._database.read(sql)
        ]

    def finish(self, erasure_id: str, receipt: str, at: datetime) -> None:
        """See `ErasureJournal.finish`."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE erasure SET state = NULL, receipt = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL",
                (receipt, instant_text(at), erasure_id),
            )

    def find_receipt(self, erasure_id: str) -> str | None:
        """See `ErasureJournal.find_receipt`."""
        rows = self._database.read("SELECT receipt FROM erasure WHERE id = ?", (erasure_id,))
        return rows[0][0] if rows else None

    def expunge(self) -> None:
        """See `ErasureJournal.expunge`."""
        self._database.prepare(_cut_journal)


def _cut_journal(connection: apsw.Connection) -> None:
    # Raises where a reader keeps the log from being cut; the pragma of this name would only say so.
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

"""Rows of the audit log on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter

from schemas.errors import StorageError
from security.vault.base import NodeReader
from security.vault.rows import AuditExtent, AuditGroup, AuditNode, AuditRow
from security.vault.sqlite.connection import Database

_EXTENT = """
SELECT coalesce((SELECT max(seq) + 1 FROM audit_entry), 0),
    coalesce((SELECT max(place) + 1 FROM audit_node WHERE level = 0), 0)
"""
_ROWS = """
SELECT page.seq, page.entry, audit_subject.reference
FROM (SELECT seq, entry FROM audit_entry WHERE seq > ? ORDER BY seq LIMIT ?) AS page
LEFT JOIN audit_subject ON audit_subject.seq = page.seq ORDER BY page.seq, audit_subject.reference
"""
_ROWS_ABOUT = """
SELECT page.seq, audit_entry.entry, audit_subject.reference
FROM (SELECT seq FROM audit_subject WHERE reference = ? AND seq > ? ORDER BY seq LIMIT ?) AS page
JOIN audit_entry ON audit_entry.seq = page.seq
JOIN audit_subject ON audit_subject.seq = page.seq ORDER BY page.seq, audit_subject.reference
"""


class SqliteAuditStore:
    """`AuditStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, build: Callable[[int, NodeReader], AuditGroup]) -> None:
        """See `AuditStore.append`."""
        with self._database.writing() as connection:
            extent = self.extent()
            if extent.entries != extent.leaves:
                raise StorageError("the audit log is damaged and takes no entry: run `hoso audit verify`")
            group = build(extent.entries, self.nodes)
            connection.executemany(
                "INSERT INTO audit_entry VALUES (?, ?)", ((row.seq, row.entry) for row in group.rows)
            )
            connection.executemany(
                "INSERT INTO audit_subject VALUES (?, ?)",
                ((subject, row.seq) for row in group.rows for subject in row.subjects),
            )
            connection.executemany("INSERT INTO audit_node VALUES (?, ?, ?)", group.nodes)

    def extent(self) -> AuditExtent:
        """See `AuditStore.extent`."""
        [extent] = self._database.read(_EXTENT)
        return AuditExtent(*extent)

    def rows(self, after: int, limit: int, subject: bytes | None = None) -> list[AuditRow]:
        """See `AuditStore.rows`."""
        sql, bindings = (_ROWS, (after, limit)) if subject is None else (_ROWS_ABOUT, (subject, after, limit))
        found = self._database.read(sql, bindings)
        return [
            AuditRow(seq, entry, tuple(reference for _, _, reference in rows if reference is not None))
            for (seq, entry), rows in groupby(found, key=itemgetter(0, 1))
        ]

    def nodes(self, level: int, start: int, stop: int) -> list[AuditNode]:
        """See `AuditStore.nodes`."""
        return [
            AuditNode(*row)
            for row in self._database.read(
                "SELECT level, place, hash FROM audit_node WHERE level = ? AND place >= ? AND place < ? ORDER BY place",
                (level, start, stop),
            )
        ]

    def save_checkpoint(self, size: int, note: str) -> None:
        """See `AuditStore.save_checkpoint`."""
        with self._database.writing() as connection:
            connection.execute("INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT (size) DO NOTHING", (size, note))

    def checkpoints(self, below: int | None, limit: int) -> list[tuple[int, str]]:
        """See `AuditStore.checkpoints`."""
        rows = self._database.read(
            "SELECT size, note FROM checkpoint WHERE ?1 IS NULL OR size < ?1 ORDER BY size DESC LIMIT ?2",
            (below, limit),
        )
        return [(size, note) for size, note in rows]

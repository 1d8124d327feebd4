"""Agencies, consents, refused lines, prefill answers and ingest jobs on SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.agency import Agency
from schemas.errors import ConflictError, RecordNotFoundError
from security.vault.rows import Consent, QuarantinedRow, StoredPrefill
from security.vault.sqlite.connection import Database, Row

_AGENCY_COLUMNS = ("code", "name", "parent", "domain", "level", "unit_code", "valid_from", "valid_until")


def instant_text(instant: datetime) -> str:
    """Return an aware time in UTC with a fixed number of digits, so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


class SqliteAgencyStore:
    """`AgencyStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_agencies(self, agencies: Sequence[Agency]) -> None:
        """See `AgencyStore.save_agencies`."""
        rows = ([agency.model_dump(mode="json")[name] for name in _AGENCY_COLUMNS] for agency in agencies)
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO agency VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def agencies(self) -> list[Agency]:
        """See `AgencyStore.agencies`."""
        rows = self._database.read("SELECT * FROM agency ORDER BY code")
        return [Agency(**dict(zip(_AGENCY_COLUMNS, row, strict=True))) for row in rows]


class SqliteConsentStore:
    """`ConsentStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, consent: Consent) -> None:
        """See `ConsentStore.give`."""
        withdrawn = consent.withdrawn_at and instant_text(consent.withdrawn_at)
        times = (instant_text(consent.given_at), instant_text(consent.expires_at), withdrawn)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO consent VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (consent.id, consent.subject, consent.domain, consent.client, consent.purpose, *times),
            )
            if connection.changes() == 0:
                raise ConflictError("there is a consent of this id already")

    def find(self, consent_id: str) -> Consent | None:
        """See `ConsentStore.find`."""
        rows = self._database.read("SELECT * FROM consent WHERE id = ?", (consent_id,))
        return _consent(rows[0]) if rows else None

    def withdraw(self, consent_id: str, at: datetime) -> None:
        """See `ConsentStore.withdraw`."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE consent SET withdrawn_at = coalesce(withdrawn_at, ?) WHERE id = ?",
                (instant_text(at), consent_id),
            )
            if connection.changes() == 0:
                raise RecordNotFoundError("there is no consent of this id")

    def withdraw_all(self, subjects: Collection[str], at: datetime) -> int:
        """See `ConsentStore.withdraw_all`."""
        text, people = instant_text(at), json.dumps(sorted(subjects))
        whose = "subject IN (SELECT value FROM json_each(?))"
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE consent SET withdrawn_at = coalesce(withdrawn_at, ?) WHERE {whose}",  # noqa: S608  # A constant.
                (text, people),
            )
            [(count,)] = self._database.read(
                f"SELECT count(*) FROM consent WHERE withdrawn_at = ? AND {whose}",  # noqa: S608  # A constant.
                (text, people),
            )
        return int(count)


def _consent(row: Row) -> Consent:
    one, subject, domain, client, purpose, *times = row
    given_at, expires_at, withdrawn_at = (text and datetime.fromisoformat(text) for text in times)
    return Consent(one, subject, domain, client, purpose, given_at, expires_at, withdrawn_at)


_QUARANTINE_COLUMNS = "id, source, line, offset, pointer, code, message, at, sealed"


class SqliteQuarantine:
    """`Quarantine` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_rows(self, rows: Sequence[QuarantinedRow]) -> None:
        """See `Quarantine.add_rows`."""
        values = (
            (
                row.id,
                row.source,
                row.line,
                row.offset,
                row.pointer,
                row.code,
                row.message,
                instant_text(row.at),
                row.sealed,
            )
            for row in rows
        )
        with self._database.writing() as connection:
            connection.executemany(
                f"INSERT INTO quarantine ({_QUARANTINE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608  # Constant columns.
                "ON CONFLICT (id) DO NOTHING",
                values,
            )

    def rows(self, limit: int, after: str | None = None) -> list[QuarantinedRow]:
        """See `Quarantine.rows`."""
        start = 0
        if after is not None:
            start = self._one("SELECT arrival FROM quarantine WHERE id = ?", after)[0]
        found = self._database.read(
            f"SELECT {_QUARANTINE_COLUMNS} FROM quarantine WHERE arrival > ? ORDER BY arrival LIMIT ?",  # noqa: S608  # Constant columns.
            (start, limit),
        )
        return [_quarantined(row) for row in found]

    def get(self, row_id: str) -> QuarantinedRow:
        """See `Quarantine.get`."""
        return _quarantined(self._one(f"SELECT {_QUARANTINE_COLUMNS} FROM quarantine WHERE id = ?", row_id))  # noqa: S608  # Constant columns.

    def drop(self, row_id: str) -> None:
        """See `Quarantine.drop`."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM quarantine WHERE id = ?", (row_id,))

    def _one(self, sql: str, row_id: str) -> Row:
        rows = self._database.read(sql, (row_id,))
        if not rows:
            raise RecordNotFoundError("there is no quarantined row of this id")
        return rows[0]


def _quarantined(row: Row) -> QuarantinedRow:
    one, source, line, offset, pointer, code, message, at, sealed = row
    return QuarantinedRow(one, source, line, offset, pointer, code, message, datetime.fromisoformat(at), sealed)


class SqlitePrefillStore:
    """`PrefillStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, answer: StoredPrefill) -> None:
        """See `PrefillStore.save`."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO prefill VALUES (?, ?, ?, ?)",
                (answer.id, answer.client, instant_text(answer.expires_at), answer.sealed),
            )

    def find(self, prefill_id: str, now: datetime) -> StoredPrefill | None:
        """See `PrefillStore.find`."""
        rows = self._database.read(
            "SELECT id, client, expires_at, sealed FROM prefill WHERE id = ? AND expires_at > ?",
            (prefill_id, instant_text(now)),
        )
        return next((StoredPrefill(one, who, datetime.fromisoformat(end), box) for one, who, end, box in rows), None)

    def drop_expired(self, now: datetime) -> int:
        """See `PrefillStore.drop_expired`."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM prefill WHERE expires_at <= ?", (instant_text(now),))
            return connection.changes()

    def drop_about(self, references: Collection[bytes]) -> int:
        """See `PrefillStore.drop_about`."""
        wanted = frozenset(references)
        with self._database.writing() as connection:
            # Answers live for minutes: there are few.
            rows = self._database.read("SELECT id, sealed FROM prefill")
            about = [(one,) for one, sealed in rows if not wanted.isdisjoint(_people_of(sealed))]
            connection.executemany("DELETE FROM prefill WHERE id = ?", about)
        return len(about)


def _people_of(sealed: bytes) -> Iterator[bytes]:
    """Yield the references that stand before an answer's box. Source: docs/formats.md, section 7."""
    for number in range(int.from_bytes(sealed[:2], "big")):
        yield sealed[2 + 16 * number : 2 + 16 * (number + 1)]


class SqliteIngestProgress:
    """`IngestProgress` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, job: str) -> dict[str, Any] | None:
        """See `IngestProgress.load`."""
        rows = self._database.read("SELECT state FROM ingest_progress WHERE job = ?", (job,))
        return json.loads(rows[0][0]) if rows else None

    def save(self, job: str, state: Mapping[str, Any]) -> None:
        """See `IngestProgress.save`."""
        text = json.dumps(dict(state), ensure_ascii=False, allow_nan=False)
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO ingest_progress VALUES (?, ?)", (job, text))

    def finish(self, job: str) -> None:
        """See `IngestProgress.finish`."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM ingest_progress WHERE job = ?", (job,))

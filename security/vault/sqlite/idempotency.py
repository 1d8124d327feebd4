"""Answers to writes that carried an `Idempotency-Key`, on SQLite."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.errors import IdempotencyConflictError, IdempotencyInProgressError
from security.vault.sqlite.connection import Database
from security.vault.sqlite.stores import instant_text

# As long as the contract promises.
KEPT = timedelta(hours=24)
# A request that took longer has died with its process; an equal one may do the work, as every write is idempotent.
WORKED_ON = timedelta(minutes=2)


class SqliteIdempotencyStore:
    """`IdempotencyStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, client: str, key: bytes, body_digest: bytes, now: datetime) -> bytes | None:
        """See `IdempotencyStore.begin`."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM idempotency WHERE begun_at < ?", (instant_text(now - KEPT),))
            connection.execute(
                "DELETE FROM idempotency WHERE client = ? AND key = ? AND sealed_answer IS NULL AND begun_at < ?",
                (client, key, instant_text(now - WORKED_ON)),
            )
            earlier = self._database.read(
                "SELECT body_digest, sealed_answer FROM idempotency WHERE client = ? AND key = ?", (client, key)
            )
            if not earlier:
                connection.execute(
                    "INSERT INTO idempotency VALUES (?, ?, ?, ?, NULL)", (client, key, body_digest, instant_text(now))
                )
                return None
        [(digest, answer)] = earlier
        if digest != body_digest:
            raise IdempotencyConflictError("this Idempotency-Key came with another body: use a new key")
        if answer is None:
            raise IdempotencyInProgressError("an equal request is being worked on: wait for its answer")
        stored: bytes = answer
        return stored

    def finish(self, client: str, key: bytes, sealed_answer: bytes) -> None:
        """See `IdempotencyStore.finish`."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE idempotency SET sealed_answer = ? WHERE client = ? AND key = ? AND sealed_answer IS NULL",
                (sealed_answer, client, key),
            )

    def abandon(self, client: str, key: bytes) -> None:
        """See `IdempotencyStore.abandon`."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM idempotency WHERE client = ? AND key = ? AND sealed_answer IS NULL", (client, key)
            )

"""An audit log in a vault of its own, and entries for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import apsw

from security.audit.entry import AuditEntry
from security.audit.log import AuditLog
from security.vault.sqlite import SqliteVault

INSTALLATION = "ab" * 16
SEED = bytes(range(32))
AT = datetime(2026, 11, 23, tzinfo=UTC)
PERSON, OTHER = bytes(16), bytes([1]) * 16


def an_entry(number=0, subjects=()):
    return AuditEntry(
        actor=f"officer-{number}",
        client="hoso",
        role="officer",
        action="records.search",
        purpose="dossier_processing",
        outcome="allowed",
        trace=f"t{number}",
        subjects=tuple(subject.hex() for subject in subjects),
    )


class Place:
    """One vault file, opened and closed as a test wants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.vault = SqliteVault(path, INSTALLATION)
        self.log = AuditLog(self.vault.audit, SEED, INSTALLATION, now=lambda: AT)

    def append(self, *entries: AuditEntry) -> list[int]:
        return [self.log.append(entry).result() for entry in entries]

    def tamper(self, *statements: str) -> None:
        """Change the file as one who has it in hand would."""
        connection = apsw.Connection(str(self.path))
        for statement in statements:
            connection.execute(statement)
        connection.close()

    def close(self) -> None:
        self.log.close()
        self.vault.close()

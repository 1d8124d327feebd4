"""The vault on one SQLite file: WAL, synchronous=FULL, a connection a thread, used by several processes at once."""

from __future__ import annotations

from pathlib import Path

from security.vault.sqlite.audit import SqliteAuditStore
from security.vault.sqlite.erasures import SqliteErasedList, SqliteErasureJournal
from security.vault.sqlite.idempotency import SqliteIdempotencyStore
from security.vault.sqlite.keys import SqliteIdentityLinks, SqliteKeyStore
from security.vault.sqlite.schema import open_database
from security.vault.sqlite.stores import (
    SqliteAgencyStore,
    SqliteConsentStore,
    SqliteIngestProgress,
    SqlitePrefillStore,
    SqliteQuarantine,
)

__all__ = ["SqliteVault"]

# Longer than any transaction of ours takes on a slow disk; short enough to answer a client.
DEFAULT_WAIT_S = 10.0


class SqliteVault:
    """`Vault` on SQLite."""

    def __init__(self, path: Path, installation: str, *, wait_s: float = DEFAULT_WAIT_S) -> None:
        """Open the vault of `installation` (32 hex digits) at `path`, making it if there is none.

        Args:
            path: the file; only its owner may read it afterwards.
            installation: id of the installation, from the key file.
            wait_s: how long a writer waits for another one, seconds.

        Raises:
            StorageError: a vault of another installation or of a newer Hoso, no vault, or not ours to write.
            SourceUnavailableError: others held it for longer than `wait_s`.
        """
        self._database = open_database(path, installation, wait_s)
        self.keys = SqliteKeyStore(self._database)
        self.links = SqliteIdentityLinks(self._database)
        self.agencies = SqliteAgencyStore(self._database)
        self.consents = SqliteConsentStore(self._database)
        self.quarantine = SqliteQuarantine(self._database)
        self.prefills = SqlitePrefillStore(self._database)
        self.erased = SqliteErasedList(self._database, path.with_suffix(".erasing"))
        self.erasures = SqliteErasureJournal(self._database)
        self.progress = SqliteIngestProgress(self._database)
        self.idempotency = SqliteIdempotencyStore(self._database)
        self.audit = SqliteAuditStore(self._database)

    def close(self) -> None:
        """Close every connection of this process."""
        self._database.close()

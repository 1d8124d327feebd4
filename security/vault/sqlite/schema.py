"""Tables of the vault on SQLite, and the checks made when one is opened."""

from __future__ import annotations

import os
import time
from pathlib import Path

import apsw

from schemas.errors import StorageError
from security.vault.sqlite.connection import Database

_VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE key_domain (domain TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE wrapped_key (
    reference BLOB PRIMARY KEY CHECK (length(reference) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('SK', 'DK')),
    domain TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE identity_link (
    domain TEXT NOT NULL,
    from_reference BLOB NOT NULL,
    to_reference BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('old_id', 'newborn')),
    evidence BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proven', 'confirmed')),
    PRIMARY KEY (from_reference, to_reference, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_link_back ON identity_link (to_reference);

CREATE TABLE agency (
    code TEXT PRIMARY KEY, name TEXT NOT NULL, parent TEXT, domain TEXT, level TEXT, unit_code TEXT,
    valid_from TEXT, valid_until TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, domain TEXT NOT NULL, client TEXT NOT NULL, purpose TEXT NOT NULL,
    given_at TEXT NOT NULL, expires_at TEXT NOT NULL, withdrawn_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    arrival INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, line INTEGER NOT NULL,
    offset INTEGER NOT NULL, pointer TEXT, code TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE prefill (
    id TEXT PRIMARY KEY, client TEXT NOT NULL, expires_at TEXT NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE INDEX prefill_expiry ON prefill (expires_at);

CREATE TABLE erased_reference (
    reference BLOB PRIMARY KEY CHECK (length(reference) = 16), domain TEXT, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE erasure (
    id TEXT PRIMARY KEY, subject BLOB NOT NULL, begun_at TEXT NOT NULL, state BLOB, finished_at TEXT, receipt TEXT
) STRICT;

CREATE TABLE ingest_progress (job TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;

CREATE TABLE idempotency (
    client TEXT NOT NULL, key BLOB NOT NULL, body_digest BLOB NOT NULL, begun_at TEXT NOT NULL, sealed_answer BLOB,
    PRIMARY KEY (client, key)
) STRICT;
CREATE INDEX idempotency_age ON idempotency (begun_at);

CREATE TABLE audit_entry (seq INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
CREATE TABLE audit_subject (
    reference BLOB NOT NULL, seq INTEGER NOT NULL REFERENCES audit_entry (seq), PRIMARY KEY (reference, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_subject_seq ON audit_subject (seq);
CREATE TABLE audit_node (
    level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
"""

# The script at place n makes version n + 1 of version n; a released one is never changed.
_MIGRATIONS = (_VERSION_1,)
SCHEMA_VERSION = len(_MIGRATIONS)
_OWNER_ONLY = 0o600


def open_database(path: Path, installation: str, wait_s: float) -> Database:
    """Return the database of `path`, made or brought up to date, after checking that it is ours.

    Raises:
        StorageError: no vault, a vault of another installation or of a newer Hoso, or a file that is not ours to use.
        SourceUnavailableError: others held it for longer than `wait_s` seconds.
    """
    _make_private(path)
    database = Database(path, wait_s)
    try:
        database.prepare(lambda connection: _use_write_ahead_log(connection, wait_s))
        with database.writing() as connection:
            _check_or_make(database, connection, installation)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    """See that the file is there and only its owner may read it; SQLite gives its side files the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
        if path.stat().st_mode & 0o077:
            path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise StorageError(
            f"the vault file cannot be used: {error.strerror}; check its path, owner and rights"
        ) from error


def _use_write_ahead_log(connection: apsw.Connection, wait_s: float) -> None:
    """Switch to WAL; SQLite does not wait for other processes here, so it is tried until `wait_s` seconds are over."""
    end = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _check_or_make(database: Database, connection: apsw.Connection, installation: str) -> None:
    tables = {name for (name,) in database.read("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if tables and "meta" not in tables:
        raise StorageError("this SQLite file is not a vault: name another path in HOSO_VAULT_URL")
    meta: dict[str, str] = dict(database.read("SELECT name, value FROM meta")) if tables else {}
    version = int(meta.get("schema_version", 0))
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"the vault has schema {version}, this Hoso knows {SCHEMA_VERSION}: run the newer Hoso, or restore a backup"
        )
    if meta.get("installation", installation) != installation:
        raise StorageError(
            "the vault belongs to another installation: use the key file it was made with, or another HOSO_HOME"
        )
    for script in _MIGRATIONS[version:]:
        connection.execute(script)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [("installation", installation), ("schema_version", str(SCHEMA_VERSION))],
    )

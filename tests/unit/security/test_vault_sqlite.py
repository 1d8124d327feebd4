"""What only the vault on SQLite has: a file with rights, several processes, a disk that fills up."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading

import apsw
import pytest

from schemas.errors import SourceUnavailableError, StorageError
from security.vault.rows import WrappedKey
from security.vault.sqlite import SqliteVault
from security.vault.sqlite.connection import Database, rows_deleted

OURS = "ab" * 16
THEIRS = "cd" * 16
REFERENCE = bytes(16)
KEY = WrappedKey(REFERENCE, "SK", "VN-40", 1, b"box")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "vault.db"


def raw(path, sql):
    with apsw.Connection(str(path)) as connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def test_only_the_owner_can_read_the_vault_and_its_side_files(path):
    path.parent.mkdir()
    path.touch(0o644)
    path.chmod(0o644)
    vault = SqliteVault(path, OURS)
    vault.keys.add_keys([KEY])
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {
        "vault.db": 0o600,
        "vault.db-wal": 0o600,
        "vault.db-shm": 0o600,
    }
    vault.close()


def test_commits_are_synced_and_deletions_overwritten(path):
    vault = SqliteVault(path, OURS)
    database = vault.keys._database
    pragmas = {name: database.read(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "secure_delete")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert database.read("PRAGMA foreign_keys") == [(1,)]
    vault.close()


def test_a_vault_of_another_installation_is_refused_with_what_to_do(path):
    SqliteVault(path, THEIRS).close()
    with pytest.raises(StorageError, match="another installation: use the key file"):
        SqliteVault(path, OURS)


def test_a_vault_of_a_newer_schema_is_refused_with_what_to_do(path):
    SqliteVault(path, OURS).close()
    raw(path, "UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    with pytest.raises(StorageError, match="run the newer Hoso"):
        SqliteVault(path, OURS)


def test_an_sqlite_file_of_something_else_is_refused_and_left_as_it_is(path):
    path.parent.mkdir()
    raw(path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StorageError, match="not a vault"):
        SqliteVault(path, OURS)
    assert raw(path, "SELECT name FROM sqlite_schema") == [("recipes",)]


def test_a_file_that_is_no_database_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StorageError, match="damaged or is not a vault"):
        SqliteVault(path, OURS)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be used"):
        SqliteVault(tmp_path / "file" / "vault.db", OURS)


def test_a_full_disk_is_said_plainly_nothing_is_written_and_the_vault_goes_on(path):
    vault = SqliteVault(path, OURS)
    database = vault.keys._database
    [(pages,)] = database.read("PRAGMA page_count")
    database.read(f"PRAGMA max_page_count = {pages + 2}")
    keys = [WrappedKey(number.to_bytes(16, "big"), "SK", "VN-40", 1, bytes(200)) for number in range(1000)]
    with pytest.raises(StorageError, match="disk of the vault is full"):
        vault.keys.add_keys(keys)
    assert vault.keys.find_keys([key.reference for key in keys]) == {}
    database.read("PRAGMA max_page_count = 1000000")
    assert vault.keys.add_keys([KEY]) == {REFERENCE: KEY}
    vault.close()


def test_a_vault_that_another_process_writes_for_too_long_is_unavailable(path):
    vault = SqliteVault(path, OURS, wait_s=0.05)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SourceUnavailableError):
        vault.keys.add_keys([KEY])
    other.execute("ROLLBACK")
    other.close()
    assert vault.keys.add_keys([KEY]) == {REFERENCE: KEY}
    vault.close()


def test_a_vault_that_another_thread_writes_for_too_long_is_unavailable_and_readable(path):
    vault = SqliteVault(path, OURS, wait_s=0.05)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with vault.keys._database.writing():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with pytest.raises(SourceUnavailableError):
        vault.keys.add_keys([KEY])
    assert vault.keys.find_keys([REFERENCE]) == {}
    leave.set()
    thread.join()
    vault.close()


def test_a_deletion_of_another_number_of_rows_than_was_found_is_given_up(path):
    vault = SqliteVault(path, OURS)
    vault.keys.add_keys([KEY])
    with pytest.raises(StorageError, match="nothing was deleted"):
        delete_expecting(vault.keys._database, 2)
    assert vault.keys.find_keys([REFERENCE]) == {REFERENCE: KEY}
    vault.close()


def delete_expecting(database: Database, count: int) -> None:
    with database.writing() as connection:
        connection.execute("DELETE FROM wrapped_key")
        rows_deleted(connection, count)


def test_a_vault_carried_over_a_fork_is_refused(path):
    vault = SqliteVault(path, OURS)
    child = os.fork()
    if child == 0:
        try:
            vault.keys.find_keys([REFERENCE])
        except StorageError:
            os._exit(7)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    vault.close()


def open_and_add(path, number):
    vault = SqliteVault(path, OURS)
    vault.keys.add_keys([WrappedKey(number.to_bytes(16, "big"), "SK", "VN-40", 1, b"box")])
    vault.close()


def test_processes_that_make_the_same_vault_at_once_make_one(path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=open_and_add, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    vault = SqliteVault(path, OURS)
    assert len(vault.keys.find_keys([number.to_bytes(16, "big") for number in range(4)])) == 4
    vault.close()


def test_the_connection_of_a_thread_that_ended_is_closed(path):
    vault = SqliteVault(path, OURS)
    for _ in range(5):
        thread = threading.Thread(target=vault.keys.find_keys, args=([REFERENCE],))
        thread.start()
        thread.join()
    assert len(vault.keys._database._open) <= 2
    vault.close()

"""What only the embedded engine of records can be asked: its files, and how SQLite fails."""

from __future__ import annotations

import apsw
import pytest

from indexer.engines.embedded.database import our_errors
from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.engines.records import RecordWrite
from schemas.errors import SourceUnavailableError, StorageError
from schemas.query import Scope, Term

SCOPE = b"s" * 16


def a_write(number):
    return RecordWrite("dossier", number.to_bytes(16, "big"), SCOPE, b"token-%02d" % number, b"envelope", 0, 1)


@pytest.fixture
def index(tmp_path):
    return EmbeddedRecords(tmp_path / "records")


def put(index, *numbers):
    with index.writing() as writer:
        writer.put([a_write(number) for number in numbers])


def files(index):
    return sorted(path.name for path in index._folder.glob("*.db"))


def test_files_are_their_owners_alone(index):
    put(index, 1)
    assert {path.stat().st_mode & 0o077 for path in index._folder.glob("*.db*")} == {0}
    assert index._folder.stat().st_mode & 0o077 == 0


def test_a_delete_that_finds_fewer_postings_than_the_record_has_deletes_nothing(index):
    put(index, 1, 2)
    with index.writing() as writer:
        writer.connection.execute("delete from posting where row_id = 2")
        with pytest.raises(StorageError, match="hoso index verify"):
            writer.delete("dossier", [a_write(1).record_id, a_write(2).record_id])
    assert index.status().records["dossier"] == 2
    assert len(index.search("dossier", Term(b"token-01"), Scope(frozenset({SCOPE})), 10).items) == 1


def test_a_record_that_lost_its_tokens_is_told(index):
    put(index, 1)
    with index.writing() as writer:
        writer.connection.execute("delete from record_tokens")
        with pytest.raises(StorageError, match="hoso index verify"):
            writer.delete("dossier", [a_write(1).record_id])


def test_expunge_does_not_claim_to_be_done_while_a_reader_keeps_the_old_pages(index):
    put(index, 1, 2)
    version = index.status().version
    with index.writing() as writer:
        reader = apsw.Connection(str(index._folder / f"{version}.db"))
        reading = reader.execute("select * from record")
        next(reading)
        writer.delete("dossier", [a_write(1).record_id])
        writer.connection.set_busy_timeout(10)
        with pytest.raises(SourceUnavailableError):
            writer.expunge()
        reader.close(force=True)
        writer.expunge()
    assert (index._folder / f"{version}.db-wal").stat().st_size == 0


def test_a_start_that_was_killed_between_file_and_pointer_is_made_anew(index):
    (index._folder / "000001.db").write_bytes(b"")
    apsw.Connection(str(index._folder / "000001.db")).execute("create table record (half)")
    put(index, 1)
    assert index.status().records["dossier"] == 1


def test_a_build_that_was_killed_between_file_and_pointer_leaves_nothing(index):
    (index._folder / "000001.db").write_bytes(b"half of something")
    (index._folder / "000007.db-wal").write_bytes(b"left")
    build = index.build()
    assert files(index) == ["000001.db"]
    build.put([a_write(1)])
    build.publish(lambda *_: None)
    assert index.status().records["dossier"] == 1


def test_a_publication_that_was_killed_before_the_old_files_went_is_tidied(index, monkeypatch):
    put(index)
    build = index.build()
    build.put([a_write(1)])
    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedRecords, "_sweep", lambda _: None)
        build.publish(lambda *_: None)
    (index._folder / "building").write_text("000002")
    assert not index.unfinished()
    assert files(index) == ["000001.db", "000002.db"]
    assert index.build() is None
    assert files(index) == ["000002.db"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (apsw.FullError, StorageError),
        (apsw.BusyError, SourceUnavailableError),
        (apsw.CorruptError, StorageError),
        (apsw.IOError, StorageError),
        (apsw.CantOpenError, StorageError),
        (apsw.ReadOnlyError, StorageError),
    ],
)
def test_an_error_of_sqlite_becomes_ours_and_its_text_is_dropped(theirs, ours):
    with pytest.raises(ours) as caught, our_errors():
        raise theirs("a value that was being written")
    assert "a value" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__

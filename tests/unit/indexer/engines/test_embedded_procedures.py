"""What only the embedded engine has: files, a pointer, and what a crash leaves of them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import apsw
import pytest

from indexer.engines.embedded.procedures import EmbeddedProcedures
from indexer.engines.procedures import BlindTerm, TermDocument
from schemas.errors import StorageError
from security.catalogue import StoredProcedure

ROW = StoredProcedure(b"k" * 16, "public", b"d" * 16, b"card", b"body")
DOCUMENT = TermDocument(ROW.key, {"name": ["a"]})

# Dies without a word in the middle of writing a version, after it has put another row.
CRASHING_BUILD = """
    import os, sys
    from pathlib import Path
    from indexer.engines.embedded.procedures import EmbeddedProcedures
    from indexer.engines.procedures import TermDocument
    from security.catalogue import StoredProcedure

    def documents():
        yield TermDocument(b"k" * 16, {"name": ["b"]})
        os._exit(9)

    with EmbeddedProcedures(Path(sys.argv[1]), ["name"]).writer() as writer:
        writer.put([StoredProcedure(b"m" * 16, "public", b"d" * 16, b"card", b"body")])
        writer.publish(documents(), "1")
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "procedures"


@pytest.fixture
def engine(folder):
    engine = EmbeddedProcedures(folder, ["name"])
    with engine.writer() as writer:
        writer.put([ROW])
        writer.publish([DOCUMENT], "1")
    return engine


def found(engine, term="a"):
    return [hit.key for hit in engine.searcher().search([BlindTerm("name", term, 1.0)], ["public"], 10)]


def versions(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_a_process_that_dies_while_it_builds_leaves_the_old_version_whole(engine, folder):
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(CRASHING_BUILD), folder], check=False)
    assert died.returncode == 9
    assert versions(folder) == ["000001", "000002"]
    assert found(engine) == [ROW.key]
    # Its row is there; the next writer sees that no version has it, and clears up.
    assert len(list(engine.searcher().iter_all(["public"]))) == 2
    with engine.writer() as writer:
        assert versions(folder) == ["000001"]
        assert not writer.is_published("1")
        assert writer.publish([DOCUMENT], "1") == "000002"
    assert versions(folder) == ["000002"]


def test_a_pointer_that_was_half_written_is_not_read(engine, folder):
    (folder / "current.new").write_text('{"versi')
    assert found(engine) == [ROW.key]


def test_a_damaged_pointer_is_an_error_and_not_an_empty_catalogue(engine, folder):
    (folder / "current").write_text("{}x")
    with pytest.raises(StorageError):
        engine.searcher().version()


def test_an_index_that_lost_its_files_is_an_error(engine, folder):
    for path in (folder / "000001").iterdir():
        path.unlink()
    with pytest.raises(StorageError):
        found(engine)


def test_a_document_given_twice_is_not_published(engine, folder):
    with engine.writer() as writer, pytest.raises(StorageError):
        writer.publish([DOCUMENT, DOCUMENT], "1")
    assert versions(folder) == ["000001"]


def test_rows_of_another_version_of_the_program_are_refused(engine, folder):
    connection = apsw.Connection(str(folder / "procedures.db"))
    connection.execute("UPDATE meta SET value = 2 WHERE name = 'format'")
    connection.close()
    with pytest.raises(StorageError):
        engine.searcher().fetch([ROW.key], ["public"])


def test_a_database_of_other_bytes_is_an_error(folder):
    folder.mkdir()
    (folder / "procedures.db").write_bytes(os.urandom(8192))
    with pytest.raises(StorageError):
        EmbeddedProcedures(folder, ["name"]).searcher().fetch([ROW.key], ["public"])


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        EmbeddedProcedures(tmp_path / "file" / "procedures", ["name"]).writer().__enter__()

"""Files of records: checkpoints, going on after an end, sources that are damaged."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.home import Home
from support.rows import make_dossier, make_paper, make_person, to_bytes

from indexer import record_files
from indexer.record_files import index_file
from indexer.sources.rows import SourceError
from indexer.summary import LineResult, Summary
from schemas.errors import KeysError, SourceUnavailableError, StorageError


def a_code(number):
    return f"H41.14-231107-{number:04d}"


def dossiers(count, **changes):
    return [make_dossier(code=a_code(number), **changes) for number in range(1, count + 1)]


@pytest.fixture
def source(tmp_path):
    """Write rows into a file."""

    def write(rows, name="in.ndjson", pack=bytes):
        path = tmp_path / name
        path.write_bytes(pack(to_bytes(rows)))
        return path

    return write


@pytest.fixture
def _small_steps(monkeypatch):
    monkeypatch.setattr(record_files, "_BATCH_LINES", 2)
    monkeypatch.setattr(record_files, "_BUILD_CHECKPOINT_LINES", 4)
    monkeypatch.setattr(record_files, "_LIVE_CHECKPOINT_LINES", 4)


def counts(home):
    return home.records.status().records


def test_a_first_file_is_built_aside_and_later_ones_are_added(home, source):
    rows = [*dossiers(3), b"{", make_dossier(code=a_code(9), procedure_code="9.999999", clerk=1)]
    summary = home.index("dossiers", source(rows))
    assert (summary.accepted, summary.refused, summary.lines) == (4, 1, 5)
    assert (summary.warnings, summary.unknown_keys) == ({"unknown_procedure": 1}, {"clerk": 1})
    assert [(line.number, line.raw, result.error.code) for line, result in home.refused] == [(4, b"{", "not_json")]
    assert not home.records.unfinished()
    summary = home.index("papers", source([make_paper()], "papers.ndjson"))
    assert summary.accepted == 1
    assert counts(home) == {"dossier": 4, "paper": 1}
    assert home.opened("dossier", a_code(3)).header.agency == "H41.14"
    assert len(home.find("dossier_code", a_code(3))) == 1


def test_the_same_file_again_changes_nothing(home, source):
    path = source(dossiers(3))
    home.index("dossiers", path)
    before, audited = home.envelopes("dossier", a_code(1), a_code(2), a_code(3)), len(home.audited)
    again = home.index("dossiers", path)
    assert (again.accepted, again.unchanged) == (0, 3)
    assert home.envelopes("dossier", a_code(1), a_code(2), a_code(3)) == before
    assert len(home.audited) == audited


@pytest.mark.parametrize(("name", "pack"), [("in.gz", gzip.compress), ("in.xz", lzma.compress)])
def test_packed_files_are_read(home, source, name, pack):
    assert home.index("dossiers", source(dossiers(3), name, pack)).accepted == 3


def test_standard_input_is_read(home, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(to_bytes(dossiers(2))))
    monkeypatch.setattr(sys, "stdin", stream)
    assert index_file("dossiers", "-", home.parts(), lambda *_: None).accepted == 2


class EndedError(Exception):
    """Ends a run in the place of a kill."""


class EndsAfter:
    """Progress that ends the run when it has been told of a step so many times."""

    def __init__(self, step, times=1):
        self._step, self._left = step, times

    def __call__(self, step, done, total):
        self._left -= step == self._step
        if self._left <= 0:
            raise EndedError


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_build_that_was_ended_goes_on_behind_its_last_checkpoint(home, source, workers):
    path = source([*dossiers(9), b"{", *dossiers(12)[9:]])
    with pytest.raises(EndedError):
        index_file("dossiers", path, home.parts(workers), EndsAfter("lines", 2))
    assert home.records.unfinished()
    assert len(home.audited) == 2
    again = Home.at(home.folder)
    summary = again.index("dossiers", path, workers)
    assert (summary.accepted, summary.unchanged, summary.refused) == (12, 0, 1)
    # Behind line 8: one batch of four lines, of which one was refused, and the last line.
    assert [len(batch) for batch in again.audited] == [3, 1]
    assert counts(again)["dossier"] == 12
    again.close()


@pytest.mark.usefixtures("_small_steps")
def test_adding_that_was_ended_goes_on_behind_its_last_checkpoint(home, source):
    home.index("dossiers", source(dossiers(1)))
    path = source([make_paper(id=f"P-{number}") for number in range(9)], "papers.ndjson")
    with pytest.raises(EndedError):
        index_file("papers", path, home.parts(), EndsAfter("lines", 1))
    assert counts(home)["paper"] == 4
    home.audited.clear()
    assert home.index("papers", path).accepted == 9
    assert [len(batch) for batch in home.audited] == [4, 1]


def test_a_build_that_was_ended_while_its_postings_were_sorted_is_only_published(home, source):
    path = source(dossiers(3))
    with pytest.raises(EndedError):
        index_file("dossiers", path, home.parts(), EndsAfter("postings"))
    home.audited.clear()
    summary = home.index("dossiers", path)
    assert (summary.accepted, summary.unchanged) == (3, 0)
    assert home.audited == []
    assert len(home.find("dossier_code", a_code(2))) == 1


@pytest.mark.usefixtures("_small_steps")
def test_versions_of_one_record_in_several_checkpoints_and_batches_are_counted_as_they_came(home, source):
    one = [make_dossier(version=version, status=version) for version in (1, 2, 2, 3)]
    rows = [one[0], *dossiers(4)[1:3], one[1], one[2], a_stale := one[0], one[3], *dossiers(6)[4:], a_stale]
    summary = home.index("dossiers", source(rows))
    # Whether an old version is stale or unchanged depends on when its batch was prepared; it is never written.
    assert (summary.accepted, summary.unchanged + summary.stale) == (7, 3)
    assert home.opened("dossier", a_code(1)).header.source_version == 3


def test_of_a_file_that_is_cut_off_the_good_rows_are_published(home, source):
    rows = dossiers(200)
    with pytest.raises(SourceError) as caught:
        home.index("dossiers", source(rows, "cut.gz", lambda raw: gzip.compress(raw)[:-40]))
    assert caught.value.reason == "damaged"
    published = counts(home)["dossier"]
    assert 0 < published < 200
    # Neither this process nor another has to mend anything.
    summary = home.index("dossiers", source(rows))
    assert (summary.unchanged, summary.accepted) == (published, 200 - published)


def test_a_file_that_is_not_there_leaves_an_index_that_can_be_written(home, tmp_path):
    with pytest.raises(SourceError) as caught:
        home.index("dossiers", tmp_path / "absent.ndjson")
    assert caught.value.reason == "not_readable"
    assert str(tmp_path) not in str(caught.value)
    assert [result.status for result in home.put(make_dossier())] == ["indexed"]


def test_of_an_empty_file_nothing_becomes_and_the_index_is_ready(home, source):
    assert home.index("dossiers", source([])).lines == 0
    assert counts(home) == {"dossier": 0, "paper": 0}
    assert home.index("dossiers", source(dossiers(2))).accepted == 2


@pytest.mark.usefixtures("_small_steps")
def test_a_run_that_failed_can_be_begun_again_in_the_same_process(home, source):
    path = source(dossiers(9))

    def fail(_):
        raise StorageError("the disk of the vault is full")

    parts = home.parts()
    failing = type(parts)(**{name: getattr(parts, name) for name in parts.__dataclass_fields__} | {"audit": fail})
    with pytest.raises(StorageError):
        index_file("dossiers", path, failing, lambda *_: None)
    assert home.index("dossiers", path).accepted == 9


@pytest.mark.usefixtures("_small_steps")
def test_a_worker_that_is_killed_ends_the_run_and_the_next_one_goes_on(home, source):
    path = source(dossiers(60))

    def kill_workers(step, done, total):
        for worker in _workers():
            os.kill(worker, signal.SIGKILL)

    with pytest.raises(SourceUnavailableError, match="run again"):
        index_file("dossiers", path, home.parts(), kill_workers)
    assert home.index("dossiers", path).accepted == 60


def _workers() -> list[int]:
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_an_error_in_a_worker_is_raised_as_it_is(home, source):
    home.put(make_dossier())
    reference = home.refs().subject("citizen_id", make_person()["citizen_id"])
    with home.vault.keys._database.writing() as connection:
        connection.execute("UPDATE wrapped_key SET wrapped = zeroblob(124) WHERE reference = ?", (reference,))
    with pytest.raises(KeysError, match="another key file"):
        home.index("dossiers", source([make_dossier(version=2)]))


# ---------------------------------------------------------------- counts


def test_a_summary_survives_being_saved():
    summary = Summary()
    for status in ("indexed", "indexed", "unchanged", "stale", "refused"):
        summary.add(LineResult(1, 0, status, warnings=("unknown_procedure",)))
    summary.add_unknown_keys(Counter(clerk=3))
    assert Summary.from_json(summary.to_json()) == summary
    assert (summary.accepted, summary.lines) == (2, 5)


def test_a_source_that_puts_values_into_keys_does_not_fill_the_memory():
    summary = Summary()
    for number in range(1000):
        summary.add_unknown_keys(Counter({f"key{number}": 1, "clerk": 1}))
    assert len(summary.unknown_keys) <= 202
    assert summary.unknown_keys["clerk"] == 1000
    assert summary.unknown_keys.total() == 2000

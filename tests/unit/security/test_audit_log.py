"""The audit log: entries, readers, and many writers at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import apsw
import pytest
from support.audit_logs import AT, INSTALLATION, OTHER, PERSON, SEED, Place, an_entry

from schemas.errors import SourceUnavailableError, StorageError, ValidationFailedError
from security.audit.log import AuditLog
from security.vault.sqlite import SqliteVault


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    place = Place(tmp_path / "vault.db")
    yield place
    place.close()


# ---------------------------------------------------------------- append and read


def test_entries_are_numbered_from_nought_stamped_and_read_back(place):
    entries = [an_entry(number) for number in range(5)]
    assert place.append(*entries) == [0, 1, 2, 3, 4]
    read = place.log.entries(after=0, limit=2)
    assert [(one.seq, one.entry, one.at) for one in read] == [(1, entries[1], AT), (2, entries[2], AT)]
    assert place.log.size() == 5


def test_entries_about_a_person_are_found_and_nobody_elses(place):
    place.append(an_entry(0, [PERSON]), an_entry(1, [OTHER]), an_entry(2, [OTHER, PERSON, PERSON]), an_entry(3))
    assert [one.seq for one in place.log.entries_about(PERSON, after=-1, limit=10)] == [0, 2]
    assert [one.seq for one in place.log.entries_about(PERSON, after=0, limit=10)] == [2]
    assert place.log.verify().ok


def test_a_false_index_shows_nobody_another_persons_entries(place):
    place.append(an_entry(0, [OTHER]))
    place.tamper(f"INSERT INTO audit_subject VALUES (x'{PERSON.hex()}', 0)")
    with pytest.raises(StorageError):
        place.log.entries_about(PERSON, after=-1, limit=10)


def test_a_log_opened_again_goes_on_where_it_ended(tmp_path):
    for start in (0, 3, 6):
        place = Place(tmp_path / "vault.db")
        assert place.append(*(an_entry(number) for number in range(3))) == [start, start + 1, start + 2]
        place.close()
    place = Place(tmp_path / "vault.db")
    assert place.log.verify().ok
    place.close()


def test_closing_writes_what_waits_and_refuses_what_comes_later(place):
    futures = [place.log.append(an_entry(number)) for number in range(2000)]
    place.log.close()
    assert [future.result(timeout=0) for future in futures] == list(range(2000))
    with pytest.raises(SourceUnavailableError):
        place.log.append(an_entry())


def test_an_entry_that_cannot_be_written_fails_its_own_caller_only(place):
    bad = an_entry(number="\udcff")
    with pytest.raises(ValidationFailedError):
        place.log.append(bad)
    assert place.append(an_entry()) == [0]


def test_an_entry_that_was_not_committed_fails_and_the_log_goes_on(tmp_path):
    vault = SqliteVault(tmp_path / "vault.db", INSTALLATION, wait_s=0.05)
    log = AuditLog(vault.audit, SEED, INSTALLATION)
    other = apsw.Connection(str(tmp_path / "vault.db"))
    other.execute("BEGIN IMMEDIATE")
    future = log.append(an_entry())
    with pytest.raises(SourceUnavailableError):
        future.result()
    other.execute("ROLLBACK")
    other.close()
    assert log.append(an_entry()).result() == 0
    log.close()
    vault.close()


def test_an_entry_cannot_be_called_back(place):
    future = place.log.append(an_entry())
    assert not future.cancel()
    assert future.result() == 0


# ---------------------------------------------------------------- many at once


def append_some(path, name, count):
    place = Place(path)

    def run(thread):
        return [place.log.append(an_entry(f"{name}-{thread}-{number}")).result() for number in range(count)]

    with ThreadPoolExecutor(8) as pool:
        seqs = [seq for got in pool.map(run, range(8)) for seq in got]
    place.close()
    return seqs


def test_threads_and_processes_append_one_log_without_gap_or_fork(tmp_path):
    path = tmp_path / "vault.db"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        answers = pool.starmap(append_some, [(path, name, 20) for name in "ab"])
        pool.close()
        pool.join()
    assert sorted(seq for seqs in answers for seq in seqs) == list(range(320))
    place = Place(path)
    found = {one.entry.actor for one in place.log.entries(after=-1, limit=1000)}
    assert found == {f"officer-{name}-{t}-{n}" for name in "ab" for t in range(8) for n in range(20)}
    report = place.log.verify()
    assert (report.ok, report.entries) == (True, 320)
    place.close()


KILLED = """
import sys, threading
from support.audit_logs import Place, an_entry
from pathlib import Path
place = Place(Path(sys.argv[1]))
def run(thread):
    number = 0
    while True:
        seq = place.log.append(an_entry(f"{thread}-{number}")).result()
        # One write a line, so that no half line is read.
        sys.stdout.write(f"{seq} officer-{thread}-{number}\\n"); sys.stdout.flush()
        number += 1
for thread in range(4):
    threading.Thread(target=run, args=(thread,)).start()
"""


def test_after_a_kill_every_acknowledged_entry_is_there_and_the_log_verifies(tmp_path):
    path = tmp_path / "vault.db"
    acknowledged = {}
    for wanted in (1, 40, 90):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        lines = [process.stdout.readline() for _ in range(wanted)]
        process.send_signal(signal.SIGKILL)
        lines += [line for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        process.stdout.close()
        process.wait()
        acknowledged |= dict(line.split() for line in lines)
    place = Place(path)
    stored = {str(one.seq): one.entry.actor for one in place.log.entries(after=-1, limit=100_000)}
    assert len(acknowledged) >= 131
    assert acknowledged.items() <= stored.items()
    assert place.log.verify().ok
    place.close()


def test_verification_while_others_append_is_green(place):
    stop = threading.Event()

    def run():
        while not stop.is_set():
            place.append(an_entry())
            place.log.checkpoint()

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(run) for _ in range(2)]
        reports = [place.log.verify() for _ in range(15)]
        stop.set()
        for one in running:
            one.result()
    assert [report.fault for report in reports] == [None] * 15

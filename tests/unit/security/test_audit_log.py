from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from schemas.errors import ProofRejectedError, SourceUnavailableError, StorageError, ValidationFailedError
from security.audit.checkpoint import Checkpoint, open_checkpoint, public_key_of, sign_checkpoint
from security.audit.entry import AuditEntry, entry_bytes
from security.audit.log import AuditLog
from security.audit.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
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
from test_audit_log import Place, an_entry
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
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
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


# ---------------------------------------------------------------- proofs and checkpoints


def test_every_entry_is_proved_under_a_checkpoint_and_every_checkpoint_continues_the_last(place):
    notes = []
    for number in range(9):
        place.append(an_entry(number))
        notes.append(open_checkpoint(place.log.checkpoint(), place.log.public_key))
    for entry in place.log.entries(after=-1, limit=9):
        for note in notes[entry.seq :]:
            proof = place.log.inclusion_proof(entry.seq, note.size)
            verify_inclusion(leaf_hash(entry.raw), entry.seq, note.size, proof, note.root)
    for old, new in itertools.pairwise(notes):
        proof = place.log.consistency_proof(old.size, new.size)
        verify_consistency(old.size, new.size, old.root, new.root, proof)


def test_an_empty_log_has_a_checkpoint(place):
    note = open_checkpoint(place.log.checkpoint(), public_key_of(SEED))
    assert (note.installation, note.size, note.root) == (INSTALLATION, 0, root_of([]))
    assert place.log.verify().ok


def test_a_size_that_the_log_has_not_reached_gets_no_proof(place):
    place.append(an_entry())
    with pytest.raises(ProofRejectedError):
        place.log.inclusion_proof(0, 2)
    with pytest.raises(ProofRejectedError):
        place.log.consistency_proof(1, 2)


def test_a_proof_over_a_missing_node_is_refused(place):
    place.append(an_entry(0), an_entry(1))
    place.tamper("DELETE FROM audit_node WHERE level = 0 AND place = 0")
    with pytest.raises(StorageError, match="audit verify"):
        place.log.inclusion_proof(1, 2)


def test_a_log_that_does_not_continue_its_last_checkpoint_is_not_signed_again(place):
    place.append(an_entry(0))
    place.log.checkpoint()
    place.append(an_entry(1))
    place.tamper("UPDATE audit_node SET hash = zeroblob(32) WHERE level = 1 AND place = 0")
    with pytest.raises(StorageError, match="does not continue"):
        place.log.checkpoint()


# ---------------------------------------------------------------- tampering

# Statement, the first bad entry, a word of the explanation. The log has 7 entries, about one person each, and
# checkpoints over 3 and 7.
FORGED = entry_bytes(an_entry(99, [(5).to_bytes(16, "little")]), 4, AT).hex()
TAMPERINGS = {
    "entry-changed": (f"UPDATE audit_entry SET entry = x'{FORGED}' WHERE seq = 4", 4, "tree"),
    "entry-garbled": ("UPDATE audit_entry SET entry = x'00' WHERE seq = 4", 4, "not an entry"),
    "entry-renumbered": ("UPDATE audit_entry SET seq = 40 WHERE seq = 4", 4, "missing"),
    "entry-removed": ("DELETE FROM audit_entry WHERE seq = 4", 4, "missing"),
    "first-entry-removed": ("DELETE FROM audit_entry WHERE seq = 0", 0, "missing"),
    "last-entry-removed": ("DELETE FROM audit_entry WHERE seq = 6", 6, "cut"),
    "entry-inserted": (f"INSERT INTO audit_entry VALUES (7, x'{FORGED}')", 7, "another number"),
    "entries-swapped": (
        "UPDATE audit_entry SET seq = -1 WHERE seq = 2; UPDATE audit_entry SET seq = 2 WHERE seq = 3;"
        "UPDATE audit_entry SET seq = 3 WHERE seq = -1",
        2,
        "another number",
    ),
    "person-changed": ("UPDATE audit_subject SET reference = zeroblob(15) WHERE seq = 4", 4, "people"),
    "person-of-another-entry": ("UPDATE audit_subject SET seq = 5 WHERE seq = 4", 4, "people"),
    "person-removed": ("DELETE FROM audit_subject WHERE seq = 4", 4, "people"),
    "person-added": ("INSERT INTO audit_subject VALUES (zeroblob(16), 4)", 4, "people"),
    "leaf-changed": ("UPDATE audit_node SET hash = zeroblob(32) WHERE level = 0 AND place = 4", 4, "tree"),
    "inner-node-changed": ("UPDATE audit_node SET hash = zeroblob(32) WHERE level = 2 AND place = 0", 0, "tree"),
    "node-level-changed": ("UPDATE audit_node SET level = 9 WHERE level = 1 AND place = 2", 4, "tree"),
    "node-place-changed": ("UPDATE audit_node SET place = 9 WHERE level = 1 AND place = 2", 4, "tree"),
    "node-removed": ("DELETE FROM audit_node WHERE level = 1 AND place = 2", 4, "tree"),
    "leaf-added": ("INSERT INTO audit_node VALUES (0, 7, zeroblob(32))", 7, "cut"),
    "checkpoint-size-changed": ("UPDATE checkpoint SET size = 5 WHERE size = 7", 3, "checkpoint over 5"),
    "checkpoint-moved-beyond": ("UPDATE checkpoint SET size = 8 WHERE size = 7", 7, "cut"),
    "checkpoint-note-changed": (
        "UPDATE checkpoint SET note = replace(note, '3', '4') WHERE size = 3",
        0,
        "not one that",
    ),
}


@pytest.fixture
def seven(place):
    place.append(*(an_entry(number, [number.to_bytes(16, "little")]) for number in range(1, 4)))
    place.log.checkpoint()
    place.append(*(an_entry(number, [number.to_bytes(16, "little")]) for number in range(4, 8)))
    place.log.checkpoint()
    return place


def test_an_untouched_log_is_green_and_tells_how_far_it_is(seven):
    told = []
    report = seven.log.verify(lambda done, total: told.append((done, total)))
    assert (report.ok, report.entries, report.checkpoints, report.first_bad_seq) == (True, 7, 2, None)
    assert report.root == root_of(leaf_hash(one.raw) for one in seven.log.entries(-1, 9)).hex()
    assert told[-1] == (7, 7)


@pytest.mark.parametrize("fault", TAMPERINGS)
def test_tampering_is_found_and_the_first_bad_entry_named(seven, fault):
    statement, first_bad, word = TAMPERINGS[fault]
    seven.tamper(statement)
    report = seven.log.verify()
    assert (report.ok, report.first_bad_seq) == (False, first_bad)
    assert word in report.fault


def test_every_column_of_the_log_has_a_tampering(seven):
    columns = {
        (table, name)
        for table in ("audit_entry", "audit_subject", "audit_node", "checkpoint")
        for (name,) in apsw.Connection(str(seven.path)).execute(f"SELECT name FROM pragma_table_info('{table}')")
    }
    changed = {
        (table, name)
        for table, name in columns
        for statement, _, _ in TAMPERINGS.values()
        if f"UPDATE {table} SET {name} =" in statement
    }
    assert changed == columns


def test_a_past_rewritten_together_with_its_whole_tree_is_found_by_the_checkpoints(tmp_path, seven):
    rewritten = Place(tmp_path / "rewritten.db")
    rewritten.append(*(an_entry(number) for number in range(7)))
    rewritten.close()
    seven.tamper(
        f"ATTACH '{rewritten.path}' AS other",
        "DELETE FROM audit_subject",
        "UPDATE audit_entry SET entry = (SELECT entry FROM other.audit_entry AS o WHERE o.seq = audit_entry.seq)",
        "UPDATE audit_node SET hash = (SELECT hash FROM other.audit_node AS o WHERE (o.level, o.place) = "
        "(audit_node.level, audit_node.place))",
    )
    report = seven.log.verify()
    assert report.first_bad_seq == 0
    assert "checkpoint over 3 entries" in report.fault


def test_a_log_cut_back_together_with_its_checkpoints_is_found_by_a_note_kept_elsewhere(seven):
    [(_, kept), _] = seven.vault.audit.checkpoints(None, 2)
    seven.tamper(
        "DELETE FROM audit_subject WHERE seq > 3",
        "DELETE FROM audit_entry WHERE seq > 3",
        "DELETE FROM audit_node WHERE (place + 1) << level > 4",
        "DELETE FROM checkpoint WHERE size > 3",
    )
    assert seven.log.verify().ok
    report = seven.log.verify(notes=[kept])
    assert report.first_bad_seq == 4
    assert "cut" in report.fault


def test_a_checkpoint_of_another_log_that_is_signed_with_our_key_is_found(seven):
    other = sign_checkpoint(Checkpoint("cd" * 16, 7, bytes(32)), SEED)
    assert seven.log.verify(notes=[other]).first_bad_seq == 3


def test_a_note_that_is_no_checkpoint_is_refused(seven):
    with pytest.raises(ProofRejectedError):
        seven.log.verify(notes=["hoso"])


def test_verification_goes_over_many_chunks(place):
    futures = [place.log.append(an_entry(number)) for number in range(5000)]
    assert [future.result() for future in futures] == list(range(5000))
    assert place.log.verify().ok
    place.tamper("UPDATE audit_entry SET entry = x'00' WHERE seq = 4321")
    assert place.log.verify().first_bad_seq == 4321

"""The audit log: proofs, checkpoints, and every way to tamper with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import apsw
import pytest
from support.audit_logs import AT, INSTALLATION, SEED, Place, an_entry

from schemas.errors import ProofRejectedError, StorageError
from security.audit.checkpoint import Checkpoint, open_checkpoint, public_key_of, sign_checkpoint
from security.audit.entry import entry_bytes
from security.audit.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    place = Place(tmp_path / "vault.db")
    yield place
    place.close()


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

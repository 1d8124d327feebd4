"""Subject and dossier keys in a real vault: races, moved rows, vaults of other keys; wrapped ones from the vectors."""

from __future__ import annotations

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import KeysError
from security.keys import DomainKeys, EpochKeys, KeyRing
from security.sealing import new_key
from security.subject_keys import check_domains, find_section_keys, make_section_keys
from security.vault.rows import WrappedKey
from security.vault.sqlite import SqliteVault

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "derivation.json").read_text())
VECTORS = [vector for vector in FILE["vectors"] if vector["kind"] == "wrapped"]
INSTALLATION = "0123456789abcdef" * 2
PERSON, OTHER, RECORD = (bytes([number]) * 16 for number in (1, 2, 3))


def domain_keys(domain="H41", *epochs):
    return DomainKeys(
        domain, new_key(), tuple(EpochKeys(one, *(new_key() for _ in range(3))) for one in epochs or (1,))
    )


@pytest.fixture
def keys():
    return domain_keys()


@pytest.fixture
def store(tmp_path):
    vault = SqliteVault(tmp_path / "vault.db", INSTALLATION)
    yield vault.keys
    vault.close()


class MemoryStore:
    """A key store of rows that a test may change."""

    def __init__(self, *rows):
        self.rows = {row.reference: row for row in rows}

    def find_keys(self, references):
        return {one: self.rows[one] for one in references if one in self.rows}

    def add_keys(self, keys):
        for key in keys:
            self.rows.setdefault(key.reference, key)
        return self.find_keys([key.reference for key in keys])

    def destroy_keys(self, references):
        return len([self.rows.pop(one) for one in references if one in self.rows])


# ---------------------------------------------------------------- known answers


def open_vector(vector):
    kek, reference, wrapped = (bytes.fromhex(vector[name]) for name in ("kek", "reference", "wrapped"))
    epoch = EpochKeys(vector["epoch"], kek, new_key(), new_key())
    row = WrappedKey(reference, vector["key_kind"], vector["domain"], vector["epoch"], wrapped)
    return find_section_keys(MemoryStore(row), DomainKeys(vector["domain"], new_key(), (epoch,)), [reference])


def test_every_vector_runs():
    assert [vector["expect"] for vector in VECTORS] == ["accept"] + ["reject"] * 5


def test_the_right_vector_opens():
    assert open_vector(VECTORS[0]) == {bytes.fromhex(VECTORS[0]["reference"]): bytes.fromhex(VECTORS[0]["key"])}


@pytest.mark.parametrize("vector", VECTORS[1:], ids=lambda vector: vector["id"])
def test_a_wrong_vector_does_not_open(vector):
    with pytest.raises(KeysError):
        open_vector(vector)


# ---------------------------------------------------------------- making and finding


def test_a_key_is_made_once_and_found_again(store, keys):
    made = make_section_keys(store, keys, {PERSON: "SK", RECORD: "DK"})
    assert make_section_keys(store, keys, {RECORD: "DK", PERSON: "SK", OTHER: "SK"}) == made | {
        OTHER: find_section_keys(store, keys, [OTHER])[OTHER]
    }
    assert find_section_keys(store, keys, [PERSON, RECORD]) == made
    assert len({*made.values()}) == 2
    assert {len(key) for key in made.values()} == {32}


def test_finding_makes_nothing(store, keys):
    assert find_section_keys(store, keys, [PERSON]) == {}
    assert store.find_keys([PERSON]) == {}


def test_no_reference_is_no_key(store, keys):
    assert make_section_keys(store, keys, {}) == find_section_keys(store, keys, []) == {}


def test_the_vault_has_wrapped_keys_only(store, keys):
    [key] = make_section_keys(store, keys, {PERSON: "SK"}).values()
    row = store.find_keys([PERSON])[PERSON]
    assert (row.kind, row.domain, row.epoch) == ("SK", "H41", 1)
    assert key not in row.wrapped
    assert len(row.wrapped) == 92 + 32


def test_a_key_survives_a_new_epoch_and_new_keys_are_wrapped_under_it(store):
    old = domain_keys("H41", 1)
    made = make_section_keys(store, old, {PERSON: "SK"})
    new = DomainKeys("H41", old.ref, (*domain_keys("H41", 2).epochs, *old.epochs))
    assert make_section_keys(store, new, {PERSON: "SK", OTHER: "SK"})[PERSON] == made[PERSON]
    assert {reference: row.epoch for reference, row in store.find_keys([PERSON, OTHER]).items()} == {
        PERSON: 1,
        OTHER: 2,
    }


def test_after_its_key_is_destroyed_a_person_gets_another(store, keys):
    before = make_section_keys(store, keys, {PERSON: "SK"})
    assert store.destroy_keys([PERSON]) == 1
    assert find_section_keys(store, keys, [PERSON]) == {}
    assert make_section_keys(store, keys, {PERSON: "SK"}) != before


# ---------------------------------------------------------------- races


class LateStore(MemoryStore):
    """Shows the loser of a race: nothing is found, then another writer's key is there first."""

    def __init__(self, winner):
        super().__init__()
        self.winner = winner

    def add_keys(self, keys):
        super().add_keys(self.winner)
        return super().add_keys(keys)


def test_who_comes_second_gets_the_key_that_was_stored_first(store, keys):
    first = make_section_keys(store, keys, {PERSON: "SK"})
    late = LateStore(list(store.find_keys([PERSON]).values()))
    assert make_section_keys(late, keys, {PERSON: "SK"}) == first


def test_threads_that_make_keys_of_the_same_people_agree(store, keys):
    people = {number.to_bytes(16, "big"): "SK" for number in range(40)}
    start = threading.Barrier(4)

    def make(number):
        start.wait()
        turned = list(people)[number * 10 :] + list(people)[: number * 10]
        return make_section_keys(store, keys, {one: people[one] for one in turned})

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))
    assert made == [made[0]] * 4
    assert len({*made[0].values()}) == 40


def make_in_child(folder, keys, people, start, answers):
    vault = SqliteVault(folder / "vault.db", INSTALLATION)
    start.wait()
    answers.put(make_section_keys(vault.keys, keys, people))
    vault.close()


def test_processes_that_make_keys_of_the_same_people_agree(store, keys, tmp_path):
    people = {number.to_bytes(16, "big"): "SK" for number in range(40)}
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(2), context.Queue()
    children = [context.Process(target=make_in_child, args=(tmp_path, keys, people, start, answers)) for _ in range(2)]
    for child in children:
        child.start()
    made = [answers.get(timeout=60) for _ in children]
    for child in children:
        child.join(60)
    assert made == [find_section_keys(store, keys, people)] * 2


# ---------------------------------------------------------------- a vault that somebody changed


@pytest.fixture
def rows(store, keys):
    make_section_keys(store, keys, {PERSON: "SK", OTHER: "SK", RECORD: "DK"})
    return store.find_keys([PERSON, OTHER, RECORD])


def refuse(row, keys):
    with pytest.raises(KeysError, match="vault"):
        find_section_keys(MemoryStore(row), keys, [row.reference])
    with pytest.raises(KeysError, match="vault"):
        make_section_keys(MemoryStore(row), keys, {row.reference: row.kind})


def test_a_key_moved_to_another_person_does_not_open(rows, keys):
    refuse(replace(rows[PERSON], reference=OTHER), keys)


def test_the_keys_of_two_people_exchanged_do_not_open(rows, keys):
    refuse(replace(rows[PERSON], wrapped=rows[OTHER].wrapped), keys)


def test_a_dossiers_key_does_not_pass_for_a_persons(rows, keys):
    refuse(replace(rows[RECORD], kind="SK"), keys)
    refuse(replace(rows[PERSON], kind="DK"), keys)


def test_a_changed_bit_is_found(rows, keys):
    wrapped = rows[PERSON].wrapped
    for at in (0, 40, 70, 80, len(wrapped) - 1):
        refuse(replace(rows[PERSON], wrapped=wrapped[:at] + bytes((wrapped[at] ^ 1,)) + wrapped[at + 1 :]), keys)


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(124)])
def test_what_is_no_wrapped_key_is_refused(rows, keys, wrapped):
    refuse(replace(rows[PERSON], wrapped=wrapped), keys)


@pytest.mark.parametrize("epoch", [0, 2, 2**40])
def test_a_row_of_an_epoch_without_a_key_is_a_fault_of_the_vault_and_not_of_the_reader(rows, keys, epoch):
    refuse(replace(rows[PERSON], epoch=epoch), keys)


def test_a_row_moved_to_another_epoch_does_not_open(rows, keys):
    later = DomainKeys("H41", keys.ref, (*domain_keys("H41", 2).epochs, *keys.epochs))
    refuse(replace(rows[PERSON], epoch=2), later)


def test_a_vault_of_other_keys_does_not_open(rows):
    refuse(rows[PERSON], domain_keys("H41", 1))


def test_a_domain_neither_reads_nor_replaces_the_keys_of_another(rows, keys):
    store, other = MemoryStore(*rows.values()), domain_keys("H41CA")
    assert find_section_keys(store, other, [PERSON]) == {}
    with pytest.raises(KeysError):
        make_section_keys(store, other, {PERSON: "SK"})
    assert find_section_keys(store, keys, [PERSON]).keys() == {PERSON}


def test_a_row_renamed_to_another_domain_does_not_open_there(rows):
    refuse(replace(rows[PERSON], domain="H41CA"), domain_keys("H41CA"))


def test_the_error_shows_neither_key_nor_person(rows, keys):
    with pytest.raises(KeysError) as caught:
        find_section_keys(MemoryStore(replace(rows[PERSON], wrapped=bytes(124))), keys, [PERSON])
    assert PERSON.hex() not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_key_file_that_is_older_than_the_vault_is_refused_by_the_domain_it_lacks(tmp_path):
    older = KeyRing.create(tmp_path / "keys.json", None)
    with closing(SqliteVault(tmp_path / "vault.db", older.installation)) as vault:
        check_domains(older, vault.keys)
        backup = (tmp_path / "keys.json").read_bytes()
        older.ensure_domain("H41")
        newer = KeyRing.open(tmp_path / "keys.json")
        keys = newer.lease(["H41"]).domain("H41")
        make_section_keys(vault.keys, keys, {b"r" * 16: "SK"})
        check_domains(newer, vault.keys)
        (tmp_path / "keys.json").write_bytes(backup)
        restored = KeyRing.open(tmp_path / "keys.json")
        with pytest.raises(KeysError, match="H41"):
            check_domains(restored, vault.keys)

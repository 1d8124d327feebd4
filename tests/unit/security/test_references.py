"""References: known answers stand in tests/vectors/tokens.json; here, that nothing collides that must not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from security.keys import DomainKeys, EpochKeys
from security.references import REFERENCE_BYTES, References, keyed_hash, references
from security.sealing import new_key

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "tokens.json").read_text())
VECTORS = [vector for vector in FILE["vectors"] if vector["kind"] == "reference"]
REFS = References(bytes.fromhex(FILE["keys"]["ref"]))

texts = st.text(st.characters(codec="utf-8"), max_size=12)


def refer(label, *parts):
    made = {"record": REFS.record, "subject": REFS.subject, "role": REFS.role, "content": REFS.content}[label]
    return made(*(part.encode() for part in parts) if label == "content" else parts)


def test_every_vector_runs():
    assert [vector["expect"] for vector in VECTORS].count("accept") == 8
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS) == 12


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_reference_is_the_known_answer_or_differs_from_the_wrong_one(vector):
    assert (refer(*vector["parts"]).hex() == vector["value"]) is (vector["expect"] == "accept")


@given(texts, texts, texts, texts)
def test_two_records_never_share_an_id(collection, code, other_collection, other_code):
    assume((collection, code) != (other_collection, other_code))
    assert REFS.record(collection, code) != REFS.record(other_collection, other_code)


@given(texts, texts)
def test_a_record_a_person_and_content_of_the_same_text_have_different_references(first, second):
    made = {REFS.record(first, second), REFS.subject(first, second), REFS.content(first.encode())}
    made.add(REFS.role(first, second, "child", 0))
    assert len(made) == 4
    assert {len(one) for one in made} == {REFERENCE_BYTES}


@given(st.lists(st.tuples(texts, st.integers(0, 99)), min_size=2, max_size=5, unique=True))
def test_each_newborn_of_a_record_has_a_reference_of_its_own(children):
    assert len({REFS.role("dossier", "H41.14-261123-0001", *child) for child in children}) == len(children)


def test_two_domains_share_no_reference():
    epoch = EpochKeys(1, new_key(), new_key(), new_key())
    here, there = (references(DomainKeys(name, new_key(), (epoch,))) for name in ("H41", "H41CA"))
    assert here.subject("citizen_id", "040187000123") != there.subject("citizen_id", "040187000123")
    assert here.record("dossier", "H41.14-261123-0001") != there.record("dossier", "H41.14-261123-0001")


def test_references_last_when_the_epoch_changes():
    ref, old, new = new_key(), EpochKeys(1, *(new_key(),) * 3), EpochKeys(2, *(new_key(),) * 3)
    before, after = DomainKeys("H41", ref, (old,)), DomainKeys("H41", ref, (new, old))
    assert references(before).subject("passport", "C1234567") == references(after).subject("passport", "C1234567")


def test_a_keyed_hash_differs_by_label_by_part_and_by_key():
    key = new_key()
    hashes = {
        keyed_hash(key, "case", "a", "b"),
        keyed_hash(key, "reason", "a", "b"),
        keyed_hash(key, "case", "ab"),
        keyed_hash(new_key(), "case", "a", "b"),
    }
    assert len(hashes) == 4
    assert {len(one) for one in hashes} == {32}

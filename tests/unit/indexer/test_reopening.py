"""A record that is opened and sealed again is the record that was ingested."""

from __future__ import annotations

import pytest
from support.rows import CODE, FATHER_ID, OLD_ID, PAPER_ID, make_birth, make_dossier, make_paper, make_person

from indexer.document import seal_contents
from indexer.engines.records import COLLECTIONS
from indexer.reopening import person_of, reopen_header, reopen_sections, reopened_contents
from indexer.synthetic import make_block
from schemas.errors import StorageError
from security.envelope import Section, read_place
from security.keys import DomainKeys
from security.subject_keys import find_section_keys


def stored(home):
    with home.records.writing() as writer:
        return {one.record_id: one for collection in COLLECTIONS for one in writer.iter_records(collection)}


def sealed_again(home, write):
    keys = home.domain(read_place(write.collection, write.record_id, write.envelope).domain)
    opened = reopen_header(write.collection, write.record_id, write.envelope, keys)
    sections = reopen_sections(opened, opened.header.persons, home.vault.keys, keys)
    section_keys = find_section_keys(home.vault.keys, keys, [one.reference for one in sections])
    contents = reopened_contents(opened, sections, keys)
    return seal_contents(contents, keys, section_keys, opened.place.counter), opened, sections


ROWS = [
    make_birth(applicant=make_person(phone="0912345678", old_id=OLD_ID, address={"unit_code": "17329"})),
    make_dossier(
        code="H41.14-260101-0002",
        received_at="2026-01-01T08:00:00+07:00",
        applicant=make_person(passport="B1234567", citizen_id=None, address={"unit_code": "17329", "text": "Xóm 1"}),
        result={"code": "KQ.G15.000031", "number": "12/2026"},
        fee={"due": 8000},
        supplements=[{"requested_at": "2026-01-02T08:00:00Z", "reason": "Thiếu giấy"}],
        components=[{"code": "A", "name": "Tờ khai", "digitised": 1}],
        form={"copies": 2, "note": "gấp"},
    ),
    make_dossier(code="H41.14-230101-0003", applicant={"full_name": "Lê Văn Tám"}, received_at=None),
]
PAPERS = [
    make_paper(),
    make_paper(id="p2", holders=[make_person(old_id=OLD_ID)], valid_until="2030-01-01", permanent=None),
]


def test_a_record_sealed_again_has_the_same_tokens_scope_and_sections(home):
    home.put(*ROWS)
    home.put_paper(*PAPERS)
    records = stored(home)
    assert len(records) == 5
    for write in records.values():
        again, opened, sections = sealed_again(home, write)
        assert (again.tokens, again.scope) == (write.tokens, write.scope)
        assert (again.expected_counter, again.counter) == (1, 2)
        keys = home.domain()
        second = reopen_header(write.collection, write.record_id, again.envelope, keys)
        assert reopen_sections(second, second.header.persons, home.vault.keys, keys) == sections
        assert (second.header.agency, second.header.content_digest) == (
            opened.header.agency,
            opened.header.content_digest,
        )
        assert again.envelope[31:] != write.envelope[31:]


def test_whatever_citizens_file_is_found_by_the_same_tokens_when_it_is_sealed_again(home):
    block = make_block(0, 10, seed=11)
    home.put(*block.dossiers)
    home.put_paper(*block.papers)
    records = stored(home)
    assert len(records) > 20
    assert [one.tokens for one in records.values()] == [sealed_again(home, one)[0].tokens for one in records.values()]


def test_only_the_sections_asked_for_are_opened(home):
    home.put(make_birth())
    [write] = stored(home).values()
    father = home.refs().subject("citizen_id", FATHER_ID)
    opened = reopen_header("dossier", write.record_id, write.envelope, home.domain())
    sections = reopen_sections(opened, [father], home.vault.keys, home.domain())
    assert [one.kind for one in sections] == ["shared", "person"]
    assert (person_of(sections[1]).roles, person_of(sections[1]).person.citizen_id) == (["father"], FATHER_ID)


def test_a_section_whose_key_is_gone_is_told_and_not_lost_silently(home):
    home.put(make_birth())
    father = home.refs().subject("citizen_id", FATHER_ID)
    home.vault.keys.destroy_keys([father])
    [write] = stored(home).values()
    opened = reopen_header("dossier", write.record_id, write.envelope, home.domain())
    with pytest.raises(StorageError, match="does not open"):
        reopen_sections(opened, [father], home.vault.keys, home.domain())


def test_an_envelope_of_a_destroyed_epoch_or_another_place_is_told(home):
    home.put(make_birth())
    [(record_id, envelope)] = home.envelopes("dossier", CODE).items()
    keys = home.domain()
    later = DomainKeys(keys.domain, keys.ref, ())
    for collection, place, lent in (
        ("dossier", record_id, later),
        ("paper", record_id, keys),
        ("dossier", b"x" * 16, keys),
    ):
        with pytest.raises(StorageError, match="does not open"):
            reopen_header(collection, place, envelope, lent)


def test_what_this_version_cannot_read_is_told_without_a_value():
    with pytest.raises(StorageError) as told:
        person_of(Section("person", b"r" * 16, b'{"roles": [], "citizen_id": "12345"}'))
    assert "12345" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_shared_section_that_this_version_cannot_read_is_told(home):
    home.put_paper(make_paper())
    [(record_id, envelope)] = home.envelopes("paper", PAPER_ID).items()
    opened = reopen_header("paper", record_id, envelope, home.domain())
    with pytest.raises(StorageError, match="does not open"):
        reopened_contents(opened, [Section("shared", record_id, b'{"id": 5}')], home.domain())

"""One batch: what becomes of each line, and what is durable when."""

from __future__ import annotations

import pytest
from support.home import Home
from support.ingesting import OTHER, all_links, codes, statuses, subject
from support.rows import CODE, FATHER_ID, OLD_ID, PAPER_ID, make_birth, make_dossier, make_paper, make_person, to_lines

from schemas.errors import SourceUnavailableError, StorageError

# ---------------------------------------------------------------- what becomes of a line


def test_a_new_record_is_indexed_and_found(home):
    [result] = home.put(make_dossier())
    assert (result.line, result.offset, result.status, result.error) == (1, 0, "indexed", None)
    assert result.id == home.refs().record("dossier", CODE).hex()
    for kind, parts in [
        ("dossier_code", (CODE,)),
        ("subject", (subject(home),)),
        ("name_year", ("nguyen thi hong nhung", "1987")),
    ]:
        assert home.find(kind, *parts) == [bytes.fromhex(result.id)]


def test_what_was_ingested_is_what_is_stored(home):
    home.put(make_birth(form={"copies": 2, "note": "gấp"}))
    record = home.opened("dossier", CODE)
    assert (record.header.source_version, record.header.agency, record.counter) == (1, "H41.14", 1)
    assert (record.shared["code"], record.shared["form"]) == (CODE, {"copies": 2})
    assert record.in_role("applicant")["full_name"] == "Nguyễn Thị Hồng Nhung"
    assert record.in_role("applicant")["form"] == {"note": "gấp"}
    assert record.in_role("child") == {
        "roles": ["child"],
        "full_name": "Trần Gia Bảo",
        "born_on": "2023-11-01",
        "sex": "male",
    }
    assert list(record.people) == list(record.header.persons)


def test_the_same_line_again_is_unchanged_and_writes_nothing(home):
    home.put(make_dossier())
    before = home.envelopes("dossier", CODE)
    [result] = home.put(make_dossier())
    assert (result.status, result.id) == ("unchanged", home.refs().record("dossier", CODE).hex())
    assert home.envelopes("dossier", CODE) == before
    assert len(home.audited) == 1


def test_an_older_version_is_stale_and_overwrites_nothing(home):
    home.put(make_dossier(version=5, status=10))
    assert statuses(home.put(make_dossier(version=4, status=4))) == ["stale"]
    assert home.opened("dossier", CODE).shared["status"] == 10


def test_the_same_version_with_other_content_is_a_conflict(home):
    home.put(make_dossier(status=4))
    [result] = home.put(make_dossier(status=5))
    assert (result.status, result.error.code, result.error.pointer) == ("refused", "conflict", "/version")
    assert home.opened("dossier", CODE).shared["status"] == 4


def test_a_newer_version_replaces_content_tokens_and_people(home):
    home.put(make_dossier())
    home.put(make_dossier(version=2, applicant=make_person(citizen_id=FATHER_ID, full_name="Trần Văn Hùng")))
    record = home.opened("dossier", CODE)
    assert (record.header.source_version, record.counter) == (2, 2)
    assert record.header.persons == (subject(home, FATHER_ID),)
    assert home.find("subject", subject(home)) == []
    assert home.find("name", "nguyen thi hong nhung") == []
    assert len(home.find("subject", subject(home, FATHER_ID))) == 1


def test_a_version_may_be_zero(home):
    assert statuses(home.put(make_dossier(version=0))) == ["indexed"]
    assert statuses(home.put(make_dossier(version=0))) == ["unchanged"]


def test_a_dossier_that_moves_to_another_office_of_the_domain_moves_its_scope(home):
    home.put(make_dossier())
    home.put(make_dossier(version=2, agency="H41.15"))
    assert home.find("dossier_code", CODE) == []
    assert len(home.find("dossier_code", CODE, agency="H41.15")) == 1


def test_each_line_is_answered_in_order_with_its_place(home):
    first, second = make_dossier(), make_dossier(code=OTHER)
    results = home.put(first, b"{", second, first)
    assert [result.line for result in results] == [1, 2, 3, 4]
    assert statuses(results) == ["indexed", "refused", "indexed", "unchanged"]
    lines = to_lines(first, b"{", second, first)
    assert [result.offset for result in results] == [line.offset for line in lines]


def test_a_batch_of_nothing_but_refused_lines_writes_nothing(home):
    assert codes(home.put(b"{", b"[]")) == ["not_json", "not_an_object"]
    assert home.put() == []
    assert home.audited == []


# ---------------------------------------------------------------- one record several times


def test_versions_of_one_record_in_one_batch_are_decided_in_their_order(home):
    results = home.put(
        make_dossier(version=1),
        make_dossier(version=1),
        make_dossier(version=1, status=3),
        make_dossier(version=3, applicant=make_person(full_name="Lê Thị Mới")),
        make_dossier(version=2),
        make_dossier(version=3, applicant=make_person(full_name="Lê Thị Mới")),
    )
    assert statuses(results) == ["indexed", "unchanged", "refused", "indexed", "stale", "unchanged"]
    record = home.opened("dossier", CODE)
    assert (record.header.source_version, record.counter) == (3, 2)
    assert home.find("name", "nguyen thi hong nhung") == []
    assert len(home.find("name", "le thi moi")) == 1


def test_what_stands_behind_a_version_that_was_refused_is_decided_as_if_that_had_not_come(home):
    too_many = [{"role": "buyer", "passport": f"B{number:07d}"} for number in range(20)]
    results = home.put(
        make_dossier(version=9, persons=too_many),
        make_dossier(version=9, persons=too_many),
        make_dossier(version=2),
        make_dossier(version=1),
    )
    assert statuses(results) == ["refused", "refused", "indexed", "stale"]
    assert codes(results)[:2] == ["record_too_large"] * 2
    assert home.opened("dossier", CODE).header.source_version == 2


def test_a_record_of_two_batches_prepared_at_once_is_decided_again(home):
    ingest = home.ingest()
    with home.records.writing() as writer:
        newer = ingest.prepare(to_lines(make_dossier(version=7, status=9), make_dossier(code=OTHER)), writer.lookup())
        older = ingest.prepare(
            to_lines(make_dossier(version=6, status=4), make_birth(code="H41.14-231107-0003")), writer.lookup()
        )
        equal = ingest.prepare(to_lines(make_dossier(version=7, status=9)), writer.lookup())
        newest = ingest.prepare(to_lines(make_dossier(version=8, status=10)), writer.lookup())
        answers = [statuses(ingest.commit(batch, writer, home.audit)) for batch in (newer, older, equal, newest)]
    assert answers == [["indexed", "indexed"], ["stale", "indexed"], ["unchanged"], ["indexed"]]
    record = home.opened("dossier", CODE)
    assert (record.header.source_version, record.shared["status"], record.counter) == (8, 10, 2)
    assert len(home.find("dossier_code", CODE)) == 1


def test_an_older_version_never_overwrites_a_newer_one_that_came_while_it_was_prepared(home):
    ingest = home.ingest()
    with home.records.writing() as writer:
        batch = ingest.prepare(to_lines(make_dossier(version=1), make_dossier(version=2)), writer.lookup())
        ingest.commit(ingest.prepare(to_lines(make_dossier(version=5, status=10)), writer.lookup()), writer, home.audit)
        assert statuses(ingest.commit(batch, writer, home.audit)) == ["stale", "stale"]
    assert home.opened("dossier", CODE).header.source_version == 5


def test_batches_of_one_checkpoint_that_hold_one_record_are_answered_as_if_they_came_apart(home):
    ingest = home.ingest()
    with home.records.writing() as writer:
        checkpoint = ingest.prepare(to_lines(make_dossier(version=1), make_dossier(code=OTHER)), writer.lookup())
        lines = to_lines(make_dossier(), make_dossier(code=OTHER), make_dossier(version=1), make_dossier(version=2))
        checkpoint.extend(ingest.prepare(lines[2:], writer.lookup()))
        results = ingest.commit(checkpoint, writer, home.audit)
    assert [(result.line, result.status) for result in results] == [
        (1, "indexed"),
        (2, "indexed"),
        (3, "unchanged"),
        (4, "indexed"),
    ]
    assert home.opened("dossier", CODE).header.source_version == 2


# ---------------------------------------------------------------- what is durable when


class FailingWriter:
    """A writer whose disk fails at the moment of the write."""

    def __init__(self, writer):
        self._writer = writer

    def lookup(self):
        return self._writer.lookup()

    def put(self, _):
        raise StorageError("the disk is full")


def test_keys_are_durable_before_an_envelope_and_a_crash_between_loses_nothing(home):
    ingest = home.ingest()
    with home.records.writing() as writer, pytest.raises(StorageError):
        ingest.commit(ingest.prepare(to_lines(make_birth()), writer.lookup()), FailingWriter(writer), home.audit)
    references = [subject(home), home.refs().record("dossier", CODE)]
    before = home.vault.keys.find_keys(references)
    assert set(before) == set(references)
    again = Home.at(home.folder)
    assert statuses(again.put(make_birth())) == ["indexed"]
    assert again.vault.keys.find_keys(references) == before
    assert again.opened("dossier", CODE).in_role("child")["full_name"] == "Trần Gia Bảo"
    again.close()


def test_if_the_audit_log_cannot_be_written_nothing_is(home):
    def fail(_):
        raise SourceUnavailableError("the audit log is closed")

    paper = make_paper(holders=[make_person(old_id=OLD_ID)], issuer="H41.999")
    ingest = home.ingest("papers")
    with home.records.writing() as writer:
        batch = ingest.prepare(to_lines(paper), writer.lookup())
        with pytest.raises(SourceUnavailableError):
            ingest.commit(batch, writer, fail)
    assert home.envelopes("paper", PAPER_ID) == {}
    assert all_links(home, ("old_id", OLD_ID)) == []
    assert home.vault.agencies.agencies() == []
    assert statuses(home.put_paper(paper)) == ["indexed"]


def test_the_audit_entry_is_made_before_the_index_is_written(home):
    seen = []

    def look(writes):
        seen.append((len(writes), home.envelopes("dossier", CODE)))

    ingest = home.ingest()
    with home.records.writing() as writer:
        ingest.commit(ingest.prepare(to_lines(make_dossier(), b"{"), writer.lookup()), writer, look)
    assert seen == [(1, {})]


def test_what_is_audited_is_what_is_stored(home):
    home.put(make_dossier(), make_dossier(code=OTHER), b"{")
    [batch] = home.audited
    assert {write.record_id: write.envelope for write in batch} == home.envelopes("dossier", CODE, OTHER)


# ---------------------------------------------------------------- damage


def damage(home, code):
    record_id = home.refs().record("dossier", code)
    with home.records.writing() as writer:
        [write] = [write for write in writer.iter_records("dossier") if write.record_id == record_id]
        envelope = bytearray(write.envelope)
        envelope[60] ^= 1
        writer.connection.execute("update record set envelope = ? where record_id = ?", (bytes(envelope), record_id))


def test_a_line_whose_stored_record_is_damaged_is_refused_and_the_others_go_in(home):
    home.put(make_dossier(), make_dossier(code=OTHER))
    damage(home, CODE)
    results = home.put(make_dossier(version=2), make_dossier(code=OTHER, version=2))
    assert statuses(results) == ["refused", "indexed"]
    assert codes(results)[0] == "stored_record_damaged"
    assert "hoso index verify" in str(results[0].error)

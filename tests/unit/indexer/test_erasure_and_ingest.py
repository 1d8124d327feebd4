"""A person who is erased does not come back by ingest, before, during or after the erasure."""

from __future__ import annotations

import threading

import pytest
from support.erasing import ACTOR, eraser, facts_of
from support.family import IDENTITY_CARD, MOTHER, OWN, erase, family, found_as_mother
from support.rows import CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper, make_person, to_lines

from indexer.erasure import erase_person


@pytest.fixture
def parts(home):
    with eraser(home) as parts:
        yield parts


def test_the_same_line_again_is_unchanged_and_a_newer_one_comes_without_the_person(home, parts):
    family(home)
    erase(parts)
    [same] = home.put(make_birth(applicant=MOTHER))
    [newer] = home.put(make_birth(applicant=MOTHER, version=2, form={"note": "gấp", "copies": 2}))
    assert (same.status, newer.status, newer.warnings) == ("unchanged", "indexed", ("erased_person",))
    assert found_as_mother(home) == set()
    opened = home.opened("dossier", CODE)
    assert [person["roles"] for person in opened.people.values()] == [["child"], ["father"]]
    assert opened.header.source_version == 2
    assert home.vault.keys.find_keys([home.refs().subject("citizen_id", MOTHER_ID)]) == {}


def test_a_line_of_erased_people_alone_is_not_indexed(home, parts):
    family(home)
    erase(parts)
    results = home.put(*(make_dossier(code=OWN, applicant=MOTHER, version=number) for number in (1, 2)))
    assert [(one.status, one.warnings) for one in results] == [("unchanged", ("erased_person",))] * 2
    assert [one.status for one in home.put_paper(IDENTITY_CARD)] == ["unchanged"]
    assert home.envelopes("dossier", OWN) == home.envelopes("paper", "card") == {}
    assert home.vault.links.links_of("H41", [home.refs().subject("citizen_id", MOTHER_ID)]) == []


def test_the_erased_stay_out_of_a_domain_that_comes_later(home, parts):
    family(home)
    erase(parts)
    birth = make_birth(code="H99.1-240101-0001", agency="H99.1", applicant=MOTHER)
    home.put(
        birth,
        make_dossier(code="H99.1-240101-0002", agency="H99.1", applicant=make_person(citizen_id=None, old_id=OLD_ID)),
    )
    assert [person["roles"] for person in home.opened("dossier", "H99.1-240101-0001", "H99").people.values()] == [
        ["child"],
        ["father"],
    ]
    assert home.envelopes("dossier", "H99.1-240101-0002", domain="H99") == {}


def test_another_person_who_states_the_erased_old_number_beside_the_own_one_stays(home, parts):
    family(home)
    erase(parts)
    [result] = home.put(make_dossier(code=OWN, applicant=make_person(citizen_id=FATHER_ID, old_id=OLD_ID)))
    assert result.status == "indexed"


def test_a_batch_that_was_prepared_before_comes_in_without_the_person(home, parts):
    family(home)
    ingest = home.ingest()
    rows = [make_birth(applicant=MOTHER, version=2), make_dossier(code=OWN, applicant=MOTHER, version=2)]
    with home.records.writing() as writer:
        prepared = ingest.prepare(to_lines(*rows), writer.lookup())
    erase(parts)
    with home.records.writing() as writer:
        results = ingest.commit(prepared, writer, home.audit)
    assert [one.status for one in results] == ["indexed", "unchanged"]
    assert found_as_mother(home) == set()
    assert len(home.opened("dossier", CODE).people) == 2


def test_a_paper_that_was_prepared_before_leaves_no_link(home, parts):
    ingest = home.ingest("papers")
    with home.records.writing() as writer:
        prepared = ingest.prepare(to_lines(IDENTITY_CARD), writer.lookup())
    erase(parts)
    with home.records.writing() as writer:
        ingest.commit(prepared, writer, home.audit)
    assert home.vault.links.links_of("H41", [home.refs().subject("citizen_id", MOTHER_ID)]) == []
    assert home.envelopes("paper", "card") == {}


def test_a_record_that_changed_since_it_was_opened_is_opened_again(home, parts):
    family(home)
    father = {"role": "buyer", "citizen_id": FATHER_ID, "full_name": "Trần Văn Hùng", "born_on": "1985-03-04"}

    def change():
        home.put(make_birth(applicant=MOTHER, version=2), make_dossier(code=OWN, persons=[father], version=2))

    # The first entry tells that it begins, the second what is about to be written.
    facts = facts_of(erase_person(MOTHER_ID, parts.doing_at(1, change), ACTOR, "trace"), parts)
    assert facts["records"] == {"found": 4, "rewritten": 3, "deleted": 1}
    assert home.opened("dossier", CODE).header.source_version == home.opened("dossier", OWN).header.source_version == 2
    assert [person["roles"] for person in home.opened("dossier", OWN).people.values()] == [["buyer"]]
    assert found_as_mother(home) == set()


def test_a_paper_of_two_holders_links_only_the_one_who_is_left(home, parts):
    family(home)
    erase(parts)
    father = {"citizen_id": FATHER_ID, "old_id": "186000999", "full_name": "Trần Văn Hùng"}
    home.put_paper(make_paper(id="marriage", holders=[MOTHER, father], data=None, dossier_code=None))
    [link] = home.vault.links.links_of(
        "H41", [home.refs().subject("citizen_id", one) for one in (MOTHER_ID, FATHER_ID)]
    )
    assert link.to_reference == home.refs().subject("citizen_id", FATHER_ID)


def test_records_that_change_while_they_are_taken_out_end_without_the_person(home, parts):
    family(home)
    stop = threading.Event()
    failures = []

    def ingest():
        version = 2
        while not stop.is_set():
            try:
                home.put(
                    make_birth(applicant=MOTHER, version=version),
                    make_dossier(code=OWN, applicant=MOTHER, version=version),
                )
            except Exception as error:
                failures.append(error)
                return
            version += 1

    thread = threading.Thread(target=ingest)
    thread.start()
    try:
        facts = erase(parts)
    finally:
        stop.set()
        thread.join()
    assert failures == []
    # What came in without her once she was on the list is not among them.
    assert facts["records"]["deleted"] == 2
    assert facts["records"]["rewritten"] + 2 == facts["records"]["found"]
    assert found_as_mother(home) == set()
    assert [person["roles"] for person in home.opened("dossier", CODE).people.values()] == [["child"], ["father"]]

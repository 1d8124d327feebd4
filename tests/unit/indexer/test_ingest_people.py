"""What one batch tells of people, agencies and papers: sections, warnings, domains and links."""

from __future__ import annotations

import pytest
from support.ingesting import OTHER, all_links, codes, statuses, subject
from support.rows import (
    CHILD_ID,
    CODE,
    MOTHER_ID,
    OLD_ID,
    PAPER_ID,
    make_birth,
    make_dossier,
    make_paper,
    make_person,
    to_lines,
)

from security.vault.rows import IdentityLink

# ---------------------------------------------------------------- people


def test_the_applicant_among_the_persons_is_one_section_with_both_roles(home):
    home.put(make_birth())
    record = home.opened("dossier", CODE)
    assert len(record.people) == 3
    assert record.people[subject(home)]["roles"] == ["applicant", "mother"]


def test_one_number_under_two_names_is_refused(home):
    [result] = home.put(make_dossier(persons=[make_person(role="father", full_name="Lê Văn C")]))
    assert (result.error.code, result.error.pointer, result.id) == ("one_number_two_names", "/persons/0", None)


def test_a_person_without_a_number_is_sealed_under_a_key_of_dossier_and_role(home):
    home.put(make_birth(), make_birth(code=OTHER))
    newborns = [home.refs().role("dossier", code, "child", 0) for code in (CODE, OTHER)]
    assert home.opened("dossier", CODE).people[newborns[0]]["full_name"] == "Trần Gia Bảo"
    assert set(home.vault.keys.find_keys(newborns)) == set(newborns)
    assert len(home.find("subject", newborns[0])) == 1


def test_more_than_sixteen_sections_are_refused_and_the_other_lines_go_in(home):
    persons = [{"role": "buyer", "passport": f"B{number:07d}"} for number in range(16)]
    results = home.put(make_dossier(persons=persons), make_dossier(code=OTHER))
    assert statuses(results) == ["refused", "indexed"]
    assert codes(results)[0] == "record_too_large"
    assert "at most 15 people" in str(results[0].error)


def test_an_unknown_procedure_is_accepted_with_a_warning(home):
    known, unknown = home.put(make_dossier(), make_dossier(code=OTHER, procedure_code="9.999999"))
    assert (known.warnings, unknown.warnings) == ((), ("unknown_procedure",))
    assert unknown.status == "indexed"
    assert home.put(make_dossier(code=OTHER, procedure_code="9.999999"))[0].warnings == ()
    assert home.put_paper(make_paper())[0].warnings == ()


def test_unknown_keys_are_counted(home):
    row = make_dossier(clerk=1, applicant=make_person(zodiac="x"))
    with home.records.writing() as writer:
        prepared = home.ingest().prepare(to_lines(row, row, make_dossier(code=OTHER)), writer.lookup())
    assert prepared.unknown_keys == {"clerk": 2, "applicant/zodiac": 2}


# ---------------------------------------------------------------- agencies and domains


def test_an_agency_that_is_not_known_is_registered_with_the_record(home):
    home.put(make_dossier(agency="H99.7"))
    assert [one.code for one in home.vault.agencies.agencies()] == ["H99.7"]


def test_the_agency_of_a_line_that_is_not_written_is_not_registered(home):
    home.put(make_dossier(agency="H99.7", persons=[make_person(role="father", full_name="Lê Văn C")]))
    assert home.vault.agencies.agencies() == []


def test_records_of_another_province_are_sealed_under_its_own_keys(home):
    home.put(make_dossier(), make_dossier(agency="H99.7"))
    assert {"H41", "H99"} <= home.keys.domains
    assert home.opened("dossier", CODE).header.agency == "H41.14"
    assert home.opened("dossier", CODE, domain="H99").header.agency == "H99.7"
    assert home.refs("H99").record("dossier", CODE) != home.refs().record("dossier", CODE)


# ---------------------------------------------------------------- papers and links


def test_an_issued_paper_that_shows_both_numbers_links_them(home):
    home.put_paper(make_paper(holders=[make_person(old_id=OLD_ID)], dossier_code=None))
    old, new = home.refs().subject("old_id", OLD_ID), subject(home)
    evidence = home.refs().record("paper", PAPER_ID)
    assert all_links(home, ("old_id", OLD_ID)) == [IdentityLink("H41", old, new, "old_id", evidence, "proven")]


@pytest.mark.parametrize("assurance", ["self_declared", "extracted_ocr"])
def test_a_paper_of_lesser_assurance_links_nothing(home, assurance):
    home.put_paper(make_paper(holders=[make_person(old_id=OLD_ID)], assurance=assurance))
    assert all_links(home, ("old_id", OLD_ID), ("citizen_id", MOTHER_ID)) == []


def test_a_dossier_never_links_what_it_declares(home):
    home.put(make_dossier(applicant=make_person(old_id=OLD_ID)))
    assert all_links(home, ("old_id", OLD_ID), ("citizen_id", MOTHER_ID)) == []
    # An officer finds it by either number all the same.
    assert len(home.find("old_id", home.refs().subject("old_id", OLD_ID))) == 1


def test_a_birth_certificate_links_the_newborn_of_its_dossier_to_the_new_number(home):
    home.put(make_birth())
    home.put_paper(make_paper())
    newborn = home.refs().role("dossier", CODE, "child", 0)
    assert newborn in home.opened("dossier", CODE).people
    [link] = home.vault.links.links_of("H41", [newborn])
    assert (link.to_reference, link.kind) == (subject(home, CHILD_ID), "newborn")


def test_a_paper_that_is_stale_or_refused_links_nothing(home):
    home.put_paper(make_paper(version=2))
    home.put_paper(make_paper(version=1, holders=[make_person(old_id=OLD_ID)]))
    home.put_paper(make_paper(version=2, holders=[make_person(old_id=OLD_ID)]))
    assert all_links(home, ("old_id", OLD_ID)) == []


def test_a_dossier_and_a_paper_of_one_code_are_two_records(home):
    home.put(make_dossier())
    home.put_paper(make_paper(id=CODE))
    assert home.opened("dossier", CODE).shared["code"] == CODE
    assert home.opened("paper", CODE).shared["id"] == CODE

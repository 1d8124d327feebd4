"""Which records may speak of a person, and what they say of relatives."""

from datetime import date

import pytest
from support.prefill_world import AN, AN_OLD_ID, BINH, BIRTH, CARD, CUC, LAND, MARRIAGE, World

from search_api.services.prefill.candidates import kin_candidates, know_person, person_candidates
from search_api.services.record_access import PersonNumber

ON = date(2026, 11, 23)


@pytest.fixture
def world():
    return World()


def known(world, person=AN):
    return know_person(world.records_of_person(PersonNumber("citizen_id", person["citizen_id"]), None, None), ON)


def said(person, field):
    return [one.value for one in person_candidates(person, field)]


def phone(number):
    return {"phone": number}


def test_a_dossier_that_agrees_with_the_issued_papers_is_a_source(world):
    world.paper(CARD, AN)
    world.dossier({**AN, "full_name": "NGUYEN VAN AN", "born_on": "02/05/1987", **phone("0912345678")})
    person = known(world)
    assert said(person, "phone") == ["+84912345678"]
    assert person.refused == 0


@pytest.mark.parametrize(
    "wrong", [{"full_name": "Nguyễn Văn Anh"}, {"born_on": "1978-05-02"}, {"born_on": "1988"}], ids=str
)
def test_a_dossier_whose_name_or_birth_year_disagrees_is_never_a_source(world, wrong):
    world.paper(CARD, AN)
    world.dossier({**AN, **phone("0912345678"), **wrong})
    person = known(world)
    assert said(person, "phone") == []
    assert person.refused == 1


def test_a_swapped_day_and_month_leaves_the_dossier_a_source(world):
    world.paper(CARD, AN)
    world.dossier({**AN, "born_on": "1987-02-05", **phone("0912345678")})
    assert said(known(world), "phone") == ["+84912345678"]


def test_a_paper_read_by_a_machine_that_disagrees_is_no_source_either(world):
    world.paper(CARD, AN)
    world.paper(LAND, {**AN, "full_name": "Lê Thị Hoa"}, assurance="extracted_ocr")
    assert said(known(world), "full_name") == ["Nguyễn Văn An"]


def test_two_issued_papers_that_disagree_both_speak(world):
    world.paper(CARD, AN)
    world.paper(BIRTH, {**AN, "full_name": "Nguyễn Văn Anh"})
    assert sorted(said(known(world), "full_name")) == ["Nguyễn Văn An", "Nguyễn Văn Anh"]


def test_issued_papers_that_differ_in_name_and_year_are_two_people_and_tell_of_neither(world):
    world.paper(CARD, AN, data={"address": {"unit_code": "16681", "text": "số 5"}})
    world.paper(LAND, {**AN, "full_name": "Lê Thị Hoa", "born_on": "1960"}, data={"ethnicity": "Kinh"})
    person = known(world)
    assert person.is_unclear
    assert said(person, "address") == []
    assert len(said(person, "full_name")) == 2


def test_declarations_that_disagree_without_an_issued_paper_tell_of_name_and_birth_only(world):
    world.dossier({**AN, **phone("0912345678")})
    world.dossier({**AN, "full_name": "Lê Thị Hoa", **phone("0987654321")})
    person = known(world)
    assert person.is_unclear
    assert said(person, "phone") == []
    assert len(said(person, "full_name")) == 2


def test_declarations_that_agree_need_no_issued_paper(world):
    world.dossier({**AN, **phone("0912345678")})
    world.dossier({**AN, "full_name": "Nguyen Van An", "born_on": "1987"})
    assert said(known(world), "phone") == ["+84912345678"]


def test_the_old_number_of_somebody_else_that_one_declares_gains_nothing(world):
    """Hoa declares An's old number beside her own: nothing links them, so each keeps the own records."""
    hoa = {"citizen_id": "040190005555", "full_name": "Lê Thị Hoa", "born_on": "1990-01-01"}
    world.paper(CARD, AN)
    world.paper(BIRTH, {"old_id": AN_OLD_ID, "full_name": "Nguyễn Văn An", "born_on": "1987-05-02"}, id="OLD")
    world.dossier({**hoa, "old_id": AN_OLD_ID})
    assert said(known(world, hoa), "full_name") == ["Lê Thị Hoa"]
    by_old_number = know_person(world.records_of_person(PersonNumber("old_id", AN_OLD_ID), None, None), ON)
    assert said(by_old_number, "full_name") == ["Nguyễn Văn An"]


def test_a_record_of_a_linked_old_number_counts_if_name_and_birth_date_agree(world):
    world.paper(CARD, AN)
    world.dossier({"old_id": AN_OLD_ID, "full_name": "Nguyen Van An", "born_on": "1987", **phone("0912345678")})
    world.link(AN_OLD_ID, AN["citizen_id"])
    assert said(known(world), "phone") == ["+84912345678"]


@pytest.mark.parametrize(
    "filed",
    [
        {"full_name": "Lê Thị Hoa", "born_on": "1987-05-02"},
        {"full_name": "Nguyễn Văn An", "born_on": "1987-02-05"},
        {"full_name": "Nguyễn Văn An"},
        {"born_on": "1987-05-02"},
    ],
    ids=["other name", "other day", "no date", "no name"],
)
def test_a_linked_record_that_does_not_agree_in_both_counts_for_nothing(world, filed):
    world.paper(CARD, AN)
    world.dossier({"old_id": AN_OLD_ID, **filed, **phone("0912345678")})
    world.link(AN_OLD_ID, AN["citizen_id"])
    person = known(world)
    assert said(person, "phone") == []
    assert person.refused == 1


def test_without_an_issued_paper_of_the_own_number_a_link_gains_nothing(world):
    world.dossier(AN)
    world.paper(CARD, {"old_id": AN_OLD_ID, "full_name": "Nguyễn Văn An", "born_on": "1987-05-02"})
    world.link(AN_OLD_ID, AN["citizen_id"])
    person = known(world)
    assert [one.origin.assurance for one in person.mentions] == ["self_declared"]
    assert person.refused == 1


def test_a_value_without_a_canonical_form_is_no_reading(world):
    world.paper(CARD, AN, data={"sex": "nam", "born_on": "30/02/1987", "address": "số 5", "hometown": "Nghệ An"})
    person = known(world)
    assert said(person, "sex") == said(person, "address") == []
    assert said(person, "born_on") == ["1987-05-02"]
    assert said(person, "hometown") == ["Nghệ An"]


def test_a_paper_that_says_a_field_twice_gives_both_readings(world):
    world.paper(CARD, AN, data={"full_name": "NGUYỄN VĂN AM"})
    assert said(known(world), "full_name") == ["Nguyễn Văn An", "Nguyễn Văn Am"]


def test_each_holder_of_a_marriage_certificate_is_the_other_ones_spouse(world):
    world.paper(MARRIAGE, AN, BINH, data={"spouse": BINH})
    (wife,) = kin_candidates(known(world), "spouse", "full_name")
    (husband,) = kin_candidates(known(world, BINH), "spouse", "full_name")
    assert (wife.value, husband.value) == ("Trần Thị Bình", "Nguyễn Văn An")


def test_a_relatives_birth_date_is_told_as_a_year_and_nothing_else_is_told(world):
    world.paper(BIRTH, CUC, data={"mother": BINH, "father": {**AN, "ethnicity": "Kinh"}})
    child = known(world, CUC)
    assert [one.value for one in kin_candidates(child, "mother", "born_on")] == ["1989"]
    assert kin_candidates(child, "father", "ethnicity") == []
    assert kin_candidates(child, "father", "citizen_id") == []


def test_the_parents_on_a_childs_certificate_are_not_relatives_of_one_another(world):
    world.paper(BIRTH, CUC, data={"mother": BINH, "father": AN})
    assert kin_candidates(known(world), "mother", "full_name") == []


def test_a_record_whose_shared_part_stays_shut_is_no_source(world):
    world.paper(CARD, AN)
    world.records[0].shared.clear()
    assert known(world).mentions == ()

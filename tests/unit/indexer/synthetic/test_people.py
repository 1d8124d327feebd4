"""The people: numbers, names, ages, kin."""

import re
from collections import Counter
from datetime import date

import pytest

from indexer.synthetic import TODAY, iter_blocks
from indexer.synthetic.names import name_maker
from schemas.canonical import citizen_id, citizen_id_facts, email, full_name, old_id, phone
from schemas.vietnamese import normalise


def test_a_world_has_exactly_as_many_citizens_as_asked_for(world):
    assert len(world.people) == 3500
    assert [len(block.truth.people) for block in world.blocks] == [1000, 1000, 1000, 500]


@pytest.mark.parametrize("citizens", [1, 2, 3, 7, 40])
def test_a_tiny_world_is_whole_too(citizens):
    (block,) = iter_blocks(citizens, seed=3)
    assert len(block.truth.people) == citizens
    assert all(person.dossiers for person in block.truth.people)


@pytest.mark.parametrize("citizens", [0, -5, 10_000_001])
def test_a_world_of_impossible_size_is_refused(citizens):
    with pytest.raises(ValueError, match="citizens must be from 1"):
        next(iter_blocks(citizens))


def test_no_two_people_share_a_number_of_either_kind(world):
    new = [person.citizen_id for person in world.people]
    old = [person.old_id for person in world.people if person.old_id]
    assert len(set(new)) == len(new)
    assert len(set(old)) == len(old)
    assert len({person.number for person in world.people}) == len(world.people)


def test_a_citizen_id_tells_birth_year_and_sex(world):
    for person in world.people:
        facts = citizen_id_facts(citizen_id(person.citizen_id))
        assert (facts.birth_year, facts.sex) == (person.born_on.year, person.sex)
        assert person.citizen_id.startswith(person.birth_province)


def test_only_people_born_before_2005_have_an_old_number(world):
    for person in world.people:
        assert (person.old_id is not None) == (person.born_on.year < 2005)
    assert all(old_id(person.old_id) for person in world.people if person.old_id)


def test_phones_and_addresses_have_a_canonical_form(world):
    phones = [person.phone for person in world.people]
    assert all(re.fullmatch(r"0[35789]\d{8}", number) and phone(number) == f"+84{number[1:]}" for number in phones)
    mails = [person.email for person in world.people if person.email]
    assert all(email(mail) and mail.split("@")[1].startswith("example.") for mail in mails)
    assert len(mails) > 500


def test_families_share_telephones(world):
    shared = Counter(person.phone for person in world.people)
    assert sum(count for count in shared.values() if count > 1) > 500


def test_names_are_in_the_form_that_is_stored(world):
    for person in world.people:
        assert full_name(person.full_name) == person.full_name == normalise(person.full_name)
        assert person.full_name.startswith(f"{person.surname} ")
        assert 3 <= len(person.full_name.split()) <= 6


def test_surnames_are_as_frequent_as_in_life(world):
    surnames = Counter(person.surname for person in world.people)
    assert 0.30 < surnames["Nguyễn"] / len(world.people) < 0.45
    assert surnames["Trần"] > surnames["Phạm"] > surnames["Thái"]
    assert {"Hồ", "Phan", "Cao", "Đậu", "Vi", "Lô", "Moong"} <= set(surnames)


def test_there_are_namesakes_but_no_name_that_everybody_bears(world):
    names = Counter(person.full_name for person in world.people)
    assert 0.002 < names.most_common(1)[0][1] / len(world.people) < 0.008
    assert len(names) > 0.6 * len(world.people)


def test_the_lists_of_names_are_long_enough():
    maker = name_maker()
    surnames = {name for drawn in maker._surnames.values() for name in drawn.items}
    middle = {name for drawn in maker._middle.values() for name in drawn.items}
    given = {name for table in (maker._given, maker._double) for drawn in table.values() for name in drawn.items}
    assert len(surnames) >= 60
    assert len(middle) >= 60
    assert len(given) >= 350


def test_there_are_people_of_both_sexes_and_all_ages(world):
    sexes = Counter(person.sex for person in world.people)
    assert 0.45 < sexes["female"] / len(world.people) < 0.55
    decades = Counter(person.born_on.year // 10 for person in world.people)
    assert set(decades) == set(range(193, 203))
    assert min(decades.values()) > 0.02 * len(world.people)
    assert max(person.born_on for person in world.people) <= TODAY


def test_parents_are_fifteen_to_sixty_years_older_than_their_children(world):
    pairs = [(parent, child) for child in world.people for parent in (child.father, child.mother) if parent]
    assert len(pairs) > 1000
    assert all(15 <= parent.age_on(child.born_on) <= 60 for parent, child in pairs)


def test_kinship_holds_in_both_directions(world):
    for person in world.people:
        for parent in filter(None, (person.father, person.mother)):
            assert person in parent.children
        for child in person.children:
            assert person in (child.father, child.mother)
        assert person.spouse is None or person.spouse.spouse is person


def test_nobody_has_kin_in_another_block(world):
    for block in world.blocks:
        people = set(block.truth.people)
        kin = {k for p in people for k in (p.father, p.mother, p.spouse, *p.children) if k}
        assert kin <= people


def test_fathers_hand_on_their_surname(world):
    children = [child for child in world.people if child.father]
    assert all(child.surname == child.father.surname for child in children)


def test_an_address_carries_the_unit_of_its_day(world):
    homes = [home for person in world.people for _, home in person.homes]
    for home in homes:
        assert home.address_on(date(2025, 6, 30)) is home.before
        assert home.address_on(date(2025, 7, 1)) is home.since
    assert all("huyện" not in home.since["text"] and "thị xã" not in home.since["text"] for home in homes)
    assert any("huyện" in home.before["text"] for home in homes)


def test_some_people_move_between_communes(world):
    movers = [person for person in world.people if len(person.homes) > 1]
    assert 0.05 < len(movers) / len(world.people) < 0.35
    assert all(person.homes == sorted(person.homes, key=lambda stay: stay[0]) for person in movers)

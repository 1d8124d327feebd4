"""The habits of clerks: each does what its name says, and as often as its rate says."""

import unicodedata
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.synthetic import noise
from indexer.synthetic.households import Settlement
from indexer.synthetic.noise import RATES, Noise, Typist
from schemas.canonical import full_name, names_agree, partial_date, phone

_PEOPLE = Settlement(0, 300, Random("noise"), date(2026, 11, 1)).settle()
# By index: a failing example is then shown as a number, not as a person with all kin.
_indices = st.integers(0, len(_PEOPLE) - 1)

_KEEPS_THE_NAME = [
    noise.without_accents,
    noise.other_tone_placement,
    noise.all_capitals,
    noise.extra_spaces,
    noise.decomposed,
]
_KEEPS_THE_PHONE = [noise.spaced_phone, noise.dotted_phone, noise.international_phone, noise.eleven_digit_phone]


def _filed(person):
    return {
        "citizen_id": person.citizen_id,
        "full_name": person.full_name,
        "born_on": person.born_on.isoformat(),
        "phone": person.phone,
        "address": person.homes[0][1].before,
    }


@given(_indices, st.sampled_from(_KEEPS_THE_NAME))
def test_a_name_typed_carelessly_still_agrees_with_the_true_one(index, habit):
    person = _PEOPLE[index]
    filed = _filed(person)
    habit(filed, person)
    assert names_agree(full_name(filed["full_name"]), person.full_name)


@given(_indices, st.sampled_from(_KEEPS_THE_PHONE))
def test_a_telephone_number_in_any_spelling_is_the_same_number(index, habit):
    person = _PEOPLE[index]
    filed = _filed(person)
    habit(filed, person)
    assert phone(filed["phone"]) == phone(person.phone)


@given(_indices)
def test_a_date_with_slashes_is_the_same_date(index):
    person = _PEOPLE[index]
    filed = _filed(person)
    noise.date_with_slashes(filed, person)
    assert "/" in filed["born_on"]
    assert partial_date(filed["born_on"]) == person.born_on.isoformat()


@given(_indices)
def test_day_and_month_are_swapped_only_where_both_can_be_a_month(index):
    person = _PEOPLE[index]
    filed = _filed(person)
    noise.swapped_day_and_month(filed, person)
    typed = date.fromisoformat(filed["born_on"])
    if person.born_on.day <= 12:
        expected = (person.born_on.year, person.born_on.day, person.born_on.month)
    else:
        expected = (person.born_on.year, person.born_on.month, person.born_on.day)
    assert (typed.year, typed.month, typed.day) == expected


@pytest.mark.parametrize(
    ("habit", "name", "typed"),
    [
        (noise.without_accents, "Nguyễn Thị Đức", "Nguyen Thi Duc"),
        (noise.other_tone_placement, "Đào Thị Thủy Hòa", "Đào Thị Thuỷ Hoà"),
        (noise.other_tone_placement, "Nguyễn Thị Hoàn", "Nguyễn Thị Hoàn"),
        (noise.all_capitals, "Lê Văn Ước", "LÊ VĂN ƯỚC"),
        (noise.extra_spaces, "Lê Văn An", "Lê  Văn An "),
        (noise.decomposed, "Lê Ấn", unicodedata.normalize("NFD", "Lê Ấn")),
        (noise.confused_spelling, "Trần Văn Sơn", "Trần Văn Xơn"),
        (noise.confused_spelling, "Sầm Thị Mỹ", "Sầm Thị Mĩ"),
        (noise.confused_spelling, "Lê Văn An", "Lê Văn An"),
    ],
)
def test_each_habit_changes_a_name_in_its_own_way(habit, name, typed):
    filed = {"full_name": name}
    habit(filed, _PEOPLE[0])
    assert filed["full_name"] == typed


def test_an_address_is_shortened_without_losing_its_unit():
    address = {"unit_code": "16663", "text": "Khối 5, phường Đông Vĩnh, thành phố Vinh, tỉnh Nghệ An"}
    filed = {"address": address}
    noise.abbreviated_address(filed, _PEOPLE[0])
    assert filed["address"] == {"unit_code": "16663", "text": "Khối 5, P. Đông Vĩnh, TP. Vinh, T. Nghệ An"}
    assert address["text"].startswith("Khối 5, phường")


def test_the_old_number_stands_in_for_the_new_one_only_where_there_is_one():
    old = next(person for person in _PEOPLE if person.old_id)
    young = next(person for person in _PEOPLE if not person.old_id)
    filed_old, filed_young = _filed(old), _filed(young)
    noise.old_id_instead(filed_old, old)
    noise.old_id_instead(filed_young, young)
    assert (filed_old.get("citizen_id"), filed_old["old_id"]) == (None, old.old_id)
    assert filed_young == _filed(young)


@pytest.mark.parametrize("rated", RATES, ids=lambda rated: rated.apply.__name__)
def test_a_habit_strikes_as_often_as_its_rate_says(rated):
    struck = []
    counting = tuple(
        Noise(one.field, one.rate, (lambda filed, _: struck.append(filed)) if one is rated else (lambda *_: None))
        for one in RATES
    )
    typist, rng = Typist(counting), Random(5)
    for _ in range(20_000):
        typist.type(_filed(_PEOPLE[0]), _PEOPLE[0], rng)
    assert rated.rate * 0.7 < len(struck) / 20_000 < rated.rate * 1.4


def test_the_rates_of_one_field_leave_most_values_untouched():
    for field in {rated.field for rated in RATES}:
        assert sum(rated.rate for rated in RATES if rated.field == field) < 0.3


def test_written_names_show_the_noise(world):
    names = [dossier["applicant"]["full_name"] for dossier in world.dossiers]
    assert 0.05 < sum(name.isupper() for name in names) / len(names) < 0.11
    assert 0.03 < sum(name.isascii() for name in names) / len(names) < 0.1
    assert 0.01 < sum(not unicodedata.is_normalized("NFC", name) for name in names) / len(names) < 0.03
    assert 0.02 < sum("  " in name for name in names) / len(names) < 0.05


def test_written_dates_show_the_noise(world):
    dates = [dossier["applicant"]["born_on"] for dossier in world.dossiers]
    assert 0.15 < sum("/" in born for born in dates) / len(dates) < 0.25
    assert 0.015 < sum(len(born) == 4 for born in dates) / len(dates) < 0.045


def test_notes_carry_shortened_names(world):
    notes = [dossier["form"]["note"] for dossier in world.dossiers if "note" in dossier["form"]]
    assert any("Ng. " in note for note in notes)
    assert 0.2 < len(notes) / len(world.dossiers) < 0.4

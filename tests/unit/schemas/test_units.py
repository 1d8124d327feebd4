"""The communes of before and after 1 July 2025."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.units import REFORM_DAY, Conversion, Unit, Units
from schemas.vietnamese import fold

UNITS = Units.built_in()
BEFORE = REFORM_DAY - timedelta(days=1)

OLD_NORTH = Unit("00001", "old", "Xã Xá Bắc", "99", "Huyện Bắc")
OLD_SPLIT = Unit("00002", "old", "Thị trấn Chia", "99", "Huyện Bắc")
NEW_NORTH = Unit("00002", "new", "Xã Phương Bắc", "99")
NEW_SOUTH = Unit("00003", "new", "Phường Nam", "99")
SMALL = Units(
    [
        Conversion(OLD_NORTH, NEW_NORTH, is_whole=True),
        Conversion(OLD_SPLIT, NEW_NORTH, is_whole=False),
        Conversion(OLD_SPLIT, NEW_SOUTH, is_whole=False),
    ]
)

ALL_CODES = sorted({unit.code for unit in UNITS.all()})


def names(units):
    return [unit.name for unit in units]


def in_province(province, era):
    return [unit for unit in UNITS.all() if unit.province_code == province and unit.era == era]


def test_nghe_an_has_130_communes_since_the_reform_made_of_412():
    assert len(in_province("40", "new")) == 130
    assert len(in_province("40", "old")) == 412


def test_a_second_province_has_twenty_communes():
    assert len(in_province("38", "new")) == 20


def test_eleven_communes_of_nghe_an_are_wards():
    assert sum(unit.name.startswith("Phường ") for unit in in_province("40", "new")) == 11


@pytest.mark.parametrize(
    ("code", "before", "since"),
    [
        ("16681", "Phường Quang Trung", "Phường Thành Vinh"),
        ("16702", "Phường Nghi Phú", "Phường Vinh Phú"),
        ("16732", "Phường Nghi Hương", "Phường Cửa Lò"),
    ],
)
def test_a_code_that_changed_its_meaning_is_read_by_the_day(code, before, since):
    assert UNITS.current(code, BEFORE).name == before
    assert UNITS.current(code, REFORM_DAY).name == since
    assert UNITS.current(code).name == since


def test_a_code_that_only_one_era_has_is_read_on_any_day():
    assert UNITS.current("16663", date(2026, 1, 5)).name == "Phường Đông Vĩnh"
    assert SMALL.current("00003", BEFORE) == NEW_SOUTH


def test_a_code_that_the_table_does_not_have_names_nothing():
    assert UNITS.current("99999") is None
    assert UNITS.successors("99999") == ()
    assert UNITS.predecessors("99999") == ()


def test_a_unit_of_the_old_era_knows_its_district_and_one_of_the_new_era_has_none():
    assert UNITS.current("16681", BEFORE).district == "Thành phố Vinh"
    assert UNITS.current("16681").district is None


def test_thanh_vinh_is_made_of_six_old_units():
    assert sorted(names(UNITS.predecessors("16681"))) == [
        "Phường Cửa Nam",
        "Phường Hưng Bình",
        "Phường Lê Lợi",
        "Phường Quang Trung",
        "Phường Đông Vĩnh",
        "Xã Hưng Chính",
    ]


def test_an_old_ward_of_vinh_went_into_one_new_ward():
    assert names(UNITS.successors("16699")) == ["Phường Trường Vinh"]


def test_a_unit_that_was_split_has_several_successors():
    assert names(UNITS.successors("16435")) == ["Phường Hạc Thành", "Phường Đông Quang"]
    assert SMALL.successors("00002") == (NEW_NORTH, NEW_SOUTH)


@pytest.mark.parametrize(
    "spelling",
    [
        "Phường Thành Vinh",
        "thành vinh",
        "phuong thanh vinh",
        "P. Thành Vinh",
        "p.thanh vinh",
        "  THÀNH   VINH ",
        "P Thành Vinh",
    ],
)
def test_a_ward_of_vinh_is_found_in_every_spelling(spelling):
    assert "Phường Thành Vinh" in names(UNITS.named(spelling))


def test_a_name_finds_the_codes_of_both_eras():
    assert UNITS.find("Quang Trung, Vinh") == ("16681",)
    assert UNITS.find("Bến Thủy") == ("16690", "16693")
    assert UNITS.find("xã Yên Na") == UNITS.find("16912")
    assert {"16663", "16669", "16672", "16678", "16681", "18013"} <= set(UNITS.find("phường Thành Vinh"))


def test_a_new_commune_is_found_with_all_its_predecessors():
    assert SMALL.find("Phương Bắc") == ("00001", "00002")
    assert SMALL.find("Phường Nam") == ("00002", "00003")


def test_an_old_unit_is_found_with_its_successors_but_not_with_its_neighbours():
    assert SMALL.find("Xá Bắc") == ("00001", "00002")
    assert SMALL.find("Chia") == ("00002", "00003")


def test_a_code_with_two_meanings_finds_the_kin_of_both():
    assert SMALL.named("00002") == (OLD_SPLIT, NEW_NORTH)
    assert SMALL.find("00002") == ("00001", "00002", "00003")


@pytest.mark.parametrize("spelling", ["xa bac", "Xá Bắc", "xã Xá Bắc", "xa xa bac"])
def test_a_name_that_begins_like_a_kind_of_unit_stays_whole(spelling):
    assert SMALL.named(spelling) == (OLD_NORTH,)


def test_a_wrong_kind_of_unit_does_not_hide_the_place():
    assert SMALL.named("thị trấn Nam") == (NEW_SOUTH,)


def test_accents_tell_two_names_apart_and_without_them_both_are_meant():
    assert names(UNITS.named("xã Nghi Văn")) == ["Xã Nghi Văn"]
    assert set(names(UNITS.named("xa nghi van"))) == {"Xã Nghi Văn", "Xã Nghi Vạn"}


def test_the_district_after_a_comma_narrows_the_choice():
    districts = {unit.district for unit in UNITS.named("Tam Hợp") if unit.era == "old"}
    assert districts == {"Huyện Quỳ Hợp", "Huyện Tương Dương"}
    assert [unit.code for unit in UNITS.named("xã Tam Hợp, huyện Tương Dương, tỉnh Nghệ An")] == ["16936"]
    assert [unit.code for unit in UNITS.named("Tam Hợp, Tương Dương")] == ["16936"]


@pytest.mark.parametrize("nowhere", ["", "  ", ",", "Hà Nội", "xã", "99999", "xã , huyện Quỳ Hợp"])
def test_a_place_that_is_not_known_finds_nothing(nowhere):
    assert UNITS.find(nowhere) == ()


@given(st.sampled_from(ALL_CODES), st.booleans())
def test_a_commune_is_found_by_its_own_name_with_accents_or_without(code, with_accents):
    unit = UNITS.current(code)
    assert code in UNITS.find(unit.name if with_accents else fold(unit.name))


@given(st.sampled_from(ALL_CODES))
def test_successors_and_predecessors_are_each_others_mirror(code):
    for new in UNITS.successors(code):
        assert code in {old.code for old in UNITS.predecessors(new.code)}


@given(st.text())
def test_any_text_is_answered(text):
    assert set(UNITS.find(text)) <= set(ALL_CODES)


def test_the_built_in_table_is_read_once():
    assert Units.built_in() is Units.built_in()

"""Canonical forms of names. All names are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import (
    NameParts,
    full_name,
    name_parts,
    names_agree,
    one_syllable_deletions,
    phonetic_key,
    sorted_syllables,
)
from schemas.errors import CanonicalFormError
from schemas.vietnamese import fold_name

name_text = st.text(alphabet="aàăâbcdđeêghiklmnoôơpqrstuưvxyỹỷAÂĐNUY' -.", max_size=40)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("  NGUYỄN  THỊ  THUỶ ", "Nguyễn Thị Thủy"),
        ("ÐỖ VĂN HOÀ", "Đỗ Văn Hòa"),
        ("Nguyễn Thị Minh", "Nguyễn Thị Minh"),
        ("nguyễn thị minh", "nguyễn thị minh"),
        ("Y A", "Y A"),
        ("H’MÔNG Y", "H'Mông Y"),
        ("Y–BHĂM NIÊ", "Y-Bhăm Niê"),
    ],
)
def test_a_name_is_normalised_and_capitals_are_calmed(typed, canonical):
    assert full_name(typed) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "name_length"), ("A", "name_length"), ("An " * 40, "name_length"), ("Nguyễn Văn 2", "name_digits"),
        ("Nguyễn\x00An", "name_characters"), ("Nguyễn An (tức Bình)", "name_characters"), ("--", "name_characters"),
        ("An; Bình", "name_characters"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_by_its_fault(text, reason):
    with pytest.raises(CanonicalFormError) as caught:
        full_name(text)
    assert caught.value.reason == reason


@given(st.one_of(st.text(max_size=40), name_text))
def test_garbage_gives_a_stable_name_or_a_typed_error(text):
    try:
        name = full_name(text)
    except CanonicalFormError:
        return
    assert full_name(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Thuỷ", "NGUYEN THI THUY"),
        ("Lý Văn Kỹ", "lí văn kĩ"),
        ("Đỗ  Quý", "do qui"),
        ("Nguyễn Văn An", "NguyễnVănAn"),
    ],
)
def test_names_agree_without_accents_case_tone_placement_and_blanks(one, other):
    assert names_agree(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Nguyễn Thúy", "Nguyễn Thúi"), ("Trần Mai", "Trần May"), ("Trần An", "Trần Văn An"), ("", ""), (" ", "")],
)
def test_names_that_differ_in_sound_or_are_empty_do_not_agree(one, other):
    assert not names_agree(one, other)


@given(name_text)
def test_agreement_is_symmetric_and_holds_for_the_canonical_spelling(text):
    try:
        name = full_name(text)
    except CanonicalFormError:
        return
    assert names_agree(text, name)
    assert names_agree(name, text) == names_agree(text, name)


def test_a_name_is_taken_apart_folded():
    assert name_parts("Nguyễn Thị Minh Kỹ") == NameParts("nguyen", ("thi", "minh"), "ki")
    assert name_parts("Y Bhăm") == NameParts("i", (), "bham")
    assert name_parts("Sukarno") == NameParts("", (), "sukarno")
    with pytest.raises(CanonicalFormError):
        name_parts("  ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tran", "chan"), ("sang", "xang"), ("dung", "rung"), ("giang", "dang"), ("gi", "di"), ("gieng", "dieng"),
        ("linh", "ninh"), ("nghia", "ngia"), ("ghe", "ge"), ("cuong", "kuong"), ("quy", "qui"), ("ky", "ki"),
    ],
)  # fmt: skip
def test_onsets_that_sound_alike_share_a_key(one, other):
    assert phonetic_key(f"le {one}") == phonetic_key(f"le {other}")


@pytest.mark.parametrize(
    ("one", "other"),
    [("nhan", "lan"), ("phan", "than"), ("khanh", "canh"), ("thu", "tu"), ("ngan", "nan"), ("minh", "vinh")],
)
def test_onsets_that_sound_different_do_not(one, other):
    assert phonetic_key(one) != phonetic_key(other)


@given(name_text)
def test_a_phonetic_key_keeps_the_number_of_syllables(text):
    key = phonetic_key(fold_name(text))
    assert len(key.split()) == len(fold_name(text).split())


def test_a_deletion_never_leaves_a_lone_syllable():
    assert one_syllable_deletions("nguyen van an") == ("van an", "nguyen an", "nguyen van")
    assert one_syllable_deletions("nguyen an") == ()
    assert one_syllable_deletions("an") == ()


def test_equal_deletions_come_once():
    assert one_syllable_deletions("y y y") == ("y y",)


def test_sorted_syllables_do_not_depend_on_their_order():
    assert sorted_syllables("nguyen van an") == sorted_syllables("an nguyen van") == "an nguyen van"

"""Spelling of Vietnamese text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vietnamese import fold, fold_name, normalise, syllables

TONED = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵ"
vietnamese_text = st.text(alphabet=TONED + TONED.upper() + "bcdđghklmnpqrstvxĐÐð -", max_size=30)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hoà", "hòa"), ("HOÀ", "HÒA"), ("Hoà", "Hòa"), ("thuỷ", "thủy"), ("khoẻ", "khỏe"), ("uỷ", "ủy"),
        ("lựơng", "lượng"), ("hòan", "hoàn"), ("tóan", "toán"), ("qúy", "quý"), ("qủa", "quả"), ("gìa", "già"),
        ("ýên", "yến"), ("loè", "lòe"), ("nghiã", "nghĩa"), ("muà", "mùa"), ("khủyu", "khuỷu"), ("ngòai", "ngoài"),
    ],
)  # fmt: skip
def test_the_tone_is_put_on_its_letter(typed, expected):
    assert normalise(typed) == expected


@pytest.mark.parametrize(
    "word",
    [
        "gì",
        "giếng",
        "quý",
        "quí",
        "quỳnh",
        "của",
        "mía",
        "hoàng",
        "túi",
        "chịu",
        "thuở",
        "khuya",
        "xoóng",
        "café",
        "Zoë",
    ],
)
def test_a_rightly_placed_or_foreign_mark_stays(word):
    assert normalise(word) == word


def test_eth_and_african_d_become_the_vietnamese_letter():
    assert normalise("Ðức ðường Ɖông ɖê") == "Đức đường Đông đê"


def test_decomposed_text_and_marks_typed_in_the_other_order_are_composed():
    assert normalise(unicodedata.normalize("NFD", "Nguyễn Thị Thuỷ")) == "Nguyễn Thị Thủy"
    assert normalise("Ti\u1ebfng Vie\u0323\u0302t, so\u0301\u0302") == "Tiếng Việt, số"


def test_white_space_is_squeezed_and_invisible_characters_go():
    assert normalise("\ufeff  hồ\u00a0 sơ\t\n\u200bmới \u200b ") == "hồ sơ mới"


def test_marks_inside_a_longer_token_are_placed_word_by_word():
    assert normalise("hoá-uỷ,thuỷ/khoẻ.hoà") == "hóa-ủy,thủy/khỏe.hòa"


def test_fold_takes_case_tone_and_vowel_marks_away():
    assert fold("  Nguyễn Thị MỸ  Đức ") == "nguyen thi my duc"
    assert fold("Ðường số 5, kỹ") == "duong so 5, ky"


def test_fold_keeps_y_and_i_apart():
    assert fold("kỹ") != fold("kĩ")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Kỹ", "kĩ"), ("LÝ", "lí"), ("quý", "quí"), ("sỹ", "sĩ"), ("Mỹ Lynh", "mĩ linh"), ("Ý", "í"), ("Quỳnh", "quình")],
)
def test_names_are_equal_with_y_or_i_as_the_whole_vowel(one, other):
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("thúy", "thúi"), ("may", "mai"), ("huy", "hui"), ("tây", "tai")])
def test_y_after_another_vowel_is_not_i(one, other):
    assert fold_name(one) != fold_name(other)


def test_syllables_are_lower_case_runs_of_letters_and_digits():
    assert syllables("Nghị định 118/2025/NĐ-CP: hoà giải!") == [
        "nghị", "định", "118", "2025", "nđ", "cp", "hòa", "giải",
    ]  # fmt: skip


@given(st.one_of(st.text(), vietnamese_text))
def test_the_forms_are_idempotent(text):
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)
    assert fold_name(fold_name(text)) == fold_name(text)


@given(vietnamese_text)
def test_folding_does_not_depend_on_how_the_text_was_spelt(text):
    assert fold(normalise(text)) == fold(text) == fold(unicodedata.normalize("NFD", text)) == fold(text.upper())


@given(vietnamese_text)
def test_folded_vietnamese_is_plain_ascii(text):
    assert fold(text).isascii()


@given(st.one_of(st.text(), vietnamese_text))
def test_normalised_text_is_composed_and_holds_single_blanks(text):
    normal = normalise(text)
    assert normal == unicodedata.normalize("NFC", normal)
    assert normal == " ".join(normal.split())


@given(vietnamese_text)
def test_normalising_commutes_with_upper_case(text):
    assert normalise(text.upper()) == normalise(text).upper()


@pytest.mark.parametrize("word", ["àİ", "İà", "hòİ", "qúİ", "\u212aà"])
def test_a_letter_of_another_alphabet_beside_a_tone_leaves_the_word_as_it_is(word):
    assert normalise(normalise(word)) == normalise(word)

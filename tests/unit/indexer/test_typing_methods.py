"""Raw Telex and VNI keys."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.typing_methods import decode, is_syllable
from schemas.vietnamese import fold, syllables

WORDS = (
    "đăng ký kết hôn giấy phép xây dựng nhà ở quyền sử dụng đất trường hợp người được hưởng lương hưu trợ cấp tuổi già "
    "nghĩa vụ thuế thuỷ sản hòa giải khuyết tật khoẻ quốc tịch quý mười hoặc nguyễn giếng gì yêu cầu bưởi rượu xoáy "
    "khuỷu thường trú tạm trú chứng thực ưu tiên như nuôi ngoài quá thuở chuyển quyết định uỷ ban"
)


@pytest.mark.parametrize(
    ("keys", "syllable"),
    [
        ("ddawng", "đăng"), ("kys", "ký"), ("dangwd", "đăng"), ("DDAATS", "đất"), ("giaays", "giấy"), ("nhw", "như"),
        ("truwowngf", "trường"), ("truongwf", "trường"), ("hieenj", "hiện"), ("hiejen", "hiện"), ("muaw", "mưa"),
        ("huuw", "hưu"), ("thuowr", "thuở"), ("quaf", "quà"), ("quawng", "quăng"), ("hoaf", "hòa"), ("thuyr", "thủy"),
        ("gif", "gì"), ("cos", "có"), ("owr", "ở"), ("ys", "ý"),
    ],
)  # fmt: skip
def test_telex_keys_become_their_syllable(keys, syllable):
    assert decode(keys, frozenset()) == syllable


@pytest.mark.parametrize(
    ("keys", "syllable"),
    [
        ("d9a8ng", "đăng"), ("ky1", "ký"), ("dang89", "đăng"), ("D9A6T1", "đất"), ("tru7o7ng2", "trường"),
        ("truong72", "trường"), ("hie6n5", "hiện"), ("hoa2", "hòa"), ("o73", "ở"), ("hu7u", "hưu"),
    ],
)  # fmt: skip
def test_vni_keys_become_their_syllable(keys, syllable):
    assert decode(keys, frozenset()) == syllable


@pytest.mark.parametrize("text", ["dat", "khai sinh", "ho so", "xe", "the can cuoc", "giay phep lai o to", "dang ky"])
def test_plain_words_are_left_alone(text):
    assert [decode(token, frozenset()) for token in text.split()] == [None] * len(text.split())


@pytest.mark.parametrize(
    "token",
    ["gplx", "ubnd", "ct01", "kt3", "a1", "lop6", "cap3", "passport", "online", "tax", "visa", "tw", "wa", "2025"],
)
def test_abbreviations_codes_and_foreign_words_are_left_alone(token):
    assert decode(token, frozenset()) is None


def test_a_syllable_of_the_catalogue_is_left_alone():
    assert decode("cos", {"cos"}) is None


@pytest.mark.parametrize("token", ["ddawngsf", "ky12", "đăng", "", "d9", "x" * 40, "bieets2"])
def test_what_no_method_types_is_left_alone(token):
    assert decode(token, frozenset()) is None


@pytest.mark.parametrize(("letters", "tone"), [("viêt", ""), ("cach", "\u0300"), ("đăngk", ""), ("ươ", ""), ("bl", "")])
def test_what_cannot_be_a_syllable_is_none(letters, tone):
    assert not is_syllable(letters, tone)


@pytest.mark.parametrize(
    ("letters", "tone"), [("viêt", "\u0323"), ("gi", "\u0300"), ("giêng", ""), ("quy", ""), ("yêu", "")]
)
def test_syllables_of_the_language_are(letters, tone):
    assert is_syllable(letters, tone)


TELEX = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j", "\u0306": "w", "\u031b": "w"}
VNI = {
    "\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5",
    "\u0302": "6", "\u031b": "7", "\u0306": "8",
}  # fmt: skip
TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def keys_of(syllable, marks, dd):
    """Return the keys with each mark after its letter and the tone last."""
    typed, tone = "", ""
    for character in unicodedata.normalize("NFD", syllable):
        if character in TONES:
            tone = marks[character]
        elif character == "\u0302":
            typed += marks.get(character, typed[-1])
        else:
            typed += marks.get(character, character)
    return typed.replace("đ", dd) + tone


@pytest.mark.parametrize("syllable", sorted(word for word in set(syllables(WORDS)) if not word.isascii()))
def test_what_is_typed_is_read_back(syllable):
    assert decode(keys_of(syllable, TELEX, "dd"), frozenset()) == syllable
    assert decode(keys_of(syllable, VNI, "d9"), frozenset()) == syllable


@given(st.text(alphabet="abcdeghiklmnopqrstuvwxyzfj0123456789", max_size=10))
def test_an_outcome_has_accents_and_the_consonants_that_were_typed(token):
    syllable = decode(token, frozenset())
    assert syllable is None or (not syllable.isascii() and fold(syllable)[0] == token[0])


@given(st.sampled_from(sorted({fold(word) for word in syllables(WORDS)})))
def test_folded_words_are_never_altered(word):
    assert decode(word, frozenset()) is None

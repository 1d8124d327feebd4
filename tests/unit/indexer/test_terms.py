"""Index terms of a text."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.terms import index_terms
from schemas.vietnamese import fold


def test_a_title_gives_accented_and_folded_syllables_and_pairs():
    terms = index_terms("Đăng ký Khai sinh")
    assert terms.accented == ["đăng", "ký", "khai", "sinh"]
    assert terms.folded == ["dang", "ky", "khai", "sinh"]
    assert terms.bigrams == ["dang_ky", "ky_khai", "khai_sinh"]


def test_no_pair_reaches_across_the_end_of_a_sentence_a_line_or_a_parenthesis():
    assert index_terms("Tách hộ. Cấp thẻ").bigrams == ["tach_ho", "cap_the"]
    assert index_terms("Tách hộ\nCấp thẻ").bigrams == ["tach_ho", "cap_the"]
    assert index_terms("Tách hộ (cấp xã)").bigrams == ["tach_ho", "cap_xa"]


def test_pairs_reach_across_commas_and_slashes():
    assert index_terms("Cấp, cấp lại/đổi").bigrams == ["cap_cap", "cap_lai", "lai_doi"]


def test_a_law_number_gives_its_parts():
    assert index_terms("118/2025/NĐ-CP").folded == ["118", "2025", "nd", "cp"]


def test_spellings_of_one_text_give_the_same_terms():
    text = "Thuỷ sản, hoà giải"
    assert index_terms(unicodedata.normalize("NFD", text)) == index_terms("thủy  SẢN, hòa giải")


def test_text_without_words_has_no_terms():
    assert index_terms(" … ?! ") == index_terms("")
    assert index_terms("").folded == []


@given(st.text())
def test_each_accented_syllable_has_its_folded_form_beside_it(text):
    terms = index_terms(text)
    assert [fold(syllable) for syllable in terms.accented] == terms.folded


@given(st.lists(st.sampled_from(["đăng", "ký", "hoà", "xe", "118"]), max_size=8))
def test_pairs_are_one_fewer_than_the_syllables_of_a_phrase(words):
    terms = index_terms(" ".join(words))
    assert len(terms.bigrams) == max(len(words) - 1, 0)

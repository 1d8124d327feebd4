"""How a typed query is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.query import Identifier, Step, read_query
from indexer.analysis.synonyms import Synonym, load_synonyms
from schemas.vietnamese import fold

VOCABULARY = frozenset(fold("đăng ký khai sinh con sổ đỏ làm lại mất giấy phép lái xe nhập khẩu ô tô").split())


def synonym(term, *expands_to, direction="one_way", needs=(), forbids=()):
    return Synonym(
        term=term,
        expands_to=expands_to,
        kind="colloquial",
        direction=direction,
        needs=needs,
        forbids=forbids,
        source="test",
        test_query=term,
        expects="1.001193",
    )


SYNONYMS = (
    synonym("sổ đỏ", "giấy chứng nhận quyền sử dụng đất", "giấy chứng nhận"),
    synonym("mất sổ đỏ", "cấp lại giấy chứng nhận"),
    synonym("nhập khẩu", "đăng ký thường trú", needs=("con", "vợ"), forbids=("ô tô",)),
    synonym("GPLX", "giấy phép lái xe", direction="both"),
)


def read(text):
    return read_query(text, SYNONYMS, VOCABULARY)


# ---------------------------------------------------------------- identifiers


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1.001193", "procedure_code", "1.001193"),
        ("1.001193.000.00.00.H41", "procedure_code", "1.001193"),
        ("thủ tục 1.001193 cần gì", "procedure_code", "1.001193"),
        ("h41.14-231107-0001", "dossier_code", "H41.14-231107-0001"),
        ("040 187 001 234", "citizen_id", "040187001234"),
        ("186123456", "old_id", "186123456"),
        ("0912.345.678", "phone", "+84912345678"),
    ],
)
def test_an_identifier_is_looked_up_and_never_searched_for_as_text(text, kind, value):
    query = read(text)
    assert query.identifier == Identifier(kind, value)
    assert query.groups.folded == query.groups.bigrams == query.groups.accented == {}


@pytest.mark.parametrize("text", ["040187001234", "186123456", "0912345678"])
def test_what_is_shown_does_not_repeat_a_number_of_a_person(text):
    query = read(text)
    assert query.read_as == ""
    assert query.steps == (Step("identifier", "", ""),)


@pytest.mark.parametrize("text", ["khai sinh", "hạng b2", "điều 11.001193", "năm 2025"])
def test_other_text_is_no_identifier(text):
    assert read(text).identifier is None


# ---------------------------------------------------------------- typing methods


def test_raw_telex_and_vni_are_decoded_and_said():
    query = read("ddawng ky1 khai sinh")
    assert query.read_as == "đăng ký khai sinh"
    assert query.steps == (Step("typing", "ddawng", "đăng"), Step("typing", "ky1", "ký"))


def test_a_query_with_accents_is_not_decoded():
    assert read("đăng ký kys").read_as == "đăng ký kys"


def test_a_plain_query_is_read_as_it_stands():
    query = read("dang ky khai sinh")
    assert query.read_as == "dang ky khai sinh"
    assert query.steps == ()


# ---------------------------------------------------------------- synonyms


@pytest.mark.parametrize("typed", ["sổ đỏ", "so do", "sổ do", "SỔ ĐỎ"])
def test_a_citizens_word_is_read_officially_in_any_spelling(typed):
    query = read(typed)
    assert query.read_as == "giấy chứng nhận quyền sử dụng đất"
    assert query.steps == (Step("synonym", typed.lower(), "giấy chứng nhận quyền sử dụng đất"),)


def test_a_word_with_other_accents_is_another_word():
    assert read("số đo").steps == ()


def test_the_longer_of_two_entries_wins():
    assert read("mất sổ đỏ").read_as == "cấp lại giấy chứng nhận"


def test_an_entry_applies_only_in_its_context():
    assert read("nhập khẩu con").read_as == "đăng ký thường trú con"
    assert read("nhập khẩu").read_as == "nhập khẩu"
    assert read("nhập khẩu ô tô con").read_as == "nhập khẩu ô tô con"


def test_a_two_way_entry_keeps_the_official_words_and_adds_the_short_form():
    query = read("giay phep lai xe")
    assert query.read_as == "giấy phép lái xe"
    assert query.steps == (Step("synonym", "giay phep lai xe", "GPLX"),)
    assert 0 < query.groups.folded["gplx"] < query.groups.folded["phep"]


def test_the_best_reading_weighs_most_and_the_typed_words_least():
    folded = read("sổ đỏ").groups.folded
    assert folded["quyen"] == 1
    assert 0 < folded["so"] < 1


def test_the_built_in_entries_read_sổ_đỏ():
    query = read_query("lam so do", load_synonyms(), VOCABULARY)
    assert "giấy chứng nhận" in query.read_as


# ---------------------------------------------------------------- fillers


@pytest.mark.parametrize(
    "text",
    [
        "tôi muốn làm thủ tục đăng ký khai sinh",
        "đăng ký khai sinh cần giấy tờ gì ạ",
        "xin hỏi đăng ký khai sinh ở đâu",
        "đăng ký khai sinh mất bao nhiêu tiền",
    ],
)
def test_fillers_are_taken_out_of_the_reading_and_lose_weight(text):
    query = read(text)
    assert query.read_as == "đăng ký khai sinh"
    assert {
        weight for term, weight in query.groups.folded.items() if term in VOCABULARY & {"khai", "sinh", "dang"}
    } == {1}
    assert min(query.groups.folded.values()) < 1


def test_without_accents_a_word_that_may_be_another_stays():
    # "muon" may be "muộn" (late), "toi" may be "tội"; "toi muon" together is "tôi muốn".
    assert read("khai sinh muon").read_as == "khai sinh muon"
    assert read("toi muon khai sinh o dau").read_as == "khai sinh"


def test_a_filler_inside_a_name_stays():
    assert read("tìm việc làm cho trẻ em").read_as == "tìm việc làm trẻ em"


@pytest.mark.parametrize("text", ["thủ tục", "ở đâu", "làm gì"])
def test_words_are_kept_if_nothing_would_be_left(text):
    query = read(text)
    assert query.read_as == text
    assert query.steps == ()


# ---------------------------------------------------------------- anything


@given(st.text(max_size=60))
def test_any_text_is_read_and_weights_stay_between_0_and_1(text):
    query = read(text)
    assert query.text == text
    for group in (query.groups.accented, query.groups.folded, query.groups.bigrams):
        assert all(0 < weight <= 1 for weight in group.values())


@given(st.lists(st.sampled_from(["đăng", "ký", "sổ", "đỏ", "con", "thủ", "tục", "gplx"]), min_size=1, max_size=8))
def test_every_typed_syllable_stays_in_the_search(words):
    query = read(" ".join(words))
    assert set(words) <= query.groups.accented.keys()

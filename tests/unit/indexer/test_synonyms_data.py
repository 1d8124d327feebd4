"""The built-in synonym file: its size, its facts, its traps. The codes are checked against the real catalogue."""

import json
from collections import Counter
from pathlib import Path

import pytest

from indexer.analysis.synonyms import load_synonyms
from schemas.vietnamese import fold, syllables

ENTRIES = load_synonyms()
CATALOGUE = Path(__file__).parents[4] / "shared" / "data" / "procedures.ndjson"


def words(text):
    return [fold(syllable) for syllable in syllables(text)]


def holds(text, phrase):
    sought, given = words(phrase), words(text)
    return any(given[at : at + len(sought)] == sought for at in range(len(given) - len(sought) + 1))


def applies(entry, query):
    """The rule of the file, said once more and simply: whole syllables, context by its folded form."""
    if not holds(query, entry.term) or any(holds(query, word) for word in entry.forbids):
        return False
    return not entry.needs or any(holds(query, word) for word in entry.needs)


def expansions(query):
    return {target for entry in ENTRIES if applies(entry, query) for target in entry.expands_to}


def catalogue():
    if not CATALOGUE.exists():
        pytest.skip("the real catalogue is not beside this checkout")
    with CATALOGUE.open(encoding="utf-8") as lines:
        return {row["code"]: row["name"] for row in map(json.loads, lines) if row["code"]}


def test_there_are_at_least_150_entries_of_every_kind():
    kinds = Counter(entry.kind for entry in ENTRIES)
    assert len(ENTRIES) >= 150
    assert set(kinds) == {"colloquial", "abbreviation", "regional", "renamed", "form_word"}
    assert kinds["regional"] >= 15


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.term}-{entry.expects}")
def test_the_test_query_of_an_entry_makes_it_apply(entry):
    assert applies(entry, entry.test_query)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.term}-{entry.expects}")
def test_the_test_query_makes_it_apply_without_accents_too(entry):
    assert applies(entry, fold(entry.test_query))


def test_every_expected_procedure_is_in_the_real_catalogue():
    codes = catalogue()
    assert [entry.term for entry in ENTRIES if entry.expects not in codes] == []


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("nhập khẩu cho con mới sinh", "đăng ký thường trú"),
        ("nhap khau vao nha chong", "đăng ký thường trú"),
        ("công chứng bản sao học bạ", "chứng thực bản sao từ bản chính"),
        ("công chứng chữ ký", "chứng thực chữ ký"),
        ("công chứng hợp đồng mua bán nhà", "chứng thực giao dịch liên quan đến tài sản"),
        ("báo tử cho bà", "đăng ký khai tử"),
        ("sang tên bìa đất", "đăng ký biến động chuyển nhượng, thừa kế, tặng cho quyền sử dụng đất"),
        ("sang tên xe máy", "thay đổi chủ xe, đăng ký sang tên xe"),
        ("đổi tên cho cháu", "thay đổi, cải chính hộ tịch"),
    ],
)
def test_a_word_with_two_meanings_is_expanded_where_its_context_says_so(query, target):
    assert target in expansions(query)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("nhập khẩu", "đăng ký thường trú"),
        ("giấy phép nhập khẩu thuốc thú y", "đăng ký thường trú"),
        ("nhập khẩu ô tô cho con", "đăng ký thường trú"),
        ("kiểm tra nhà nước về phân bón nhập khẩu", "đăng ký thường trú"),
        ("chuyển khẩu hàng hóa", "đăng ký thường trú"),
        ("công chứng", "chứng thực bản sao từ bản chính"),
        ("cấp thẻ công chứng viên", "chứng thực bản sao từ bản chính"),
        ("thành lập văn phòng công chứng hợp đồng", "chứng thực giao dịch liên quan đến tài sản"),
        ("công chứng sơ yếu lý lịch", "chứng thực bản sao từ bản chính"),
        ("báo tử quân nhân", "đăng ký khai tử"),
        ("giấy báo tử liệt sĩ", "đăng ký khai tử"),
        ("sang tên xe cho em", "đăng ký biến động chuyển nhượng, thừa kế, tặng cho quyền sử dụng đất"),
        ("sang tên nhà đất", "thay đổi chủ xe, đăng ký sang tên xe"),
        ("đổi tên công ty", "thay đổi, cải chính hộ tịch"),
        ("xếp hạng cơ sở lưu trú du lịch", "thông báo lưu trú"),
    ],
)
def test_a_word_with_two_meanings_is_left_alone_elsewhere(query, target):
    assert target not in expansions(query)


TRAPS = ("nhập khẩu", "chuyển khẩu", "báo tử", "đổi tên", "lưu trú", "mới mất", "mới đẻ")


@pytest.mark.parametrize("term", TRAPS)
def test_no_trap_applies_to_an_official_title_about_something_else(term):
    traps = [entry for entry in ENTRIES if entry.term == term]
    assert traps
    titles = catalogue().values()
    assert [title for title in titles if any(applies(entry, title) for entry in traps)] == []


@pytest.mark.parametrize("term", ["nhập khẩu", "công chứng", "sang tên", "mới mất", "rú"])
def test_a_trap_never_applies_without_context(term):
    assert all(entry.needs for entry in ENTRIES if entry.term == term)
    assert expansions(term) == set()


@pytest.mark.parametrize("query", ["cccd", "CCCD", "gplx", "Gplx", "gcnqsdđ", "GCNQSDĐ", "gcnqsdd", "bhyt", "nn&ptnt"])
def test_abbreviations_are_known_in_upper_and_lower_case(query):
    assert expansions(query)


@pytest.mark.parametrize("query", ["mần giấy khai sinh", "bìa đỏ", "lấy gấy", "bắt nác máy", "cắm bìa", "sang lào"])
def test_words_of_nghe_an_are_known(query):
    assert any(applies(entry, query) and entry.kind == "regional" for entry in ENTRIES)

"""The line that shows why, and how names are ordered."""

from __future__ import annotations

from search_api.services.procedure_snippets import snippet

TEXT = "Giấy khai sinh\nNộp tại xã, phường. Tờ khai theo mẫu; ảnh 4x6"


def test_the_sentence_with_most_wanted_words_is_shown():
    assert snippet(TEXT, {"to", "khai"}) == "Tờ khai theo mẫu;"
    assert snippet(TEXT, {"khai"}) == "Giấy khai sinh"


def test_without_a_match_it_is_how_the_text_begins_and_of_no_text_it_is_empty():
    assert snippet(TEXT, {"zzz"}) == "Giấy khai sinh"
    assert snippet("", {"khai"}) == ""
    assert snippet(" \n ", {"khai"}) == ""


def test_a_long_sentence_is_cut_at_a_blank():
    cut = snippet("một hai ba " * 50, {"mot"})
    assert len(cut) <= 182
    assert cut.endswith((" một …", " hai …", " ba …"))

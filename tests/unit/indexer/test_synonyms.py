"""Reading a synonym file, and refusing one that cannot be meant."""

import json

import pytest
from pydantic import ValidationError

from indexer.analysis.synonyms import Synonym, SynonymError, load_synonyms, parse_synonyms

ENTRY = {
    "term": "sổ đỏ",
    "expands_to": ["giấy chứng nhận quyền sử dụng đất"],
    "kind": "colloquial",
    "direction": "one_way",
    "source": "common speech",
    "test_query": "mất sổ đỏ",
    "expects": "1.012786",
}


def line(**keys):
    return json.dumps({**ENTRY, **keys}, ensure_ascii=False)


def refused_line(*lines):
    with pytest.raises(SynonymError) as refusal:
        parse_synonyms(lines)
    return refusal.value.line


def test_an_entry_is_read_with_empty_contexts_by_default():
    (entry,) = parse_synonyms([line()])
    assert (entry.term, entry.expands_to) == ("sổ đỏ", ("giấy chứng nhận quyền sử dụng đất",))
    assert (entry.needs, entry.forbids) == ((), ())


def test_a_file_is_read_in_its_order_without_its_empty_lines(tmp_path):
    path = tmp_path / "synonyms.ndjson"
    path.write_text("\n".join([line(term="b"), "", line(term="a"), ""]), encoding="utf-8")
    assert [entry.term for entry in load_synonyms(path)] == ["b", "a"]


def test_an_entry_cannot_be_changed():
    (entry,) = parse_synonyms([line()])
    with pytest.raises(ValidationError, match="frozen"):
        entry.term = "bìa đỏ"


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '"sổ đỏ"',
        b"\xff",
        json.dumps({key: value for key, value in ENTRY.items() if key != "source"}),
        line(term=""),
        line(term="   "),
        line(term=7),
        line(expands_to=[]),
        line(expands_to="giấy chứng nhận"),
        line(kind="slang"),
        line(direction="back"),
        line(need=["đất"]),
        line(needs="đất"),
        line(term="?!"),
        line(forbids=["..."]),
    ],
)
def test_a_line_that_is_no_entry_is_refused_by_its_number(bad):
    assert refused_line(line(term="gplx"), "", bad) == 3


def test_the_message_names_the_line_and_the_key():
    with pytest.raises(SynonymError, match="line 1: kind: "):
        parse_synonyms([line(kind="slang")])


@pytest.mark.parametrize("again", ["sổ đỏ", "SỔ  ĐỎ", "so do", "sổ-đỏ"])
def test_an_entry_that_expands_to_its_own_term_in_any_spelling_is_refused(again):
    assert refused_line(line(expands_to=["bìa đất", again])) == 1


@pytest.mark.parametrize("again", ["sổ đỏ", "Sổ Đỏ", "so do"])
def test_a_term_that_stands_twice_is_refused(again):
    assert refused_line(line(), line(term=again, expands_to=["bìa"])) == 2


def test_a_term_may_stand_twice_with_different_needs():
    entries = parse_synonyms([line(needs=["đất"]), line(needs=["nhà"]), line()])
    assert len(entries) == 3


def test_the_order_and_accents_of_needs_make_no_difference():
    assert refused_line(line(needs=["đất", "nhà"]), line(needs=["nha", "dat"])) == 2


def test_two_entries_that_expand_to_each_other_are_refused():
    assert refused_line(line(term="a", expands_to=["b"]), line(term="B", expands_to=["x", "A"])) == 2


def test_a_loop_over_three_entries_is_refused_whatever_their_direction_and_context():
    chain = [
        line(term="a", expands_to=["b"], direction="both"),
        line(term="c", expands_to=["a"], needs=["đất"]),
        line(term="b", expands_to=["c"]),
    ]
    assert refused_line(*chain) == 3


def test_a_chain_that_does_not_come_back_is_fine():
    assert len(parse_synonyms([line(term="a", expands_to=["b"]), line(term="b", expands_to=["c"])])) == 2


def test_the_built_in_file_is_read_once():
    assert load_synonyms() is load_synonyms()
    assert all(isinstance(entry, Synonym) for entry in load_synonyms())

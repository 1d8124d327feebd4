"""What every engine of procedures promises."""

from __future__ import annotations

import math
import threading
from collections import Counter

import pytest
from procedure_engines import OPENERS

from indexer.engines.procedures import BlindTerm, TermDocument
from schemas.errors import IndexNotReadyError
from schemas.procedure import VISIBILITIES
from security.catalogue import StoredProcedure

FIELDS = ("name", "body")


@pytest.fixture(params=OPENERS)
def engine(request, tmp_path):
    return OPENERS[request.param](tmp_path, FIELDS)


def row(number, visibility="public", content=b"1"):
    return StoredProcedure(number.to_bytes(16, "big"), visibility, content * 16, b"card" + content, b"body" + content)


def document(number, name, body=()):
    return TermDocument(number.to_bytes(16, "big"), {"name": list(name), "body": list(body)})


def fill(engine, rows, documents, recipe="1"):
    with engine.writer() as writer:
        writer.put(rows)
        return writer.publish(documents, recipe)


def found(engine, *terms, limit=10, visibilities=("public",)):
    hits = engine.searcher().search([BlindTerm(*term) for term in terms], visibilities, limit)
    return [int.from_bytes(hit.key, "big") for hit in hits]


# ---------------------------------------------------------------- rows


def test_rows_are_read_as_they_were_put(engine):
    big = StoredProcedure(b"\xff" * 16, "draft", bytes(range(16)), bytes(range(256)), bytes(200_000))
    fill(engine, [row(1), big], [document(1, ["a"])])
    assert engine.searcher().fetch([b"\xff" * 16], ["draft"]) == [big]


def test_fetch_keeps_the_order_and_leaves_out_what_is_not_there(engine):
    fill(engine, [row(1), row(2), row(3)], [])
    keys = [row(number).key for number in (3, 9, 1)]
    assert engine.searcher().fetch(keys, ["public"]) == [row(3), row(1)]


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_a_read_sees_only_the_visibilities_that_it_names(engine, visibility):
    rows = [row(number, one) for number, one in enumerate(VISIBILITIES)]
    fill(engine, rows, [])
    (mine,) = [one for one in rows if one.visibility == visibility]
    searcher = engine.searcher()
    assert searcher.fetch([one.key for one in rows], [visibility]) == [mine]
    assert list(searcher.iter_all([visibility])) == [mine]


def test_no_visibility_reads_nothing(engine):
    fill(engine, [row(1)], [document(1, ["a"])])
    searcher = engine.searcher()
    assert searcher.fetch([row(1).key], []) == []
    assert list(searcher.iter_all([])) == []
    assert found(engine, ("name", "a", 1.0), visibilities=[]) == []


def test_all_rows_come_ordered_by_key_however_many_they_are(engine):
    rows = [row(number) for number in range(1201)]
    fill(engine, rows[::-1], [])
    assert list(engine.searcher().iter_all(VISIBILITIES)) == rows


def test_a_row_put_again_is_replaced(engine):
    fill(engine, [row(1), row(2)], [])
    fill(engine, [row(1, "draft", b"2")], [])
    assert list(engine.searcher().iter_all(VISIBILITIES)) == [row(1, "draft", b"2"), row(2)]


def test_of_a_faulty_batch_no_row_is_put(engine):
    broken = StoredProcedure(b"2" * 16, None, b"", b"", b"")
    with engine.writer() as writer, pytest.raises(Exception, match=r".*"):
        writer.put([row(1), broken])
    assert list(engine.searcher().iter_all(VISIBILITIES)) == []


# ---------------------------------------------------------------- search


def test_before_the_first_version_there_is_nothing_to_search(engine):
    searcher = engine.searcher()
    assert searcher.version() == ""
    assert searcher.fetch([row(1).key], VISIBILITIES) == []
    assert list(searcher.iter_all(VISIBILITIES)) == []
    with pytest.raises(IndexNotReadyError):
        searcher.search([BlindTerm("name", "a", 1.0)], ["public"], 10)


def test_an_empty_catalogue_is_searched_and_has_nothing(engine):
    fill(engine, [], [])
    assert found(engine, ("name", "a", 1.0)) == []
    assert engine.searcher().version()


def test_a_term_is_found_in_its_field_only(engine):
    fill(engine, [row(1), row(2)], [document(1, ["a"]), document(2, ["b"], ["a"])])
    assert found(engine, ("name", "a", 1.0)) == [1]
    assert found(engine, ("body", "a", 1.0)) == [2]
    assert found(engine, ("name", "c", 1.0)) == []


def test_without_terms_nothing_is_found(engine):
    fill(engine, [row(1)], [document(1, ["a"])])
    assert found(engine) == []


def test_terms_are_compared_whole_and_exactly(engine):
    fill(engine, [row(1)], [document(1, ["00ff", "0a0b"])])
    assert found(engine, ("name", "00f", 1.0), ("name", "0A0B", 1.0), ("name", "00ff 0a0b", 1.0)) == []


def test_at_most_the_limit_is_found_and_the_best_come_first(engine):
    numbers = range(1, 31)
    fill(engine, [row(n) for n in numbers], [document(n, ["a"] + ["b"] * (n > 28) + ["c"] * 2) for n in numbers])
    assert len(found(engine, ("name", "a", 1.0), limit=7)) == 7
    assert set(found(engine, ("name", "a", 1.0), ("name", "b", 1.0), limit=2)) == {29, 30}


def test_a_key_with_its_highest_bit_set_comes_back_whole(engine):
    key = b"\xff" * 8 + b"\x80" + b"\0" * 7
    fill(engine, [StoredProcedure(key, "public", b"", b"", b"")], [TermDocument(key, {"name": ["a"]})])
    (hit,) = engine.searcher().search([BlindTerm("name", "a", 1.0)], ["public"], 10)
    assert hit.key == key


def test_scores_are_bm25_summed_over_terms_with_their_weights(engine):
    texts = {1: "a b", 2: "a a c d", 3: "b c", 4: "e f g h i j k"}
    fill(engine, [row(n) for n in texts], [document(n, text.split()) for n, text in texts.items()])
    weights = {"a": 2.0, "c": 0.5}
    hits = engine.searcher().search([BlindTerm("name", *pair) for pair in weights.items()], ["public"], 10)
    mean = sum(len(text.split()) for text in texts.values()) / len(texts)

    def bm25(text):
        counts, size, score = Counter(text.split()), len(text.split()), 0.0
        for term, weight in weights.items():
            holders = sum(term in other.split() for other in texts.values())
            idf = math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
            score += weight * idf * counts[term] * 2.2 / (counts[term] + 1.2 * (0.25 + 0.75 * size / mean))
        return score

    scores = {int.from_bytes(hit.key, "big"): hit.score for hit in hits}
    assert scores == {n: pytest.approx(bm25(texts[n]), rel=1e-3) for n in (1, 2, 3)}


# ---------------------------------------------------------------- versions


def test_each_version_has_a_name_of_its_own_and_replaces_the_one_before(engine):
    first = fill(engine, [row(1)], [document(1, ["a"])])
    searcher = engine.searcher()
    assert searcher.version() == first
    second = fill(engine, [row(1)], [document(1, ["b"])])
    assert second != first
    # The reader that was open before sees it too.
    assert searcher.version() == second
    assert searcher.search([BlindTerm("name", "a", 1.0)], ["public"], 10) == []
    assert len(searcher.search([BlindTerm("name", "b", 1.0)], ["public"], 10)) == 1


def test_rows_that_are_put_are_found_only_once_they_are_published(engine):
    first = fill(engine, [row(1)], [document(1, ["a"])])
    with engine.writer() as writer:
        assert writer.is_published("1")
        writer.put([row(2)])
        assert not writer.is_published("1")
    assert engine.searcher().version() == first
    assert found(engine, ("name", "a", 1.0)) == [1]
    with engine.writer() as writer:
        assert not writer.is_published("1")


def test_another_recipe_asks_for_another_version(engine):
    fill(engine, [row(1)], [document(1, ["a"])], recipe="analysis 1")
    with engine.writer() as writer:
        assert writer.is_published("analysis 1")
        assert not writer.is_published("analysis 2")


def test_a_build_that_fails_leaves_the_old_version_and_nothing_of_its_own(engine, tmp_path):
    def failing():
        yield document(2, ["b"])
        raise RuntimeError("the source broke off")

    first = fill(engine, [row(1)], [document(1, ["a"])])
    before = {path for path in tmp_path.rglob("*") if path.is_dir()}
    with engine.writer() as writer, pytest.raises(RuntimeError):
        writer.publish(failing(), "1")
    assert engine.searcher().version() == first
    assert found(engine, ("name", "a", 1.0), ("name", "b", 1.0)) == [1]
    assert {path for path in tmp_path.rglob("*") if path.is_dir()} == before


def test_readers_go_on_while_versions_are_published(engine):
    fill(engine, [row(1)], [document(1, ["a"])])
    searcher = engine.searcher()
    faults = []
    done = threading.Event()

    def read():
        while not done.is_set():
            try:
                assert len(searcher.search([BlindTerm("name", "a", 1.0)], ["public"], 10)) == 1
                assert searcher.fetch([row(1).key], ["public"])
            except Exception as fault:
                faults.append(fault)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(10):
        fill(engine, [row(1)], [document(1, ["a"])])
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []


def test_a_second_writer_waits_for_the_first(engine):
    order = []

    def second():
        with engine.writer() as writer:
            order.append("second")
            writer.put([row(2)])

    with engine.writer() as writer:
        waiting = threading.Thread(target=second)
        waiting.start()
        writer.put([row(1)])
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert list(engine.searcher().iter_all(["public"])) == [row(1), row(2)]

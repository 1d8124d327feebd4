"""What every engine of sealed records promises of searching and writing."""

from __future__ import annotations

import dataclasses
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_writes import AT_HERE, ELSEWHERE, EVERYWHERE, a_write, ids, put, record_id, search, token

from indexer.engines.records import Candidate
from schemas.errors import IndexNotReadyError, StorageError
from schemas.query import NO_SCOPE, NOTHING, AllOf, AnyOf, AnyTerm, Term, any_term

# ---------------------------------------------------------------- searching


@pytest.mark.parametrize(
    "query",
    [
        NOTHING,
        AnyOf(()),
        AllOf(()),
        any_term(()),
        AnyTerm(()),
        AllOf((Term(token(1)), NOTHING)),
        AllOf((Term(token(1)), AnyOf(()))),
        AnyOf((NOTHING, AllOf(()))),
    ],
)
def test_a_query_that_states_nothing_returns_no_record(engine, query):
    put(engine, a_write(1, 1))
    assert engine.search("dossier", query, EVERYWHERE, 10).items == ()


def test_an_empty_scope_returns_no_record(engine):
    put(engine, a_write(1, 1))
    assert search(engine, Term(token(1)), NO_SCOPE) == []
    assert engine.fetch("dossier", [record_id(1)], NO_SCOPE) == []


def test_a_record_outside_the_scope_is_neither_found_nor_fetched(engine):
    put(engine, a_write(1, 1, scope=ELSEWHERE), a_write(2, 1))
    assert search(engine, Term(token(1))) == [2]
    assert engine.fetch("dossier", [record_id(1), record_id(2)], AT_HERE) == [Candidate(record_id(2), b"envelope 2.1")]
    assert search(engine, Term(token(1)), EVERYWHERE) == [2, 1]


def test_a_record_of_another_collection_is_neither_found_nor_fetched(engine):
    put(engine, a_write(1, 1, collection="paper"), a_write(2, 1))
    assert search(engine, Term(token(1))) == [2]
    assert search(engine, Term(token(1)), collection="paper") == [1]
    assert engine.fetch("dossier", [record_id(1)], AT_HERE) == []


def test_lanes_of_one_value_are_alternatives_and_values_are_anded(engine):
    put(engine, a_write(1, 10, 21), a_write(2, 11, 20), a_write(3, 10), a_write(4, 20))
    name = any_term((token(10), token(11)))
    phone = any_term((token(20), token(21)))
    assert search(engine, AllOf((name, phone))) == [2, 1]
    assert search(engine, AnyOf((name, phone))) == [4, 3, 2, 1]


def test_a_part_that_matches_nothing_leaves_the_other_parts_of_a_union_as_they_are(engine):
    put(engine, a_write(1, 1), a_write(2, 2))
    assert search(engine, AnyOf((AllOf((Term(token(1)), NOTHING)), Term(token(2))))) == [2]


_terms = st.builds(lambda number: Term(token(number)), st.integers(1, 5))
_queries = st.recursive(
    _terms | st.just(NOTHING),
    lambda inner: st.lists(inner, max_size=3).flatmap(
        lambda parts: st.sampled_from([AnyOf(tuple(parts)), AllOf(tuple(parts))])
    ),
    max_leaves=8,
)


def _matches(query, tokens):
    if query is NOTHING:
        return False
    if isinstance(query, Term):
        return query.token in tokens
    answers = [_matches(part, tokens) for part in query.parts]
    return any(answers) if isinstance(query, AnyOf) else bool(answers) and all(answers)


# Every subset of five tokens is a record, so every query is asked of every kind of record.
_SUBSETS = {number + 1: [one for one in range(1, 6) if number >> one - 1 & 1] for number in range(32)}


@pytest.fixture
def all_subsets(engine):
    put(engine, *(a_write(number, *tokens) for number, tokens in _SUBSETS.items()))
    return engine


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=_queries)
def test_a_query_finds_exactly_the_records_that_match_it(all_subsets, query):
    wanted = [number for number, tokens in _SUBSETS.items() if _matches(query, {token(one) for one in tokens})]
    assert search(all_subsets, query) == wanted[::-1]


def test_a_query_may_have_512_tokens(engine):
    put(engine, a_write(1, 0, 512), a_write(2, 511), a_write(3, 700))
    assert search(engine, any_term(tuple(token(number) for number in range(512)))) == [2, 1]
    lanes = [any_term(tuple(token(lane * 32 + number) for number in range(32))) for lane in range(16)]
    assert search(engine, AnyOf((AllOf((lanes[0], Term(token(512)))), *lanes[1:]))) == [2, 1]


def test_at_most_limit_records_come_and_more_says_whether_there_are_others(engine):
    put(engine, *(a_write(number, 1) for number in range(1, 6)))
    four = engine.search("dossier", Term(token(1)), AT_HERE, 4)
    assert (ids(four), four.more) == ([5, 4, 3, 2], True)
    five = engine.search("dossier", Term(token(1)), AT_HERE, 5)
    assert (ids(five), five.more) == ([5, 4, 3, 2, 1], False)


def test_records_out_of_scope_do_not_count_for_more(engine):
    put(engine, a_write(1, 1, scope=ELSEWHERE), a_write(2, 1), a_write(3, 1, scope=ELSEWHERE))
    found = engine.search("dossier", Term(token(1)), AT_HERE, 1)
    assert (ids(found), found.more) == ([2], False)


def test_the_records_added_last_come_first_and_an_update_keeps_its_place(engine):
    put(engine, a_write(7, 1), a_write(3, 1))
    put(engine, a_write(5, 1))
    put(engine, a_write(7, 1, expected=1))
    assert search(engine, Term(token(1))) == [5, 3, 7]


def test_fetch_answers_in_the_order_asked_and_leaves_out_unknown_ids(engine):
    put(engine, *(a_write(number, 1) for number in (1, 2, 3)))
    found = engine.fetch("dossier", [record_id(3), record_id(9), record_id(1)], AT_HERE)
    assert [one.record_id for one in found] == [record_id(3), record_id(1)]
    assert engine.fetch("dossier", [], AT_HERE) == []


def test_an_index_of_which_nothing_is_published_is_not_ready(engine):
    with pytest.raises(IndexNotReadyError):
        search(engine, Term(token(1)))
    assert engine.status() is None
    assert engine.is_empty()


# ---------------------------------------------------------------- writing


def test_what_was_put_is_found_by_another_process_at_once(engine, reopen):
    reader = reopen()
    put(engine, a_write(1, 1))
    assert search(reader, Term(token(1))) == [1]
    put(engine, a_write(2, 1))
    assert search(reader, Term(token(1))) == [2, 1]


def test_a_batch_that_fails_half_way_writes_nothing(engine, kind, postings):
    put(engine, a_write(1, 1, 2))
    big = [a_write(number, number, envelope=os.urandom(9000)) for number in range(2, 20)]
    with engine.writing() as writer, kind.full_disk(writer), pytest.raises(StorageError, match="disk is full"):
        writer.put([a_write(1, 3, 4, expected=1), *big])
    assert search(engine, Term(token(1))) == [1]
    assert search(engine, any_term(tuple(token(number) for number in range(2, 20) if number != 2))) == []
    assert postings() == 2
    assert put(engine, *big) == frozenset()
    assert search(engine, Term(token(19))) == [19]


def test_a_write_whose_expected_counter_is_not_the_stored_one_is_left_out(engine):
    put(engine, a_write(1, 1), a_write(2, 1))
    put(engine, a_write(2, 1, expected=1))
    left_out = put(
        engine,
        a_write(3, 1),
        a_write(1, 9, envelope=b"new over an existing one"),
        a_write(2, 9, expected=1),
        a_write(4, 9, expected=1),
    )
    assert left_out == {1, 2, 3}
    assert search(engine, Term(token(1))) == [3, 2, 1]
    assert search(engine, Term(token(9))) == []


def test_a_write_that_follows_one_left_out_is_left_out_too(engine):
    put(engine, a_write(1, 1, envelope=b"version 5 of another process"))
    # Made when there was no record 1: its second write expects the counter that the other process wrote.
    assert put(engine, a_write(1, 2), a_write(1, 3, expected=1), a_write(2, 2)) == {0, 1}
    [found] = engine.fetch("dossier", [record_id(1)], AT_HERE)
    assert found.envelope == b"version 5 of another process"


def test_an_update_replaces_tokens_envelope_and_scope(engine, postings):
    put(engine, a_write(1, 1, 2, 3))
    assert postings() == 3
    put(engine, a_write(1, 2, 4, expected=1, scope=ELSEWHERE))
    assert postings() == 2
    assert search(engine, any_term((token(1), token(3))), EVERYWHERE) == []
    assert search(engine, Term(token(2))) == []
    assert search(engine, AllOf((Term(token(2)), Term(token(4)))), EVERYWHERE) == [1]
    assert engine.fetch("dossier", [record_id(1)], EVERYWHERE) == [Candidate(record_id(1), b"envelope 1.2")]


def test_of_several_writes_of_a_record_in_one_batch_only_the_last_leaves_postings(engine, postings):
    put(engine, a_write(1, 1), a_write(1, 2, expected=1), a_write(1, 1, 3, expected=2))
    assert postings() == 2
    assert search(engine, Term(token(2))) == []
    assert search(engine, AllOf((Term(token(1)), Term(token(3))))) == [1]
    put(engine, a_write(1, 2, expected=3), a_write(1, 3, expected=4))
    assert postings() == 1
    assert search(engine, Term(token(3))) == [1]


def test_a_delete_takes_records_with_their_postings_and_counts_them(engine, postings):
    put(engine, a_write(1, 1, 2), a_write(2, 1), a_write(3, 1, collection="paper"))
    with engine.writing() as writer:
        assert writer.delete("dossier", [record_id(1), record_id(3), record_id(9)]) == 1
    assert search(engine, Term(token(1))) == [2]
    assert search(engine, Term(token(1)), collection="paper") == [3]
    assert postings() == 2
    with engine.writing() as writer:
        assert writer.delete("dossier", []) == 0


def test_a_deleted_record_can_be_written_anew(engine):
    put(engine, a_write(1, 1))
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1)])
    assert put(engine, a_write(1, 2)) == frozenset()
    assert search(engine, any_term((token(1), token(2)))) == [1]


def test_after_expunge_no_byte_of_a_deleted_record_is_on_disk(engine, kind, tmp_path):
    put(engine, a_write(1, 1, envelope=b"SEALED-AND-TO-BE-GONE"), a_write(2, 2, envelope=b"SEALED-AND-KEPT"))
    assert b"SEALED-AND-TO-BE-GONE" in kind.stored_bytes(tmp_path)
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1)])
        writer.expunge()
    left = kind.stored_bytes(tmp_path)
    assert b"SEALED-AND-KEPT" in left
    assert b"SEALED-AND-TO-BE-GONE" not in left
    assert token(1) not in left


def test_iter_records_yields_every_record_in_the_order_of_first_writing(engine):
    writes = [a_write(3, 1, 2), a_write(1, 3, scope=ELSEWHERE), a_write(2, 1)]
    put(engine, *writes, a_write(9, 1, collection="paper"))
    put(engine, a_write(3, 5, expected=1))
    with engine.writing() as writer:
        found = list(writer.iter_records("dossier"))
    assert found == [dataclasses.replace(a_write(3, 5, expected=1), expected_counter=0), *writes[1:]]


def test_a_lookup_reads_what_is_there_and_can_be_sent_to_another_process(engine):
    put(engine, a_write(1, 1), a_write(2, 1, collection="paper"))
    with engine.writing() as writer:
        lookup = pickle.loads(pickle.dumps(writer.lookup()))
    assert lookup.current("dossier", {record_id(1), record_id(2), record_id(3)}) == {record_id(1): b"envelope 1.1"}
    assert lookup.current("dossier", set()) == {}
    put(engine, a_write(1, 1, expected=1))
    assert lookup.current("dossier", [record_id(1)]) == {record_id(1): b"envelope 1.2"}


def test_threads_that_write_at_once_lose_nothing(engine, postings):
    def write_some(thread):
        for batch in range(10):
            first = 1000 * thread + 10 * batch
            assert put(engine, *(a_write(first + one, 1, first + one + 10) for one in range(10))) == frozenset()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_some, range(1, 5)))
    assert len(search(engine, Term(token(1)), limit=1000)) == 400
    assert postings() == 800


def test_of_threads_that_write_one_record_at_once_one_wins_each_time(engine):
    put(engine, a_write(1, 1))
    for counter in range(1, 11):
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _, at=counter: put(engine, a_write(1, 1, expected=at)), range(4)))
        assert sorted(answers, key=len) == [frozenset(), {0}, {0}, {0}]


def test_a_reader_sees_whole_batches_while_they_are_written(engine, reopen):
    put(engine, a_write(0, 5))
    done = threading.Event()
    seen = set()

    def read():
        reader = reopen()
        while not done.is_set():
            seen.add(len(search(reader, Term(token(1)), limit=1000)))
        seen.add(len(search(reader, Term(token(1)), limit=1000)))

    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(read)
        for batch in range(20):
            put(engine, *(a_write(1 + 7 * batch + one, 1) for one in range(7)))
        done.set()
        reading.result()
    assert max(seen) == 140
    assert {count % 7 for count in seen} == {0}

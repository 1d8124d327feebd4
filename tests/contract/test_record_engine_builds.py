"""What every engine of sealed records promises of versions that are built aside and then published."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from record_writes import a_write, put, record_id, search, token

from schemas.errors import IndexNotReadyError, StorageError
from schemas.query import AllOf, Term, any_term


def quiet(*_):
    """Hear of progress and say nothing."""


def test_a_build_is_seen_by_nobody_before_it_is_published_and_then_whole(engine, reopen):
    reader = reopen()
    build = engine.build()
    build.put([a_write(1, 1, 2), a_write(2, 1)])
    build.put([a_write(3, 1), a_write(4, 1, collection="paper")])
    with pytest.raises(IndexNotReadyError):
        search(reader, Term(token(1)))
    build.publish(quiet)
    assert search(reader, Term(token(1))) == [3, 2, 1]
    assert search(engine, AllOf((Term(token(1)), Term(token(2))))) == [1]
    assert not engine.unfinished()


def test_a_searcher_follows_a_swap(engine, reopen):
    put(engine, a_write(1, 1))
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1)])
    reader = reopen()
    assert search(reader, Term(token(2))) == []
    build = engine.build()
    build.put([a_write(2, 2)])
    assert search(reader, Term(token(2))) == []
    build.publish(quiet)
    assert search(reader, Term(token(2))) == [2]
    put(reader, a_write(3, 2))
    assert search(engine, Term(token(2))) == [3, 2]


def test_readers_never_fail_while_a_build_is_published(engine, reopen):
    for round_ in range(5):
        put(engine, a_write(1, 1))
        with engine.writing() as writer:
            writer.delete("dossier", [record_id(1)])
        build = engine.build()
        build.put([a_write(2, 2)])
        published = threading.Event()

        def read(published=published):
            reader = reopen()
            answers = []
            while not published.is_set():
                answers.append(search(reader, Term(token(2))))
            return [*answers, search(reader, Term(token(2)))]

        with ThreadPoolExecutor(2) as threads:
            reading = [threads.submit(read) for _ in range(2)]
            build.publish(quiet)
            published.set()
            for answers in reading:
                assert answers.result()[-1] == [2], round_
                assert all(answer in ([], [2]) for answer in answers.result())
        with engine.writing() as writer:
            writer.delete("dossier", [record_id(2)])


def test_a_build_that_was_left_goes_on_with_what_was_durable(engine, reopen):
    build = engine.build()
    build.put([a_write(1, 1)])
    build.close()
    again = reopen()
    assert again.unfinished()
    build = again.build()
    assert build.lookup().current("dossier", [record_id(1)]) == {record_id(1): b"envelope 1.1"}
    assert build.put([a_write(1, 2), a_write(2, 1)]) == {0}
    build.publish(quiet)
    assert search(engine, Term(token(1))) == [2, 1]


def test_a_build_that_was_ended_while_it_was_published_can_be_published_again(engine, reopen, postings):
    build = engine.build()
    build.put([a_write(number, 1, number + 1) for number in range(1, 40)])

    class KilledError(Exception):
        pass

    def kill(*_):
        raise KilledError

    with pytest.raises(KilledError):
        build.publish(kill)
    build.close()
    with pytest.raises(IndexNotReadyError):
        search(engine, Term(token(1)))
    reopen().build().publish(quiet)
    assert len(search(engine, Term(token(1)))) == 39
    assert postings() == 78


def test_in_a_build_an_update_replaces_tokens(engine, postings):
    build = engine.build()
    build.put([a_write(1, 1, 2)])
    build.put([a_write(1, 2, 3, expected=1)])
    build.put([a_write(2, 1), a_write(2, 4, expected=1)])
    assert build.delete("dossier", [record_id(7)]) == 0
    build.publish(quiet)
    assert search(engine, Term(token(1))) == []
    assert search(engine, any_term((token(3), token(4)))) == [2, 1]
    assert postings() == 3


def test_two_builders_at_once_are_refused(engine, reopen):
    build = engine.build()
    with pytest.raises(StorageError, match="another process is building"):
        reopen().build()
    build.close()
    reopen().build().close()


def test_a_writer_is_refused_while_a_build_is_under_way_or_was_left(engine, reopen):
    put(engine, a_write(1, 1))
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1)])
    build = engine.build()
    with pytest.raises(IndexNotReadyError):
        put(reopen(), a_write(2, 1))
    build.close()
    with pytest.raises(IndexNotReadyError):
        put(engine, a_write(2, 1))
    engine.build().publish(quiet)
    assert put(reopen(), a_write(2, 1)) == frozenset()


def test_an_index_with_records_is_not_built_anew(engine, reopen):
    put(engine, a_write(1, 1))
    assert engine.build() is None
    assert reopen().build() is None
    assert search(engine, Term(token(1))) == [1]


def test_a_discarded_build_leaves_nothing_behind(engine, kind, tmp_path):
    build = engine.build()
    build.put([a_write(1, 1, envelope=b"SEALED-AND-DISCARDED")])
    build.discard()
    assert not engine.unfinished()
    assert b"SEALED-AND-DISCARDED" not in kind.stored_bytes(tmp_path)
    put(engine, a_write(2, 1))
    assert search(engine, Term(token(1))) == [2]


def test_a_version_that_was_replaced_leaves_nothing_behind(engine, kind, tmp_path):
    put(engine, a_write(1, 1, envelope=b"SEALED-IN-VERSION-ONE"))
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1)])
    build = engine.build()
    build.put([a_write(2, 2)])
    build.publish(quiet)
    assert b"SEALED-IN-VERSION-ONE" not in kind.stored_bytes(tmp_path)
    assert engine.status().records == {"dossier": 1, "paper": 0}
    assert not engine.is_empty()


def test_an_empty_build_can_be_published(engine):
    engine.build().publish(quiet)
    assert search(engine, Term(token(1))) == []
    assert engine.status().records == {"dossier": 0, "paper": 0}
    assert engine.is_empty()


def test_status_tells_version_counts_and_size(engine, reopen):
    put(engine, a_write(1, 1), a_write(2, 1), a_write(3, 1, collection="paper"))
    status = reopen().status()
    assert status.records == {"dossier": 2, "paper": 1}
    assert status.size_bytes > 0
    with engine.writing() as writer:
        writer.delete("dossier", [record_id(1), record_id(2)])
        writer.delete("paper", [record_id(3)])
    engine.build().publish(quiet)
    assert engine.status().version != status.version


def test_processes_that_begin_an_index_at_once_begin_one(reopen):
    engines = [reopen() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        assert (
            list(threads.map(lambda pair: put(pair[1], a_write(pair[0] + 1, 1)), enumerate(engines)))
            == [frozenset()] * 6
        )
    assert sorted(search(engines[0], Term(token(1)))) == [1, 2, 3, 4, 5, 6]

"""Procedures go in: the good ones, once, whatever else the source holds."""

from __future__ import annotations

import gzip
import json

import pytest
from support.catalogue import Catalogue

from indexer.procedure_terms import blind_query
from indexer.procedures import rebuild_procedures
from indexer.sources import SourceError, iter_lines
from schemas.procedure import VISIBILITIES
from security.catalogue import CatalogueCipher

BIRTH = {"code": "1.001193", "name": "Đăng ký khai sinh", "documents": [{"name": "Tờ khai"}]}
DEATH = {"code": "1.000656", "name": "Đăng ký khai tử"}


def stored(catalogue):
    rows = catalogue.engine.searcher().iter_all(VISIBILITIES)
    return {catalogue.cipher.open_card(row)["id"]: catalogue.cipher.open_body(row) for row in rows}


def found(catalogue, word):
    terms = blind_query({"name_folded": {word: 1.0}}, catalogue.cipher)
    searcher = catalogue.engine.searcher()
    hits = searcher.search(terms, ["public"], 10)
    return {catalogue.cipher.open_card(row)["id"] for row in searcher.fetch([hit.key for hit in hits], ["public"])}


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(tmp_path / "procedures")


def counts(summary):
    return summary.accepted, summary.unchanged, summary.refused


def test_procedures_go_in_and_are_found(catalogue):
    assert counts(catalogue.index(BIRTH, DEATH)) == (2, 0, 0)
    assert stored(catalogue) == {"1.001193": BIRTH, "1.000656": DEATH}
    assert found(catalogue, "sinh") == {"1.001193"}
    assert [(result.line, result.status, result.id) for result in catalogue.results] == [
        (1, "indexed", "1.001193"),
        (2, "indexed", "1.000656"),
    ]


def test_the_same_rows_again_change_nothing(catalogue):
    catalogue.index(BIRTH, DEATH)
    version = catalogue.engine.searcher().version()
    assert counts(catalogue.index(DEATH, {**BIRTH, "fee": ""}, BIRTH)) == (0, 3, 0)
    assert catalogue.engine.searcher().version() == version


def test_a_changed_row_is_updated_and_its_old_words_are_gone(catalogue):
    catalogue.index(BIRTH, DEATH)
    assert counts(catalogue.index({**BIRTH, "name": "Ghi vào sổ"})) == (1, 0, 0)
    assert found(catalogue, "sinh") == set()
    assert found(catalogue, "so") == {"1.001193"}
    assert found(catalogue, "tu") == {"1.000656"}


def test_of_two_rows_with_one_code_the_later_counts(catalogue):
    assert counts(catalogue.index(BIRTH, {**BIRTH, "fee": "8.000 đồng"})) == (2, 0, 0)
    assert stored(catalogue)["1.001193"]["fee"] == "8.000 đồng"


def test_good_rows_go_in_beside_refused_ones_which_are_handed_to_the_quarantine(catalogue):
    faulty = [b'{"name": ', b"\xff\xfe", {"code": "1.1"}, {"name": "a\0b"}, {"name": 5}, b"[]"]
    summary = catalogue.index(BIRTH, *faulty, DEATH)
    assert counts(summary) == (2, 0, 6)
    assert set(stored(catalogue)) == {"1.001193", "1.000656"}
    reported = [(line.number, error.code, error.pointer) for line, error in catalogue.quarantined]
    assert reported == [
        (2, "not_json", ""),
        (3, "not_utf8", ""),
        (4, "missing", "/name"),
        (5, "nul_character", ""),
        (6, "string_type", "/name"),
        (7, "not_an_object", ""),
    ]
    assert [result.status for result in catalogue.results] == ["indexed", *["refused"] * 6, "indexed"]


def test_half_a_character_is_refused_and_stops_nothing(catalogue):
    assert counts(catalogue.index(b'{"name": "a", "steps": "\\ud800"}', DEATH)) == (1, 0, 1)


def test_rows_before_a_damage_of_the_file_are_in_and_found(catalogue, tmp_path):
    rows = [{"code": f"1.{number:06}", "name": f"Tên {number}"} for number in range(3000)]
    packed = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    (tmp_path / "file.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError):
        catalogue.index_lines(iter_lines(tmp_path / "file.gz"))
    came = stored(catalogue)
    assert 500 < len(came) < 3000
    assert set(came) == {row["code"] for row in rows[: len(came)]}
    assert found(catalogue, "0") == {"1.000000"}


def test_unknown_keys_are_counted_over_all_rows(catalogue):
    assert catalogue.index({**BIRTH, "x": 1}, {**DEATH, "x": 1, "y": 2}).unknown_keys == {"x": 2, "y": 1}


def test_an_empty_source_makes_an_empty_catalogue(catalogue):
    assert counts(catalogue.index()) == (0, 0, 0)
    assert catalogue.engine.searcher().version()


def test_a_procedure_that_became_a_draft_is_found_no_more(catalogue):
    catalogue.index(BIRTH, DEATH)
    assert counts(catalogue.index({**BIRTH, "visibility": "draft"})) == (1, 0, 0)
    assert found(catalogue, "sinh") == set()
    assert stored(catalogue)["1.001193"] == BIRTH


def test_a_run_that_was_stopped_before_it_published_is_made_good_by_the_next(catalogue, monkeypatch):
    catalogue.index(DEATH)
    with monkeypatch.context() as broken:
        broken.setattr("indexer.procedures._term_documents", lambda *_: iter([None]))
        with pytest.raises(AttributeError):
            catalogue.index(BIRTH)
    assert found(catalogue, "sinh") == set()
    assert counts(catalogue.index(BIRTH)) == (0, 1, 0)
    assert found(catalogue, "sinh") == {"1.001193"}


def test_a_row_that_was_damaged_in_the_engine_is_mended_by_indexing_it_again(catalogue):
    catalogue.index(BIRTH, DEATH)
    key = catalogue.cipher.item_key("1.001193")
    catalogue.tamper("UPDATE procedure SET body = zeroblob(500) WHERE key = ?", key)
    rebuild_procedures(catalogue.engine, catalogue.cipher)
    assert found(catalogue, "sinh") == set()
    assert found(catalogue, "tu") == {"1.000656"}
    assert counts(catalogue.index(BIRTH, DEATH)) == (1, 1, 0)
    assert stored(catalogue)["1.001193"] == BIRTH
    assert found(catalogue, "sinh") == {"1.001193"}


def test_a_rebuild_publishes_a_new_version_with_the_same_procedures(catalogue):
    catalogue.index(BIRTH, DEATH)
    before = catalogue.engine.searcher().version()
    assert rebuild_procedures(catalogue.engine, catalogue.cipher) != before
    assert found(catalogue, "khai") == {"1.001193", "1.000656"}


def test_another_key_sees_every_row_as_damaged_and_writes_its_own(catalogue):
    catalogue.index(BIRTH)
    catalogue.cipher = CatalogueCipher(bytes(31) + b"x", 1)
    assert counts(catalogue.index(BIRTH)) == (1, 0, 0)


def test_results_keep_the_order_of_lines_over_batches(catalogue):
    rows = [{"code": f"1.{number:06}", "name": "Tên"} for number in range(1203)]
    assert counts(catalogue.index(*rows)) == (1203, 0, 0)
    assert [result.line for result in catalogue.results] == list(range(1, 1204))

"""The real catalogue of 6,850 procedures: all go in, and each is found by its code and by its name.

The data has no licence to copy, so it stands beside the checkout and not in it.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from support.catalogue import Catalogue

from indexer.analysis.synonyms import load_synonyms
from indexer.sources import iter_lines
from schemas.vietnamese import fold

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "procedures.ndjson"
PUBLIC = ("public",)
SAMPLE = 1_000

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="the real catalogue is not beside this checkout")


@pytest.fixture(scope="module")
def rows():
    return [json.loads(line) for line in SOURCE.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    catalogue = Catalogue(tmp_path_factory.mktemp("real") / "procedures")
    catalogue.summary = catalogue.index_lines(iter_lines(SOURCE))
    return catalogue


@pytest.fixture(scope="module")
def search(catalogue):
    return catalogue.search(load_synonyms())


def written(name):
    return " ".join(name.lower().split())


def first_name(search, text):
    items = search.search(text, PUBLIC, limit=1).items
    return items[0].name if items else ""


def test_all_rows_go_in(catalogue, rows, search):
    summary = catalogue.summary
    assert (summary.refused, summary.stale, summary.unknown_keys) == (0, 0, {})
    # Two rows without a code stand in the file twice.
    assert (summary.accepted, summary.unchanged) == (len(rows) - 2, 2)
    assert search.count(PUBLIC) == len(rows) - 2
    assert search.refused == 0


def test_each_code_finds_its_procedure_first(rows, search):
    codes = [row["code"] for row in rows if row["code"]]
    assert [code for code in codes if search.search(code, PUBLIC, limit=1).items[0].code != code] == []


def test_each_name_finds_itself_or_its_namesake_first(rows, search):
    names = [row["name"] for row in random.Random(1).sample(rows, SAMPLE)]
    missed = [name for name in names if written(first_name(search, name)) != written(name)]
    assert len(missed) <= 0.01 * SAMPLE


def test_each_name_without_accents_finds_itself_or_its_namesake_first(rows, search):
    names = [row["name"] for row in random.Random(2).sample(rows, SAMPLE)]
    missed = [name for name in names if written(first_name(search, fold(name))) != written(name)]
    assert len(missed) <= 0.02 * SAMPLE


def test_the_whole_procedure_comes_back_as_it_went_in(rows, search):
    for row in random.Random(3).sample([row for row in rows if row["code"]], 100):
        content = search.get(row["code"], PUBLIC)
        assert content["name"] == " ".join(row["name"].split())
        assert content.get("steps", "").split() == row["steps"].split()
        assert len(content.get("documents", [])) == len(row["documents"])

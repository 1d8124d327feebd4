"""Fixtures of the tests of engines of sealed records."""

from __future__ import annotations

import pytest
from record_engines import ENGINES


@pytest.fixture(params=ENGINES)
def kind(request):
    return ENGINES[request.param]


@pytest.fixture
def engine(kind, tmp_path):
    return kind.open(tmp_path)


@pytest.fixture
def reopen(kind, tmp_path):
    """Return what another process sees."""
    return lambda: kind.open(tmp_path)


@pytest.fixture
def postings(kind, tmp_path):
    return lambda: kind.count_postings(tmp_path)

"""Errors of Hoso."""

from __future__ import annotations

import pickle

import pytest

from indexer.sources.rows import RowError, SourceError
from schemas import errors
from schemas.errors import CanonicalFormError, HosoError, StorageError


@pytest.mark.parametrize(
    "error",
    [
        HosoError(),
        StorageError("the disk is full", pointer="/a", text_vi="Ổ đĩa đầy."),
        CanonicalFormError("date_impossible", "the calendar has no such date", pointer="/born_on"),
        RowError("conflict", "/version", "raise the version"),
        SourceError("damaged", "fetch it again"),
    ],
)
def test_an_error_comes_out_of_a_worker_process_as_it_was_raised(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert (again.code, again.status, again.text_vi) == (error.code, error.status, error.text_vi)


def test_every_error_has_a_status_a_stable_code_and_a_text_for_citizens():
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, HosoError)]
    assert len(kinds) > 20
    for kind in kinds:
        assert 400 <= kind.status < 600, kind
        assert kind.code == kind.code.lower(), kind
        assert kind.text_vi.endswith("."), kind


def test_a_message_without_words_is_the_code():
    assert str(errors.IndexNotReadyError()) == "index_not_ready"

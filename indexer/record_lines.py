"""From a line to the document of a dossier or a paper: read, canonical, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from indexer.document import Document, document_of_dossier, document_of_paper
from indexer.engines.records import RecordCollection
from indexer.sources.lines import Line
from indexer.sources.rows import RowError, read_object, row_error
from schemas.citizen import Person, RolePerson
from schemas.dossier import Dossier
from schemas.errors import CanonicalFormError
from schemas.exchange import MARK, from_exchange_names
from schemas.paper import Paper
from security.keys import DomainKeys

Model = TypeVar("Model", Dossier, Paper)


@dataclass(frozen=True, slots=True)
class RecordKind(Generic[Model]):
    """How lines of one collection are read."""

    collection: RecordCollection
    model: type[Model]
    agency: Callable[[Model], str]
    document: Callable[[Model, DomainKeys, Collection[bytes]], Document]


DOSSIERS = RecordKind("dossier", Dossier, lambda one: one.agency, document_of_dossier)
PAPERS = RecordKind("paper", Paper, lambda one: one.issuer, document_of_paper)

# A key that is not a plain name may be somebody's: it is counted, not told.
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_]{0,39}[0-9]{0,3}")
OTHER_KEY = "?"

_PEOPLE_KEYS: Mapping[str, type[BaseModel]] = {
    "applicant": Person,
    "persons": RolePerson,
    "holders": Person,
    "holder": Person,
}


def read_record(kind: RecordKind[Model], line: Line) -> tuple[Model, list[str]]:
    """Return the record of a line, and the keys of the line that are not known.

    Raises:
        RowError: the line is not one record; says where and why, and holds no value.
    """
    row = read_object(line)
    try:
        if MARK in row:
            row = from_exchange_names(row)
        return kind.model.model_validate(row), list(_unknown_keys(kind.model, row))
    except ValidationError as wrong:
        raise row_error(wrong) from None
    except CanonicalFormError as wrong:
        raise RowError(wrong.reason, wrong.pointer or "", str(wrong)) from None


def _unknown_keys(model: type[BaseModel], row: Mapping[str, Any]) -> list[str]:
    unknown = [_told(key) for key in row if key not in _known(model) and key not in _PEOPLE_KEYS]
    for key, person in _PEOPLE_KEYS.items():
        told = row.get(key)
        for one in told if isinstance(told, list) else (told,):
            if isinstance(one, dict):
                unknown += [f"{key}/{_told(name)}" for name in one if name not in _known(person)]
    return unknown


def _told(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else OTHER_KEY


@cache
def _known(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields)

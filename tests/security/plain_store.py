"""The same rows in ordinary SQLite tables, as a service without sealing would keep them. Only tests have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from schemas.dossier import Dossier
from schemas.paper import Paper

_SCHEMA = """
create table line (collection text, line text);
create table field (collection text, code text, pointer text, value any);
create index field_value on field (value);
"""


def write_plain(path: Path, dossiers: list[dict[str, Any]], papers: list[dict[str, Any]]) -> None:
    """Write rows: each line as it came, and each field in canonical form, with an index of values."""
    connection = apsw.Connection(str(path))
    with connection:
        connection.execute(_SCHEMA)
        for model, code, rows in ((Dossier, "code", dossiers), (Paper, "id", papers)):
            for row in rows:
                connection.execute("insert into line values (?, ?)", (model.__name__, json.dumps(row)))
                fields = model.model_validate(row).model_dump(mode="json", exclude_none=True)
                connection.executemany(
                    "insert into field values (?, ?, ?, ?)",
                    [(model.__name__, row[code], pointer, value) for pointer, value in _fields(fields, "")],
                )
    connection.close()


def _fields(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _fields(one, f"{pointer}/{key}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _fields(one, f"{pointer}/{place}")
    else:
        yield pointer, value

"""What the embedded engine stands on."""

from __future__ import annotations

from dataclasses import dataclass

import apsw


@dataclass(frozen=True, slots=True)
class SqliteLibrary:
    """The SQLite in this process; `has_carray` says whether lists can be bound, which every look-up needs."""

    version: str
    binding: str
    has_carray: bool


def sqlite_library() -> SqliteLibrary:
    """Return which SQLite is linked."""
    return SqliteLibrary(apsw.sqlite_lib_version(), apsw.apsw_version(), "ENABLE_CARRAY" in apsw.compile_options)

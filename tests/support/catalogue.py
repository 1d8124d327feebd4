"""A catalogue of a few procedures in a folder, and a search over it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import apsw

from indexer.analysis.synonyms import Synonym
from indexer.engines.embedded.procedures import EmbeddedProcedures
from indexer.procedure_terms import FIELDS
from indexer.procedures import index_procedures
from indexer.sources import Line, RowError, split_lines
from indexer.summary import LineResult, Summary
from search_api.services.procedure_search import ProcedureSearch
from security.catalogue import CatalogueCipher
from security.cursors import Cursors


class Catalogue:
    """A catalogue, what was reported of its lines, and a way to tamper with its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EmbeddedProcedures(folder, tuple(FIELDS))
        self.cipher = CatalogueCipher(bytes(32), 1)
        self.quarantined: list[tuple[Line, RowError]] = []
        self.results: list[LineResult] = []

    def index(self, *rows: dict[str, object] | bytes) -> Summary:
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        return self.index_lines(split_lines([b"\n".join(lines)]))

    def index_lines(self, lines: Iterable[Line]) -> Summary:
        self.results.clear()
        return index_procedures(
            lines, self.engine, self.cipher, lambda *refused: self.quarantined.append(refused), self.results.append
        )

    def search(self, synonyms: tuple[Synonym, ...] = ()) -> ProcedureSearch:
        return ProcedureSearch(self.engine.searcher(), self.cipher, Cursors(bytes(32)), synonyms)

    def tamper(self, statement: str, *values: object) -> None:
        """Run one statement on the engine's rows, as one could who holds its disk."""
        connection = apsw.Connection(str(self.folder / "procedures.db"))
        with connection:
            connection.execute(statement, values)
        assert connection.changes() > 0
        connection.close()

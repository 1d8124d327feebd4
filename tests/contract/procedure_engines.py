"""One opener for each engine of procedures; `tests/contract/test_procedure_engine.py` runs on all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from indexer.engines.embedded.procedures import EmbeddedProcedures
from indexer.engines.procedures import ProcedureEngine

Opener = Callable[[Path, Sequence[str]], ProcedureEngine]


def embedded(folder: Path, fields: Sequence[str]) -> ProcedureEngine:
    return EmbeddedProcedures(folder / "procedures", fields)


OPENERS: dict[str, Opener] = {"embedded": embedded}

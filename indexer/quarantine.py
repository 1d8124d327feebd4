"""Refused lines, kept sealed until the source has mended them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer.sources.lines import Line
from indexer.summary import LineResult
from security.transient import TransientSealer
from security.vault.base import Quarantine
from security.vault.rows import QuarantinedRow

_LABEL = "hoso/quarantine/1"
# A line that was refused for its length was never held in memory, so there is nothing to keep of it.
_SOURCE_CHARS = 80


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A refused line, opened: the only place where an operator sees a row as it came."""

    row: QuarantinedRow
    plaintext: bytes


class SealedQuarantine:
    """Keeps and shows refused lines."""

    def __init__(self, store: Quarantine, sealer: TransientSealer) -> None:
        self._store = store
        self._sealer = sealer

    def keep(self, source: str, refused: Iterable[tuple[Line, LineResult]]) -> None:
        """Keep lines with the reason of each refusal; durable when this returns.

        Args:
            source: a label such as `dossiers`; never a path or a name of a file.
            refused: lines, each with a result that has an error.
        """
        self._store.add_rows([self._row(source, line, result) for line, result in refused])

    def show(self, row_id: str) -> QuarantinedLine:
        """Return one line as it came.

        Raises:
            RecordNotFoundError: there is no such row.
            EnvelopeError: the row was changed.
        """
        row = self._store.get(row_id)
        return QuarantinedLine(row, self._sealer.open(_LABEL, row.id, box=row.sealed))

    def _row(self, source: str, line: Line, result: LineResult) -> QuarantinedRow:
        row_id = uuid.uuid4().hex
        error = result.error
        return QuarantinedRow(
            id=row_id,
            source=source[:_SOURCE_CHARS],
            line=line.number,
            offset=line.offset,
            pointer=error.pointer if error else None,
            code=error.code if error else "refused",
            message=str(error) if error else "",
            at=datetime.now(UTC),
            sealed=self._sealer.seal(_LABEL, row_id, plaintext=line.raw),
        )

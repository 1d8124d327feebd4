"""Procedures into the catalogue: good rows go in, refused ones are reported, and one new version is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from pydantic import ValidationError

from indexer.engines.procedures import ProcedureEngine, ProcedureSearcher, ProcedureWriter, TermDocument
from indexer.procedure_card import make_card
from indexer.procedure_terms import TERMS_RECIPE, Blinder, plain_terms
from indexer.sources import Line, RowError, SourceError, read_object, row_error
from indexer.summary import LineResult, LineStatus, Summary
from schemas.errors import EnvelopeError
from schemas.procedure import PUBLIC, VISIBILITIES, Procedure, canonical_json, unknown_keys
from security.catalogue import CatalogueCipher, StoredProcedure, content_digest

Quarantine: TypeAlias = Callable[[Line, RowError], None]
Report: TypeAlias = Callable[[LineResult], None]

_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    procedure: Procedure
    key: bytes
    unknown_keys: frozenset[str]


def index_procedures(
    lines: Iterable[Line],
    engine: ProcedureEngine,
    cipher: CatalogueCipher,
    quarantine: Quarantine,
    report: Report | None = None,
) -> Summary:
    """Add or update the procedures of `lines`; when this returns, they are durable and found.

    A row is known by its item id; with the same content and visibility as before it changes nothing. A run that was
    killed leaves the old version published, and the next run, of any lines, publishes what it had written.

    Args:
        lines: of `indexer.sources`; iterated once, never all in memory.
        engine: where they go.
        cipher: seals them and blinds their terms.
        quarantine: is given each refused line with its error.
        report: is told what becomes of each line, in order. An indexed one is found only when this function returns.

    Raises:
        SourceError: the source is damaged; the rows before the damage are in, and are published.
        StorageError: the engine cannot write; what was published before stays.
    """
    summary = Summary()
    damage: SourceError | None = None
    with engine.writer() as writer:
        searcher = engine.searcher()
        try:
            for batch in _batches(lines):
                for line, result in zip(batch, _take_in(batch, searcher, writer, cipher, summary), strict=True):
                    summary.add(result)
                    if result.error:
                        quarantine(line, result.error)
                    if report:
                        report(result)
        except SourceError as wrong:
            damage = wrong
        if not writer.is_published(TERMS_RECIPE):
            writer.publish(_term_documents(searcher, cipher), TERMS_RECIPE)
    if damage:
        raise damage
    return summary


def rebuild_procedures(engine: ProcedureEngine, cipher: CatalogueCipher) -> str:
    """Build a new version of the index from the stored rows, publish it, and return its name."""
    with engine.writer() as writer:
        return writer.publish(_term_documents(engine.searcher(), cipher), TERMS_RECIPE)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    try:
        for line in lines:
            batch.append(line)
            if len(batch) == _BATCH_ROWS:
                yield batch
                batch = []
    except SourceError:
        # The rows before the damage are good.
        yield batch
        raise
    yield batch


def _take_in(
    batch: Sequence[Line],
    searcher: ProcedureSearcher,
    writer: ProcedureWriter,
    cipher: CatalogueCipher,
    summary: Summary,
) -> list[LineResult]:
    """Write the new and changed procedures of a batch and return what became of each line, in order."""
    read = [_read(line, cipher) for line in batch]
    rows = [row for row in read if isinstance(row, _Row)]
    stored = searcher.fetch([row.key for row in rows], VISIBILITIES)
    known = {row.key: (row.visibility, row.digest) for row in stored if _opens(row, cipher)}
    changed: dict[bytes, StoredProcedure] = {}
    results = []
    for row in read:
        if isinstance(row, LineResult):
            results.append(row)
            continue
        summary.add_unknown_keys(Counter(row.unknown_keys))
        content = canonical_json(row.procedure.content)
        state = (row.procedure.visibility, content_digest(content))
        same = known.get(row.key) == state
        if not same:
            known[row.key], changed[row.key] = state, _seal(row.procedure, content, cipher)
        status: LineStatus = "unchanged" if same else "indexed"
        results.append(LineResult(row.line.number, row.line.offset, status, row.procedure.item_id))
    if changed:
        writer.put(list(changed.values()))
    return results


def _read(line: Line, cipher: CatalogueCipher) -> _Row | LineResult:
    try:
        value = read_object(line)
        procedure = Procedure.model_validate(value)
    except RowError as wrong:
        return LineResult(line.number, line.offset, "refused", None, wrong)
    except ValidationError as wrong:
        return LineResult(line.number, line.offset, "refused", None, row_error(wrong))
    return _Row(line, procedure, cipher.item_key(procedure.item_id), unknown_keys(value))


def _seal(procedure: Procedure, content: bytes, cipher: CatalogueCipher) -> StoredProcedure:
    card = msgspec.to_builtins(make_card(procedure))
    return cipher.seal(procedure.item_id, procedure.visibility, card, content)


def _opens(row: StoredProcedure, cipher: CatalogueCipher) -> bool:
    """Return whether a stored row is whole: one that was damaged in the engine is mended by indexing it again."""
    try:
        cipher.open_card(row)
        cipher.open_body(row)
    except EnvelopeError:
        return False
    return True


def _term_documents(searcher: ProcedureSearcher, cipher: CatalogueCipher) -> Iterator[TermDocument]:
    """Yield the blinded terms of every public procedure; a row that does not open has none, so it is not found."""
    blind = Blinder(cipher)
    for row in searcher.iter_all([PUBLIC]):
        try:
            content = cipher.open_body(row)
        except EnvelopeError:
            continue
        yield TermDocument(row.key, blind(plain_terms(content)))

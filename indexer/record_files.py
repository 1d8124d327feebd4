"""A file of dossiers or papers into the index: prepared by all cores, written in checkpoints.

Killed at any moment and run again, it goes on behind the last checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from indexer.agency_registry import AgencyRegistry
from indexer.engines.records import Progress, RecordCatalog, RecordLookup, RecordWriter
from indexer.ingest import AuditBatch, Prepared, RecordIngest
from indexer.ingest_workers import KINDS, IngestWorkers, VaultOpener, WorkerSetup
from indexer.sources.lines import STANDARD_INPUT, Line, iter_lines
from indexer.sources.rows import SourceError
from indexer.summary import LineResult, Summary
from security.keys import KeyRing
from security.references import keyed_hash
from security.vault.base import Vault

_BATCH_LINES = 250
# A checkpoint of a build only appends rows. Adding to a large index touches most pages of the posting tree at each
# checkpoint, so fewer and larger ones are faster: measured at 1,000,000 records, see docs/adr/001-posting-table.md.
_BUILD_CHECKPOINT_LINES = 4_000
_LIVE_CHECKPOINT_LINES = 20_000

Writing = Callable[[], AbstractContextManager[RecordWriter]]
"""Lends the writer for one checkpoint."""

Refused = Callable[[list[tuple[Line, LineResult]]], None]
"""Keeps refused lines; durable when it returns."""


@dataclass(frozen=True, slots=True)
class RecordParts:
    """What indexing files of records needs."""

    keys: KeyRing
    vault: Vault
    open_vault: VaultOpener
    agencies: AgencyRegistry
    catalog: RecordCatalog
    procedure_codes: frozenset[str]
    audit: AuditBatch
    refused: Refused
    workers: int


def index_file(kind: str, source: Path | str, parts: RecordParts, progress: Progress) -> Summary:
    """Index one file (or standard input for "-") and return what became of its lines.

    Into an empty index a first version is built aside and published at the end; else records are added to the
    published one. Killed at any moment and run again on the same file, it goes on behind the last checkpoint.

    Args:
        kind: `dossiers` or `papers`.
        source: plain, `.gz` or `.xz` NDJSON.
        parts: what it works with.
        progress: told ("lines", done, 0) and ("postings", done, total).

    Raises:
        SourceError: the file cannot be read, or is damaged behind the lines that went in.
        StorageError: the disk is full; run again when there is room.
    """
    build = parts.catalog.build()
    if build is None:
        run = _Run(kind, source, parts, progress, _LIVE_CHECKPOINT_LINES)
        run.index(parts.catalog.writing)
        return run.finish()
    try:
        run = _Run(kind, source, parts, progress, _BUILD_CHECKPOINT_LINES)
        run.index(lambda: nullcontext(build))
        build.publish(progress)
    finally:
        build.close()
    return run.finish()


class _Run:
    """One file on its way in."""

    def __init__(
        self, kind: str, source: Path | str, parts: RecordParts, progress: Progress, checkpoint_lines: int
    ) -> None:
        self._kind = kind
        self._source = source
        self._parts = parts
        self._progress = progress
        self._checkpoint_lines = checkpoint_lines
        self._ingest = RecordIngest(
            KINDS[kind], parts.keys, parts.vault, parts.agencies, parts.procedure_codes.__contains__
        )
        self._job = _job(kind, source, parts.keys)
        saved = parts.vault.progress.load(self._job) if self._job else None
        self._summary = Summary.from_json(saved["summary"]) if saved else Summary()
        done = int(saved["line"]) if saved else 0
        self._lines = _Interruptible(line for line in iter_lines(source) if line.number > done)

    def index(self, writing: Writing) -> None:
        """Index the lines behind the last checkpoint."""
        setup = WorkerSetup(
            self._kind, self._parts.keys, self._parts.open_vault, self._lookup(writing), self._parts.procedure_codes
        )
        with IngestWorkers(setup, self._parts.workers) as workers:
            for checkpoint in _checkpoints(workers.prepare(_batches(self._lines)), self._checkpoint_lines):
                self._commit(checkpoint, writing)

    def finish(self) -> Summary:
        """Forget how far the file had come, and return what became of its lines."""
        if self._job:
            self._parts.vault.progress.finish(self._job)
        if self._lines.fault is not None:
            # The lines before the damage are in.
            raise self._lines.fault
        return self._summary

    def _lookup(self, writing: Writing) -> RecordLookup:
        with writing() as writer:
            return writer.lookup()

    def _commit(self, checkpoint: _Checkpoint, writing: Writing) -> None:
        with writing() as writer:
            results = self._ingest.commit(checkpoint.prepared, writer, self._parts.audit)
        lines = {line.number: line for line in checkpoint.lines}
        if refused := [(lines[result.line], result) for result in results if result.status == "refused"]:
            self._parts.refused(refused)
        for result in results:
            self._summary.add(result)
        self._summary.add_unknown_keys(checkpoint.prepared.unknown_keys)
        if self._job:
            state = {"line": checkpoint.lines[-1].number, "summary": self._summary.to_json()}
            self._parts.vault.progress.save(self._job, state)
        self._progress("lines", self._summary.lines, 0)


@dataclass(slots=True)
class _Checkpoint:
    """Lines that are made durable together."""

    lines: list[Line] = field(default_factory=list)
    prepared: Prepared = field(default_factory=Prepared)


class _Interruptible:
    """Iterates lines up to a fault of the source, and keeps the fault for the end."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.fault: SourceError | None = None

    def __iter__(self) -> Iterator[Line]:
        try:
            yield from self._lines
        except SourceError as fault:
            self.fault = fault


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    lines = iter(lines)
    while batch := list(islice(lines, _BATCH_LINES)):
        yield batch


def _checkpoints(batches: Iterable[tuple[list[Line], Prepared]], size: int) -> Iterator[_Checkpoint]:
    checkpoint = _Checkpoint()
    for lines, prepared in batches:
        checkpoint.lines += lines
        checkpoint.prepared.extend(prepared)
        if len(checkpoint.lines) >= size:
            yield checkpoint
            checkpoint = _Checkpoint()
    if checkpoint.lines:
        yield checkpoint


def _job(kind: str, source: Path | str, keys: KeyRing) -> str | None:
    """Return the name of the progress on this very file; None for standard input, which cannot be read again."""
    if source == STANDARD_INPUT:
        return None
    try:
        facts = Path(source).stat()
    except OSError:
        # Reading it will say what is wrong.
        return None
    path = str(Path(source).resolve())
    return keyed_hash(keys.installation_key("TMP"), "job", kind, path, facts.st_size, facts.st_mtime_ns)

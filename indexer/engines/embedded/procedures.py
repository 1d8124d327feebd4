"""The catalogue in the process: rows in SQLite, which is the truth, and blinded terms in tantivy, built anew each time.

Under the folder: `procedures.db`; `000007/`, one version of the term index; `current`, the name of the version that
readers use, replaced by a rename. A crash at any moment leaves the old version whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from indexer.engines.embedded.procedure_rows import ProcedureRowReader, ProcedureRowWriter
from indexer.engines.procedures import BlindTerm, Hit, TermDocument
from schemas.errors import IndexNotReadyError, StorageError
from schemas.procedure import PUBLIC, Visibility
from security.catalogue import StoredProcedure

_DATABASE, _POINTER, _LOCK = "procedures.db", "current", "lock"
# Frequencies without positions: BM25 needs no more, and positions would only tell an engine more.
_FREQUENCIES = "freq"
# A key of 16 bytes is kept as two numbers, which are read for all hits at once without a look at any document.
_KEY_PARTS = ("key_high", "key_low")
_HALF = 8
_WRITER_HEAP_BYTES = 200_000_000
_OPEN_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Published:
    """What the pointer file says: version, generation of the rows and recipe of the terms it was built from."""

    version: str = ""
    generation: int = -1
    recipe: str = ""


class EmbeddedProcedures:
    """The engine of one folder; see `ProcedureEngine`."""

    def __init__(self, folder: Path, fields: Sequence[str]) -> None:
        """Take the folder, which is made if it is not there, and the names of the fields that terms stand in."""
        self._folder = folder
        self._fields = tuple(fields)

    def searcher(self) -> EmbeddedProcedureSearcher:
        """Return a reader; it may be used from several threads."""
        return EmbeddedProcedureSearcher(self._folder)

    @contextmanager
    def writer(self) -> Iterator[EmbeddedProcedureWriter]:
        """Yield the one writer; a second one, of any process, waits until the first has left."""
        with _our_errors():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self._folder / _LOCK).open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = ProcedureRowWriter(self._folder / _DATABASE)
            try:
                yield EmbeddedProcedureWriter(self._folder, self._fields, rows)
            finally:
                rows.close()


class EmbeddedProcedureSearcher:
    """Reads one folder; see `ProcedureSearcher`. A newer version is read as soon as the pointer names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = ProcedureRowReader(folder / _DATABASE)
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._index: tuple[str, tantivy.Schema, tantivy.Searcher] | None = None

    def search(self, terms: Sequence[BlindTerm], visibilities: Collection[Visibility], limit: int) -> list[Hit]:
        """Return at most `limit` candidates that have one of `terms` at least, best first."""
        index = self._open_index()
        if index is None:
            raise IndexNotReadyError("no version of the procedures has been published; run `hoso index procedures`")
        if PUBLIC not in visibilities or not terms:
            return []
        _, schema, searcher = index
        with _our_errors():
            found = searcher.search(_any_of(schema, terms), limit, count=False).hits
            keys = _keys(searcher, [address for _, address in found])
        return [Hit(key, score) for key, (score, _) in zip(keys, found, strict=True)]

    def fetch(self, keys: Sequence[bytes], visibilities: Collection[Visibility]) -> list[StoredProcedure]:
        """Return the rows of `keys` that are there and of one of `visibilities`, in the order of `keys`."""
        return self._rows.fetch(keys, visibilities)

    def iter_all(self, visibilities: Collection[Visibility]) -> Iterator[StoredProcedure]:
        """Yield every row of one of `visibilities`, ordered by key."""
        after = b""
        while True:
            # Page by page: no statement stays open while the caller works.
            page = self._rows.page(after, visibilities)
            if not page:
                return
            yield from page
            after = page[-1].key

    def version(self) -> str:
        """Return the name of the published version; empty before the first."""
        index = self._open_index()
        return index[0] if index else ""

    def _open_index(self) -> tuple[str, tantivy.Schema, tantivy.Searcher] | None:
        try:
            state = (self._folder / _POINTER).stat()
        except FileNotFoundError:
            return None
        seen = (state.st_ino, state.st_mtime_ns)
        with self._lock, _our_errors():
            if seen != self._seen:
                self._index, self._seen = self._open_published(), seen
            return self._index

    def _open_published(self) -> tuple[str, tantivy.Schema, tantivy.Searcher]:
        # Between reading the pointer and opening, a writer may publish again and drop what the pointer named.
        for attempt in range(1, _OPEN_ATTEMPTS + 1):
            version = _read_pointer(self._folder).version
            try:
                index = tantivy.Index.open(str(self._folder / version))
                return version, index.schema, index.searcher()
            except (ValueError, OSError):
                if attempt == _OPEN_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")


class EmbeddedProcedureWriter:
    """Writes one folder, under its lock; see `ProcedureWriter`."""

    def __init__(self, folder: Path, fields: Sequence[str], rows: ProcedureRowWriter) -> None:
        self._folder = folder
        self._fields = fields
        self._rows = rows
        self._published = _read_pointer(folder)
        self._drop_others()

    def put(self, rows: Sequence[StoredProcedure]) -> None:
        """Add or replace rows, all or none."""
        self._rows.put(rows)

    def is_published(self, recipe: str) -> bool:
        """Return whether the published version was built by `recipe` from the rows as they are now."""
        return (self._published.generation, self._published.recipe) == (self._rows.generation(), recipe)

    def publish(self, documents: Iterable[TermDocument], recipe: str) -> str:
        """Build a version of the index aside, verify it, publish it and drop older ones; return its name."""
        with _our_errors():
            wanted = _Published(f"{int(self._published.version or 0) + 1:06}", self._rows.generation(), recipe)
            built = self._folder / wanted.version
            built.mkdir()
            try:
                _build(built, self._fields, documents)
                _write_pointer(self._folder, wanted)
            finally:
                # Also at an interrupt: what is half built helps nobody, and what the pointer names stays.
                self._published = _read_pointer(self._folder)
                self._drop_others()
        return wanted.version

    def _drop_others(self) -> None:
        """Remove versions that no pointer names: older ones, and what a crash has left half built."""
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name != self._published.version:
                # Readers keep what they have open; those who come now read the pointer first.
                shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- tantivy


def _schema(fields: Sequence[str]) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in _KEY_PARTS:
        builder.add_unsigned_field(name, fast=True)
    for name in fields:
        # Blinded terms are hex digits with blanks between them: there is nothing left to analyse.
        builder.add_text_field(name, tokenizer_name="whitespace", index_option=_FREQUENCIES)
    return builder.build()


def _build(folder: Path, fields: Sequence[str], documents: Iterable[TermDocument]) -> None:
    index = tantivy.Index(_schema(fields), path=str(folder))
    writer = index.writer(_WRITER_HEAP_BYTES)
    added = set[bytes]()
    try:
        for document in documents:
            writer.add_document(_tantivy_document(document))
            added.add(document.key)
        writer.commit()
    finally:
        # Its threads write files until they are waited for, also after a failure: into a folder about to be removed.
        writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    hits = searcher.search(tantivy.Query.all_query(), max(len(added), 1), count=False).hits
    if searcher.num_docs != len(added) or set(_keys(searcher, [address for _, address in hits])) != added:
        raise StorageError("the new version of the procedures does not hold what was put into it")
    _sync(folder)


def _tantivy_document(document: TermDocument) -> tantivy.Document:
    made = tantivy.Document()
    for name, half in zip(_KEY_PARTS, (document.key[:_HALF], document.key[_HALF:]), strict=True):
        made.add_unsigned(name, int.from_bytes(half, "big"))
    for name, terms in document.terms.items():
        made.add_text(name, " ".join(terms))
    return made


def _any_of(schema: tantivy.Schema, terms: Sequence[BlindTerm]) -> tantivy.Query:
    return tantivy.Query.boolean_query(
        [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, term, _FREQUENCIES), weight),
            )
            for field, term, weight in terms
        ]
    )


def _keys(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[bytes]:
    columns: list[list[Any]] = [searcher.fast_field_values(name, addresses) for name in _KEY_PARTS]
    return [high.to_bytes(_HALF, "big") + low.to_bytes(_HALF, "big") for high, low in zip(*columns, strict=True)]


# ---------------------------------------------------------------- files


def _read_pointer(folder: Path) -> _Published:
    try:
        return _Published(**json.loads((folder / _POINTER).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _Published()
    except (ValueError, TypeError) as wrong:
        raise StorageError("the pointer to the procedures' index is damaged; run `hoso index rebuild`") from wrong


def _write_pointer(folder: Path, published: _Published) -> None:
    aside = folder / f"{_POINTER}.new"
    text = json.dumps({"version": published.version, "generation": published.generation, "recipe": published.recipe})
    with aside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(folder / _POINTER)
    _sync(folder)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn what tantivy and the system raise into ours; tantivy raises ValueError."""
    try:
        yield
    except (OSError, ValueError) as wrong:
        raise StorageError(f"the procedures' index cannot be read or written: {type(wrong).__name__}") from wrong

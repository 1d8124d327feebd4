"""The plain twin: the same service, engine and durability on an ordinary index. No sealing, tokens, lanes or padding.

What benchmarks compare with; it lives here and never in a package. Source: design, section 4.7.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import apsw
import msgspec

from indexer.document import _DOSSIER_PERSONAL, _PAPER_PERSONAL
from indexer.engines.embedded.database import Readers, open_writer
from indexer.engines.records import RecordCollection
from indexer.participants import participants_of_dossier, participants_of_paper
from indexer.record_lines import DOSSIERS, PAPERS, read_record
from indexer.sources.lines import Line, iter_lines
from indexer.token_values import dossier_token_values, paper_token_values
from search_api.services.opened import OpenedPerson, OpenedRecord
from search_api.services.record_access import (
    MAX_CANDIDATES,
    PersonNumber,
    PersonReferences,
    RecordAccess,
    Values,
    Wanted,
)
from security.keys import KeyLease
from security.policy import Grant

_SCHEMA = """
create table record (
    row_id integer primary key, record_id blob not null unique, collection text not null, agency text not null,
    version integer not null, document blob not null
) strict;
create table key (
    kind text not null, value blob not null, row_id integer not null, primary key (kind, value, row_id)
) without rowid, strict;
"""
_CHECKPOINT_LINES = 4_000
_BATCH_LINES = 250
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

Row = tuple[bytes, str, str, int, bytes, list[tuple[str, bytes]]]


class PlainReferences:
    """Stands where keyed references stand: 16 bytes that anybody can compute."""

    def record(self, collection: str, code: str) -> bytes:
        return _digest(collection, code)

    def subject(self, id_type: str, number: str) -> bytes:
        return _digest(id_type, number)

    def role(self, collection: str, code: str, role: str, ordinal: int) -> bytes:
        return _digest(collection, code, role, str(ordinal))


def _digest(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


PLAIN: Any = PlainReferences()


def _key(parts: Sequence[str | bytes]) -> bytes:
    return b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)


def prepare(batch: tuple[str, list[Line]]) -> list[Row]:
    """Return the rows of a batch: read and canonical as the service reads them, and not sealed."""
    kind, lines = batch
    return [_dossier_row(line) if kind == "dossiers" else _paper_row(line) for line in lines]


def _dossier_row(line: Line) -> Row:
    dossier, _ = read_record(DOSSIERS, line)
    people = participants_of_dossier(dossier, PLAIN)
    shared = dossier.model_dump(mode="json", exclude_none=True, exclude=_DOSSIER_PERSONAL)
    keys = [(kind, _key(parts)) for kind, parts in dossier_token_values(dossier, people, PLAIN)]
    return _row("dossier", dossier.code, dossier.agency, dossier.version, shared, people, keys)


def _paper_row(line: Line) -> Row:
    paper, _ = read_record(PAPERS, line)
    people = participants_of_paper(paper, PLAIN)
    shared = paper.model_dump(mode="json", exclude_none=True, exclude=_PAPER_PERSONAL)
    keys = [(kind, _key(parts)) for kind, parts in paper_token_values(paper, people, PLAIN)]
    return _row("paper", paper.id, paper.issuer, paper.version, shared, people, keys)


def _row(collection: str, code: str, agency: str, version: int, shared: Any, people: Any, keys: Any) -> Row:
    document = {"shared": shared, "people": [[one.reference.hex(), one.plaintext()] for one in people]}
    return PLAIN.record(collection, code), collection, agency, version, _encode(document), sorted(set(keys))


class PlainIndex:
    """The twin's index: one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        is_new = not path.exists()
        self._writer = open_writer(path)
        if is_new:
            with self._writer:
                self._writer.execute(_SCHEMA)
        self._readers = Readers(path)

    def index_file(self, kind: str, source: Path, *, first: bool) -> int:
        """Index a file, keys sorted in at the end of a first build; return the number of records."""
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            batches = pool.imap(prepare, ((kind, lines) for lines in _batches(iter_lines(source), _BATCH_LINES)))
            rows = (row for batch in batches for row in batch)
            keys: list[tuple[str, bytes, int]] = []
            count = 0
            for some in _batches(rows, _CHECKPOINT_LINES if first else 20_000):
                with self._writer:
                    keys += self._insert(some)
                    if not first:
                        self._insert_keys(keys)
                        keys = []
                count += len(some)
            with self._writer:
                self._insert_keys(keys)
        self._writer.pragma("wal_checkpoint(TRUNCATE)")
        return count

    def _insert(self, rows: list[Row]) -> Iterator[tuple[str, bytes, int]]:
        for *columns, keys in rows:
            sql = "insert into record (record_id, collection, agency, version, document) values (?, ?, ?, ?, ?)"
            self._writer.execute(sql, columns)
            row_id = self._writer.last_insert_rowid()
            yield from ((kind, value, row_id) for kind, value in keys)

    def _insert_keys(self, keys: list[tuple[str, bytes, int]]) -> None:
        keys.sort()
        self._writer.executemany("insert into key values (?, ?, ?)", keys)

    def search(self, collection: str, values: Values, agencies: Collection[str] | None, limit: int) -> list[Any]:
        """Return (record id, agency, version, document) of what has a value of every group."""
        if not values:
            return []
        bindings: list[Any] = []
        groups = []
        for group in values:
            groups.append("select row_id from key where " + " or ".join("(kind = ? and value = ?)" for _ in group))
            bindings += [part for kind, parts in group for part in (kind, _key(parts))]
        sql = (
            "select record_id, agency, version, document from record where row_id in "
            f"({' intersect '.join(f'select row_id from ({one})' for one in groups)}) and collection = ?"
        )
        bindings.append(collection)
        if agencies is not None:
            sql += " and agency in carray(?)"
            bindings.append(apsw.carray(tuple(agencies), flags=apsw.SQLITE_CARRAY_TEXT))
        return list(self._readers.connection().execute(f"{sql} order by row_id desc limit ?", (*bindings, limit)))


class PlainAccess(RecordAccess):
    """`RecordAccess` on the twin: same policy, same shapes, nothing to open."""

    def __init__(self, index: PlainIndex) -> None:
        self._index = index

    def scope(self, grant: Grant, lease: KeyLease) -> Any:
        return None if grant.reaches_subject else grant.agencies

    def _wanted(self, values_of: Callable[[Any, str], Values], lease: KeyLease) -> Any:
        return values_of(PLAIN, "")

    def _found(
        self,
        collection: RecordCollection,
        wanted: Any,
        scope: Any,
        grant: Grant,
        lease: KeyLease,
        subjects: Collection[bytes],
        people: Wanted | None,
    ) -> tuple[list[OpenedRecord], bool]:
        rows = self._index.search(collection, wanted, scope, MAX_CANDIDATES + 1)
        opened = [_opened(collection, *row) for row in rows[:MAX_CANDIDATES]]
        permitted = [one for one in opened if grant.permits_record(one.agency, one.persons, subjects)]
        return permitted, len(rows) > MAX_CANDIDATES

    def references_of(self, number: PersonNumber, lease: KeyLease) -> PersonReferences:
        return PersonReferences({"": frozenset({PLAIN.subject(number.kind, number.number)})}, {})

    def with_linked(self, domain: str, people: Collection[bytes]) -> frozenset[bytes]:
        return frozenset(people)


def _opened(collection: RecordCollection, record_id: bytes, agency: str, version: int, raw: bytes) -> OpenedRecord:
    document = _decode(raw)
    people = tuple(OpenedPerson(bytes.fromhex(reference), fields) for reference, fields in document["people"])
    persons = tuple(one.reference for one in people)
    return OpenedRecord(collection, record_id, "", agency, version, document["shared"], people, persons)


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

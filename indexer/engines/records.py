"""The engine seam of the records index: what an engine must do with sealed records, and no more.

Read and write are apart, so that a service holds nothing that can delete. Every search takes a scope, without a
default: what may be seen is always said. An engine decides nothing: it matches tokens and keeps bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from schemas.query import Query, Scope

RecordCollection = Literal["dossier", "paper"]
COLLECTIONS: tuple[RecordCollection, ...] = ("dossier", "paper")

Progress = Callable[[str, int, int], None]
"""Told (step, done, total) now and then."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that an engine returned: claims until its envelope has been opened."""

    record_id: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Candidates:
    """Records found; `more` says that the engine had others beyond the limit."""

    items: tuple[Candidate, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One record to write.

    Attributes:
        expected_counter: write counter of the envelope that this write replaces; 0 where there must be none.
        counter: write counter in the new envelope.
        tokens: 8 bytes each, distinct, ascending.
    """

    collection: RecordCollection
    record_id: bytes
    scope: bytes
    tokens: bytes
    envelope: bytes
    expected_counter: int
    counter: int


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Facts of the published index: name of the version, records by collection, bytes on disk."""

    version: str
    records: dict[str, int]
    size_bytes: int


class RecordSearcher(Protocol):
    """Reads the published version."""

    def search(self, collection: RecordCollection, wanted: Query, scope: Scope, limit: int) -> Candidates:
        """Return at most `limit` records of `collection` that match `wanted` within `scope`, those added last first.

        NOTHING and an empty scope return no record.

        Raises:
            IndexNotReadyError: no version is published.
            SourceUnavailableError: the engine does not answer.
        """
        ...

    def fetch(self, collection: RecordCollection, ids: Sequence[bytes], scope: Scope) -> list[Candidate]:
        """Return those of `ids` that exist within `scope`, in the order of `ids`."""
        ...


class RecordLookup(Protocol):
    """Reads what one version holds, for who writes it. Can be sent to another process."""

    def current(self, collection: RecordCollection, ids: Collection[bytes]) -> dict[bytes, bytes]:
        """Return the envelopes of those of `ids` that exist."""
        ...


class RecordWriter(Protocol):
    """Writes one version. What a method wrote is durable and findable when it returns."""

    def lookup(self) -> RecordLookup:
        """Return what reads the version that this writes."""
        ...

    def put(self, writes: Sequence[RecordWrite]) -> frozenset[int]:
        """Write records in order, all or none; return the places in `writes` of those that were left out.

        A write is left out if the stored counter was not the expected one, and with it every later write of the same
        record: it was made to follow the one left out.

        Raises:
            StorageError: the disk is full or the file is damaged; nothing was written.
        """
        ...

    def delete(self, collection: RecordCollection, ids: Collection[bytes]) -> int:
        """Delete records with their tokens; return how many there were.

        Raises:
            StorageError: another number was deleted than had been found; then nothing is deleted.
        """
        ...

    def expunge(self) -> None:
        """Overwrite what deletes left on disk."""
        ...

    def iter_records(self, collection: RecordCollection) -> Iterator[RecordWrite]:
        """Yield every record of this version, in the order of first writing; `expected_counter` is 0."""
        ...


class RecordBuild(RecordWriter, Protocol):
    """A version built aside; readers do not see it before `publish`. Killed, it goes on where it was durable."""

    def publish(self, progress: Progress) -> None:
        """Make the version searchable, verify its counts, and put it in the place of the published one."""
        ...

    def discard(self) -> None:
        """Remove the version and all it left on disk."""
        ...

    def close(self) -> None:
        """Leave the version as it is; `RecordCatalog.build` goes on with it. Does nothing once it is published."""
        ...


class RecordCatalog(Protocol):
    """The life of versions."""

    def writing(self) -> AbstractContextManager[RecordWriter]:
        """Lend a writer of the published version, made empty if there is none, for one batch.

        Raises:
            IndexNotReadyError: a build that will replace the version is under way or was left.
        """
        ...

    def build(self) -> RecordBuild | None:
        """Start the first build, or go on with the one that was left; None if the published version has records."""
        ...

    def unfinished(self) -> bool:
        """Return whether a version is being built or was left half built."""
        ...

    def is_empty(self) -> bool:
        """Return whether the published version has no record, or there is none; at no cost."""
        ...

    def status(self) -> IndexStatus | None:
        """Return the facts of the published version; None if there is none. Counts, so it takes a while."""
        ...

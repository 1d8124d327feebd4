"""The seam between the catalogue and its engine: blinded terms and sealed rows, read and write apart.

An engine finds candidates; which of them are shown, and in which order, is decided above, so that every engine gives
the same answers. No filter crosses the seam: the values that a filter names stand in sealed cards only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schemas.procedure import Visibility
from security.catalogue import StoredProcedure


class BlindTerm(NamedTuple):
    """One blinded term to search for in one field; `weight`, above 0, multiplies its BM25 score."""

    field: str
    term: str
    weight: float


class Hit(NamedTuple):
    """One candidate: the key of its row and the sum of its terms' weighted BM25 scores (k1 1.2, b 0.75)."""

    key: bytes
    score: float


@dataclass(frozen=True, slots=True)
class TermDocument:
    """The blinded terms of one public procedure, field by field, repeats included."""

    key: bytes
    terms: Mapping[str, Sequence[str]]


class ProcedureSearcher(Protocol):
    """Reads the catalogue. Visibility is an argument of every read, without a default; an empty one reads nothing."""

    def search(self, terms: Sequence[BlindTerm], visibilities: Collection[Visibility], limit: int) -> list[Hit]:
        """Return at most `limit` candidates that have one of `terms` at least, best first.

        Only public procedures have terms: without `public` among `visibilities` there are no candidates.

        Raises:
            IndexNotReadyError: no version has been published yet.
        """

    def fetch(self, keys: Sequence[bytes], visibilities: Collection[Visibility]) -> list[StoredProcedure]:
        """Return the rows of `keys` that are there and of one of `visibilities`, in the order of `keys`."""

    def iter_all(self, visibilities: Collection[Visibility]) -> Iterator[StoredProcedure]:
        """Yield every row of one of `visibilities`, ordered by key."""

    def version(self) -> str:
        """Return the name of the published version; empty before the first. It changes with each one published."""


class ProcedureWriter(Protocol):
    """Writes the catalogue. Rows are durable when `put` returns, and are found once a version is published."""

    def put(self, rows: Sequence[StoredProcedure]) -> None:
        """Add or replace rows, all or none."""

    def is_published(self, recipe: str) -> bool:
        """Return whether the published version was built by `recipe` from the rows as they are now."""

    def publish(self, documents: Iterable[TermDocument], recipe: str) -> str:
        """Build a version of the index aside, verify it, publish it and drop older ones; return its name.

        Args:
            documents: of the public rows, each once.
            recipe: names how terms were made; another recipe asks for another version.

        Raises:
            StorageError: the disk refuses, or what was built does not hold what was given. The old version stays,
                and nothing is left of the new one. So it is if `documents` raises.
        """


class ProcedureEngine(Protocol):
    """Gives out the two sides."""

    def searcher(self) -> ProcedureSearcher:
        """Return a reader; it may be used from several threads."""

    def writer(self) -> AbstractContextManager[ProcedureWriter]:
        """Return the one writer; a second one, of any process, waits until the first has left."""

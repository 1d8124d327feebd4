"""Search of procedures: read the query, ask the engine for candidates, rank them, show opened cards. No HTTP.

What a reader may not see is not there: it is not found, counted, suggested, nor does it change how a query is read.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from indexer.analysis.query import ReadQuery, WeightedTerms, read_query
from indexer.analysis.synonyms import Synonym
from indexer.engines.procedures import Hit, ProcedureSearcher
from indexer.procedure_card import Card
from indexer.procedure_terms import blind_query, query_terms
from schemas.errors import EnvelopeError, IndexNotReadyError, ProcedureNotFoundError, ValidationFailedError
from schemas.procedure import INTERNAL, PUBLIC, Visibility, canonical_json
from schemas.search import (
    FACETS,
    MAX_PAGE,
    MAX_QUERY_CHARS,
    NO_FILTERS,
    FacetCount,
    FacetName,
    ProcedureAnswer,
    ProcedureFilters,
    ProcedureItem,
    QueryReading,
    Step,
    Total,
    Why,
)
from search_api.services.procedure_ranking import Candidate, rank, relevant
from search_api.services.procedure_snapshot import Entry, Snapshot, load_snapshot
from search_api.services.procedure_snippets import BY_CODE, BY_WHOLE_NAME, reading_reasons, reasons, snippet
from security.catalogue import CatalogueCipher
from security.cursors import Cursors

# Of 200 candidates the median query has 20 that are relevant, one in ten has 100.
_CANDIDATES = 200
_FACET_VALUES = 20


@dataclass(frozen=True, slots=True)
class _Found:
    """What a query found, in order, before filters and pages."""

    read: ReadQuery
    entries: Sequence[Entry]
    named: dict[bytes, Why]
    complete: bool = True


class ProcedureSearch:
    """Answers searches from the engine's candidates and the cards of this process."""

    def __init__(
        self, searcher: ProcedureSearcher, cipher: CatalogueCipher, cursors: Cursors, synonyms: Sequence[Synonym]
    ) -> None:
        self._searcher = searcher
        self._cipher = cipher
        self._cursors = cursors
        self._synonyms = synonyms
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._refused_since_load = 0

    # ---------------------------------------------------------------- the catalogue in this process

    def reload(self) -> None:
        """Open all cards again. A search does so by itself when a new version has been published."""
        with self._lock:
            self._snapshot = load_snapshot(self._searcher, self._cipher)
            self._refused_since_load = 0

    @property
    def refused(self) -> int:
        """How many cards and bodies, since the last load, were not what had been sealed: they are not shown."""
        return self._current().refused + self._refused_since_load

    def count(self, visibilities: Collection[Visibility]) -> int:
        """Return how many procedures a reader of `visibilities` may see."""
        return sum(len(shelf.entries) for shelf in self._current().shelves_of(visibilities))

    def _current(self) -> Snapshot:
        version = self._searcher.version()
        with self._lock:
            if self._snapshot is None or self._snapshot.version != version:
                self._snapshot = load_snapshot(self._searcher, self._cipher)
                self._refused_since_load = 0
            return self._snapshot

    # ---------------------------------------------------------------- one procedure

    def find_card(self, item_id: str, visibilities: Collection[Visibility]) -> Card | None:
        """Return the card of a procedure, or None if there is none for this reader."""
        entry = self._current().find(item_id, visibilities)
        return entry.card if entry else None

    def name_of(self, code: str) -> str | None:
        """Return the official name of a code for those at work on dossiers: public and internal ones, no drafts."""
        snapshot, readers = self._current(), (PUBLIC, INTERNAL)
        exact = snapshot.find(code, readers)
        found = [exact] if exact else [one for shelf in snapshot.shelves_of(readers) for one in shelf.coded(code)]
        return found[0].card.name if found else None

    def get(self, item_id: str, visibilities: Collection[Visibility]) -> dict[str, Any]:
        """Return the whole procedure as JSON values, `id` and `visibility` included.

        Raises:
            ProcedureNotFoundError: there is none, or none for this reader.
            EnvelopeError: it was changed in the engine's files.
        """
        entry = self._current().find(item_id, visibilities)
        rows = self._searcher.fetch([entry.key], visibilities) if entry else []
        if entry is None or not rows:
            raise ProcedureNotFoundError("no procedure has this id")
        try:
            content = self._cipher.open_body(rows[0])
        except EnvelopeError:
            self._refused_since_load += 1
            raise
        return {"id": entry.card.id, "visibility": rows[0].visibility, **content}

    # ---------------------------------------------------------------- search

    def search(
        self,
        text: str,
        visibilities: Collection[Visibility],
        *,
        limit: int = 10,
        cursor: str | None = None,
        filters: ProcedureFilters = NO_FILTERS,
    ) -> ProcedureAnswer:
        """Return one page of the procedures that `text` asks for, best first; all, if it is empty.

        Args:
            text: as typed, at most 2,000 characters.
            visibilities: what the reader may see; nothing else is found, counted or shown in facets.
            limit: items of the page, 1 to 50.
            cursor: `next_cursor` of the page before, of the same text, filters and visibilities.
            filters: values that every item must have.

        Raises:
            ValidationFailedError: text, limit or cursor is not what it should be.
            IndexNotReadyError: no catalogue has been published yet.
        """
        started = time.perf_counter()
        _check(text, limit)
        snapshot = self._current()
        if not snapshot.version:
            raise IndexNotReadyError("no version of the procedures has been published; run `hoso index procedures`")
        name_of_query = canonical_json([text, [sorted(filters.wanted(facet)) for facet in FACETS]])
        reader = "+".join(sorted(visibilities))
        start = self._start(reader, name_of_query, cursor)
        found = self._find(text, visibilities, snapshot)
        kept = [entry for entry in found.entries if _passes(entry.card, filters)]
        page = kept[start : start + limit]
        more = start + limit < len(kept)
        return ProcedureAnswer(
            query=_reading(found.read),
            items=tuple(_items(page, found)),
            total=Total(len(kept), "eq" if found.complete else "gte"),
            facets=_facets(found.entries, filters),
            next_cursor=self._cursors.seal(reader, name_of_query, [start + limit]) if more else None,
            suggestions=(),
            took_ms=round(1e3 * (time.perf_counter() - started), 3),
        )

    def _start(self, reader: str, name_of_query: bytes, cursor: str | None) -> int:
        return int(self._cursors.open(reader, name_of_query, cursor)[0]) if cursor else 0

    def _find(self, text: str, visibilities: Collection[Visibility], snapshot: Snapshot) -> _Found:
        shelves = snapshot.shelves_of(visibilities)
        if not text.strip():
            everything = (entry for shelf in shelves for entry in shelf.entries.values())
            return _Found(_unread("", ""), sorted(everything, key=_by_use), {})
        by_id = snapshot.find("".join(text.split()), visibilities)
        if by_id:
            return _Found(_unread(text, by_id.card.id), [by_id], {by_id.key: BY_CODE})
        read = read_query(text, self._synonyms, snapshot.vocabulary(visibilities))
        if read.identifier and read.identifier.kind != "procedure_code":
            # A person's number: nothing public is known by it, and it is not repeated.
            return _Found(_unread("", ""), [], {})
        if read.identifier:
            coded = [entry for shelf in shelves for entry in shelf.coded(read.identifier.value)]
            return _Found(read, coded, {entry.key: BY_CODE for entry in coded})
        return self._ranked(read, visibilities, snapshot)

    def _ranked(self, read: ReadQuery, visibilities: Collection[Visibility], snapshot: Snapshot) -> _Found:
        shelves = snapshot.shelves_of(visibilities)
        named = [entry for text in (read.text, read.read_as) for shelf in shelves for entry in shelf.named(text)]
        hits = self._hits(read, visibilities, snapshot)
        answers = relevant(hits)
        # A hit without a card is of a row that did not open.
        entries = ((snapshot.entry(hit.key, visibilities), hit.score) for hit in answers)
        candidates = (Candidate(entry, score) for entry, score in entries if entry)
        ranked = rank(candidates, read.groups.folded, snapshot.statistics.rarity)
        in_order = {entry.key: entry for entry in (*named, *(one.entry for one in ranked))}
        whole_names = {entry.key: BY_WHOLE_NAME for entry in named}
        return _Found(read, list(in_order.values()), whole_names, len(answers) < max(len(hits), _CANDIDATES))

    def _hits(self, read: ReadQuery, visibilities: Collection[Visibility], snapshot: Snapshot) -> list[Hit]:
        """Return the candidates of the engine, and of the restricted procedures that the reader may see."""
        terms = query_terms(read.groups)
        hits: list[Hit] = []
        if PUBLIC in visibilities:
            hits += self._searcher.search(blind_query(terms, self._cipher), [PUBLIC], _CANDIDATES)
        for visibility, index in snapshot.restricted.items():
            if visibility in visibilities:
                hits += index.search(terms, _CANDIDATES)
        return hits


def _check(text: str, limit: int) -> None:
    if len(text) > MAX_QUERY_CHARS:
        raise ValidationFailedError(f"a query may have at most {MAX_QUERY_CHARS} characters", pointer="/q")
    if not 1 <= limit <= MAX_PAGE:
        raise ValidationFailedError(f"a page has 1 to {MAX_PAGE} items", pointer="/limit")


def _by_use(entry: Entry) -> tuple[int, str]:
    return -entry.card.uses, entry.card.id


# ---------------------------------------------------------------- the answer


def _unread(text: str, read_as: str) -> ReadQuery:
    """Return a query that was not searched for as text."""
    return ReadQuery(text, read_as, (), None, WeightedTerms({}, {}, {}))


def _reading(read: ReadQuery) -> QueryReading:
    return QueryReading(read.text, read.read_as, tuple(Step(one.kind, one.source, one.target) for one in read.steps))


def _items(page: Sequence[Entry], found: _Found) -> list[ProcedureItem]:
    wanted = found.read.groups.folded
    readings = reading_reasons(found.read)
    items = []
    for entry in page:
        card, named = entry.card, found.named.get(entry.key)
        why = (*readings, named) if named else reasons(entry, wanted, readings)
        text = snippet(card.gist, wanted)
        items.append(
            ProcedureItem(
                card.id,
                card.code,
                card.name,
                card.domain,
                card.agency,
                card.level,
                card.time_limit,
                card.fee,
                why,
                text,
            )
        )
    return items


def _passes(card: Card, filters: ProcedureFilters, but: FacetName | None = None) -> bool:
    wanted = ((facet, filters.wanted(facet)) for facet in FACETS if facet != but)
    return all(not values or not values.isdisjoint(card.facet(facet)) for facet, values in wanted)


def _facets(entries: Sequence[Entry], filters: ProcedureFilters) -> dict[str, tuple[FacetCount, ...]]:
    return {facet: _facet(facet, entries, filters) for facet in FACETS}


def _facet(facet: FacetName, entries: Sequence[Entry], filters: ProcedureFilters) -> tuple[FacetCount, ...]:
    """Return the most frequent values of a facet, under the filters of the others."""
    others = filters != NO_FILTERS
    cards = (entry.card for entry in entries if not others or _passes(entry.card, filters, but=facet))
    counts = Counter(value for card in cards for value in set(card.facet(facet)))
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_FACET_VALUES]
    return tuple(FacetCount(value, count) for value, count in best)

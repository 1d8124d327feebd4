"""The catalogue as one process holds it: opened and authenticated cards, their names, and the restricted procedures.

Built whole from what the engine gives and never changed: a reload builds the next one and swaps it in.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from indexer.analysis.terms import Terms, index_terms
from indexer.engines.procedures import Hit, ProcedureSearcher
from indexer.procedure_card import Card
from indexer.procedure_terms import FIELDS, plain_terms
from schemas.errors import EnvelopeError
from schemas.procedure import PUBLIC, VISIBILITIES, Visibility
from schemas.vietnamese import fold
from security.catalogue import CatalogueCipher, StoredProcedure

# BM25 as tantivy and Elasticsearch have it, so that scores of restricted procedures are of the same size.
_K1, _B = 1.2, 0.75
# Official names begin with it or not, from one publication to the next.
_NAME_PREFIX = "thu tuc "


@dataclass(frozen=True, slots=True)
class Entry:
    """One procedure: its card, who may read it, the folded syllables of its name, and how much they tell together."""

    key: bytes
    visibility: Visibility
    card: Card
    words: frozenset[str]
    told: float


def name_key(text: str) -> str:
    """Return the form in which a typed text is compared with whole names: folded syllables without "thủ tục"."""
    return " ".join(index_terms(text).folded).removeprefix(_NAME_PREFIX)


def _written(name: str) -> str:
    return " ".join(name.split()).casefold()


class Shelf:
    """The procedures of one visibility, by key, id, code and name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = {entry.key: entry for entry in entries}
        self.by_id = {entry.card.id.casefold(): entry for entry in self.entries.values()}
        self._by_code: dict[str, list[Entry]] = {}
        self._by_name: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries.values(), key=lambda entry: (-entry.card.uses, entry.card.id)):
            # "1.001193.H41" is what an agency made of "1.001193".
            national = ".".join(entry.card.id.split(".")[:2])
            self._by_code.setdefault(national, []).append(entry)
            for name in (entry.card.name, *entry.card.other_names):
                self._by_name.setdefault(name_key(name), []).append(entry)

    def coded(self, national_code: str) -> list[Entry]:
        """Return the procedures of a national code, with and without a local suffix."""
        return self._by_code.get(national_code, [])

    def named(self, text: str) -> list[Entry]:
        """Return the procedures whose whole name `text` is: those written most alike first, then by use and id."""
        found = self._by_name.get(name_key(text), ())
        written, accented = _written(text), index_terms(text).accented

        def unlike(entry: Entry) -> tuple[bool, bool, bool]:
            name = _written(entry.card.name)
            return name != written, index_terms(name).accented != accented, fold(name) != fold(written)

        # Stable: those that are equally alike stay ordered by use and id.
        return sorted(found, key=unlike)

    def vocabulary(self) -> set[str]:
        """Return the folded syllables of all names, keywords and domains."""
        cards = [entry.card for entry in self.entries.values()]
        lines = {card.domain for card in cards}.union(*(card.keywords for card in cards))
        return {word for line in lines for word in index_terms(line).folded}.union(
            *(entry.words for entry in self.entries.values())
        )


class NameStatistics:
    """How rare each term is in the names of public procedures.

    Restricted procedures are measured by it too: they are too few to tell a common word from a rare one. The other
    way round nothing of theirs comes in, so no public score can tell of them.
    """

    def __init__(self, names: Collection[Terms]) -> None:
        self._total = len(names)
        self._counts = Counter(
            term for name in names for term in {*name.accented, *name.folded, *name.bigrams}
        )  # fmt: skip
        self.rarity = {word: self.idf(word) for word in {word for name in names for word in name.folded}}

    def idf(self, term: str, more: int = 0) -> float:
        """Return the inverse document frequency of a term that stands in `more` procedures beside public ones."""
        count = self._counts[term] + more
        return math.log(1 + (self._total + more - count + 0.5) / (count + 0.5))


class PlainIndex:
    """BM25 in memory over the terms of restricted procedures: they are few, and no engine is given their terms."""

    def __init__(self, documents: Mapping[bytes, Mapping[str, list[str]]], statistics: NameStatistics) -> None:
        self._fields = {
            name: _PlainField({key: terms[name] for key, terms in documents.items()}, statistics) for name in FIELDS
        }

    def search(self, terms: Mapping[str, Mapping[str, float]], limit: int) -> list[Hit]:
        """Return the best `limit` procedures that have one of `terms` (field -> term -> weight), best first."""
        scores: dict[bytes, float] = {}
        for name, weights in terms.items():
            for term, weight in weights.items():
                for key, score in self._fields[name].scores(term):
                    scores[key] = scores.get(key, 0.0) + weight * score
        return sorted((Hit(key, score) for key, score in scores.items()), key=lambda hit: (-hit.score, hit.key))[:limit]


class _PlainField:
    def __init__(self, documents: Mapping[bytes, list[str]], statistics: NameStatistics) -> None:
        self._statistics = statistics
        self._lengths = {key: len(terms) for key, terms in documents.items()}
        self._mean_length = max(sum(self._lengths.values()) / max(len(documents), 1), 1.0)
        self._postings: dict[str, dict[bytes, int]] = {}
        for key, terms in documents.items():
            for term, frequency in Counter(terms).items():
                self._postings.setdefault(term, {})[key] = frequency

    def scores(self, term: str) -> Iterator[tuple[bytes, float]]:
        postings = self._postings.get(term, {})
        idf = self._statistics.idf(term, len(postings))
        for key, frequency in postings.items():
            length = 1 - _B + _B * self._lengths[key] / self._mean_length
            yield key, idf * frequency * (_K1 + 1) / (frequency + _K1 * length)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All shelves of one published version. `refused` counts the rows that did not open: they are not shown."""

    version: str
    shelves: Mapping[Visibility, Shelf]
    restricted: Mapping[Visibility, PlainIndex]
    statistics: NameStatistics
    refused: int

    # Filled as readers come; public readers have their own, without a word of what is restricted.
    _vocabularies: dict[frozenset[Visibility], frozenset[str]] = field(default_factory=dict)

    def shelves_of(self, visibilities: Collection[Visibility]) -> list[Shelf]:
        """Return the shelves that a reader of `visibilities` may see."""
        return [self.shelves[one] for one in VISIBILITIES if one in visibilities]

    def find(self, item_id: str, visibilities: Collection[Visibility]) -> Entry | None:
        """Return the procedure of an id, in any case of letters, or None."""
        found = (shelf.by_id.get(item_id.casefold()) for shelf in self.shelves_of(visibilities))
        return next(filter(None, found), None)

    def entry(self, key: bytes, visibilities: Collection[Visibility]) -> Entry | None:
        """Return the procedure of an engine's key, or None."""
        found = (shelf.entries.get(key) for shelf in self.shelves_of(visibilities))
        return next(filter(None, found), None)

    def vocabulary(self, visibilities: Collection[Visibility]) -> frozenset[str]:
        """Return the folded syllables of the names that a reader of `visibilities` may see, and of no others."""
        scope = frozenset(visibilities)
        if scope not in self._vocabularies:
            words = (shelf.vocabulary() for shelf in self.shelves_of(scope))
            self._vocabularies[scope] = frozenset().union(*words)
        return self._vocabularies[scope]


def load_snapshot(searcher: ProcedureSearcher, cipher: CatalogueCipher) -> Snapshot:
    """Return the catalogue as the engine has it now; a card or body that does not open is left out and counted."""
    version = searcher.version()
    opened = {visibility: _Opened(searcher, cipher, visibility) for visibility in VISIBILITIES}
    statistics = NameStatistics([terms for _, _, terms in opened[PUBLIC].cards])
    return Snapshot(
        version,
        {visibility: Shelf(one.entries(statistics)) for visibility, one in opened.items()},
        {
            visibility: PlainIndex(one.documents, statistics)
            for visibility, one in opened.items()
            if visibility != PUBLIC
        },
        statistics,
        sum(one.refused for one in opened.values()),
    )


class _Opened:
    """The rows of one visibility, opened and authenticated."""

    def __init__(self, searcher: ProcedureSearcher, cipher: CatalogueCipher, visibility: Visibility) -> None:
        self._visibility = visibility
        self.cards: list[tuple[bytes, Card, Terms]] = []
        self.documents: dict[bytes, dict[str, list[str]]] = {}
        self.refused = 0
        for row in searcher.iter_all([visibility]):
            try:
                self._open(row, cipher)
            except EnvelopeError:
                self.refused += 1

    def _open(self, row: StoredProcedure, cipher: CatalogueCipher) -> None:
        card = msgspec.convert(cipher.open_card(row), Card)
        if row.visibility != PUBLIC:
            self.documents[row.key] = plain_terms(cipher.open_body(row))
        self.cards.append((row.key, card, index_terms(card.name)))

    def entries(self, statistics: NameStatistics) -> Iterator[Entry]:
        for key, card, terms in self.cards:
            words = frozenset(terms.folded)
            told = sum(statistics.rarity.get(word, 0.0) for word in words)
            yield Entry(key, self._visibility, card, words, told)

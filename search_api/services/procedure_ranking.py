"""The order of found procedures: decided here from names and scores, so that every engine gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from indexer.engines.procedures import Hit
from search_api.services.procedure_snapshot import Entry

# A name that holds the whole query counts twice, one that says nothing else half as much again: so the plain procedure
# comes before its special cases. Found on the judged queries for development.
_COVERED, _SAID = 1.0, 0.5
# What a syllable tells that stands in no name at all: such a query is covered by none.
_UNKNOWN_RARITY = 8.0
# Below this share of the best score a candidate shares only common words with the query.
_RELEVANT = 0.4


class Candidate(NamedTuple):
    """A procedure and how well it answers; higher is better."""

    entry: Entry
    score: float


def relevant(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that answer the query, not merely share a word with it."""
    least = _RELEVANT * max((hit.score for hit in hits), default=0.0)
    return [hit for hit in hits if hit.score >= least]


def rank(candidates: Iterable[Candidate], wanted: Mapping[str, float], rarity: Mapping[str, float]) -> list[Candidate]:
    """Return candidates best first; twins, which score the same, by how often they are filed, then by id.

    Args:
        candidates: with the scores of the engine.
        wanted: folded syllable of the query as read -> its weight.
        rarity: folded syllable -> how much it tells about a name.
    """
    tells = {word: weight * rarity.get(word, _UNKNOWN_RARITY) for word, weight in wanted.items()}
    whole = sum(tells.values()) or 1.0
    scored = [Candidate(one.entry, one.score * _name_factor(one.entry, tells, whole, rarity)) for one in candidates]
    # Rounded: two engines, or two segments, may differ in the last digits, and twins must not.
    return sorted(scored, key=lambda one: (-round(one.score, 4), -one.entry.card.uses, one.entry.card.id))


def _name_factor(entry: Entry, tells: Mapping[str, float], whole: float, rarity: Mapping[str, float]) -> float:
    common = entry.words & tells.keys()
    covered = sum(tells[word] for word in common) / whole
    said = sum(rarity.get(word, 0.0) for word in common) / (entry.told or 1.0)
    return (1 + _COVERED * covered) * (1 + _SAID * said)

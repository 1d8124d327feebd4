"""A typed query to what is searched for: identifier, typing method, citizens' words, fillers; then weighted terms.

Each step is a function that reports what it did, so that the answer can say how the query was read. The steps know the
query only: which terms stand in the index, and how results are ordered, is decided above.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from indexer.analysis.fillers import split_at_fillers
from indexer.analysis.synonyms import Synonym
from indexer.analysis.terms import index_terms
from indexer.analysis.typing_methods import decode
from schemas import canonical
from schemas.errors import CanonicalFormError
from schemas.vietnamese import fold, syllables

IdentifierKind = Literal["procedure_code", "dossier_code", "citizen_id", "old_id", "phone"]
StepKind = Literal["identifier", "typing", "synonym", "filler"]

# The best reading counts in full, a further one is a guess. What was typed, fillers included, keeps a little weight:
# with none, half a title typed as it stands is found by 6 % fewer ("Thủ tục ..."); between .1 and .5 nothing changes.
_BEST_READING = 1.0
_FURTHER_READING = 0.5
_AS_TYPED = 0.3

_ASCII_TOKEN = re.compile(r"[A-Za-z0-9]+")
_PROCEDURE_CODE_IN_TEXT = re.compile(r"(?<![\w.])[1-9]\.[0-9]{6}(?:\.[0-9A-Za-z]+)*(?!\w)")
_PUBLIC_KINDS = frozenset(("procedure_code", "dossier_code"))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to the query. For a number of a person, source and target are empty: it is nobody's to repeat."""

    kind: StepKind
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """What the query names outright, in canonical form. It is looked up, never searched for as text."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """Term -> weight, 0 to 1, in the order of the query. The fields' own weights are the ranking's affair."""

    accented: dict[str, float]
    folded: dict[str, float]
    bigrams: dict[str, float]


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query as read; `read_as` is what to show. With an `identifier` there are no terms."""

    text: str
    read_as: str
    steps: tuple[Step, ...]
    identifier: Identifier | None
    groups: WeightedTerms


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring words of the query. `readings` are what they stand for, the best first; if empty, themselves."""

    words: tuple[str, ...]
    readings: tuple[str, ...] = ()

    @property
    def read_as(self) -> str:
        """The words as read."""
        return self.readings[0] if self.readings else " ".join(self.words)


def read_query(text: str, synonyms: Sequence[Synonym], vocabulary: Set[str]) -> ReadQuery:
    """Return what `text` asks for.

    Args:
        text: as typed, in any spelling.
        synonyms: the entries of the synonym file; of two that overlap the longer wins, then the earlier.
        vocabulary: the folded syllables of the catalogue, which the decoding of Telex and VNI leaves alone.
    """
    identifier, steps = find_identifier(text)
    if identifier:
        shown = identifier.value if identifier.kind in _PUBLIC_KINDS else ""
        return ReadQuery(text, shown, tuple(steps), identifier, WeightedTerms({}, {}, {}))
    decoded, typing_steps = decode_typing(text, vocabulary)
    words = syllables(decoded)
    pieces, synonym_steps = expand_synonyms(words, synonyms)
    kept, filler_steps = drop_fillers(pieces, with_accents=not decoded.isascii())
    read_as = " ".join(piece.read_as for piece in kept)
    return ReadQuery(text, read_as, (*typing_steps, *synonym_steps, *filler_steps), None, weigh(kept, words))


# ---------------------------------------------------------------- identifier


def find_identifier(text: str) -> tuple[Identifier | None, list[Step]]:
    """Return the identifier that `text` as a whole is; the code of a procedure is found inside a sentence too."""
    for kind, form in _IDENTIFIER_FORMS:
        value = _canonical(form, text)
        if value is not None:
            return _identified(kind, text, value)
    code = _PROCEDURE_CODE_IN_TEXT.search(text)
    value = _canonical(_short_procedure_code, code[0]) if code else None
    return _identified("procedure_code", code[0], value) if code and value else (None, [])


def _short_procedure_code(text: str) -> str:
    return canonical.procedure_code(text).short


_IDENTIFIER_FORMS: tuple[tuple[IdentifierKind, Callable[[str], str]], ...] = (
    ("procedure_code", _short_procedure_code),
    ("dossier_code", canonical.dossier_code),
    ("citizen_id", canonical.citizen_id),
    ("old_id", canonical.old_id),
    ("phone", canonical.phone),
)


def _canonical(form: Callable[[str], str], text: str) -> str | None:
    try:
        return form(text)
    except CanonicalFormError:
        return None


def _identified(kind: IdentifierKind, text: str, value: str) -> tuple[Identifier, list[Step]]:
    step = Step("identifier", text.strip(), value) if kind in _PUBLIC_KINDS else Step("identifier", "", "")
    return Identifier(kind, value), [step]


# ---------------------------------------------------------------- typing method


def decode_typing(text: str, vocabulary: Set[str]) -> tuple[str, list[Step]]:
    """Return `text` with raw Telex and VNI tokens decoded. Text with accents was typed with the input method on."""
    if not text.isascii():
        return text, []
    steps: list[Step] = []

    def decoded(token: re.Match[str]) -> str:
        syllable = decode(token[0], vocabulary)
        if syllable is None:
            return token[0]
        steps.append(Step("typing", token[0], syllable))
        return syllable

    return _ASCII_TOKEN.sub(decoded, text), steps


# ---------------------------------------------------------------- synonyms


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    folded: tuple[str, ...]
    padded: str


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    readings: tuple[str, ...]
    step: Step


def expand_synonyms(words: Sequence[str], synonyms: Sequence[Synonym]) -> tuple[list[Piece], list[Step]]:
    """Return the query in pieces, those of a synonym entry with its readings, and the steps in order.

    Args:
        words: syllables as typed, lower case. A syllable typed without accents matches one with.
        synonyms: entries; the context an entry needs or forbids is looked for in the whole query.
    """
    pieces: list[Piece] = []
    steps: list[Step] = []
    at = 0
    for found in _without_overlaps(_find_entries(words, synonyms)):
        if found.start > at:
            pieces.append(Piece(tuple(words[at : found.start])))
        pieces.append(Piece(tuple(words[found.start : found.end]), found.readings))
        steps.append(found.step)
        at = found.end
    if at < len(words):
        pieces.append(Piece(tuple(words[at:])))
    return pieces, steps


def _find_entries(words: Sequence[str], synonyms: Sequence[Synonym]) -> Iterator[_Found]:
    padded = _pad(map(fold, words))

    def start_of(phrase: str) -> int | None:
        return _start_of(_phrase(phrase), words, padded)

    for entry in synonyms:
        for phrase, readings, target in _rules(entry, padded):
            start = start_of(phrase)
            if start is not None and _context_allows(entry, start_of):
                end = start + len(_phrase(phrase).words)
                yield _Found(start, end, readings, Step("synonym", " ".join(words[start:end]), target))


def _rules(entry: Synonym, padded: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield phrase, readings and target of the step, for each way of the entry whose phrase the folded query holds."""
    if _phrase(entry.term).padded in padded:
        yield entry.term, entry.expands_to, entry.expands_to[0]
    if entry.direction == "both":
        for official in entry.expands_to:
            # Towards the short form nothing is replaced: the official words stay, the short form is looked for too.
            if _phrase(official).padded in padded:
                yield official, (official, entry.term), entry.term


def _context_allows(entry: Synonym, start_of: Callable[[str], int | None]) -> bool:
    if any(start_of(word) is not None for word in entry.forbids):
        return False
    return not entry.needs or any(start_of(word) is not None for word in entry.needs)


def _without_overlaps(found: Iterator[_Found]) -> list[_Found]:
    """Return the longest entries that do not overlap, the earlier entry of two equally long, in the query's order."""
    chosen: list[_Found] = []
    for one in sorted(found, key=lambda one: one.start - one.end):
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


@lru_cache(maxsize=1 << 13)
def _phrase(text: str) -> _Phrase:
    # Only phrases of the synonym file come here, again for each query.
    words = tuple(syllables(text))
    folded = tuple(map(fold, words))
    return _Phrase(words, folded, _pad(folded))


def _pad(folded: Iterable[str]) -> str:
    return f" {' '.join(folded)} "


def _start_of(phrase: _Phrase, words: Sequence[str], padded: str) -> int | None:
    if phrase.padded not in padded:
        return None
    size = len(phrase.words)
    for start in range(len(words) - size + 1):
        if all(map(_agree, words[start : start + size], phrase.words, phrase.folded)):
            return start
    return None


def _agree(typed: str, meant: str, meant_folded: str) -> bool:
    return typed in (meant, meant_folded)


# ---------------------------------------------------------------- fillers, weights


def drop_fillers(pieces: Sequence[Piece], with_accents: bool) -> tuple[list[Piece], list[Step]]:
    """Return the pieces without fillers, and a step for each; all pieces and no steps if nothing would be left."""
    kept: list[Piece] = []
    steps: list[Step] = []
    for piece in pieces:
        if piece.readings:
            kept.append(piece)
            continue
        runs, fillers = split_at_fillers(piece.words, with_accents)
        kept += map(Piece, runs)
        steps += (Step("filler", filler, "") for filler in fillers)
    return (kept, steps) if kept else (list(pieces), [])


def weigh(pieces: Sequence[Piece], words: Sequence[str]) -> WeightedTerms:
    """Return the terms of the query as read, then of its further readings, then of all the words as typed.

    A term that comes again keeps its first, higher weight.
    """
    weighted = WeightedTerms({}, {}, {})
    _add(weighted, " ".join(piece.read_as for piece in pieces), _BEST_READING)
    for piece in pieces:
        for reading in piece.readings[1:]:
            _add(weighted, reading, _FURTHER_READING)
    _add(weighted, " ".join(words), _AS_TYPED)
    return weighted


def _add(weighted: WeightedTerms, text: str, weight: float) -> None:
    terms = index_terms(text)
    for group, found in (
        (weighted.accented, terms.accented),
        (weighted.folded, terms.folded),
        (weighted.bigrams, terms.bigrams),
    ):
        for term in found:
            group.setdefault(term, weight)

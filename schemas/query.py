"""The engine-neutral query over search tokens: what services build and engines run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """Matches the records that carry this search token (8 bytes)."""

    token: bytes


@dataclass(frozen=True, slots=True)
class AnyTerm:
    """Matches the records that carry one of these search tokens: the lanes of a value, without an object for each."""

    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches where at least one part does; without parts it matches nothing."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Matches where every part does; without parts it matches nothing (an empty filter must not open an index)."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Matches no record. Stated, because an empty clause matches everything on some servers."""


Query: TypeAlias = Term | AnyTerm | AnyOf | AllOf | Nothing

NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope values (16 bytes each) of the agencies whose records may be returned; empty means none."""

    values: frozenset[bytes]


NO_SCOPE = Scope(frozenset())


def any_of(parts: Iterable[Query]) -> Query:
    """Return the query that matches where a part does, as flat as it goes; NOTHING without parts that can match."""
    tokens: list[bytes] = []
    others: list[Query] = []
    waiting = list(parts)
    for part in waiting:
        if isinstance(part, AnyTerm):
            tokens += part.tokens
        elif isinstance(part, Term):
            tokens.append(part.token)
        elif isinstance(part, AnyOf):
            # The list grows while it is walked.
            waiting += part.parts
        elif not isinstance(part, Nothing):
            others.append(part)
    if tokens:
        others.append(any_term(tokens))
    return others[0] if len(others) == 1 else AnyOf(tuple(others)) if others else NOTHING


def all_of(parts: Iterable[Query]) -> Query:
    """Return the query that matches where every part does; NOTHING without parts, or if one can match nothing."""
    every = tuple(parts)
    if not every or NOTHING in every:
        return NOTHING
    return every[0] if len(every) == 1 else AllOf(every)


def any_term(tokens: Iterable[bytes]) -> Query:
    """Return the query for records that carry one of `tokens`; NOTHING without tokens."""
    every = tuple(tokens)
    return Term(every[0]) if len(every) == 1 else AnyTerm(every) if every else NOTHING


def count_terms(query: Query) -> int:
    """Return how many tokens the query sends."""
    if isinstance(query, Term):
        return 1
    if isinstance(query, AnyTerm):
        return len(query.tokens)
    if isinstance(query, Nothing):
        return 0
    return sum(count_terms(part) for part in query.parts)

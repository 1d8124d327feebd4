"""The engine-neutral query over search tokens: what services build and engines run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """Matches the records that carry this search token (8 bytes)."""

    token: bytes


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


Query: TypeAlias = Term | AnyOf | AllOf | Nothing

NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope values (16 bytes each) of the agencies whose records may be returned; empty means none."""

    values: frozenset[bytes]


NO_SCOPE = Scope(frozenset())


def any_term(tokens: tuple[bytes, ...]) -> Query:
    """Return the query for records that carry one of `tokens`; NOTHING without tokens."""
    if not tokens:
        return NOTHING
    return Term(tokens[0]) if len(tokens) == 1 else AnyOf(tuple(Term(token) for token in tokens))


def count_terms(query: Query) -> int:
    """Return how many tokens the query sends."""
    if isinstance(query, Term):
        return 1
    if isinstance(query, Nothing):
        return 0
    return sum(count_terms(part) for part in query.parts)

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


def any_of(parts: Iterable[Query]) -> Query:
    """Return the query that matches where a part does, as flat as it goes; NOTHING without parts that can match."""
    flat: list[Query] = []
    for part in parts:
        if isinstance(part, AnyOf):
            flat += part.parts
        elif not isinstance(part, Nothing):
            flat.append(part)
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat)) if flat else NOTHING


def all_of(parts: Iterable[Query]) -> Query:
    """Return the query that matches where every part does; NOTHING without parts, or if one can match nothing."""
    every = tuple(parts)
    if not every or NOTHING in every:
        return NOTHING
    return every[0] if len(every) == 1 else AllOf(every)


def any_term(tokens: Iterable[bytes]) -> Query:
    """Return the query for records that carry one of `tokens`; NOTHING without tokens."""
    return any_of(map(Term, tokens))


def count_terms(query: Query) -> int:
    """Return how many tokens the query sends."""
    if isinstance(query, Term):
        return 1
    if isinstance(query, Nothing):
        return 0
    return sum(count_terms(part) for part in query.parts)

"""Public search of procedures: what is asked and what is answered, in the shape of contract.md, section 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

FacetName = Literal["domain", "level", "agency", "audience", "channel"]
FACETS: tuple[FacetName, ...] = ("domain", "level", "agency", "audience", "channel")

# The longest official name has 1,192 characters, and people paste whole names.
MAX_QUERY_CHARS = 2_000
MAX_PAGE = 50


@dataclass(frozen=True, slots=True)
class ProcedureFilters:
    """Values that a found procedure must have, by facet: one of those named for each facet, any where none is."""

    domain: frozenset[str] = frozenset()
    level: frozenset[str] = frozenset()
    agency: frozenset[str] = frozenset()
    audience: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()

    def wanted(self, facet: FacetName) -> frozenset[str]:
        """Return the values asked for; empty means all."""
        values: frozenset[str] = getattr(self, facet)
        return values


NO_FILTERS = ProcedureFilters()


class Step(msgspec.Struct, frozen=True):
    """One thing done to the query: `kind` identifier, typing, synonym, filler."""

    kind: str
    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")


class QueryReading(msgspec.Struct, frozen=True):
    """The query as typed, and as it was read."""

    text: str
    read_as: str
    steps: tuple[Step, ...] = ()


class Why(msgspec.Struct, frozen=True):
    """Why an item was found: `kind` code, name, synonym, typing, text, browse; and the same in words."""

    kind: str
    text_vi: str


class ProcedureItem(msgspec.Struct, frozen=True):
    """One found procedure. `id` serves in `/v1/procedures/{id}`."""

    id: str
    code: str | None
    name: str
    domain: str
    agency: str
    level: tuple[str, ...]
    time_limit: str
    fee: str
    why: tuple[Why, ...]
    snippet: str


class Total(msgspec.Struct, frozen=True):
    """How many were found: exactly (`eq`), or at least (`gte`)."""

    value: int
    relation: Literal["eq", "gte"]


class FacetCount(msgspec.Struct, frozen=True):
    """How many found procedures have `value`."""

    value: str
    count: int


class Suggestion(msgspec.Struct, frozen=True):
    """Another query that would find something."""

    kind: str
    text: str


class ProcedureAnswer(msgspec.Struct, frozen=True):
    """One page of found procedures, best first. Each facet is counted under the filters of the other facets."""

    query: QueryReading
    items: tuple[ProcedureItem, ...]
    total: Total
    facets: dict[str, tuple[FacetCount, ...]]
    next_cursor: str | None
    suggestions: tuple[Suggestion, ...]
    took_ms: float

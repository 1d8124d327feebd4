"""How long a paper holds, judged on the day of filing, where dates may be known by year or month only."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, get_args

Validity = Literal["valid", "expired", "not_yet", "replaced"]
# Best first.
VALIDITY_ORDER: tuple[Validity, ...] = get_args(Validity)


def first_day(partial: str) -> date:
    """Return the first day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    year, month, day = (*map(int, partial.split("-")), 1, 1)[:3]
    return date(year, month, day)


def last_day(partial: str) -> date:
    """Return the last day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    parts = [int(part) for part in partial.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    return date(year, month, parts[2] if len(parts) > 2 else monthrange(year, month)[1])


def validity_of(paper: Mapping[str, Any], on: date) -> Validity:
    """Return how a paper stands on a day: it holds through its last day; one without an end holds without end."""
    if paper.get("replaced_by"):
        return "replaced"
    if (issued := paper.get("issued_on")) and first_day(issued) > on:
        return "not_yet"
    if (until := paper.get("valid_until")) and last_day(until) < on:
        return "expired"
    return "valid"

"""Dates as people give them: a day, a month, or only a year."""

from __future__ import annotations

import re
from datetime import date

from schemas.errors import CanonicalFormError

_FIRST_YEAR = 1880
_LAST_YEAR = 2100

# Year first (ISO), or day, month, year in the Vietnamese order; month and year; year. Never the American order.
_PATTERNS = (
    re.compile(r"(?P<year>[0-9]{4})(?:\s*[-/.]\s*(?P<month>[0-9]{1,2})(?:\s*[-/.]\s*(?P<day>[0-9]{1,2}))?)?"),
    re.compile(r"(?:(?:(?P<day>[0-9]{1,2})\s*[-/.]\s*)?(?P<month>[0-9]{1,2})\s*[-/.]\s*)(?P<year>[0-9]{4})"),
)


def partial_date(text: str) -> str:
    """Return `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, as far as the date is given.

    Reads ISO dates, d/m/Y, d-m-Y, d.m.Y, m/Y and bare years; a day or month written as 00 counts as not given, which
    is how registers write dates that nobody knows.

    Raises:
        CanonicalFormError: `date_format`, `date_impossible` (30 February, month 13), `date_range` (before 1880, after
            2100).
    """
    stripped = text.strip()
    match = _PATTERNS[0].fullmatch(stripped) or _PATTERNS[1].fullmatch(stripped)
    if match is None:
        raise CanonicalFormError("date_format", "expected a date such as 1987-05-02, 02/05/1987, 05/1987 or 1987")
    year, month, day = (int(match[part] or 0) for part in ("year", "month", "day"))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise CanonicalFormError("date_range", f"expected a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    _check_calendar(year, month, day)
    if day:
        return f"{year:04}-{month:02}-{day:02}"
    return f"{year:04}-{month:02}" if month else f"{year:04}"


def dates_agree(one: str, other: str) -> bool:
    """Return whether two dates are equal as far as both are given: 1987 agrees with 1987-05-02.

    Raises:
        CanonicalFormError: as `partial_date`.
    """
    first, second = partial_date(one), partial_date(other)
    return first.startswith(second) or second.startswith(first)


def _check_calendar(year: int, month: int, day: int) -> None:
    try:
        date(year, month or (13 if day else 1), day or 1)
    except ValueError:
        raise CanonicalFormError("date_impossible", "the calendar has no such date; the day comes first") from None

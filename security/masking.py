"""What of a person is shown: clear, masked or not at all, by the field table and a grant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from schemas.fields import FIELDS, Mask
from security.policy import Grant

_DOT = "•"
_SHOWN_DIGITS = 3
# Of a shorter number the last three would be half or more.
_MIN_NUMBER_CHARS = 7
_YEAR_CHARS = 4


def mask_name(plaintext_name: str) -> str:
    """Return the first letters and the given name: "Nguyễn Văn An" gives "N… V… An", a lone "An" gives "A…".

    Leaks: the given name and the initials.
    """
    *first, last = plaintext_name.split() or [""]
    initials = [f"{word[0]}…" for word in first]
    return " ".join([*initials, last]) if initials else f"{last[:1]}…"


def mask_number(plaintext_number: str) -> str:
    """Return dots and the last three characters: of twelve digits "•••••••••123"; of six or fewer, dots only.

    Leaks: the last three digits and the length.
    """
    if len(plaintext_number) < _MIN_NUMBER_CHARS:
        return _DOT * len(plaintext_number)
    return _DOT * (len(plaintext_number) - _SHOWN_DIGITS) + plaintext_number[-_SHOWN_DIGITS:]


def mask_date(plaintext_date: str) -> int | None:
    """Return the year of a canonical date (`1987-05-02`, `1987-05`, `1987`); None if there is none.

    Leaks: the year.
    """
    year = plaintext_date[:_YEAR_CHARS]
    return int(year) if len(year) == _YEAR_CHARS and year.isascii() and year.isdigit() else None


# A masked birth date goes by the name that the contract gives it.
_MASKED_NAMES = {"born_on": "birth_year"}
_MASKS: Mapping[Mask, Callable[[str], str | int | None]] = {
    "name": mask_name,
    "number": mask_number,
    "year": mask_date,
    "hide": lambda _: None,
}


def reveal(plaintext_person: Mapping[str, Any], grant: Grant, named: Collection[str] = ()) -> dict[str, Any]:
    """Return what `grant` lets be seen of one person, in the order of the field table.

    Args:
        plaintext_person: fields of `schemas.citizen.Person`; a field without a row in the table is left out, and so
            is one without a value.
        grant: of the policy; for another person than the one it was given for, pass `grant.all_masked()`.
        named: fields that the request asks for by name.

    Returns:
        Clear values under their names; masked ones as text, the birth date as `birth_year`.
    """
    shown: dict[str, Any] = {}
    for name in FIELDS:
        value = plaintext_person.get(name)
        if value is None:
            continue
        if grant.clears(name, named=name in named):
            shown[name] = value
        elif grant.masks(name) and isinstance(value, str) and (masked := _MASKS[FIELDS[name].mask](value)) is not None:
            shown[_MASKED_NAMES.get(name, name)] = masked
    return shown

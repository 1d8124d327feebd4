"""When two readings of one field are the same, and which of the same ones is written best."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.canonical import dates_agree, names_agree, partial_date
from schemas.citizen import Person
from schemas.errors import CanonicalFormError
from schemas.vietnamese import fold
from search_api.services.prefill.addresses import PlacedAddress, place_address

_ASCII_END = 128


def stored_reading(field: str, value: Any, written_on: str | None) -> Any:
    """Return a field of a person as it is compared; what a section holds is canonical already."""
    return place_address(value, written_on) if field == "address" else value


def told_reading(field: str, raw: Any, written_on: str | None) -> Any:
    """Return what a paper's own data tells of its holder, in canonical form; None where it has none."""
    try:
        told = Person.model_validate({field: raw}).model_dump(exclude_none=True).get(field)
    except ValidationError:
        return None
    return None if told is None else stored_reading(field, told, written_on)


def paper_reading(kind: str, raw: Any) -> Any:
    """Return a value of a paper in canonical form; None where it has none."""
    if kind != "date":
        return raw
    try:
        return partial_date(raw) if isinstance(raw, str) else None
    except CanonicalFormError:
        return None


def agree(kind: str, one: Any, other: Any) -> bool:
    """Return whether two readings say the same: names and text in any spelling, dates as far as both are given."""
    if one == other:
        return True
    if isinstance(one, PlacedAddress) and isinstance(other, PlacedAddress):
        return one.agrees(other)
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    if kind == "name":
        return names_agree(one, other)
    if kind == "date":
        return dates_agree(one, other)
    return fold(one) == fold(other)


def quality(kind: str, value: Any) -> int:
    """Return how well a reading is written: letters with accents, or how much of a date is known."""
    if not isinstance(value, str):
        return 0
    return len(value) if kind == "date" else sum(ord(letter) >= _ASCII_END for letter in value)


def spelled_apart(one: Any, other: Any) -> bool:
    """Return whether two readings that agree are both accented and differ all the same: Văn and Vân."""
    if not isinstance(one, str) or not isinstance(other, str) or one.lower() == other.lower():
        return False
    return all(fold(text) != text.lower() for text in (one, other))


def shown(value: Any) -> Any:
    """Return a reading as it stands in the answer."""
    return value.value() if isinstance(value, PlacedAddress) else value

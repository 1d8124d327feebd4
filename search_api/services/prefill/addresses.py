"""An address with its commune before and after the reform of 1 July 2025."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.units import REFORM_DAY, Unit, Units
from schemas.vietnamese import fold
from search_api.services.prefill.validity import first_day, last_day

_LAST_OLD_DAY = REFORM_DAY - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlacedAddress:
    """An address as a record has it, and where it lies now.

    Attributes:
        unit_code: commune code as of the record's day.
        now: the units that hold it since July 2025: one, several if its old unit was split, none if not known.
    """

    unit_code: str | None
    text: str | None
    now: tuple[Unit, ...]

    @property
    def is_placed(self) -> bool:
        """Whether exactly one unit of today holds it."""
        return len(self.now) == 1

    def value(self) -> dict[str, Any]:
        """Return the address as the form takes it; the unit of today is null unless it is certain."""
        return self._value(self.now[0] if self.is_placed else None)

    def options(self) -> tuple[dict[str, Any], ...]:
        """Return one value for each unit that may be meant; none where nothing is to be chosen."""
        return () if self.is_placed else tuple(self._value(unit) for unit in self.now)

    def agrees(self, other: PlacedAddress) -> bool:
        """Return whether both may be the same place: a common unit, and the same house or hamlet before the comma."""
        if self.now and other.now:
            return self._house() == other._house() and not set(self.now).isdisjoint(other.now)
        return fold(self.text or "") == fold(other.text or "")

    def _house(self) -> str:
        return fold((self.text or "").partition(",")[0])

    def _value(self, unit: Unit | None) -> dict[str, Any]:
        return {
            "unit_code": self.unit_code,
            "text": self.text,
            "unit_code_2025": unit.code if unit else None,
            "unit_2025": unit.name if unit else None,
        }


def place_address(address: Mapping[str, Any], written_on: str | None) -> PlacedAddress:
    """Return where an address lies; `written_on` is the record's date, as far as it is known."""
    code = address.get("unit_code")
    return PlacedAddress(code, address.get("text"), _units_of_today(code, written_on) if code else ())


def _units_of_today(code: str, written_on: str | None) -> tuple[Unit, ...]:
    units = Units.built_in()
    # Many codes mean another commune since the reform: without a date both readings count.
    days = {first_day(written_on), last_day(written_on)} if written_on else {_LAST_OLD_DAY, REFORM_DAY}
    found: dict[Unit, None] = {}
    for day in sorted(days):
        unit = units.current(code, day)
        if unit is not None:
            found |= dict.fromkeys(units.successors(code) if unit.era == "old" else (unit,))
    return tuple(found)

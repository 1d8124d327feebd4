"""Communes before and after the reform of 1 July 2025, and what became what.

The reform gave many codes a new meaning: 16681 was phường Quang Trung and is phường Thành Vinh. So a unit is known by
its code and its era, never by the code alone. The table holds all communes of Nghệ An and some of Thanh Hóa; of
other places nothing is known, which is an answer too (`None` or an empty tuple).
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from schemas.vietnamese import fold, normalise

# The first day of the two-level government: districts are gone and the codes below stand for the new communes.
REFORM_DAY = date(2025, 7, 1)

Era = Literal["old", "new"]

_KIND_OF_UNIT = r"(?:xã|phường|thị trấn|đặc khu|xa|phuong|thi tran|dac khu)\s+"
_SHORT_KIND_OF_UNIT = r"(?:x|p|tt)(?:\.\s*|\s+)"
_LEADING_KIND = re.compile(f"^(?:{_KIND_OF_UNIT}|{_SHORT_KIND_OF_UNIT})")


@dataclass(frozen=True, slots=True)
class Unit:
    """One commune, ward or township in one era.

    Attributes:
        code: five digits of the national statistics office.
        era: "old" until 30 June 2025, "new" from 1 July 2025; with the code, the identity.
        name: official name with its kind, such as "Phường Thành Vinh".
        province_code: two digits; 40 is Nghệ An.
        district: official name of the district; None in the new era, which has none.
    """

    code: str
    era: Era
    name: str
    province_code: str
    district: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """One line of the table: `old` went into `new`, whole or in part."""

    old: Unit
    new: Unit
    is_whole: bool


class Units:
    """The communes of a conversion table, by code and by name. Immutable."""

    __slots__ = ("_by_code", "_by_name", "_predecessors", "_successors")

    def __init__(self, conversions: Iterable[Conversion]) -> None:
        """Keep `conversions`; their order is the order of every answer."""
        table = tuple(conversions)
        units = dict.fromkeys(unit for line in table for unit in (line.new, line.old))
        self._by_code: dict[tuple[str, Era], Unit] = {(unit.code, unit.era): unit for unit in units}
        self._by_name = _grouped((name, unit) for unit in units for name in _names(unit))
        self._successors = _grouped((line.old.code, line.new) for line in table)
        self._predecessors = _grouped((line.new.code, line.old) for line in table)

    @staticmethod
    @cache
    def built_in() -> "Units":
        """Return the table that comes with the project, read once in a process."""
        text = files("schemas").joinpath("data/units.csv").read_text(encoding="utf-8")
        return Units(_conversion(row) for row in csv.DictReader(text.splitlines()))

    def all(self) -> tuple[Unit, ...]:
        """Return every unit of both eras, in the order of the table."""
        return tuple(self._by_code.values())

    def current(self, code: str, on: date | None = None) -> Unit | None:
        """Return the unit that `code` names on the day `on`, or None if the table has no such code.

        Without a day: the unit as of now. A code that only the other era has names the unit of that era, because
        people go on writing the code that stands on their papers.
        """
        old, new = self._by_code.get((code, "old")), self._by_code.get((code, "new"))
        return (old or new) if on is not None and on < REFORM_DAY else (new or old)

    def successors(self, old_code: str) -> tuple[Unit, ...]:
        """Return the new units that hold the old unit `old_code`: several if it was split, none if it is not known."""
        return self._successors.get(old_code, ())

    def predecessors(self, new_code: str) -> tuple[Unit, ...]:
        """Return the old units that went, whole or in part, into the new unit `new_code`."""
        return self._predecessors.get(new_code, ())

    def named(self, name_or_code: str) -> tuple[Unit, ...]:
        """Return the units of both eras that a name or a code may mean.

        A name counts in any spelling, with accents or without, with its kind ("xã", "P.") or without; the reading that
        fits more closely wins, so "Nghi Văn" is not Nghi Vạn, and "nghi van" is both. After a comma the district may
        stand: "Tam Hợp, Quỳ Hợp"; parts that name no district of a candidate are not regarded.
        """
        text = normalise(name_or_code).lower()
        if text.isdecimal():
            return tuple(self._by_code[text, era] for era in ("old", "new") if (text, era) in self._by_code)
        name, *within = (part.strip() for part in text.split(","))
        bare = _LEADING_KIND.sub("", name)
        for reading in (name, bare, fold(name), fold(bare)):
            if reading in self._by_name:
                return _narrowed(self._by_name[reading], within)
        return ()

    def find(self, name_or_code: str) -> tuple[str, ...]:
        """Return every code, old and new, under which filings about the place may stand; empty if it is not known.

        An old unit brings its successors along, a new unit its predecessors. Each code once, sorted.
        """
        codes = set()
        for unit in self.named(name_or_code):
            kin = self.successors(unit.code) if unit.era == "old" else self.predecessors(unit.code)
            codes |= {unit.code, *(relative.code for relative in kin)}
        return tuple(sorted(codes))


def _conversion(row: Mapping[str, str]) -> Conversion:
    province = row["province_code"]
    old = Unit(row["old_code"], "old", row["old_name"], province, row["old_district"])
    new = Unit(row["new_code"], "new", row["new_name"], province)
    return Conversion(old, new, is_whole=row["relation"] == "whole")


def _names(unit: Unit) -> set[str]:
    """Return the spellings a unit is known by: with and without its kind, with and without accents."""
    full = normalise(unit.name).lower()
    bare = _LEADING_KIND.sub("", full)
    return {full, bare, fold(full), fold(bare)}


def _narrowed(candidates: tuple[Unit, ...], within: list[str]) -> tuple[Unit, ...]:
    """Return the candidates whose district one of the parts of `within` names; all of them if none is named so."""
    places = [f" {fold(part)}" for part in within if part]
    fitting = tuple(
        unit for unit in candidates if unit.district and any(f" {fold(unit.district)}".endswith(at) for at in places)
    )
    return fitting or candidates


def _grouped(pairs: Iterable[tuple[str, Unit]]) -> dict[str, tuple[Unit, ...]]:
    groups: dict[str, dict[Unit, None]] = {}
    for key, unit in pairs:
        groups.setdefault(key, {})[unit] = None
    return {key: tuple(group) for key, group in groups.items()}

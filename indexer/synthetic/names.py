"""Full names as Vietnamese people bear them: surname, middle name, given name, by sex, generation and people.

The frequencies of surnames are those of the north of central Vietnam; middle and given names stand in
`data/names.json` by how often they are met, most frequent first. Names are facts; no list of persons was used.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from indexer.synthetic.weighted import Weighted, zipf

# Share of people whose given name has two syllables, by sex and generation.
_DOUBLE_SHARE = {
    ("male", "old"): 0.0,
    ("male", "middle"): 0.06,
    ("male", "young"): 0.2,
    ("female", "old"): 0.0,
    ("female", "middle"): 0.16,
    ("female", "young"): 0.24,
}
# Share of the young who bear the mother's surname in front of the middle name: Nguyễn Trần Bảo An.
_MOTHER_SURNAME_SHARE = 0.04


class NameMaker:
    """Draws names from the built-in lists."""

    def __init__(self) -> None:
        lists: dict[str, Any] = json.loads((files("indexer.synthetic") / "data/names.json").read_text("utf-8"))
        self._surnames: dict[str, Weighted[str]] = {
            people: Weighted((name, weight) for name, weight in pairs) for people, pairs in lists["surnames"].items()
        }
        self._middle: dict[tuple[str, str], Weighted[str]] = {}
        self._given: dict[tuple[str, str], Weighted[str]] = {}
        self._double: dict[tuple[str, str], Weighted[str]] = {}
        for sex in ("male", "female"):
            for generation in ("old", "middle", "young"):
                key = (sex, generation)
                share = lists["middle"]["share_of_first"][sex][generation]
                self._middle[key] = _led_by_first(lists["middle"][sex][generation].split(), share)
                self._given[key] = zipf(lists["given"][sex][generation].split())
            for generation, names in lists["double"][sex].items():
                self._double[sex, generation] = zipf(names.split(","))
        self._minority: dict[tuple[str, str, str], Weighted[str]] = {
            (people, part, sex): zipf(names.split())
            for people, parts in lists["minority"].items()
            for part, by_sex in parts.items()
            for sex, names in by_sex.items()
        }

    def surname(self, ethnicity: str, rng: Random) -> str:
        """Return a surname of that people; of one without a list of its own, a surname of the Kinh."""
        return self._surnames.get(ethnicity, self._surnames["Kinh"]).draw(rng)

    def full_name(
        self, surname: str, sex: str, birth_year: int, ethnicity: str, rng: Random, mother_surname: str = ""
    ) -> str:
        """Return a full name that begins with `surname`, in NFC, tone marks in the older style (hòa, thủy)."""
        if (ethnicity, "given", sex) in self._minority:
            middle = self._minority[ethnicity, "middle", sex].draw(rng)
            return f"{surname} {middle} {self._minority[ethnicity, 'given', sex].draw(rng)}"
        key = (sex, generation(birth_year))
        middle = self._middle[key].draw(rng)
        given = self._double[key] if rng.random() < _DOUBLE_SHARE[key] else self._given[key]
        taken = f"{surname} {mother_surname}" if self._takes_mother_surname(key[1], mother_surname, rng) else surname
        return self._joined(taken, middle, given, rng)

    @staticmethod
    def _joined(surname: str, middle: str, given: Weighted[str], rng: Random) -> str:
        name = given.draw(rng)
        while middle in name.split():  # "Anh Anh" is nobody's name; "Minh Anh" after "Minh" neither.
            name = given.draw(rng)
        return f"{surname} {middle} {name}"

    @staticmethod
    def _takes_mother_surname(born_in: str, mother_surname: str, rng: Random) -> bool:
        return born_in == "young" and mother_surname != "" and rng.random() < _MOTHER_SURNAME_SHARE


def generation(birth_year: int) -> str:
    """Return "old" (before 1965), "middle" (before 1995) or "young": names change with it."""
    if birth_year < 1965:
        return "old"
    return "middle" if birth_year < 1995 else "young"


@cache
def name_maker() -> NameMaker:
    """Return the one maker of this process: its lists never change."""
    return NameMaker()


def _led_by_first(names: list[str], share: float) -> Weighted[str]:
    """Return the names with `share` for the first, as for Văn and Thị, and Zipf's law among the rest."""
    if len(names) == 1:
        return Weighted([(names[0], 1.0)])
    rest = [(rank + 2.0) ** -0.85 for rank in range(len(names) - 1)]
    scale = (1 - share) / sum(rest)
    return Weighted([(names[0], share), *zip(names[1:], (weight * scale for weight in rest), strict=True)])

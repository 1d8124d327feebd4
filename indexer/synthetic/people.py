"""One synthetic person, and the numbers, phones and e-mail addresses that belong to people.

Numbers have the structure of real ones and are drawn without any list of persons: that one equals a number in use is
chance and says nothing about its bearer. E-mail addresses stand under names reserved for examples (RFC 2606).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

from schemas.vietnamese import fold

if TYPE_CHECKING:
    from indexer.synthetic.places import Home

# Citizens a block holds. Part of what a seed stands for: changing it changes every world.
BLOCK_CITIZENS = 1000
# Old numbers have seven digits after the province's two: this many citizens fit, and never two under one number.
MAX_CITIZENS = 10_000_000

# First day of a number that nobody knows yet: a newborn's, until a dossier registers the birth.
UNNUMBERED = date.max

# Serials of one birth province, sex and birth year that a block may give out; 64 x 10,000 blocks fit into six digits.
_SERIALS_A_BLOCK = 64
# Odd and no multiple of 5, so that multiplying permutes the numbers of six and of seven digits.
_SCATTER_6, _SCATTER_7 = 611_953, 7_368_787
# So that the first number of all is not a row of zeros.
_FIRST_6, _FIRST_7 = 428_117, 3_150_249
# First two digits of the 9-digit numbers of a province, by its code in the 12-digit ones.
_OLD_PREFIX = {"040": "18", "038": "17", "001": "01", "042": "19", "079": "02"}

# Mobile prefixes in use, and what some of them were before 15 November 2018.
MOBILE_PREFIXES = (
    "032", "033", "034", "035", "036", "037", "038", "039", "070", "076", "077", "078", "079", "081", "082", "083",
    "084", "085", "086", "088", "089", "090", "091", "093", "094", "096", "097", "098",
)  # fmt: skip
OLD_MOBILE_PREFIX = {
    "032": "0162", "033": "0163", "034": "0164", "035": "0165", "036": "0166", "037": "0167", "038": "0168",
    "039": "0169", "070": "0120", "079": "0121", "077": "0122", "076": "0126", "078": "0128", "083": "0123",
    "084": "0124", "085": "0125", "081": "0127", "082": "0129",
}  # fmt: skip
_MAIL_DOMAINS = ("example.com", "example.net", "example.org")


@dataclass(slots=True, eq=False, repr=False)
class Person:
    """The truth about one synthetic citizen, which no written file holds.

    Attributes:
        number: from 0, unique in the world.
        citizen_id: twelve digits; every citizen has one in the end.
        old_id: nine digits, of people born before 2005 only.
        id_since: day from which the twelve digits are known to the person and to clerks.
        homes: where the person lived, with the first day of each, oldest first.
        dossiers: codes of the dossiers that name the person, each once, oldest first.
        papers: the newest paper of each kind that the person holds, by kind.
        wanted: how many dossiers the person should be named in.
        planned: how many dossiers that name the person are planned so far.
    """

    number: int
    sex: str
    surname: str
    full_name: str
    born_on: date
    ethnicity: str
    religion: str
    birth_province: str
    citizen_id: str
    old_id: str | None
    id_since: date
    homes: list[tuple[date, Home]]
    phone: str | None = None
    email: str | None = None
    died_on: date | None = None
    married_on: date | None = None
    father: Person | None = None
    mother: Person | None = None
    spouse: Person | None = None
    children: list[Person] = field(default_factory=list)
    dossiers: list[str] = field(default_factory=list)
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)
    wanted: int = 1
    planned: int = 0

    def __repr__(self) -> str:
        # The generated one would walk through all kin of all kin.
        return f"Person({self.number})"

    def age_on(self, day: date) -> int:
        """Return completed years on `day`; negative before birth."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))

    def alive_on(self, day: date) -> bool:
        """Return whether the person is born and not yet dead on `day`."""
        return self.born_on <= day and (self.died_on is None or day < self.died_on)

    def home_on(self, day: date) -> Home:
        """Return where the person lives on `day`."""
        home = self.homes[0][1]
        for since, later in self.homes[1:]:
            if since <= day:
                home = later
        return home


class Numbers:
    """Gives out the numbers of one block; those of different blocks never meet."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._given: Counter[str] = Counter()
        self._people = 0

    def person(self) -> int:
        """Return the next person's number in the world."""
        self._people += 1
        return self._block * BLOCK_CITIZENS + self._people - 1

    def citizen_id(self, province: str, sex: str, birth_year: int) -> str:
        """Return a fresh 12-digit number: birth province, century and sex, birth year, serial."""
        prefix = f"{province}{(birth_year // 100 - 19) * 2 + (sex == 'female')}{birth_year % 100:02}"
        slot = self._given[prefix]
        self._given[prefix] += 1
        assert slot < _SERIALS_A_BLOCK, "a block holds more people of one birth year than serials were set apart for"
        return f"{prefix}{((self._block * _SERIALS_A_BLOCK + slot) * _SCATTER_6 + _FIRST_6) % 10**6:06}"

    @staticmethod
    def old_id(province: str, person_number: int) -> str:
        """Return the 9-digit number of that person."""
        return f"{_OLD_PREFIX[province]}{(person_number * _SCATTER_7 + _FIRST_7) % 10**7:07}"


def new_phone(rng: Random) -> str:
    """Return a mobile number of ten digits."""
    return f"{rng.choice(MOBILE_PREFIXES)}{rng.randrange(10**7):07}"


def new_email(full_name: str, birth_year: int, rng: Random) -> str:
    """Return an address as people make them: given name first, then initials and birth year."""
    *others, given = fold(full_name).split()
    initials = "".join(syllable[0] for syllable in others)
    return f"{given}{initials}{birth_year % 100:02}{rng.randrange(100):02}@{rng.choice(_MAIL_DOMAINS)}"

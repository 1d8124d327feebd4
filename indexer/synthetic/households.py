"""The people of one block: couples, children, grandparents, people alone; who is whose kin; who moved; who died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from indexer.synthetic.names import name_maker
from indexer.synthetic.people import UNNUMBERED, Numbers, Person, new_email, new_phone
from indexer.synthetic.places import BIRTH_PROVINCES, Commune, Home, places
from indexer.synthetic.weighted import Weighted

FIRST_BIRTH_YEAR = 1930
# First day on which a dossier of the world can be received.
FIRST_DAY = date(2019, 1, 2)
_BEFORE_ALL = date(1900, 1, 1)

# The rest of a block is for the children of its new couples and for people without kin in the block.
_FAMILY_SHARE = 0.93
_MOTHER_AGES = range(19, 42)
_FATHER_AGES = range(19, 58)
_MOVED_SHARE = 0.14
_OTHER_BIRTH_PROVINCES = Weighted([("home", 94.0), ("042", 2.5), ("001", 2.0), ("079", 1.5)])
_RELIGIONS = {
    "Kinh": Weighted([("Không", 88.0), ("Công giáo", 8.5), ("Phật giáo", 3.5)]),
    "Mông": Weighted([("Không", 93.0), ("Tin Lành", 7.0)]),
}
_NO_RELIGION = Weighted([("Không", 1.0)])
# When people came by their 12-digit number: first cards in 2016, the large campaign of 2021 to 2023.
_CARD_YEARS = Weighted([(2016, 3.0), (2018, 5.0), (2020, 6.0), (2021, 52.0), (2022, 20.0), (2023, 9.0), (2024, 5.0)])
_DEATH_CHANCE = ((1940, 0.5), (1950, 0.22), (1960, 0.07), (1970, 0.02), (9999, 0.005))
_NUMBERED_AT_BIRTH = date(2016, 1, 1)
_LAST_BIRTH_YEAR_WITH_OLD_ID = 2004
_LAST_BIRTH_YEAR_ON_OWN = 2003
# A birth is registered within weeks: later births would be known to no dossier yet.
_UNREGISTERED_DAYS = 60


class Settlement:
    """Makes the people of one block.

    Args:
        block: number of the block.
        size: how many people, exactly.
        rng: the only source of chance.
        today: no birth, move, marriage or death lies after it.
    """

    def __init__(self, block: int, size: int, rng: Random, today: date) -> None:
        self.people: list[Person] = []
        self._size = size
        self._rng = rng
        self._today = today
        self._numbers = Numbers(block)
        self._family_kinds = Weighted(
            [(self._couple_family, 50), (self._three_generations, 20), (self._grown_family, 17), (self._lone_parent, 5)]
        )

    def settle(self) -> list[Person]:
        """Return all people of the block, kin beside kin."""
        while len(self.people) < int(self._size * _FAMILY_SHARE):
            first = len(self.people)
            self._family_kinds.draw(self._rng)()
            self._move(self.people[first:])
            self._share_phones(self.people[first:])
        self._marry_singles()
        while len(self.people) < self._size:
            self._share_phones([self._alone()])
        for person in self.people:
            self._die(person)
        return self.people

    @property
    def _room(self) -> int:
        return self._size - len(self.people)

    # Families

    def _couple_family(self) -> None:
        commune = places().commune(self._rng)
        year = self._rng.randint(1954, 2001)
        self._couple(year, self._homes(commune), commune)

    def _three_generations(self) -> None:
        commune = places().commune(self._rng)
        homes = self._homes(commune)
        grandfather = self._person("male", self._rng.randint(1930, 1968), homes, commune)
        grandmother = self._wife_of(grandfather, homes, commune)
        if grandmother is None:
            return
        year = grandmother.born_on.year + self._rng.randint(19, 33)
        self._couple(min(year, 2001), homes, commune, (grandfather, grandmother))

    def _grown_family(self) -> None:
        """An elderly couple, and children who live in homes of their own."""
        commune = places().commune(self._rng)
        homes = self._homes(commune)
        father = self._person("male", self._rng.randint(FIRST_BIRTH_YEAR, 1972), homes, commune)
        mother = self._wife_of(father, homes, commune)
        if mother is None:
            return
        for child in self._children(father, mother):
            if child.born_on.year > _LAST_BIRTH_YEAR_ON_OWN:
                continue
            near = commune if self._rng.random() < 0.6 else places().commune_of(commune.province, self._rng)
            child.homes = self._homes(near)

    def _lone_parent(self) -> None:
        commune = places().commune(self._rng)
        mother = self._person("female", self._rng.randint(1958, 2000), self._homes(commune), commune)
        if self._room:
            self._child(None, mother, mother.born_on.year + self._rng.randint(20, 38))

    def _alone(self) -> Person:
        commune = places().commune(self._rng)
        sex = self._rng.choice(("male", "female"))
        return self._person(sex, self._rng.randint(1940, 2007), self._homes(commune), commune)

    def _couple(
        self, year: int, homes: list[tuple[date, Home]], commune: Commune, parents: tuple[Person, Person] | None = None
    ) -> None:
        if not self._room:
            return
        husband = (
            self._born_to(parents[0], parents[1], "male", year)
            if parents
            else self._person("male", year, homes, commune)
        )
        wife = self._wife_of(husband, homes, commune)
        if wife is not None:
            self._children(husband, wife)

    def _wife_of(self, husband: Person, homes: list[tuple[date, Home]], commune: Commune) -> Person | None:
        if not self._room:
            return None
        year = min(max(husband.born_on.year + self._rng.randint(-2, 6), FIRST_BIRTH_YEAR), 2004)
        # Nine in ten marry within their people.
        ethnicity = husband.ethnicity if self._rng.random() < 0.9 else commune.peoples.draw(self._rng)
        wife = self._person("female", year, homes, commune, ethnicity)
        adult = max(wife.born_on.year + 18, husband.born_on.year + 20)
        self._wed(husband, wife, self._day(min(max(adult + self._rng.randint(1, 9), 1950), self._today.year)))
        return wife

    @staticmethod
    def _wed(husband: Person, wife: Person, day: date) -> None:
        husband.spouse, wife.spouse = wife, husband
        husband.married_on = wife.married_on = day

    def _children(self, father: Person, mother: Person) -> list[Person]:
        children: list[Person] = []
        assert father.married_on is not None
        year = max(father.married_on.year, mother.born_on.year + _MOTHER_AGES.start) + self._rng.randint(1, 3)
        for _ in range(_wanted_children(mother.born_on.year, self._rng)):
            in_age = year - mother.born_on.year in _MOTHER_AGES and year - father.born_on.year in _FATHER_AGES
            if not in_age or year > self._today.year or not self._room:
                break
            children.append(self._child(father, mother, year))
            year += self._rng.randint(2, 5)
        return children

    # People

    def _child(self, father: Person | None, mother: Person, year: int) -> Person:
        sex = "male" if self._rng.random() < 0.52 else "female"
        return self._born_to(father, mother, sex, min(year, self._today.year))

    def _born_to(self, father: Person | None, mother: Person, sex: str, year: int) -> Person:
        namesake = father or mother
        child = self._person(sex, year, mother.homes, mother.homes[0][1].commune, namesake.ethnicity, father, mother)
        for parent in filter(None, (father, mother)):
            parent.children.append(child)
        child.father, child.mother = father, mother
        child.religion = namesake.religion
        return child

    def _person(
        self,
        sex: str,
        year: int,
        homes: list[tuple[date, Home]],
        commune: Commune,
        ethnicity: str | None = None,
        father: Person | None = None,
        mother: Person | None = None,
    ) -> Person:
        rng = self._rng
        ethnicity = ethnicity or commune.peoples.draw(rng)
        parent = father or mother
        surname = parent.surname if parent else name_maker().surname(ethnicity, rng)
        born_on = self._day(year)
        drawn = _OTHER_BIRTH_PROVINCES.draw(rng)
        province = BIRTH_PROVINCES[commune.province] if drawn == "home" or parent else drawn
        number = self._numbers.person()
        with_old_id = year <= _LAST_BIRTH_YEAR_WITH_OLD_ID
        mother_surname = mother.surname if father and mother else ""
        person = Person(
            number=number,
            sex=sex,
            surname=surname,
            full_name=name_maker().full_name(surname, sex, year, ethnicity, rng, mother_surname),
            born_on=born_on,
            ethnicity=ethnicity,
            religion=_RELIGIONS.get(ethnicity, _NO_RELIGION).draw(rng),
            birth_province=province,
            citizen_id=self._numbers.citizen_id(province, sex, year),
            old_id=self._numbers.old_id(province, number) if with_old_id else None,
            id_since=self._card_day() if with_old_id else _numbered_since(born_on),
            homes=homes,
        )
        self.people.append(person)
        return person

    def _homes(self, commune: Commune) -> list[tuple[date, Home]]:
        return [(_BEFORE_ALL, places().home(commune, self._rng))]

    def _day(self, year: int) -> date:
        """Return a day of the year, if it is this year one whose births are registered by now."""
        last = min(date(year, 12, 31), self._today - timedelta(days=_UNREGISTERED_DAYS))
        return date(year, 1, 1) + timedelta(days=self._rng.randrange((last - date(year, 1, 1)).days + 1))

    def _card_day(self) -> date:
        return self._day(_CARD_YEARS.draw(self._rng))

    def _recent_day(self) -> date:
        return FIRST_DAY + timedelta(days=self._rng.randrange((self._today - FIRST_DAY).days))

    # What happens to them

    def _move(self, family: Sequence[Person]) -> None:
        """Let a family change its home together, at times."""
        if not family or self._rng.random() >= _MOVED_SHARE:
            return
        together = family[0].homes
        old = together[0][1].commune
        stays = self._rng.random() < 0.9
        commune = places().commune_of(old.province, self._rng) if stays else places().commune(self._rng)
        if commune is not old:
            together.append((self._recent_day(), places().home(commune, self._rng)))

    def _marry_singles(self) -> None:
        """Join unmarried people of different families, in order of birth, with weddings since 2019."""
        singles = [p for p in self.people if p.spouse is None and not p.children and 1986 <= p.born_on.year <= 2006]
        men = sorted((p for p in singles if p.sex == "male"), key=_by_birth)
        women = sorted((p for p in singles if p.sex == "female"), key=_by_birth)
        for man, woman in zip(men, women, strict=False):
            kin = man.mother is not None and man.mother is woman.mother
            first = max(FIRST_DAY, _birthday(man, 20), _birthday(woman, 18)) + timedelta(days=30)
            if kin or first >= self._today or self._rng.random() < 0.25:
                continue
            day = first + timedelta(days=self._rng.randrange((self._today - first).days))
            self._wed(man, woman, day)
            joined = day + timedelta(days=self._rng.randint(10, 90))
            if joined < self._today and man.homes[-1][0] <= joined:
                earlier = [stay for stay in woman.homes if stay[0] < joined]
                woman.homes = [*earlier, (joined, man.homes[-1][1])]
                self._first_child(man, woman, joined)

    def _first_child(self, father: Person, mother: Person, joined: date) -> None:
        year = joined.year + self._rng.randint(1, 2)
        if year <= self._today.year and self._room and self._rng.random() < 0.7:
            self._child(father, mother, year).phone = mother.phone

    def _die(self, person: Person) -> None:
        chance = next(chance for until, chance in _DEATH_CHANCE if person.born_on.year < until)
        if self._rng.random() >= chance:
            return
        # Not in the first weeks: everybody is alive on some day of the world.
        day = self._recent_day() + timedelta(days=30)
        if day > self._today:
            return
        lived = [person.born_on, *(child.born_on for child in person.children)]
        if person.married_on:
            lived.append(person.married_on)
        if day > max(lived) + timedelta(days=30):
            person.died_on = day

    def _share_phones(self, family: Sequence[Person]) -> None:
        """Give telephones: most adults have their own, the others use one of the family."""
        for person in family:
            year = person.born_on.year
            if self._rng.random() < (0.45 if year < 1955 else 0.9 if year < 2011 else 0):
                person.phone = new_phone(self._rng)
            if 1968 < year < 2010 and self._rng.random() < 0.35:
                person.email = new_email(person.full_name, year, self._rng)
        shared = next((p.phone for p in family if p.phone), None) or new_phone(self._rng)
        for person in family:
            person.phone = person.phone or shared


def _wanted_children(mother_birth_year: int, rng: Random) -> int:
    if mother_birth_year < 1955:
        return rng.randint(2, 6)
    if mother_birth_year < 1972:
        return rng.randint(1, 4)
    return rng.choice((0, 1, 2, 2, 2, 3, 3))


def _numbered_since(born_on: date) -> date:
    """Return since when the number of one who never had an old one is known."""
    return UNNUMBERED if born_on >= FIRST_DAY else max(_NUMBERED_AT_BIRTH, born_on + timedelta(days=5))


def _by_birth(person: Person) -> tuple[date, int]:
    return person.born_on, person.number


def _birthday(person: Person, age: int) -> date:
    return person.born_on + timedelta(days=age * 366)

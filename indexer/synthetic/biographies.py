"""What brings the people of a block to a desk: births, weddings, deaths, moves, cards, and everyday matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from indexer.synthetic.course import working_day
from indexer.synthetic.households import FIRST_DAY
from indexer.synthetic.matters import Matter, everyday, life_matter
from indexer.synthetic.people import Person
from indexer.synthetic.weighted import Weighted

MOST_DOSSIERS = 50
_ADULT = 18
_MOST_ROLES = 6
_MAY_BE_DEAD = frozenset({"deceased", "mother", "father"})

# How many dossiers name a person in eight years: most one to four, a few thirty to fifty.
_WANTED = Weighted(
    [(1, 19.0), (2, 20.0), (3, 18.0), (4, 13.0), (5, 8.0), (6, 5.0), (8, 5.0), (10, 4.0), (13, 3.0), (18, 2.2),
     (25, 1.2), (32, 0.7), (40, 0.5), (50, 0.4)]
)  # fmt: skip
# Who is named as often as that files for others too, with a power of attorney.
_BROKER_WANTED = 25
_BROKERED_SHARE = 0.4
# Nearly everybody has a dossier after three tries; a child who died young among strangers may have none.
_MOST_TRIES = 200
_CALM_MOST = 8  # Children and the very old have few matters of their own.
# Of all filings; the others come as they fall, at weekends online.
_WORKING_DAY_SHARE = 0.85
# Birth, residence and health insurance in one filing.
_LINKED_SINCE = date(2023, 7, 10)
_LINKED_SHARE = 0.4
_CARD_DOSSIER_SHARE = 0.5
_RESIDENCE_SHARE = 0.6
_MARITAL_STATUS_SHARE = 0.55


@dataclass(slots=True)
class Event:
    """One dossier to be filed.

    Attributes:
        roles: people beside the applicant with the role each plays; the applicant may stand here again.
    """

    day: date
    matter: Matter
    applicant: Person
    roles: tuple[tuple[str, Person], ...] = ()

    def people(self) -> set[Person]:
        """Return everybody the dossier names, each once."""
        return {self.applicant, *(person for _, person in self.roles)}


class Biographer:
    """Plans the dossiers of one block so that each person is named in 1 to `MOST_DOSSIERS` of them.

    Args:
        people: everybody of the block.
        rng: the only source of chance.
        today: nothing is filed after it.
    """

    def __init__(self, people: Sequence[Person], rng: Random, today: date) -> None:
        self._people = people
        self._rng = rng
        self._today = today
        self._adults = [person for person in people if person.age_on(today) >= _ADULT]
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """Return all dossiers to be filed, by day."""
        for person in self._people:
            for event in self._life(person):
                self._plan(event)
        for person in self._people:
            self._everyday(person)
        # A stable sort: of one day, the order of planning, which is a function of the seed.
        self._events.sort(key=lambda event: event.day)
        return self._events

    def _plan(self, event: Event) -> bool:
        """Plan the event unless it is outside the world or somebody's life, or somebody is named often enough."""
        named = event.people()
        if self._rng.random() < _WORKING_DAY_SHARE:
            event.day = working_day(event.day)
        living = [event.applicant, *(person for role, person in event.roles if role not in _MAY_BE_DEAD)]
        if not all(person.alive_on(event.day) for person in living):
            return False
        if event.matter.agency(event.applicant.home_on(event.day)) is None:
            return False
        if not FIRST_DAY <= event.day <= self._today or any(p.planned >= MOST_DOSSIERS for p in named):
            return False
        for person in named:
            person.planned += 1
        self._events.append(event)
        return True

    # Life

    def _life(self, person: Person) -> Iterator[Event]:
        yield from self._birth(person)
        if person.sex == "male":
            yield from self._wedding(person)
        yield from self._move(person)
        yield from self._card(person)
        yield from self._death(person)

    def _birth(self, child: Person) -> Iterator[Event]:
        day = child.born_on + timedelta(days=self._rng.randint(3, 50))
        parents = [parent for parent in (child.mother, child.father) if parent and parent.alive_on(day)]
        if child.born_on < FIRST_DAY or not parents:
            return
        applicant = parents[-1] if self._rng.random() < 0.6 else parents[0]
        kin = (("mother", child.mother), ("father", child.father))
        named = tuple((role, parent) for role, parent in kin if parent)
        yield Event(day, self._birth_matter(child, day), applicant, (("child", child), *named))
        if self._rng.random() < _RESIDENCE_SHARE:
            later = day + timedelta(days=self._rng.randint(8, 60))
            if applicant.alive_on(later):
                yield Event(later, life_matter("residence"), applicant, (("child", child),))

    def _birth_matter(self, child: Person, day: date) -> Matter:
        """Return a way to register a birth: alone, linked with residence, or with recognition by the father."""
        parents = child.mother, child.father
        unmarried = all(parents) and any(p is not None and (p.married_on or day) >= day for p in parents)
        if unmarried:
            return life_matter("birth_with_recognition")
        linked = day >= _LINKED_SINCE and self._rng.random() < _LINKED_SHARE
        return life_matter("linked_birth" if linked else "birth")

    def _wedding(self, man: Person) -> Iterator[Event]:
        wife, day = man.spouse, man.married_on
        if wife is None or day is None or day < FIRST_DAY:
            return
        for one in (man, wife):
            if self._rng.random() < _MARITAL_STATUS_SHARE:
                earlier = day - timedelta(days=self._rng.randint(8, 60))
                yield Event(earlier, life_matter("marital_status"), one)
        yield Event(day, life_matter("marriage"), man, (("spouse", man), ("spouse", wife)))

    def _move(self, person: Person) -> Iterator[Event]:
        """The first of those who move together files for all."""
        for since, _ in person.homes[1:]:
            day = since + timedelta(days=self._rng.randint(5, 60))
            movers = [p for p in self._movers(person) if p.alive_on(day) and p.born_on < since]
            adults = [p for p in movers if p.age_on(day) >= _ADULT]
            if adults and adults[0] is person:
                others = tuple(("household_member", p) for p in movers if p is not person)[:_MOST_ROLES]
                yield Event(day, life_matter("residence"), person, others)

    def _movers(self, person: Person) -> list[Person]:
        kin = [person.father, person.mother, person, person.spouse, *person.children]
        return [p for p in kin if p is not None and p.homes is person.homes]

    def _card(self, person: Person) -> Iterator[Event]:
        if person.old_id and self._rng.random() < _CARD_DOSSIER_SHARE:
            day = person.id_since - timedelta(days=self._rng.randint(10, 30))
            if person.alive_on(day + timedelta(days=40)):
                yield Event(day, life_matter("identity_card"), person)

    def _death(self, dead: Person) -> Iterator[Event]:
        if dead.died_on is None:
            return
        day = dead.died_on + timedelta(days=self._rng.randint(1, 14))
        survivor = next((p for p in self._survivors(dead) if p.alive_on(day) and p.age_on(day) >= _ADULT), None)
        if survivor is None:
            return
        yield Event(day, life_matter("death"), survivor, (("deceased", dead),))
        if self._rng.random() < 0.5:
            later = day + timedelta(days=self._rng.randint(5, 40))
            if survivor.alive_on(later):
                yield Event(later, life_matter("residence_removal"), survivor, (("deceased", dead),))
        if dead.age_on(day) >= 75:
            later = day + timedelta(days=self._rng.randint(5, 60))
            if survivor.alive_on(later):
                yield Event(later, life_matter("funeral_support"), survivor, (("deceased", dead),))

    @staticmethod
    def _survivors(dead: Person) -> list[Person]:
        return [p for p in (dead.spouse, *dead.children, dead.father, dead.mother) if p is not None]

    # Everyday matters

    def _everyday(self, person: Person) -> None:
        person.wanted = _WANTED.draw(self._rng)
        age = person.age_on(self._today)
        if age < _ADULT or age > 75 or person.died_on:
            person.wanted = min(person.wanted, _CALM_MOST)
        # A day can lie outside the person's life or a partner be named often enough: three tries for each.
        for _ in range(3 * person.wanted):
            if person.planned >= person.wanted:
                break
            self._file_one(person)
        for _ in range(_MOST_TRIES):
            if person.planned:
                return
            self._file_one(person)

    def _file_one(self, person: Person) -> None:
        day = self._some_day(person)
        age = person.age_on(day)
        if age < _ADULT:
            self._for_child(person, day)
            return
        if person.wanted >= _BROKER_WANTED and self._rng.random() < _BROKERED_SHARE:
            self._for_client(person, day)
            return
        matter = everyday().draw_for(age, self._rng)
        other = self._other(person, day) if matter.partner_role else None
        roles: tuple[tuple[str, Person], ...] = ()
        if other is not None:
            roles = ((matter.applicant_role, person), (matter.partner_role, other))
        self._plan(Event(day, matter, person, roles))

    def _for_client(self, broker: Person, day: date) -> None:
        client = self._other(broker, day)
        if client is not None:
            matter = everyday().draw_for(client.age_on(day), self._rng)
            self._plan(Event(day, matter, client, (("representative", broker),)))

    def _for_child(self, child: Person, day: date) -> None:
        parents = [p for p in (child.mother, child.father) if p and p.alive_on(day) and p.planned < MOST_DOSSIERS]
        if parents:
            matter = everyday().draw_for(child.age_on(day), self._rng)
            self._plan(Event(day, matter, self._rng.choice(parents), (("child", child),)))
        else:
            # Without a parent in the world, an adult files as guardian.
            guardian = self._other(child, day)
            if guardian is not None:
                self._plan(Event(day, everyday().draw_for(child.age_on(day), self._rng), guardian, (("child", child),)))

    def _some_day(self, person: Person) -> date:
        """Return a day on which the person lives, more often a late one: filings have grown from year to year."""
        first = max(FIRST_DAY, person.born_on + timedelta(days=60))
        last = min(self._today, person.died_on - timedelta(days=1)) if person.died_on else self._today
        if last <= first:
            return first
        return first + timedelta(days=int((last - first).days * self._rng.random() ** 0.7))

    def _other(self, person: Person, day: date) -> Person | None:
        """Return an adult of the block, not the person, alive and not named too often; None if ten tries find none."""
        for _ in range(10):
            other = self._rng.choice(self._adults) if self._adults else person
            if other is not person and other.alive_on(day) and other.age_on(day) >= _ADULT and other.planned < 40:
                return other
        return None

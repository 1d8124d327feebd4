"""From an event to the lines of its dossier and its paper, as a clerk types and files them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

from indexer.synthetic.biographies import Event
from indexer.synthetic.course import Course, run_course
from indexer.synthetic.forms import form_of
from indexer.synthetic.matters import Matter, Requirement
from indexer.synthetic.noise import RATES, Typist
from indexer.synthetic.papers import MAKERS, Cast, issue
from indexer.synthetic.people import UNNUMBERED, Person

Line = dict[str, Any]

# Dossiers a block may count at one agency on one day, of the 10,000 blocks that share six digits. A block files six
# dossiers a day in all.
_COUNTERS_A_BLOCK = 100
_REUSE_SHARE = {2019: 0.03, 2021: 0.1, 2022: 0.25, 2023: 0.45, 2025: 0.65}
_DIGITISED_SHARE = {2019: 0.05, 2021: 0.25, 2022: 0.5, 2023: 0.75, 2025: 0.9}
_OPTIONAL_SHARE = 0.25
_ELECTRONIC_SHARE = {2019: 0.1, 2021: 0.3, 2022: 0.5, 2023: 0.75, 2025: 0.92}
_CARD_COPY_SHARE = 0.3
_PERSON_KEEPS_ADDRESS = 0.6
# Makers of papers of which one person has one at a time.
_REPLACING = frozenset({"identity_card", "driving_licence"})
# Roles whose people a dossier describes as fully as its applicant.
_FULL_ROLES = frozenset({"spouse", "mother", "father", "child", "deceased"})


class Clerk:
    """Files the events of one block, which must come by day, so that papers exist before they are reused."""

    def __init__(self, block: int, rng: Random, today: date) -> None:
        self._first_counter = block * _COUNTERS_A_BLOCK + 1
        self._filed: Counter[tuple[str, date]] = Counter()
        self._rng = rng
        self._today = today
        self._typist = Typist(RATES)

    def file(self, event: Event) -> tuple[Line, Line | None]:
        """Return the dossier's line, and the line of the paper it issued, if it has issued one."""
        matter = event.matter
        agency = matter.agency(event.applicant.home_on(event.day))
        assert agency is not None, "only events that an agency can serve are planned"
        day, code = event.day, self._code(agency, event.day)
        requirements = self._asked(matter)
        paper_name = self._rng.choice(requirements).name if requirements else "giấy tờ kèm theo"
        course = run_course(day, matter.term_days, paper_name, self._rng, self._today)
        dossier = self._dossier(event, code, agency, day, course, requirements)
        for person in event.people():
            person.dossiers.append(code)
        self._number_newborn(event, course, day)
        paper = self._paper(event, code, agency, course)
        if course.decided and course.finished_on is not None:
            dossier["result"] = self._result(matter, paper, course.finished_on)
        return dossier, paper

    def _dossier(
        self, event: Event, code: str, agency: str, day: date, course: Course, requirements: list[Requirement]
    ) -> Line:
        applicant = self._filed_person(event.applicant, day, full=True)
        line: Line = {
            "code": code,
            "procedure_code": event.matter.code,
            "agency": agency,
            "channel": course.channel,
            "status": course.status,
            "received_at": course.received_at,
            "due_at": course.due_at,
        }
        if course.finished_at is not None:
            line["finished_at"] = course.finished_at
        if course.returned_at is not None:
            line["returned_at"] = course.returned_at
        line["fee"] = self._fee(event.matter, course, day)
        line["on_the_spot"] = event.matter.on_the_spot and course.channel == 1 and course.finished_on == day
        if course.supplements:
            line["supplements"] = course.supplements
        if course.return_reason is not None:
            line["return_reason"] = course.return_reason
        line["version"] = course.version
        line["applicant"] = applicant
        line["persons"] = [
            {
                "role": role,
                **(applicant if person is event.applicant else self._filed_person(person, day, role in _FULL_ROLES)),
            }
            for role, person in event.roles
        ]
        line["form"] = form_of(event, day, self._rng)
        line["components"] = [self._component(asked, event, day) for asked in requirements]
        return line

    def _code(self, agency: str, day: date) -> str:
        number = self._filed[agency, day]
        assert number < _COUNTERS_A_BLOCK, "a block files more at one agency and day than counters were set apart for"
        self._filed[agency, day] += 1
        return f"{agency}-{day:%y%m%d}-{self._first_counter + number:04}"

    # People

    def _filed_person(self, person: Person, day: date, full: bool) -> Line:
        filed: Line = {}
        if day >= person.id_since:
            filed["citizen_id"] = person.citizen_id
        elif person.old_id is not None:
            filed["old_id"] = person.old_id
        filed["full_name"] = person.full_name
        filed["born_on"] = person.born_on.isoformat()
        filed["sex"] = person.sex
        grown = person.age_on(day) >= 15
        if grown and person.phone is not None:
            filed["phone"] = person.phone
        if full or self._rng.random() < _PERSON_KEEPS_ADDRESS:
            filed["address"] = person.home_on(day).address_on(day)
        if full:
            if grown and person.email is not None:
                filed["email"] = person.email
            filed["ethnicity"] = person.ethnicity
            filed["religion"] = person.religion
        self._typist.type(filed, person, self._rng)
        return filed

    def _number_newborn(self, event: Event, course: Course, day: date) -> None:
        """Let a newborn's number be known from the day the birth was registered on, and not before."""
        for role, person in event.roles:
            if role == "child" and event.matter.maker == "birth_certificate" and person.id_since == UNNUMBERED:
                person.id_since = (course.finished_on if course.decided else None) or day + timedelta(days=45)

    # Components and papers

    def _asked(self, matter: Matter) -> list[Requirement]:
        """Return what is asked for in the case at hand, mostly the first one."""
        case = None
        if matter.cases:
            case = matter.cases[0] if self._rng.random() < 0.8 else self._rng.choice(matter.cases)
        return [
            asked
            for asked in matter.requirements
            if asked.case in (None, case) and (asked.required or self._rng.random() < _OPTIONAL_SHARE)
        ]

    def _component(self, asked: Requirement, event: Event, day: date) -> Line:
        component: Line = {"code": asked.code, "name": asked.name}
        if asked.paper_kinds and self._rng.random() < _by_year(_REUSE_SHARE, day):
            held = self._held(asked.paper_kinds, event, day)
            if held is not None:
                component["digitised"] = 3 if held["assurance"] == "issued_result" else 2
                component["paper_id"] = held["id"]
                return component
        component["digitised"] = int(self._rng.random() < _by_year(_DIGITISED_SHARE, day))
        return component

    @staticmethod
    def _held(kinds: tuple[str, ...], event: Event, day: date) -> Line | None:
        """Return a paper of one of the kinds that somebody of the dossier holds and that is valid on the day."""
        today = day.isoformat()
        for person in (event.applicant, *(person for _, person in event.roles)):
            for kind in kinds:
                held = person.papers.get(kind)
                if held is not None and held["issued_on"] < today and held.get("valid_until", "9999") >= today:
                    return held
        return None

    def _paper(self, event: Event, code: str, agency: str, course: Course) -> Line | None:
        matter, day = event.matter, course.finished_on
        if not course.decided or day is None or matter.paper_kind is None:
            return None
        holder = event.applicant
        if matter.copies_card and (day < holder.id_since or self._rng.random() >= _CARD_COPY_SHARE):
            return None
        draft = MAKERS[matter.maker](Cast(holder, event.roles), day, self._rng)
        paper = issue(
            draft,
            kind=matter.paper_kind,
            title=matter.title,
            issuer=agency,
            dossier_code=code,
            day=day,
            verified_copy=matter.copies_card,
            rng=self._rng,
        )
        if matter.maker in _REPLACING and not matter.copies_card:
            _replace(draft.holders[0].papers.get(matter.paper_kind), paper)
        for person in draft.holders:
            person.papers[matter.paper_kind] = paper
        return paper

    def _result(self, matter: Matter, paper: Line | None, day: date) -> Line:
        result: Line = {}
        if paper is not None and not matter.copies_card:
            result["code"] = paper["kind"]
            result["number"] = paper["number"]
        else:
            result["number"] = f"{self._rng.randint(1, 5000)}/{day.year}"
        result["issued_on"] = day.isoformat()
        result["electronic"] = self._rng.random() < _by_year(_ELECTRONIC_SHARE, day)
        return result

    def _fee(self, matter: Matter, course: Course, day: date) -> Line:
        due = matter.fee(course.channel, day)
        paid = 0 if course.status in (1, 2, 3, 6) else due
        online = paid > 0 and (course.channel == 2 or self._rng.random() < 0.2)
        return {"due": due, "paid": paid, "paid_online": online}


def _replace(old: Line | None, new: Line) -> None:
    """Mark the paper that its holder gave back for the new one."""
    if old is not None and old["issued_on"] < new["issued_on"]:
        old["replaced_by"] = new["id"]
        old["version"] += 1


def _by_year(shares: dict[int, float], day: date) -> float:
    """Return the share of the latest year in the table that is not after the day."""
    return shares[max(year for year in shares if year <= day.year)]

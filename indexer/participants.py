"""The people of one record: each once, under one reference, with the roles played and what was said of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from indexer.sources.rows import RowError, row_error
from schemas.canonical import names_agree
from schemas.citizen import Person
from schemas.dossier import Dossier
from schemas.paper import RELATIVES, Paper
from security.references import References

# A person is known by the first of these that is there.
_NUMBERS = ("citizen_id", "old_id", "passport")
# A number with more digits may be somebody's: an identity number or a phone that a form kept as a number.
_NOBODYS_NUMBER = 10**8
_FIELDS = tuple(Person.model_fields)


@dataclass(slots=True)
class Participant:
    """One person of a record.

    Attributes:
        reference: subject reference of the number, or role reference of a person without one.
        roles: such as `applicant`, `mother`, `holder`; the first is the one the line named first.
        person: the canonical fields.
        extra: further members of the person's section: `form`, `free_text`, `data`.
    """

    reference: bytes
    roles: list[str]
    person: Person
    extra: dict[str, Any] = field(default_factory=dict)

    def plaintext(self) -> dict[str, Any]:
        """Return what the person's section holds."""
        # A `role` that the line stated stands in `roles`. All fields but the address are text.
        fields = {name: value for name, value in self.person if value is not None and name != "role"}
        if self.person.address:
            fields["address"] = self.person.address.model_dump(exclude_none=True)
        return {"roles": self.roles, **fields, **self.extra}


class _Gathering:
    """Collects the people of one record and merges those of one number."""

    def __init__(self, references: References, collection: str, code: str) -> None:
        self._references = references
        self._place = (collection, code)
        self._ordinals: Counter[str] = Counter()
        self.by_reference: dict[bytes, Participant] = {}

    def add(self, role: str, person: Person, pointer: str) -> Participant:
        """Add a person under a role; one who is there already gets the role and the fields still missing."""
        reference = self._reference(role, person)
        known = self.by_reference.get(reference)
        if known is None:
            known = self.by_reference[reference] = Participant(reference, [role], person)
            return known
        known.person = _merged(known.person, person, pointer)
        if role not in known.roles:
            known.roles.append(role)
        return known

    def _reference(self, role: str, person: Person) -> bytes:
        if number := number_of(person):
            return self._references.subject(*number)
        ordinal = self._ordinals[role]
        self._ordinals[role] += 1
        return self._references.role(*self._place, role, ordinal)


def number_of(person: Person) -> tuple[str, str] | None:
    """Return kind and value of the number that a person is known by; None without one."""
    return next(((kind, number) for kind in _NUMBERS if (number := getattr(person, kind))), None)


def _merged(known: Person, other: Person, pointer: str) -> Person:
    if known.full_name and other.full_name and not names_agree(known.full_name, other.full_name):
        raise RowError("one_number_two_names", pointer, "two people of this record have one number and different names")
    missing = {
        name: value for name in _FIELDS if getattr(known, name) is None and (value := getattr(other, name)) is not None
    }
    return known.model_copy(update=missing) if missing else known


def participants_of_dossier(dossier: Dossier, references: References) -> list[Participant]:
    """Return the people of a dossier, the applicant first, with each one's part of the form.

    Raises:
        RowError: `one_number_two_names`.
    """
    gathering = _Gathering(references, "dossier", dossier.code)
    applicant = gathering.add("applicant", dossier.applicant, "/applicant")
    for index, person in enumerate(dossier.persons):
        gathering.add(person.role, person, f"/persons/{index}")
    people = list(gathering.by_reference.values())
    _share_out_form(dossier, people, applicant)
    texts = {
        "return_reason": dossier.return_reason,
        "supplement_reasons": [one.reason for one in dossier.supplements] if dossier.supplements else None,
    }
    if free_text := {name: text for name, text in texts.items() if text}:
        applicant.extra["free_text"] = free_text
    return people


def _share_out_form(dossier: Dossier, people: list[Participant], applicant: Participant) -> None:
    """Put each block of the form that bears a role's name to that person, and all other text to the applicant."""
    by_role = {role: one for one in reversed(people) for role in one.roles}
    for key, value in dossier.form.items():
        if names_nobody(value):
            continue
        owner = by_role.get(key, applicant) if isinstance(value, dict) else applicant
        owner.extra.setdefault("form", {})[key] = value


def names_nobody(value: Any) -> bool:
    """Return whether a form's answer cannot name a person: a yes or no, or a number too short for an identity."""
    return value is None or (isinstance(value, bool | int | float) and abs(value) < _NOBODYS_NUMBER)


def participants_of_paper(paper: Paper, references: References) -> list[Participant]:
    """Return the people of a paper: the holders first, then the relatives that its data names.

    Raises:
        RowError: `one_number_two_names`, or a relative's fields have no canonical form.
    """
    gathering = _Gathering(references, "paper", paper.id)
    holders = [gathering.add("holder", holder, f"/holders/{index}") for index, holder in enumerate(paper.holders)]
    for role in RELATIVES:
        if isinstance(told := paper.data.get(role), dict):
            gathering.add(role, _relative(told, role), f"/data/{role}")
    if own := {key: value for key, value in paper.data.items() if key not in RELATIVES or not isinstance(value, dict)}:
        holders[0].extra["data"] = own
    return list(gathering.by_reference.values())


def _relative(told: dict[str, Any], role: str) -> Person:
    try:
        return Person.model_validate(told)
    except ValidationError as wrong:
        error = row_error(wrong)
        raise RowError(error.code, f"/data/{role}{error.pointer}", str(error)) from None

"""The answer for one field of a form: whose records are asked, and what is said where they do not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.prefill import SUBJECT, PrefilledField
from search_api.services.prefill.candidates import (
    Candidate,
    KnownPerson,
    kin_candidates,
    paper_candidates,
    person_candidates,
)
from search_api.services.prefill.components import People
from search_api.services.prefill.decide import NameOf, decide, without_value
from search_api.services.prefill.forms import FormField, Kin, PaperSource, PersonSource


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """The answer for one field, and the readings it was made from."""

    field: PrefilledField
    candidates: tuple[Candidate, ...] = ()


def decide_field(field: FormField, withheld: Mapping[str, str], people: People, name_of: NameOf) -> FieldDecision:
    """Return the answer for one field; `withheld` has the code of why a pointer is not given."""
    if field.source is None:
        return _nothing(field, "must_be_typed")
    if field.pointer in withheld:
        return FieldDecision(without_value(field, "withheld", withheld[field.pointer]))
    known = people.get(field.source.role)
    if known is None:
        return _of_relative(field, people, name_of)
    found = _candidates(field, field.source, known)
    if found:
        return FieldDecision(decide(field, found, name_of), tuple(found))
    if known.is_unclear:
        return _nothing(field, "identity_unclear")
    return _nothing(field, "not_in_records" if known.mentions else "no_record")


def _candidates(field: FormField, source: PersonSource | PaperSource, known: KnownPerson) -> list[Candidate]:
    if isinstance(source, PaperSource):
        return paper_candidates(known, source, field.kind)
    return person_candidates(known, source.field)


def _of_relative(field: FormField, people: People, name_of: NameOf) -> FieldDecision:
    """Return what the subject's own papers say of somebody who is not named in the request."""
    source = field.source
    if not isinstance(source, PersonSource) or source.kin is None:
        return _nothing(field, "person_not_named")
    teller = _teller(source.kin, people)
    if teller is None:
        return _nothing(field, "person_not_named")
    found = kin_candidates(teller, source.kin.relation, source.field)
    if not found:
        return _nothing(field, "person_not_named")
    return FieldDecision(decide(field, found, name_of, by_kin=True), tuple(found))


def _teller(kin: Kin, people: People) -> KnownPerson | None:
    """Return the person whose papers tell of a relative: the subject, if that is who plays the role."""
    person, subject = people.get(kin.of), people[SUBJECT]
    return subject if person is not None and person.references == subject.references else None


def _nothing(field: FormField, code: str) -> FieldDecision:
    return FieldDecision(without_value(field, "missing", code))

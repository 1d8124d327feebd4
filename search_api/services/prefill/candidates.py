"""From a person's records to the readings that may fill a field, and which records may speak at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from schemas.canonical import dates_agree, names_agree
from schemas.paper import Assurance
from search_api.services.opened import OpenedPerson, OpenedRecord
from search_api.services.prefill.forms import PaperSource, Relation
from search_api.services.prefill.readings import paper_reading, stored_reading, told_reading
from search_api.services.prefill.validity import Validity, validity_of
from search_api.services.record_access import PersonRecords

# The law's day ends at midnight in Vietnam, which has no summer time.
VIETNAM = timezone(timedelta(hours=7))

# An authority answers for what these say; the others are what somebody said, or what a machine read.
ISSUED: frozenset[Assurance] = frozenset({"issued_result", "verified_copy"})

_IDENTITY = ("full_name", "born_on")
_YEAR_CHARS = 4


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a reading stands and how far it can be trusted. `issuer` is an agency's code."""

    record_id: bytes
    dossier_code: str | None
    paper_id: str | None
    issuer: str
    issued_on: str | None
    assurance: Assurance
    validity: Validity
    valid_until: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of one field, in canonical form. `about` is the reference of the person it tells of."""

    value: Any
    origin: Origin
    about: bytes


@dataclass(frozen=True, slots=True)
class Mention:
    """One person in one record."""

    record: OpenedRecord
    person: OpenedPerson
    origin: Origin

    @property
    def is_paper(self) -> bool:
        """Whether the record is a paper."""
        return self.record.collection == "paper"

    @property
    def is_own_paper(self) -> bool:
        """Whether it is a paper that the person holds."""
        return self.is_paper and "holder" in self.person.roles

    @property
    def is_issued(self) -> bool:
        """Whether it is a paper that an authority issued to the person, or whose copy one verified."""
        return self.is_own_paper and self.origin.assurance in ISSUED

    def readings(self, field: str) -> Iterator[Any]:
        """Yield what the record says of one field; a paper may say it twice, of its holder and in its data."""
        if (stored := self.person.fields.get(field)) is not None:
            yield stored_reading(field, stored, self.origin.issued_on)
        raw = self.person.fields.get("data", {}).get(field)
        if raw is not None and (value := told_reading(field, raw, self.origin.issued_on)) is not None:
            yield value

    def at(self, path: str) -> Any:
        """Return what stands at a place of a paper: `/number`, `/data/registered_on`; None if nothing does."""
        # The data of a paper stands with its first holder, whoever of the holders is asked about.
        data = next((one.fields["data"] for one in self.record.people if "data" in one.fields), None)
        found: Any = {**self.record.shared, "data": data}
        for key in path.removeprefix("/").split("/"):
            found = found.get(key) if isinstance(found, dict) else None
        return found


@dataclass(frozen=True, slots=True)
class Identity:
    """What a person's own issued papers say of who it is: each name and each birth date, as often as they say it."""

    names: tuple[str, ...]
    births: tuple[str, ...]

    def bears_out(self, mention: Mention) -> bool:
        """Return whether some issued paper has the name, and some the birth year, that a record gives."""
        years = {born[:_YEAR_CHARS] for born in self.births}
        name_is_known = not self.names or all(
            any(names_agree(name, other) for other in self.names) for name in mention.readings("full_name")
        )
        return name_is_known and (not years or {born[:_YEAR_CHARS] for born in mention.readings("born_on")} <= years)

    def agrees_with(self, mention: Mention) -> bool:
        """Return whether a record agrees with every issued paper in name and birth date, as far as both are given."""
        return all(names_agree(name, other) for name in mention.readings("full_name") for other in self.names) and all(
            dates_agree(born, other) for born in mention.readings("born_on") for other in self.births
        )

    def proves(self, mention: Mention) -> bool:
        """Return whether a record is this person's by name and birth date, both given and both agreeing."""
        is_told = all(any(True for _ in mention.readings(field)) for field in _IDENTITY)
        return bool(is_told and self.names and self.births) and self.agrees_with(mention)

    @property
    def are_two_people(self) -> bool:
        """Whether names and birth years both differ: one may be a slip of the pen, both may be two people."""
        return self.names_differ and self.years_differ

    @property
    def names_differ(self) -> bool:
        """Whether the names do not all agree."""
        return any(not names_agree(self.names[0], other) for other in self.names[1:])

    @property
    def years_differ(self) -> bool:
        """Whether there is more than one birth year."""
        return len({born[:_YEAR_CHARS] for born in self.births}) > 1


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as far as trusted records know them.

    Attributes:
        references: all references that are this person, linked ones too.
        mentions: the records that may speak.
        identity: what the person's own issued papers say.
        refused: how many records may not, as they disagree with the person's issued papers or do not prove the link.
        has_more: there are records beyond those that one request opens.
        is_unclear: records of more than one person seem to bear this number: they tell of name and birth only.
    """

    references: frozenset[bytes]
    mentions: tuple[Mention, ...]
    identity: Identity
    refused: int
    has_more: bool
    is_unclear: bool


def know_person(records: PersonRecords, on: date) -> KnownPerson:
    """Return what may be told of a person on the day of filing.

    A dossier whose name or birth year disagrees with the person's issued papers is never a source. A record found
    through a link counts only if name and birth date agree with the issued papers of the number asked for.
    """
    own = list(_mentions(records.own, records.references, on))
    issued = [one for one in own if one.is_issued]
    identity = _identity(issued)
    trusted = [one for one in own if one.is_issued or identity.bears_out(one)]
    linked = list(_mentions(records.linked, records.linked_references, on))
    proven = [one for one in linked if identity.proves(one)]
    declared = _identity(trusted)
    return KnownPerson(
        records.references | records.linked_references,
        (*trusted, *proven),
        identity,
        len(own) - len(trusted) + len(linked) - len(proven),
        records.more,
        is_unclear=identity.are_two_people if issued else declared.names_differ or declared.years_differ,
    )


def person_candidates(known: KnownPerson, field: str) -> list[Candidate]:
    """Return the readings of one field of a person."""
    if known.is_unclear and field not in _IDENTITY:
        return []
    return [
        Candidate(value, one.origin, one.person.reference) for one in known.mentions for value in one.readings(field)
    ]


def paper_candidates(known: KnownPerson, source: PaperSource, kind: str) -> list[Candidate]:
    """Return the readings of one place in the papers that a person holds."""
    if known.is_unclear:
        return []
    return [
        Candidate(value, one.origin, one.person.reference)
        for one in known.mentions
        if one.is_own_paper and one.record.shared.get("kind") in source.kinds
        if (value := paper_reading(kind, one.at(source.path))) is not None
    ]


def kin_candidates(known: KnownPerson, relation: Relation, field: str) -> list[Candidate]:
    """Return what a person's own papers say of a relative: the name, and of the birth date the year."""
    if known.is_unclear or field not in _IDENTITY:
        return []
    found = []
    for one in known.mentions:
        relative = _relative(one, relation) if one.is_own_paper else None
        if relative is not None:
            mention = Mention(one.record, relative, one.origin)
            for value in mention.readings(field):
                told = value[:_YEAR_CHARS] if field == "born_on" else value
                found.append(Candidate(told, one.origin, relative.reference))
    return found


def _relative(mention: Mention, relation: Relation) -> OpenedPerson | None:
    others = [one for one in mention.record.people if one.reference != mention.person.reference]
    if relation == "spouse" and "spouse" in mention.person.roles:
        # Two people hold the paper and it was written from the other's side.
        return next((one for one in others if "holder" in one.roles), None)
    # Other relations of a paper are those of its first holder, who comes first in the record.
    is_first = mention.record.persons[0] == mention.person.reference
    return next((one for one in others if relation in one.roles), None) if is_first else None


def _mentions(records: Iterable[OpenedRecord], references: frozenset[bytes], on: date) -> Iterator[Mention]:
    for record in records:
        person = next((one for one in record.people if one.reference in references), None)
        # The shared part stays shut where its key was destroyed, at the end of retention.
        if person is not None and record.shared:
            yield Mention(record, person, _origin(record, on))


def _origin(record: OpenedRecord, on: date) -> Origin:
    shared = record.shared
    if record.collection == "dossier":
        received = shared.get("received_at")
        day = datetime.fromisoformat(received).astimezone(VIETNAM).date().isoformat() if received else None
        return Origin(record.record_id, shared["code"], None, record.agency, day, "self_declared", "valid", None)
    return Origin(
        record.record_id,
        shared.get("dossier_code"),
        shared["id"],
        record.agency,
        shared.get("issued_on"),
        shared["assurance"],
        validity_of(shared, on),
        shared.get("valid_until"),
    )


def _identity(mentions: Iterable[Mention]) -> Identity:
    told = list(mentions)
    return Identity(
        tuple(name for one in told for name in one.readings("full_name")),
        tuple(born for one in told for born in one.readings("born_on")),
    )

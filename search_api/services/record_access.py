"""From candidates to opened records: keys by lease, the policy checked again on what was authenticated (lock 2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog

from indexer.agency_registry import AgencyRegistry
from indexer.engines.records import Candidate, RecordCollection, RecordSearcher
from schemas.errors import EnvelopeError, NotPermittedError, ValidationFailedError
from schemas.query import Query, Scope, all_of, any_of, any_term, count_terms
from search_api.services.opened import OpenedPerson, OpenedRecord
from security.envelope import OpenHeader, open_header, open_slot, read_place
from security.keys import DomainKeys, KeyLease
from security.policy import Grant
from security.references import References, references
from security.search_tokens import TokenValue, all_tokens
from security.subject_keys import find_section_keys
from security.vault.base import IdentityLinks, KeyStore

log = structlog.get_logger()

# More candidates are never decrypted for one request. Source: design, section 4.3.
MAX_CANDIDATES = 200
MAX_TOKENS = 512

NumberKind = Literal["citizen_id", "old_id", "passport"]
Values = list[list[TokenValue]]
"""What to search: a record matches that has a value of every group; without groups nothing matches."""

ValuesOf = Callable[[References, str], Values]
"""Returns the values to search in one domain, by its references and its name."""

Wanted = Callable[[OpenHeader], Collection[bytes]]
"""Which people's sections of a record to open."""

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """A person as a request names one: kind and canonical number."""

    kind: NumberKind
    number: str


@dataclass(frozen=True, slots=True)
class PersonReferences:
    """The references of one person by domain: the number's own, and those that links lead to."""

    own: Mapping[str, frozenset[bytes]]
    linked: Mapping[str, frozenset[bytes]]

    def of(self, domain: str) -> frozenset[bytes]:
        """Return all references in one domain."""
        return self.own.get(domain, frozenset()) | self.linked.get(domain, frozenset())

    @property
    def all_own(self) -> frozenset[bytes]:
        """The own references of all domains."""
        return frozenset().union(*self.own.values())

    @property
    def everyone(self) -> frozenset[bytes]:
        """All references of all domains."""
        return self.all_own.union(*self.linked.values())


NOBODY = PersonReferences({}, {})


@dataclass(frozen=True, slots=True)
class PersonRecords:
    """The records of one person.

    Attributes:
        own: records under the person's own number.
        linked: records under a reference that an issued paper, or an officer, links to it: name and birth date must
            still agree before they are believed.
        references: the person's own references, one for each domain.
        linked_references: the references that links lead to.
        more: there are others beyond what is opened for one request.
    """

    own: tuple[OpenedRecord, ...]
    linked: tuple[OpenedRecord, ...]
    references: frozenset[bytes]
    linked_references: frozenset[bytes]
    more: bool


class RecordAccess:
    """Searches within a grant, and opens what the grant permits."""

    def __init__(
        self, searcher: RecordSearcher, keys: KeyStore, links: IdentityLinks, agencies: AgencyRegistry
    ) -> None:
        self._searcher = searcher
        self._keys = keys
        self._links = links
        self._agencies = agencies

    # ---------------------------------------------------------------- what may be searched

    def scope(self, grant: Grant, lease: KeyLease) -> Scope:
        """Return the scope values of the agencies in reach; of a person's records, all agencies of the domains."""
        tree = self._agencies.tree
        values = set()
        for keys in lease:
            if grant.reaches_subject:
                codes: Iterable[str] = tree.codes_of(keys.domain)
            else:
                codes = (code for code in grant.agencies if tree.domain_of(code) == keys.domain)
            values |= {tokens.scope(code) for tokens in all_tokens(keys) for code in codes}
        return Scope(frozenset(values))

    def find(
        self,
        collection: RecordCollection,
        values_of: ValuesOf,
        grant: Grant,
        lease: KeyLease,
        *,
        subjects: Collection[bytes] = (),
        people: Wanted | None = None,
    ) -> tuple[list[OpenedRecord], bool]:
        """Return the records that match and that the grant permits, and whether there were more than are opened.

        Raises:
            ValidationFailedError: the query would send more than 512 tokens in one domain.
        """
        wanted, scope = self._wanted(values_of, lease), self.scope(grant, lease)
        return self._found(collection, wanted, scope, grant, lease, subjects, people)

    def _wanted(self, values_of: ValuesOf, lease: KeyLease) -> Query:
        """Return the tokens of the values of every leased domain."""
        return any_of(_query(keys, values_of(references(keys), keys.domain)) for keys in lease)

    def _found(
        self,
        collection: RecordCollection,
        wanted: Query,
        scope: Scope,
        grant: Grant,
        lease: KeyLease,
        subjects: Collection[bytes],
        people: Wanted | None,
    ) -> tuple[list[OpenedRecord], bool]:
        found = self._searcher.search(collection, wanted, scope, MAX_CANDIDATES)
        more = found.more or len(found.items) > MAX_CANDIDATES
        candidates = found.items[:MAX_CANDIDATES]
        return self.open(collection, candidates, grant, lease, subjects=subjects, people=people), more

    def fetch(
        self,
        collection: RecordCollection,
        record_id: bytes,
        grant: Grant,
        lease: KeyLease,
        *,
        subjects: Collection[bytes] = (),
    ) -> OpenedRecord | None:
        """Return one record, if it is there and the grant permits it."""
        found = self._searcher.fetch(collection, [record_id], self.scope(grant, lease))
        asked = [one for one in found if one.record_id == record_id]
        return next(iter(self.open(collection, asked, grant, lease, subjects=subjects)), None)

    # ---------------------------------------------------------------- a person

    def references_of(self, number: PersonNumber, lease: KeyLease) -> PersonReferences:
        """Return the references of one person in each leased domain."""
        own, linked = {}, {}
        for keys in lease:
            reference = references(keys).subject(number.kind, number.number)
            own[keys.domain] = frozenset({reference})
            linked[keys.domain] = self.with_linked(keys.domain, [reference]) - own[keys.domain]
        return PersonReferences(own, linked)

    def with_linked(self, domain: str, people: Collection[bytes]) -> frozenset[bytes]:
        """Return the references of `people` with those that links lead to."""
        links = self._links.links_of(domain, people)
        linked = {reference for link in links for reference in (link.from_reference, link.to_reference)}
        return frozenset(people) | linked

    def records_of_person(self, number: PersonNumber, grant: Grant, lease: KeyLease) -> PersonRecords:
        """Return the dossiers and papers of one person, with the sections of that person; of papers, all sections."""
        known = self.references_of(number, lease)
        own, everyone = known.all_own, known.everyone

        def values_of(_: References, domain: str) -> Values:
            return [[("subject", (reference,)) for reference in sorted(known.of(domain))]]

        # The same tokens in both collections: they are made once.
        wanted, scope = self._wanted(values_of, lease), self.scope(grant, lease)
        dossiers, more = self._found("dossier", wanted, scope, grant, lease, everyone, lambda _: everyone)
        papers, more_papers = self._found("paper", wanted, scope, grant, lease, everyone, None)
        records = [record for record in (*dossiers, *papers) if not everyone.isdisjoint(record.persons)]
        return PersonRecords(
            own=tuple(record for record in records if not own.isdisjoint(record.persons)),
            linked=tuple(record for record in records if own.isdisjoint(record.persons)),
            references=own,
            linked_references=everyone - own,
            more=more or more_papers,
        )

    # ---------------------------------------------------------------- opening

    def open(
        self,
        collection: RecordCollection,
        candidates: Sequence[Candidate],
        grant: Grant,
        lease: KeyLease,
        *,
        subjects: Collection[bytes] = (),
        people: Wanted | None = None,
    ) -> list[OpenedRecord]:
        """Return the candidates that open and that the grant permits, in their order.

        What an engine returns too much, or moved, or damaged, is left out, counted and told to the operator's log.
        """
        permitted = (_permitted(collection, one, grant, lease, subjects) for one in candidates)
        headers = list({header.place.record_id: header for header in permitted if header}.values())
        wanted = [frozenset(people(header)) if people else frozenset(header.header.persons) for header in headers]
        keys = self._section_keys(headers, wanted, lease)
        tried = (_opened(header, whom, keys) for header, whom in zip(headers, wanted, strict=True))
        opened = [record for record in tried if record]
        if dropped := len(candidates) - len(opened):
            log.warning("records.dropped", collection=collection, dropped=dropped, returned=len(candidates))
        return opened

    def _section_keys(
        self, headers: Sequence[OpenHeader], wanted: Sequence[frozenset[bytes]], lease: KeyLease
    ) -> dict[bytes, bytes]:
        by_domain: dict[str, set[bytes]] = {}
        for header, whom in zip(headers, wanted, strict=True):
            by_domain.setdefault(header.place.domain, set()).update(whom.intersection(header.header.persons))
            by_domain[header.place.domain].add(header.place.record_id)
        found: dict[bytes, bytes] = {}
        for domain, section_references in by_domain.items():
            found |= find_section_keys(self._keys, lease.domain(domain), section_references)
        return found


def _query(keys: DomainKeys, values: Values) -> Query:
    """Return the tokens of values, under every lane and epoch of one domain."""
    wanted = all_of(any_of(_term(keys, kind, parts) for kind, parts in group) for group in values)
    if count_terms(wanted) > MAX_TOKENS:
        raise ValidationFailedError(f"the query needs more than {MAX_TOKENS} search tokens: give fewer keys")
    return wanted


def _term(keys: DomainKeys, kind: str, parts: tuple[str | bytes, ...]) -> Query:
    return any_term(token for tokens in all_tokens(keys) for token in tokens.query(kind, *parts))


def _permitted(
    collection: RecordCollection,
    candidate: Candidate,
    grant: Grant,
    lease: KeyLease,
    subjects: Collection[bytes],
) -> OpenHeader | None:
    try:
        place = read_place(collection, candidate.record_id, candidate.envelope)
        header_key = lease.domain(place.domain).epoch(place.epoch).hdr
        opened = open_header(place, header_key, candidate.envelope)
    except (EnvelopeError, NotPermittedError):
        return None
    permitted = grant.permits_record(opened.header.agency, opened.header.persons, subjects)
    return opened if permitted else None


def _opened(header: OpenHeader, whom: frozenset[bytes], keys: dict[bytes, bytes]) -> OpenedRecord | None:
    shared: dict[str, object] = {}
    people = []
    try:
        for index, slot in enumerate(header.header.slots):
            # The key of an erased person, or of a record past its retention, is gone: that part stays shut.
            if (key := keys.get(slot.reference)) is None:
                continue
            if slot.kind == "shared":
                shared = _decode(open_slot(header, index, key))
            elif slot.reference in whom:
                people.append(OpenedPerson(slot.reference, _decode(open_slot(header, index, key))))
    except EnvelopeError:
        return None
    place = header.place
    return OpenedRecord(
        "dossier" if place.collection == "dossier" else "paper",
        place.record_id,
        place.domain,
        header.header.agency,
        header.header.source_version,
        shared,
        tuple(people),
        header.header.persons,
    )

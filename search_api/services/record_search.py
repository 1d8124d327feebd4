"""Officers' search: what the duty allows, found by token, checked after decryption, ranked, masked, written down."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from indexer.agency_registry import AgencyRegistry
from schemas.records import Match, RecordFilter, RecordPage, RecordQuery, RecordSearchRequest, TotalCount
from search_api.services.audit_trail import AuditTrail, Request
from search_api.services.opened import OpenedPerson, OpenedRecord
from search_api.services.record_access import NOBODY, PersonNumber, PersonReferences, RecordAccess
from search_api.services.record_cases import Cases
from search_api.services.record_match import Wanted, match_record, newest_first, received_at
from search_api.services.record_query import check_searchable, dossier_values, paper_values, read_text, ward_units
from search_api.services.record_view import RecordViews
from security.cursors import Cursors
from security.keys import KeyLease, KeyRing
from security.policy import Grant, Policy

# A day is one of the country, whatever zone a source writes its times in.
_VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, how it matched, and the person it matched by."""

    record: OpenedRecord
    match: Match
    person: OpenedPerson | None
    more: int | None = None


class RecordSearch:
    """`POST /v1/records/search`."""

    def __init__(
        self,
        policy: Policy,
        keys: KeyRing,
        agencies: AgencyRegistry,
        access: RecordAccess,
        views: RecordViews,
        audit: AuditTrail,
        cursors: Cursors,
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._agencies = agencies
        self._access = access
        self._cases = Cases(access)
        self._views = views
        self._audit = audit
        self._cursors = cursors

    async def search(self, wanted: RecordSearchRequest, request: Request) -> RecordPage:
        """Return one page of the dossiers that match and that the actor's duty allows, masked.

        Raises:
            NotPermittedError: the role has no grant for this purpose.
            ValidationFailedError: the query has no key, or would match too many.
            SourceUnavailableError: the audit entry could not be written; nothing is answered.
        """
        started = time.perf_counter()
        grant = self._policy.decide(request.actor, "records.search", wanted.purpose, agencies=self._agencies.tree)
        query = read_text(wanted.query)
        check_searchable(query)
        asked = wanted.model_dump_json(exclude={"cursor", "limit"}).encode()
        start = int(self._cursors.open(request.actor.id, asked, wanted.cursor)[0]) if wanted.cursor else 0
        with_case, subjects, lease = self._widened(wanted.case_number, grant)
        hits, opened, more = self._hits(query, with_case, lease, subjects)
        hits = _filtered(hits, wanted.filter)
        if wanted.collapse == "person":
            hits = _collapsed(hits)
        page = hits[start : start + wanted.limit]
        entry = await self._audit.record(
            request,
            with_case,
            "allowed" if page else "not_found",
            shown=[hit.record for hit in page],
            opened=opened - len(page),
            case=wanted.case_number,
        )
        end = start + len(page)
        return RecordPage(
            items=[self._views.item(hit.record, hit.match, with_case, hit.more) for hit in page],
            total=TotalCount(len(hits), "gte" if more else "eq"),
            next_cursor=self._cursors.seal(request.actor.id, asked, [end]) if end < len(hits) else None,
            audit_entry=entry,
            took_ms=round((time.perf_counter() - started) * 1e3, 2),
        )

    def _widened(self, case_number: str | None, grant: Grant) -> tuple[Grant, frozenset[bytes], KeyLease]:
        lease = self._keys.lease(grant.domains)
        case = self._cases.resolve(case_number, grant, lease)
        if case is None or not case.is_open:
            return grant, frozenset(), lease
        return grant.widened_by_case(), case.persons, lease

    def _hits(
        self, query: RecordQuery, grant: Grant, lease: KeyLease, subjects: frozenset[bytes]
    ) -> tuple[list[Hit], int, bool]:
        known = self._references(query, lease)
        papers, more_papers = self._papers(query, grant, lease, subjects)
        codes = sorted({str(code) for paper in papers if (code := paper.shared.get("dossier_code"))})
        records, more = self._access.find(
            "dossier",
            lambda refs, domain: dossier_values(query, refs, known.linked.get(domain, frozenset()), codes),
            grant,
            lease,
            subjects=subjects,
        )
        wanted = Wanted(query, known.everyone, frozenset(codes), ward_units(query))
        found = [Hit(record, *matched) for record in newest_first(records) if (matched := match_record(record, wanted))]
        return sorted(found, key=lambda hit: -hit.match.score), len(records) + len(papers), more or more_papers

    def _references(self, query: RecordQuery, lease: KeyLease) -> PersonReferences:
        if query.citizen_id is None:
            return NOBODY
        return self._access.references_of(PersonNumber("citizen_id", query.citizen_id), lease)

    def _papers(
        self, query: RecordQuery, grant: Grant, lease: KeyLease, subjects: frozenset[bytes]
    ) -> tuple[list[OpenedRecord], bool]:
        if query.document_number is None:
            return [], False
        found, more = self._access.find(
            "paper", lambda *_: paper_values(query), grant, lease, subjects=subjects, people=lambda _: ()
        )
        return [paper for paper in found if _is_paper(paper, query)], more


def _is_paper(paper: OpenedRecord, query: RecordQuery) -> bool:
    # Tokens may collide: what is in the record decides.
    kinds = (None, paper.shared.get("kind"))
    return paper.shared.get("number") == query.document_number and query.document_kind in kinds


def _filtered(hits: list[Hit], narrow: RecordFilter | None) -> list[Hit]:
    if narrow is None:
        return hits
    tests: list[Callable[[OpenedRecord], bool]] = []
    if narrow.procedure_code:
        tests.append(lambda one: one.shared.get("procedure_code") == narrow.procedure_code)
    if narrow.status:
        statuses = frozenset(narrow.status)
        tests.append(lambda one: one.shared.get("status") in statuses)
    if narrow.received_from:
        first = narrow.received_from
        tests.append(lambda one: _compared(one, first) in (0, 1))
    if narrow.received_to:
        last = narrow.received_to
        tests.append(lambda one: _compared(one, last) in (0, -1))
    return [hit for hit in hits if all(test(hit.record) for test in tests)]


def _compared(record: OpenedRecord, limit: datetime | str) -> int | None:
    """Return -1, 0 or 1 for received before, at or after a time, day, month or year; None if it does not say when."""
    received = received_at(record)
    if received is None:
        return None
    if isinstance(limit, datetime):
        return (received > limit) - (received < limit)
    day = received.astimezone(_VIETNAM).date().isoformat()[: len(limit)]
    return (day > limit) - (day < limit)


def _collapsed(hits: list[Hit]) -> list[Hit]:
    """Return the first hit of each person, with how many more there are; hits come best and newest first."""
    counts = Counter(_person_of(hit) for hit in hits)
    first: dict[bytes, Hit] = {}
    for hit in hits:
        person = _person_of(hit)
        first.setdefault(person, Hit(hit.record, hit.match, hit.person, counts[person] - 1))
    return list(first.values())


def _person_of(hit: Hit) -> bytes:
    return hit.person.reference if hit.person else hit.record.record_id

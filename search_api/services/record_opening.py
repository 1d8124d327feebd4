"""One record: a masked look, or opened with a reason and a case."""

from __future__ import annotations

from functools import partial

from indexer.agency_registry import AgencyRegistry
from indexer.engines.records import COLLECTIONS
from schemas.errors import CaseNotValidError, NotPermittedError, RecordNotFoundError
from schemas.records import RecordOpenRequest, RecordView
from search_api.services.audit_trail import AuditTrail, Request
from search_api.services.opened import OpenedRecord
from search_api.services.record_access import RecordAccess
from search_api.services.record_cases import Case, Cases
from search_api.services.record_view import RecordViews
from security.keys import KeyLease, KeyRing
from security.policy import Grant, Policy


class RecordOpening:
    """`GET /v1/records/{id}` and `POST /v1/records/{id}/open`."""

    def __init__(
        self,
        policy: Policy,
        keys: KeyRing,
        agencies: AgencyRegistry,
        access: RecordAccess,
        views: RecordViews,
        audit: AuditTrail,
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._agencies = agencies
        self._access = access
        self._cases = Cases(access)
        self._views = views
        self._audit = audit

    async def get(self, record_id: bytes, purpose: str, case_number: str | None, request: Request) -> RecordView:
        """Return a record as the grant masks it.

        Raises:
            NotPermittedError: the role has no grant for this purpose.
            RecordNotFoundError: there is none, or it is out of reach: the answer does not tell the two apart.
            SourceUnavailableError: the audit entry could not be written; nothing is answered.
        """
        grant = self._policy.decide(request.actor, "records.get", purpose, agencies=self._agencies.tree)
        if grant.reaches_subject:
            raise NotPermittedError("this route looks at records of an agency; citizens have routes of their own")
        lease = self._keys.lease(grant.domains)
        case = self._cases.resolve(case_number, grant, lease)
        wide, subjects = _widened(grant, case)
        record = self._fetch(record_id, wide, lease, subjects)
        if record is None:
            await self._audit.record(request, wide, "not_found", case=case_number)
            raise RecordNotFoundError("no such record within reach")
        entry = await self._audit.record(request, wide, "allowed", shown=[record], case=case_number)
        return self._views.record(record, wide, entry)

    async def open(self, record_id: bytes, wanted: RecordOpenRequest, request: Request) -> RecordView:
        """Return a record unmasked, as far as the purpose allows.

        The case must name a dossier of the officer's own agency that concerns a person of the record, or be the
        record. At another agency only an open case opens, and only the people of the case are unmasked.

        Raises:
            NotPermittedError: the role has no grant for this purpose.
            CaseNotValidError: the case does not resolve, or concerns nobody of this record.
            RecordNotFoundError: there is none, or it is out of reach: the answer does not tell the two apart.
            SourceUnavailableError: the audit entry could not be written; nothing is answered.
        """
        grant = self._policy.decide(request.actor, "records.open", wanted.purpose, agencies=self._agencies.tree)
        lease = self._keys.lease(grant.domains)
        case = self._cases.resolve(wanted.case_number, grant, lease)
        record_access = partial(self._audit.record, request, case=wanted.case_number, reason=wanted.reason)
        if case is None:
            # Before the record is looked for, so that the answer says nothing of it.
            await record_access(grant, "denied")
            raise CaseNotValidError("the case number names no dossier that you may read", pointer="/case_number")
        wide, subjects = _widened(grant, case)
        record = self._fetch(record_id, wide, lease, subjects)
        if record is None:
            await record_access(wide, "not_found")
            raise RecordNotFoundError("no such record within reach")
        if not _concerns(case, record):
            await record_access(wide, "denied", opened=1)
            raise CaseNotValidError("the case concerns nobody of this record", pointer="/case_number")
        entry = await record_access(wide, "allowed", shown=[record])
        whose = None if record.agency in grant.agencies else case.persons
        return self._views.record(record, wide, entry, whose=whose)

    def _fetch(
        self, record_id: bytes, grant: Grant, lease: KeyLease, subjects: frozenset[bytes]
    ) -> OpenedRecord | None:
        found = (self._access.fetch(one, record_id, grant, lease, subjects=subjects) for one in COLLECTIONS)
        return next((record for record in found if record is not None), None)


def _widened(grant: Grant, case: Case | None) -> tuple[Grant, frozenset[bytes]]:
    if case is None or not case.is_open:
        return grant, frozenset()
    return grant.widened_by_case(), case.persons


def _concerns(case: Case, record: OpenedRecord) -> bool:
    return case.dossier.record_id == record.record_id or not case.persons.isdisjoint(record.persons)

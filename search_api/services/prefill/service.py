"""Prefill, as one sentence: check what may be had, find the records, decide, record who read, then answer."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from time import perf_counter
from typing import Protocol

import msgspec

from schemas.agency import Agency
from schemas.prefill import PrefillAnswer, PrefillRequest, ProcedureVersion, SourceStatus
from search_api.services.prefill.answers import LIFETIME, StoredAnswers, Trace
from search_api.services.prefill.candidates import VIETNAM, know_person
from search_api.services.prefill.components import Filing, People, decide_component
from search_api.services.prefill.fields import decide_field
from search_api.services.prefill.forms import get_form
from search_api.services.prefill.requirements import get_requirements
from search_api.services.prefill.selection import select
from search_api.services.prefill.summary import Decided, issues_of, status_of, trace_of
from search_api.services.record_access import PersonNumber, PersonRecords
from security.keys.lease import KeyLease
from security.policy import Grant

Audit = Callable[[Trace], Awaitable[str]]
"""Writes the audit entry of one read and returns its id; what raises here is not answered."""


class RecordsOfPerson(Protocol):
    """Finds what is known of one person: `RecordAccess` does."""

    def records_of_person(self, number: PersonNumber, grant: Grant, lease: KeyLease) -> PersonRecords:
        """Return the dossiers and papers that name a person, opened and checked against `grant`."""
        ...


class AgencyNames(Protocol):
    """Knows agencies by their codes."""

    def agency(self, code: str) -> Agency:
        """Return the agency `code`."""
        ...


class Prefill:
    """Answers prefill requests. The caller has decided on the grant, and checked consent and the citizen's token."""

    def __init__(
        self, records: RecordsOfPerson, agencies: AgencyNames, answers: StoredAnswers, clock: Callable[[], datetime]
    ) -> None:
        """Keep the parts; `clock` returns now, with a time zone."""
        self._records = records
        self._agencies = agencies
        self._answers = answers
        self._clock = clock

    async def prefill(
        self, request: PrefillRequest, grant: Grant, lease: KeyLease, *, client: str, audit: Audit
    ) -> PrefillAnswer:
        """Return the prefilled dossier, after its audit entry is written.

        Args:
            request: as it came.
            grant: of `Policy.decide` for the action `prefill`.
            lease: of the grant's domains.
            client: id of the client; only it can read the answer again.
            audit: writes the audit entry.

        Raises:
            ProcedureNotFoundError: no form for the procedure.
            ValidationFailedError: a pointer, component, case or role that the procedure does not have.
            FieldNotAllowedError: a field asked for by name that the purpose does not cover.
        """
        form, table = get_form(request.procedure), get_requirements(request.procedure)
        selection = select(request, form, table, grant)
        now = self._clock()
        on = request.filing_date or now.astimezone(VIETNAM).date()
        started = perf_counter()
        people, opened = self._people(request, grant, lease, on)
        source = SourceStatus("hoso", "ok", round((perf_counter() - started) * 1000, 1))
        filing = Filing(people, request.case, on, self._name_of, shows_numbers="identity" in grant.clear)
        decided = Decided(
            tuple(decide_field(one, selection.withheld, people, self._name_of) for one in selection.fields),
            tuple(decide_component(one, table, filing) for one in selection.components),
        )
        trace = trace_of(request, people, opened, decided)
        answer = PrefillAnswer(
            id=uuid.uuid4().hex,
            expires_at=(now + LIFETIME).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            procedure=ProcedureVersion(form.procedure, form.version),
            status=status_of(form, decided),
            fields=tuple(one.field for one in decided.fields),
            components=tuple(one.component for one in decided.components),
            papers_saved=sum(one.component.status == "reusable" for one in decided.components),
            issues=tuple(issues_of(request, table, people, decided)),
            sources=(source,),
            audit_entry=await audit(trace),
        )
        self._answers.save(answer, trace, client, now + LIFETIME)
        return answer

    async def stored(self, prefill_id: str, *, client: str, audit: Audit) -> PrefillAnswer:
        """Return an answer again, after the audit entry of this read is written.

        Raises:
            RecordNotFoundError: none of this id, expired, or another client's.
        """
        answer, trace = self._answers.load(prefill_id, client, self._clock())
        return msgspec.structs.replace(answer, audit_entry=await audit(trace))

    def _people(
        self, request: PrefillRequest, grant: Grant, lease: KeyLease, on: date
    ) -> tuple[People, frozenset[bytes]]:
        """Return everybody asked about, by role, and the ids of all records that were opened. Each number once."""
        by_role = {role: PersonNumber(one.kind, one.id) for role, one in request.people().items()}
        found = {
            number: self._records.records_of_person(number, grant, lease) for number in dict.fromkeys(by_role.values())
        }
        opened = frozenset(one.record_id for records in found.values() for one in (*records.own, *records.linked))
        known = {number: know_person(records, on) for number, records in found.items()}
        return {role: known[number] for role, number in by_role.items()}, opened

    def _name_of(self, code: str) -> str:
        return self._agencies.agency(code).name

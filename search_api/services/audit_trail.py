"""What services write into the audit log: every access to a person's record, before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from search_api.services.opened import OpenedRecord
from security.actor import Actor
from security.audit.entry import AuditEntry, Outcome
from security.audit.log import AuditLog
from security.policy import Grant
from security.references import keyed_hash


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and under which trace id: what every entry says, whatever is asked."""

    actor: Actor
    trace: str


class AuditTrail:
    """Appends entries; when `record` returns, the entry is durable. If it raises, nothing may be answered."""

    def __init__(self, log: AuditLog, hash_key: bytes) -> None:
        self._log = log
        self._hash_key = hash_key

    async def record(
        self,
        request: Request,
        grant: Grant,
        outcome: Outcome,
        *,
        shown: Iterable[OpenedRecord] = (),
        opened: int = 0,
        subjects: Iterable[bytes] = (),
        case: str | None = None,
        reason: str | None = None,
    ) -> str:
        """Append what was read under a grant and return the entry's number as text.

        Args:
            request: who asked.
            grant: what it was granted under.
            outcome: `allowed`, `not_found`, `denied`.
            shown: records that the answer shows.
            opened: how many candidates were opened and are not shown.
            subjects: people whose data is shown, beside those of `shown`.
            case: case number as stated.
            reason: reason as stated.

        Raises:
            SourceUnavailableError: the entry could not be written.
        """
        records = list(shown)
        about = {reference for one in records for reference in one.persons} | set(subjects)
        return await self.traced(
            request,
            grant,
            outcome,
            records=[one.record_id.hex() for one in records],
            opened=opened,
            subjects=sorted(reference.hex() for reference in about),
            fields=sorted(grant.clear | grant.masked) if records else (),
            case=self._hash("case", case),
            reason=self._hash("reason", reason),
        )

    async def traced(
        self,
        request: Request,
        grant: Grant,
        outcome: Outcome,
        *,
        records: Iterable[str],
        opened: int,
        subjects: Iterable[str],
        fields: Iterable[str],
        case: str | None = None,
        reason: str | None = None,
    ) -> str:
        """Append an entry whose ids, references and keyed hashes are at hand in hex; else as `record`."""
        return await self._append(
            AuditEntry(
                actor=request.actor.id,
                client=request.actor.client_id,
                role=request.actor.role,
                agency=request.actor.agency,
                action=grant.action,
                purpose=grant.purpose,
                basis=grant.legal_basis,
                case=case,
                reason=reason,
                outcome=outcome,
                records=tuple(records),
                opened=opened,
                subjects=tuple(subjects),
                fields=tuple(fields),
                trace=request.trace,
            )
        )

    async def _append(self, entry: AuditEntry) -> str:
        appended: Future[int] = self._log.append(entry)
        number: int = await asyncio.wrap_future(appended)
        return str(number)

    def _hash(self, label: str, text: str | None) -> str | None:
        return None if text is None else keyed_hash(self._hash_key, label, text)

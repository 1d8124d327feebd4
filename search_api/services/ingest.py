"""Lines that the one-stop system sends: written in batches, each durable and findable before its lines are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from threading import Lock
from typing import Any, Literal

import msgspec

from indexer.agency_registry import AgencyRegistry
from indexer.engines.procedures import ProcedureEngine
from indexer.engines.records import RecordCatalog, RecordWrite
from indexer.ingest import AuditBatch, RecordIngest
from indexer.procedures import index_procedures
from indexer.quarantine import SealedQuarantine
from indexer.record_lines import DOSSIERS, PAPERS, RecordKind
from indexer.sources.lines import Line, split_lines
from indexer.sources.rows import RowError
from indexer.summary import LineResult
from search_api.services.audit_trail import Request
from security.audit.entry import AuditEntry, ingest_batch
from security.audit.log import AuditLog
from security.catalogue import CatalogueCipher
from security.keys import KeyRing
from security.policy import Policy
from security.vault.base import Vault

IngestKind = Literal["dossiers", "papers", "procedures"]

_BATCH_LINES = 500
_KINDS: dict[str, RecordKind[Any]] = {"dossiers": DOSSIERS, "papers": PAPERS}


class LineError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a line was refused: never with its value."""

    code: str
    detail: str
    pointer: str | None = None


class LineAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the answer."""

    line: int
    status: str
    id: str | None = None
    error: LineError | None = None
    warnings: tuple[str, ...] = ()


def audit_batches(log: AuditLog, request: Request) -> AuditBatch:
    """Return what appends the entry of one batch: the Merkle root over its records and their envelopes."""

    def audit(writes: Sequence[RecordWrite]) -> None:
        batch = ingest_batch([(write.record_id, sha256(write.envelope).digest()) for write in writes])
        actor = request.actor
        entry = AuditEntry(
            actor=actor.id,
            client=actor.client_id,
            role=actor.role,
            agency=actor.agency,
            action="ingest",
            purpose="ingest",
            outcome="allowed",
            trace=request.trace,
            batch=batch,
        )
        log.append(entry).result()

    return audit


class Ingest:
    """`POST /v1/ingest/dossiers`, `papers` and `procedures`."""

    def __init__(
        self,
        policy: Policy,
        keys: KeyRing,
        vault: Vault,
        agencies: AgencyRegistry,
        records: RecordCatalog,
        procedures: ProcedureEngine,
        catalogue: CatalogueCipher,
        quarantine: SealedQuarantine,
        log: AuditLog,
        knows_procedure: Callable[[str], bool],
        reload_procedures: Callable[[], None],
    ) -> None:
        self._policy = policy
        self._agencies = agencies
        self._records = records
        self._procedures = procedures
        self._catalogue = catalogue
        self._quarantine = quarantine
        self._log = log
        self._reload_procedures = reload_procedures
        self._ingests = {
            name: RecordIngest(kind, keys, vault, agencies, knows_procedure) for name, kind in _KINDS.items()
        }
        # One batch at a time: batches of one source must not overtake each other.
        self._lock = Lock()

    async def ingest(self, kind: IngestKind, body: bytes, request: Request) -> list[LineAnswer]:
        """Return what became of each line, in order; what is `indexed` is on disk and found.

        Raises:
            NotPermittedError: the role may not write.
            IndexNotReadyError: a first build is under way.
            StorageError, SourceUnavailableError: lines of earlier batches may be in; send the body again.
        """
        self._policy.decide(request.actor, "ingest", "ingest", agencies=self._agencies.tree)
        work = self._index_procedures if kind == "procedures" else self._index_records
        results = await asyncio.to_thread(work, kind, body, request)
        return [_answer(result) for result in results]

    def _index_records(self, kind: IngestKind, body: bytes, request: Request) -> list[LineResult]:
        audit = audit_batches(self._log, request)
        results: list[LineResult] = []
        for batch in _batches(split_lines([body])):
            with self._lock, self._records.writing() as writer:
                ingest = self._ingests[kind]
                done = ingest.commit(ingest.prepare(batch, writer.lookup()), writer, audit)
            self._keep_refused(kind, batch, done)
            results += done
        return results

    def _index_procedures(self, kind: IngestKind, body: bytes, request: Request) -> list[LineResult]:
        del request  # Procedures are no person's data: no audit entry.
        lines = list(split_lines([body]))
        results: list[LineResult] = []
        with self._lock:
            index_procedures(lines, self._procedures, self._catalogue, _kept_later, results.append)
            # Here and not in the next search: opening all cards takes the better part of a second.
            self._reload_procedures()
        self._keep_refused(kind, lines, results)
        return results

    def _keep_refused(self, kind: IngestKind, lines: Sequence[Line], results: Sequence[LineResult]) -> None:
        by_number = {line.number: line for line in lines}
        if refused := [(by_number[one.line], one) for one in results if one.status == "refused"]:
            self._quarantine.keep(f"http:{kind}", refused)


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, _BATCH_LINES)):
        yield batch


def _kept_later(line: Line, error: RowError) -> None:
    """Refused rows are kept together with their results."""
    del line, error


def _answer(result: LineResult) -> LineAnswer:
    error = result.error
    return LineAnswer(
        result.line,
        result.status,
        result.id,
        LineError(error.code, str(error), error.pointer) if error else None,
        result.warnings,
    )

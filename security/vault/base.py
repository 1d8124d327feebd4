"""The small protocols the vault is given out by.

The vault is the trusted database: wrapped keys, identity links, agencies, consents, sealed leftovers and the audit log.
A `Vault` hands out one store for each need; nobody below `create_app` is handed the whole.

Every method may raise `StorageError` (disk full, damaged, wrong vault) and `SourceUnavailableError` (the database was
busy for longer than the wait). What a method wrote is durable when it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from schemas.agency import Agency
from security.vault.rows import (
    AuditExtent,
    AuditGroup,
    AuditNode,
    AuditRow,
    Consent,
    ErasedReference,
    ErasureRow,
    IdentityLink,
    QuarantinedRow,
    StoredPrefill,
    WrappedKey,
)

NodeReader = Callable[[int, int, int], list[AuditNode]]
"""`AuditStore.nodes`, inside the transaction of an append."""


class KeyStore(Protocol):
    """Wrapped subject and dossier keys."""

    def domains(self) -> frozenset[str]:
        """Return the key domains that keys are stored of."""
        ...

    def find_keys(self, references: Collection[bytes]) -> dict[bytes, WrappedKey]:
        """Return the keys that are there, by reference; any number of references."""
        ...

    def add_keys(self, keys: Sequence[WrappedKey]) -> dict[bytes, WrappedKey]:
        """Store the keys whose reference has none yet; return, for each reference, the key that is stored.

        Of two writers who race both get the same answer. Durable on return: seal nothing under a key before.
        """
        ...

    def destroy_keys(self, references: Collection[bytes]) -> int:
        """Destroy the keys of these references, overwriting their bytes; return how many there were.

        Raises:
            StorageError: another number was deleted than had been found; then nothing is deleted.
        """
        ...


class IdentityLinks(Protocol):
    """Which references are the same person."""

    def add_links(self, links: Sequence[IdentityLink]) -> None:
        """Add links; one that is there already stays as it is."""
        ...

    def links_of(self, domain: str, references: Collection[bytes]) -> list[IdentityLink]:
        """Return the links from or to any of the references, each once, ordered by their references."""
        ...

    def remove_links(self, references: Collection[bytes]) -> int:
        """Remove the links from or to any of the references, in every domain; return how many there were."""
        ...


class AgencyStore(Protocol):
    """The agency tree."""

    def save_agencies(self, agencies: Sequence[Agency]) -> None:
        """Add agencies; one of the same code is replaced."""
        ...

    def agencies(self) -> list[Agency]:
        """Return all agencies, ordered by code."""
        ...


class ConsentStore(Protocol):
    """Consents of citizens."""

    def give(self, consent: Consent) -> None:
        """Store a new consent.

        Raises:
            ConflictError: there is one of this id.
        """
        ...

    def find(self, consent_id: str) -> Consent | None:
        """Return the consent, valid or not."""
        ...

    def withdraw(self, consent_id: str, at: datetime) -> None:
        """Mark the consent withdrawn; a second withdrawal changes nothing.

        Raises:
            RecordNotFoundError: there is no such consent.
        """
        ...

    def withdraw_all(self, subjects: Collection[str], at: datetime) -> int:
        """Mark every consent of these references (hex) withdrawn; return how many bear the time `at` now."""
        ...


class Quarantine(Protocol):
    """Refused lines, sealed."""

    def add_rows(self, rows: Sequence[QuarantinedRow]) -> None:
        """Keep rows; one of an id that is there already is not kept twice."""
        ...

    def rows(self, limit: int, after: str | None = None) -> list[QuarantinedRow]:
        """Return at most `limit` rows in the order of their arrival, from behind the row of id `after`."""
        ...

    def get(self, row_id: str) -> QuarantinedRow:
        """Return one row.

        Raises:
            RecordNotFoundError: there is no such row.
        """
        ...

    def drop(self, row_id: str) -> None:
        """Delete one row; no error if it is gone."""
        ...


class PrefillStore(Protocol):
    """Prefill answers that can be read again for a while."""

    def save(self, answer: StoredPrefill) -> None:
        """Keep an answer; one of the same id is replaced."""
        ...

    def find(self, prefill_id: str, now: datetime) -> StoredPrefill | None:
        """Return the answer unless it has expired."""
        ...

    def drop_expired(self, now: datetime) -> int:
        """Delete what has expired; return how many."""
        ...

    def drop_about(self, references: Collection[bytes]) -> int:
        """Delete the answers that show any of these people; return how many."""
        ...


class ErasedList(Protocol):
    """The list of erasures: who is left out of every record that is written."""

    def put_on(self, entries: Sequence[ErasedReference]) -> None:
        """Add entries; one whose reference is on the list already stays as it is."""
        ...

    def among(self, references: Collection[bytes]) -> frozenset[bytes]:
        """Return those of `references` that are on the list."""
        ...

    def entries(self) -> list[ErasedReference]:
        """Return the whole list, in the order of the references."""
        ...

    def batch(self) -> AbstractContextManager[None]:
        """Keep `alone` out, in any process, while a batch that was held against the list is written."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep every `batch` out, in any process."""
        ...


class ErasureJournal(Protocol):
    """Erasures under way, and the receipts of those that are done."""

    def save(self, row: ErasureRow) -> None:
        """Keep how far an erasure has come, in place of what was kept of it; one that is done stays done."""
        ...

    def unfinished(self) -> list[ErasureRow]:
        """Return the erasures that are under way, those begun first first."""
        ...

    def finish(self, erasure_id: str, receipt: str, at: datetime) -> None:
        """Drop how far the erasure had come and keep its receipt; the first receipt stays."""
        ...

    def find_receipt(self, erasure_id: str) -> str | None:
        """Return the receipt of an erasure that is done."""
        ...

    def expunge(self) -> None:
        """Overwrite what deletes have left in the vault's files.

        Raises:
            SourceUnavailableError: a reader keeps the write-ahead log from being cut.
        """
        ...


class IngestProgress(Protocol):
    """How far each ingest job has come, so that one that was killed goes on."""

    def load(self, job: str) -> dict[str, Any] | None:
        """Return the job's saved state."""
        ...

    def save(self, job: str, state: Mapping[str, Any]) -> None:
        """Save the state, JSON without personal data, in place of the earlier one."""
        ...

    def finish(self, job: str) -> None:
        """Forget the job."""
        ...


class IdempotencyStore(Protocol):
    """Answers to writes that carried an `Idempotency-Key`, for 24 hours."""

    def begin(self, client: str, key: bytes, body_digest: bytes, now: datetime) -> bytes | None:
        """Return the sealed answer given before, or None: then this caller does the work and ends it.

        Args:
            client: the client's id; keys of two clients are apart.
            key: keyed hash of the header, as a client may put anything into it.
            body_digest: keyed hash of the request's body.
            now: the present instant.

        Raises:
            IdempotencyInProgressError: an equal request is being worked on.
            IdempotencyConflictError: the key came with another body.
        """
        ...

    def finish(self, client: str, key: bytes, sealed_answer: bytes) -> None:
        """Keep the answer for equal requests."""
        ...

    def abandon(self, client: str, key: bytes) -> None:
        """Forget a request that failed, so that it can be sent again; a kept answer stays."""
        ...


class AuditStore(Protocol):
    """Rows of the audit log. What they mean is `security.audit`'s business."""

    def append(self, build: Callable[[int, NodeReader], AuditGroup]) -> None:
        """Add what `build(size, read)` returns, in one transaction that excludes every other append, in any process."""
        ...

    def extent(self) -> AuditExtent:
        """Return how far the log reaches."""
        ...

    def rows(self, after: int, limit: int, subject: bytes | None = None) -> list[AuditRow]:
        """Return at most `limit` rows behind seq `after` (-1: from the first), about `subject` if one is given.

        `subjects` are those the row can be found by.
        """
        ...

    def nodes(self, level: int, start: int, stop: int) -> list[AuditNode]:
        """Return the stored nodes of one level with `start <= place < stop`, in order."""
        ...

    def save_checkpoint(self, size: int, note: str) -> None:
        """Keep the signed note of a tree size; the first one of a size stays."""
        ...

    def checkpoints(self, below: int | None, limit: int) -> list[tuple[int, str]]:
        """Return at most `limit` pairs of tree size and note, largest first, of sizes under `below` (None: any)."""
        ...


class Vault(Protocol):
    """One open vault. Thread-safe; several processes may have the same one open."""

    @property
    def keys(self) -> KeyStore:
        """Wrapped keys."""
        ...

    @property
    def links(self) -> IdentityLinks:
        """Identity links."""
        ...

    @property
    def agencies(self) -> AgencyStore:
        """The agency tree."""
        ...

    @property
    def consents(self) -> ConsentStore:
        """Consents."""
        ...

    @property
    def quarantine(self) -> Quarantine:
        """Refused lines."""
        ...

    @property
    def prefills(self) -> PrefillStore:
        """Prefill answers."""
        ...

    @property
    def erased(self) -> ErasedList:
        """The list of erasures."""
        ...

    @property
    def erasures(self) -> ErasureJournal:
        """Erasures under way."""
        ...

    @property
    def progress(self) -> IngestProgress:
        """Ingest jobs."""
        ...

    @property
    def idempotency(self) -> IdempotencyStore:
        """Answers to repeated writes."""
        ...

    @property
    def audit(self) -> AuditStore:
        """Rows of the audit log."""
        ...

    def close(self) -> None:
        """Close every connection of this process."""
        ...

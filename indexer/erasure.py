"""Erasing one person: out of every record, with the keys, for good. Source: design, section 4.6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from indexer.engines.records import RecordCatalog, RecordSearcher
from security.actor import Actor
from security.audit.log import AuditLog
from security.keys import KeyRing
from security.vault.base import Vault

Step = Callable[[str], None]
"""Told the name of each step when it is durable."""


class Records(RecordSearcher, RecordCatalog, Protocol):
    """The records index: read and written."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ErasureParts:
    """What an erasure works with."""

    keys: KeyRing
    vault: Vault
    records: Records
    log: AuditLog
    now: Callable[[], datetime] = _now


def erase_person(citizen_id: str, parts: ErasureParts, actor: Actor, trace: str, step: Step = lambda _: None) -> str:
    """Erase a person and return the signed receipt (docs/formats.md, section 9), a compact JWS.

    Killed at any moment and run again with the same number, it goes on. Run again when it is done, it finds nothing
    and the receipt says so.

    Args:
        citizen_id: 12 digits, as typed.
        parts: what it works with.
        actor: who ordered it: stands in the audit log.
        trace: trace id of the command.
        step: told the name of each step when it is durable.

    Raises:
        CanonicalFormError: not a citizen id.
        IndexNotReadyError: a build of the records index is under way: when it is published, run again.
        StorageError, SourceUnavailableError: nothing was lost; run again to go on.
    """
    raise NotImplementedError

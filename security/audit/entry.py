"""One entry of the audit log: who read or wrote what, when and why, as ids and keyed hashes.

Source: docs/formats.md, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from schemas.errors import StorageError, ValidationFailedError
from security.audit.merkle import leaf_hash, root_of
from security.sealing import lp

ENTRY_VERSION = 1
Outcome = Literal["allowed", "denied", "not_found"]

_HEX = re.compile(r"[0-9a-f]+")
_REFERENCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """What one ingest batch commits to: the number of its records and the root over their leaves, 64 hex digits."""

    count: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What happened. The log adds number and time when it commits.

    Attributes:
        actor: `sub` of the token.
        action: such as `records.search`.
        basis: legal basis; None where there is none to name, as in an ingest.
        case: keyed hash of the case number, 32 hex digits; `reason` likewise.
        records: ids of the records that were shown or written, hex.
        opened: how many candidates were opened and not shown.
        subjects: references of the people whose data was shown or written, 32 hex digits each.
        fields: the field classes that were shown.
        trace: trace id of the request.

    Raises:
        ValidationFailedError: an id, reference or keyed hash is not hex, or text that is not UTF-8: a value may have
            come in its place.
    """

    actor: str
    client: str
    role: str
    action: str
    purpose: str
    outcome: Outcome
    trace: str
    agency: str | None = None
    basis: str | None = None
    case: str | None = None
    reason: str | None = None
    records: tuple[str, ...] = ()
    opened: int = 0
    subjects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    batch: IngestBatch | None = None

    def __post_init__(self) -> None:
        hashes = [keyed for keyed in (self.case, self.reason) if keyed is not None]
        if not all(map(_REFERENCE.fullmatch, (*self.subjects, *hashes))) or not all(map(_HEX.fullmatch, self.records)):
            raise ValidationFailedError("an audit entry holds ids and keyed hashes in lower-case hex, never values")


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry in its place. `raw` are the bytes that the tree hashes."""

    seq: int
    at: datetime
    entry: AuditEntry
    raw: bytes


_NAMES = tuple(one.name for one in fields(AuditEntry))
_encode = msgspec.json.Encoder(order="sorted").encode


def entry_bytes(entry: AuditEntry, seq: int, at: datetime) -> bytes:
    """Return the canonical JSON of an entry in its place.

    Raises:
        ValidationFailedError: a text cannot be written in UTF-8.
    """
    values: dict[str, Any] = {name: value for name in _NAMES if (value := getattr(entry, name)) is not None}
    try:
        return _encode({**values, "v": ENTRY_VERSION, "seq": seq, "at": _at_text(at)})
    except UnicodeEncodeError as error:
        raise ValidationFailedError("a text of the audit entry is not Unicode") from error


def parse_entry(raw: bytes) -> LoggedEntry:
    """Return the entry of its bytes.

    Raises:
        StorageError: they are not an entry of a version that this Hoso knows.
    """
    try:
        values = msgspec.json.decode(raw, type=dict[str, Any])
        seq, at, version = values.pop("seq"), datetime.fromisoformat(values.pop("at")), values.pop("v")
        entry = msgspec.convert(values, AuditEntry)
        if version != ENTRY_VERSION or entry_bytes(entry, seq, at) != raw:
            raise StorageError("an entry of the audit log is of another version or not in canonical form")
    except (msgspec.MsgspecError, ValidationFailedError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise StorageError("an entry of the audit log cannot be read: run `hoso audit verify`") from error
    return LoggedEntry(seq, at, entry, raw)


def ingest_batch(records: Sequence[tuple[bytes, bytes]]) -> IngestBatch:
    """Return what a batch commits to.

    Args:
        records: record id and SHA-256 of the envelope, of each record, in the order of the batch.
    """
    return IngestBatch(len(records), root_of(ingest_leaf(*record) for record in records).hex())


def ingest_leaf(record_id: bytes, envelope_digest: bytes) -> bytes:
    """Return the leaf of one ingested record: id of 16 bytes, SHA-256 of the envelope."""
    return leaf_hash(lp("hoso/ingest/1", record_id, envelope_digest))


def _at_text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

"""The rows of the vault. All times are aware datetimes; whatever is personal is sealed or a keyed reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

KeyKind = Literal["SK", "DK"]
LinkKind = Literal["old_id", "newborn"]
LinkState = Literal["proven", "confirmed"]


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A subject key (`SK`) or dossier key (`DK`), sealed under `KEK[domain, epoch]`.

    Attributes:
        reference: 16 bytes: the subject or role reference of an `SK`, the record id of a `DK`.
        wrapped: the box of docs/formats.md, section 2.
    """

    reference: bytes
    kind: KeyKind
    domain: str
    epoch: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class IdentityLink:
    """Two references that are one person.

    Attributes:
        from_reference: the earlier reference: of the 9-digit number, or of the role of a newborn.
        to_reference: the reference of the 12-digit number.
        evidence: id of the record that shows both.
        state: `proven` by an issued paper, or `confirmed` by an officer. What was merely declared is no link.
    """

    domain: str
    from_reference: bytes
    to_reference: bytes
    kind: LinkKind
    evidence: bytes
    state: LinkState


@dataclass(frozen=True, slots=True)
class Consent:
    """A citizen's consent.

    Attributes:
        subject: subject reference, hex.
        expires_at: the first instant at which it is not valid.
        withdrawn_at: None while it is not withdrawn.
    """

    id: str
    subject: str
    domain: str
    client: str
    purpose: str
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A refused line, kept sealed.

    Attributes:
        source: a label or the keyed hash of a file's name; never a path.
        line: number of the line, from 1.
        offset: its first byte in the source, from 0.
        pointer: RFC 6901 pointer to the offending value, where it is known.
        code: the stable code of the refusal; `message` explains it and never holds a value.
        sealed: the line itself, a box under `TMP`.
    """

    id: str
    source: str
    line: int
    offset: int
    pointer: str | None
    code: str
    message: str
    at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class StoredPrefill:
    """A prefill answer, readable again until `expires_at`.

    Attributes:
        sealed: the references of the people in it, then a box under `TMP` (docs/formats.md, section 7).
    """

    id: str
    client: str
    expires_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ErasedReference:
    """One entry of the list of erasures.

    Attributes:
        reference: 16 bytes: a person's reference in `domain`, or of a number in every domain where that is None.
        at: when it was put on the list.
    """

    reference: bytes
    domain: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """One erasure that is under way.

    Attributes:
        subject: the reference of the number that was asked for, that of every domain.
        state: a box under `TMP`: how far it has come, as references and ids.
    """

    id: str
    subject: bytes
    begun_at: datetime
    state: bytes


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One appended entry: its place, its bytes, and the references by which citizens find it."""

    seq: int
    entry: bytes
    subjects: tuple[bytes, ...]


class AuditNode(NamedTuple):
    """The root of the perfect subtree over the leaves `place << level` up to, not including, `(place + 1) << level`."""

    level: int
    place: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditGroup:
    """What one commit adds to the log."""

    rows: Sequence[AuditRow]
    nodes: Sequence[AuditNode]


class AuditExtent(NamedTuple):
    """How far the log reaches: the highest number of an entry and of a leaf node, plus one; equal in a whole log."""

    entries: int
    leaves: int

"""Answers that can be read again for a while, sealed; only by the client that made them.

Source: docs/formats.md, section 7. The row's value is the number of people (2 bytes), their references (16 bytes each,
ascending), and a box that is bound to answer, client and these references.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from schemas.errors import RecordNotFoundError
from schemas.prefill import PrefillAnswer
from security.audit.entry import Outcome
from security.references import REFERENCE_BYTES
from security.transient import TransientSealer
from security.vault.base import PrefillStore
from security.vault.rows import StoredPrefill

# A citizen fills a form in one sitting; what is stored for longer is only a risk.
LIFETIME = timedelta(minutes=30)

_LABEL = "hoso/prefill/1"
_COUNT_BYTES = 2


class Trace(msgspec.Struct, frozen=True):
    """What an answer shows, for the audit log: ids, references and classes, never values.

    Attributes:
        records: ids of the records that were shown, hex, sorted.
        opened: how many records were opened and not shown.
        subjects: references of the people asked about and of those whose data was shown, hex, sorted.
        fields: the field classes shown, sorted.
        outcome: `not_found` if there was no record of anybody.
        procedure: that was asked for; who reads the answer again must be registered for it still.
        legal_basis: on which it was asked for, and on which it is read again.
    """

    records: tuple[str, ...]
    opened: int
    subjects: tuple[str, ...]
    fields: tuple[str, ...]
    outcome: Outcome
    procedure: str
    legal_basis: str


class _Kept(msgspec.Struct, frozen=True):
    answer: PrefillAnswer
    trace: Trace


class StoredAnswers:
    """Keeps answers in the vault."""

    def __init__(self, store: PrefillStore, sealer: TransientSealer) -> None:
        """Keep where answers go, and what seals them."""
        self._store = store
        self._sealer = sealer

    def save(self, answer: PrefillAnswer, trace: Trace, client: str, expires_at: datetime) -> None:
        """Keep an answer until it expires."""
        people = [bytes.fromhex(reference) for reference in trace.subjects]
        box = self._sealer.seal(_LABEL, answer.id, client, *people, plaintext=msgspec.json.encode(_Kept(answer, trace)))
        value = b"".join((len(people).to_bytes(_COUNT_BYTES, "big"), *people, box))
        self._store.save(StoredPrefill(answer.id, client, expires_at, value))

    def load(self, prefill_id: str, client: str, now: datetime) -> tuple[PrefillAnswer, Trace]:
        """Return an answer and what it shows.

        Raises:
            RecordNotFoundError: none of this id, expired, or another client's: the error does not tell which.
            EnvelopeError: the row was changed.
        """
        row = self._store.find(prefill_id, now)
        if row is None or row.client != client:
            raise RecordNotFoundError("no such prefill answer, or it has expired")
        people, box = _split(row.sealed)
        raw = self._sealer.open(_LABEL, row.id, client, *people, box=box)
        kept = msgspec.json.decode(raw, type=_Kept)
        return kept.answer, kept.trace


def _split(value: bytes) -> tuple[list[bytes], bytes]:
    end = _COUNT_BYTES + int.from_bytes(value[:_COUNT_BYTES], "big") * REFERENCE_BYTES
    return [value[at : at + REFERENCE_BYTES] for at in range(_COUNT_BYTES, end, REFERENCE_BYTES)], value[end:]

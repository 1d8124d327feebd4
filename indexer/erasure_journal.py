"""How far an erasure has come, sealed in the vault: references and ids, never the number that was asked for."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

import msgspec

from indexer.engines.records import RecordCollection
from security.transient import TransientSealer
from security.vault.base import ErasureJournal
from security.vault.rows import ErasureRow

_LABEL = "hoso/erasure/1"


class PlannedRecord(msgspec.Struct, frozen=True, order=True):
    """One record in which the person was found."""

    collection: RecordCollection
    domain: str
    record_id: bytes


class ErasureState(msgspec.Struct):
    """One erasure on its way.

    Attributes:
        subject: the reference of the number that was asked for, that of every domain.
        own: the person's own reference in each domain.
        linked: by domain, the references that a link proves to be the same person.
        links_left: references that a link names and that name and birth date do not bear out.
        records: every record that was found, in the order of finding.
        keys: how many subject keys there were.
        links: how many identity links there were.
        consents: how many consents were withdrawn.
        prefills: how many prefill answers were dropped.
        done: the steps that are not done again.
    """

    id: str
    subject: bytes
    begun_at: datetime
    own: dict[str, bytes]
    linked: dict[str, list[bytes]] = {}
    links_left: int = 0
    records: list[PlannedRecord] = []
    keys: int = 0
    links: int = 0
    consents: int = 0
    prefills: int = 0
    done: list[str] = []

    def references_in(self, domain: str) -> frozenset[bytes]:
        """Return the references that are this person in one domain."""
        return frozenset((self.own[domain], *self.linked.get(domain, ())))

    @property
    def references(self) -> frozenset[bytes]:
        """All references that are this person."""
        return frozenset(chain(self.own.values(), *self.linked.values()))


class SealedErasures:
    """Keeps and finds the states of erasures."""

    def __init__(self, journal: ErasureJournal, sealer: TransientSealer) -> None:
        self._journal = journal
        self._sealer = sealer

    def save(self, state: ErasureState) -> None:
        """Keep a state; durable when this returns."""
        box = self._sealer.seal(_LABEL, state.id, plaintext=msgspec.json.encode(state))
        self._journal.save(ErasureRow(state.id, state.subject, state.begun_at, box))

    def find(self, subject: bytes) -> ErasureState | None:
        """Return the unfinished erasure of a person, if there is one."""
        return next((state for state in self.unfinished() if state.subject == subject), None)

    def unfinished(self) -> list[ErasureState]:
        """Return all unfinished erasures, those begun first first.

        Raises:
            EnvelopeError: a row was changed.
        """
        return [
            msgspec.json.decode(self._sealer.open(_LABEL, row.id, box=row.state), type=ErasureState)
            for row in self._journal.unfinished()
        ]

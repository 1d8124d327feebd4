"""A record whose envelope was opened and checked against the policy: plaintext, for one request only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.engines.records import RecordCollection


@dataclass(frozen=True, slots=True)
class OpenedPerson:
    """One person of a record.

    Attributes:
        reference: subject or role reference.
        fields: what the section holds: `roles`, the fields of `schemas.citizen.Person`, and `form`, `free_text`
            (dossiers) or `data` (papers) where there are any.
    """

    reference: bytes
    fields: Mapping[str, Any]

    @property
    def roles(self) -> list[str]:
        """The roles played in this record."""
        return list(self.fields.get("roles", ()))


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """One dossier or paper.

    Attributes:
        agency: from the authenticated header, never from the engine.
        shared: the members that name nobody, as `schemas.dossier.Dossier` or `schemas.paper.Paper` dumps them.
        people: those whose key is there and who were asked for, in the order of the record.
        persons: references of all people of the record, opened or not.
    """

    collection: RecordCollection
    record_id: bytes
    domain: str
    agency: str
    version: int
    shared: Mapping[str, Any]
    people: tuple[OpenedPerson, ...]
    persons: tuple[bytes, ...]

    def person(self, reference: bytes) -> OpenedPerson | None:
        """Return the person of one reference, if opened."""
        return next((one for one in self.people if one.reference == reference), None)

    def in_role(self, role: str) -> OpenedPerson | None:
        """Return the first person who plays `role`, if opened."""
        return next((one for one in self.people if role in one.roles), None)

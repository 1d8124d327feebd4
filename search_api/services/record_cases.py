"""What a case number entitles an officer to: it must name an open dossier of the officer's own agency."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.dossier import OPEN_STATUSES
from search_api.services.opened import OpenedRecord
from search_api.services.record_access import RecordAccess
from security.keys import KeyLease
from security.policy import Grant


@dataclass(frozen=True, slots=True)
class Case:
    """A case number that resolved.

    Attributes:
        dossier: the officer may read it; of the own agency.
        persons: references of the people it concerns, with what links lead to.
        is_open: it is still being worked on, so it widens the officer's reach to these people.
    """

    dossier: OpenedRecord
    persons: frozenset[bytes]
    is_open: bool


class Cases:
    """Resolves case numbers."""

    def __init__(self, access: RecordAccess) -> None:
        self._access = access

    def resolve(self, case_number: str | None, grant: Grant, lease: KeyLease) -> Case | None:
        """Return the case, or None if the number names no dossier that this officer may read."""
        if case_number is None:
            return None
        found, _ = self._access.find(
            "dossier", lambda *_: [[("dossier_code", (case_number,))]], grant, lease, people=lambda _: ()
        )
        # Tokens may collide: the code in the record decides.
        dossier = next((one for one in found if one.shared.get("code") == case_number), None)
        if dossier is None:
            return None
        persons = self._access.with_linked(dossier.domain, dossier.persons)
        return Case(dossier, persons, dossier.shared.get("status") in OPEN_STATUSES)

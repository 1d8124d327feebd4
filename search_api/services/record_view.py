"""How a record is shown: people through the policy's mask, codes with their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indexer.agency_registry import AgencyRegistry
from schemas.dossier import STATUS_LABELS_VI
from schemas.records import Match, ProcedureName, RecordItem, RecordView
from search_api.services.opened import OpenedPerson, OpenedRecord
from security.masking import reveal
from security.policy import Grant

NameOfProcedure = Callable[[str], str | None]
"""Returns the name of a procedure by its code; None until the catalogue has it."""

# What of a person's section is no field of a person: shown only where the person's identity is shown in clear.
_PERSON_EXTRAS = ("form", "data", "free_text")
# Free text of a look, and numbers of papers, would say what the mask hides.
_MASKED_SHARED = ("result", "number", "file", "title")


class RecordViews:
    """Makes the answers of the records API."""

    def __init__(self, agencies: AgencyRegistry, name_of_procedure: NameOfProcedure) -> None:
        self._agencies = agencies
        self._name_of_procedure = name_of_procedure

    def item(self, record: OpenedRecord, match: Match, grant: Grant, more: int | None) -> RecordItem:
        """Return one line of a search."""
        shared = record.shared
        code = shared.get("procedure_code")
        status = shared.get("status")
        return RecordItem(
            id=record.record_id.hex(),
            dossier_code=shared.get("code"),
            procedure=ProcedureName(code, self._name_of_procedure(code)) if code else None,
            status=status,
            status_vi=STATUS_LABELS_VI.get(status) if status else None,
            received_at=shared.get("received_at"),
            agency=record.agency,
            agency_name=self._agencies.tree.agency(record.agency).name,
            persons=[_person(one, grant) for one in record.people],
            match=match,
            more=more,
        )

    def record(
        self, record: OpenedRecord, grant: Grant, audit_entry: str, *, whose: frozenset[bytes] | None = None
    ) -> RecordView:
        """Return one record; where `whose` is given, other people than those are masked."""
        clear = bool(grant.clear)
        others = grant.all_masked()
        shared = dict(record.shared)
        if not clear:
            shared = {name: value for name, value in shared.items() if name not in _MASKED_SHARED}
        if code := shared.get("procedure_code"):
            shared["procedure"] = {"code": code, "name": self._name_of_procedure(code)}
        return RecordView(
            id=record.record_id.hex(),
            collection=record.collection,
            agency=record.agency,
            agency_name=self._agencies.tree.agency(record.agency).name,
            shared=shared,
            persons=[
                _person(one, grant if whose is None or one.reference in whose else others) for one in record.people
            ],
            masked=not clear,
            audit_entry=audit_entry,
        )


def _person(person: OpenedPerson, grant: Grant) -> dict[str, Any]:
    shown: dict[str, Any] = {"roles": person.roles, **reveal(person.fields, grant)}
    if "identity" in grant.clear:
        shown |= {name: person.fields[name] for name in _PERSON_EXTRAS if name in person.fields}
    return shown

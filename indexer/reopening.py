"""From a sealed record back to what it was made of, so that it can be sealed again: less a person, or under new keys.

Sections go over byte for byte; the tokens are made anew from what they say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from pydantic import ValidationError

from indexer.document import Contents
from indexer.engines.records import RecordCollection
from indexer.participants import Participant
from indexer.token_values import dossier_token_values, paper_token_values
from schemas.citizen import Person
from schemas.dossier import Dossier
from schemas.errors import EnvelopeError, NotPermittedError, StorageError
from schemas.paper import Paper
from security.envelope import OpenHeader, Section, open_header, open_slot, read_place
from security.keys import DomainKeys
from security.references import references
from security.search_tokens import TokenValue
from security.subject_keys import find_section_keys
from security.vault.base import KeyStore

_decode = msgspec.json.Decoder().decode


def reopen_header(collection: RecordCollection, record_id: bytes, envelope: bytes, keys: DomainKeys) -> OpenHeader:
    """Return the header of a stored record.

    Raises:
        StorageError: it does not open: damaged, or its epoch's key is destroyed.
    """
    try:
        place = read_place(collection, record_id, envelope)
        return open_header(place, keys.epoch(place.epoch).hdr, envelope)
    except (EnvelopeError, NotPermittedError):
        raise _damaged() from None


def reopen_sections(opened: OpenHeader, people: Collection[bytes], store: KeyStore, keys: DomainKeys) -> list[Section]:
    """Return what a record shares and the sections of these of its people, in the order of the record.

    Raises:
        StorageError: one of them does not open, or its key is gone.
    """
    slots = [
        (i, slot) for i, slot in enumerate(opened.header.slots) if slot.kind == "shared" or slot.reference in people
    ]
    section_keys = find_section_keys(store, keys, [slot.reference for _, slot in slots])
    try:
        return [
            Section(slot.kind, slot.reference, open_slot(opened, i, section_keys[slot.reference])) for i, slot in slots
        ]
    except (EnvelopeError, KeyError):
        raise _damaged() from None


def person_of(section: Section) -> Participant:
    """Return the person of a section: roles and fields.

    Raises:
        StorageError: the section says what this version cannot read.
    """
    told = _decode(section.plaintext)
    try:
        return Participant(section.reference, told["roles"], Person.model_validate(told))
    except ValidationError:
        # Its message holds values.
        raise _damaged() from None


def reopened_contents(opened: OpenHeader, sections: list[Section], keys: DomainKeys) -> Contents:
    """Return what sealing a record again needs, with the sections that are to be in it.

    Raises:
        StorageError: a section says what this version cannot read.
    """
    header, place = opened.header, opened.place
    collection: RecordCollection = "dossier" if place.collection == "dossier" else "paper"
    people = [person_of(section) for section in sections if section.kind == "person"]
    [shared] = [_decode(section.plaintext) for section in sections if section.kind == "shared"]
    return Contents(
        collection,
        place.record_id,
        header.agency,
        header.source_version,
        header.content_digest,
        tuple(sections),
        tuple(_token_values(collection, shared, people, keys)),
    )


def _token_values(
    collection: RecordCollection, shared: dict[str, Any], people: list[Participant], keys: DomainKeys
) -> list[TokenValue]:
    try:
        # Its people are told apart from it: the models ask for one, and any will do.
        if collection == "dossier":
            dossier = Dossier.model_validate({**shared, "applicant": {}})
            return list(dossier_token_values(dossier, people, references(keys)))
        paper = Paper.model_validate({**shared, "holders": [{}]})
        return list(paper_token_values(paper, people, references(keys)))
    except ValidationError:
        raise _damaged() from None


def _damaged() -> StorageError:
    return StorageError("a record does not open: run `hoso index verify`, mend it, then run this again")

"""From a dossier or a paper to what an index stores: sealed sections and search tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from indexer.engines.records import RecordCollection, RecordWrite
from indexer.participants import Participant, names_nobody, participants_of_dossier, participants_of_paper
from indexer.token_values import dossier_token_values, paper_token_values
from schemas.dossier import Dossier
from schemas.paper import Paper
from security import envelope
from security.envelope import Place, Section
from security.keys import DomainKeys
from security.references import references
from security.search_tokens import TokenValue, current_tokens

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode

# These members of a dossier stand in people's sections; `persons` and `applicant` are people.
_DOSSIER_PERSONAL = {"applicant", "persons", "form", "return_reason", "supplements"}
_PAPER_PERSONAL = {"holders", "data"}


@dataclass(frozen=True, slots=True)
class Document:
    """A record ready to be sealed: nothing of it is encrypted yet.

    Attributes:
        people: in the order of their sections; none if all were erased.
        shared: the members that name nobody.
        token_values: kinds and canonical parts.
        digest: keyed digest of the canonical content.
    """

    collection: RecordCollection
    record_id: bytes
    domain: str
    agency: str
    version: int
    digest: bytes
    people: tuple[Participant, ...]
    shared: Mapping[str, Any]
    token_values: tuple[TokenValue, ...]

    @property
    def references(self) -> tuple[bytes, ...]:
        """The references whose keys sealing needs: each person's, and the record's own for what is shared."""
        return (*(one.reference for one in self.people), self.record_id)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the envelope and the tokens of a record are made of: the same, from a line or from an earlier envelope."""

    collection: RecordCollection
    record_id: bytes
    agency: str
    version: int
    digest: bytes
    sections: tuple[Section, ...]
    token_values: tuple[TokenValue, ...]


def document_of_dossier(dossier: Dossier, keys: DomainKeys, left_out: Collection[bytes] = ()) -> Document:
    """Return the document of a dossier without the people of the references `left_out`.

    Its digest is that of the whole dossier: the same line is the same content, whoever was erased.

    Raises:
        RowError: its people contradict each other.
    """
    refs = references(keys)
    people = [one for one in participants_of_dossier(dossier, refs) if one.reference not in left_out]
    content = dossier.model_dump(mode="json", exclude_none=True)
    shared = {name: value for name, value in content.items() if name not in _DOSSIER_PERSONAL}
    if form := {key: value for key, value in dossier.form.items() if names_nobody(value)}:
        shared["form"] = form
    if dossier.supplements:
        # Their reasons are free text: they stand in the applicant's section.
        shared["supplements"] = [
            one.model_dump(mode="json", exclude_none=True, exclude={"reason"}) for one in dossier.supplements
        ]
    return Document(
        "dossier",
        refs.record("dossier", dossier.code),
        keys.domain,
        dossier.agency,
        dossier.version,
        refs.content(_encode_sorted(content)),
        tuple(people),
        shared,
        tuple(dossier_token_values(dossier, people, refs)),
    )


def document_of_paper(paper: Paper, keys: DomainKeys, left_out: Collection[bytes] = ()) -> Document:
    """Return the document of a paper; see `document_of_dossier`."""
    refs = references(keys)
    people = [one for one in participants_of_paper(paper, refs) if one.reference not in left_out]
    content = paper.model_dump(mode="json", exclude_none=True)
    return Document(
        "paper",
        refs.record("paper", paper.id),
        keys.domain,
        paper.issuer,
        paper.version,
        refs.content(_encode_sorted(content)),
        tuple(people),
        {name: value for name, value in content.items() if name not in _PAPER_PERSONAL},
        tuple(paper_token_values(paper, people, refs)),
    )


def seal_document(
    document: Document, keys: DomainKeys, section_keys: Mapping[bytes, bytes], expected_counter: int
) -> RecordWrite:
    """Return the sealed record with its tokens; as `seal_contents`.

    Args:
        document: what to seal.
        keys: of the document's domain.
        section_keys: the unwrapped key of each of `document.references`, durable in the vault.
        expected_counter: write counter of the envelope that this one replaces; 0 for a new record.
    """
    contents = Contents(
        document.collection,
        document.record_id,
        document.agency,
        document.version,
        document.digest,
        (
            Section("shared", document.record_id, _encode(document.shared)),
            *(Section("person", one.reference, _encode(one.plaintext())) for one in document.people),
        ),
        document.token_values,
    )
    return seal_contents(contents, keys, section_keys, expected_counter)


def seal_contents(
    contents: Contents, keys: DomainKeys, section_keys: Mapping[bytes, bytes], expected_counter: int
) -> RecordWrite:
    """Return the sealed record with its tokens, under the current epoch of `keys`.

    Raises:
        TooManyTokensError: over 256 tokens.
        TooLargeError: over 16 sections, or over 1 MiB.
    """
    epoch, tokens = keys.current, current_tokens(keys)
    place = Place(contents.collection, contents.record_id, keys.domain, epoch.epoch, expected_counter + 1)
    sealed = envelope.seal(
        place,
        epoch.hdr,
        contents.version,
        contents.digest,
        contents.agency,
        contents.sections,
        lambda section: section_keys[section.reference],
    )
    return RecordWrite(
        contents.collection,
        contents.record_id,
        tokens.scope(contents.agency),
        tokens.record(contents.record_id, contents.token_values),
        sealed,
        expected_counter,
        place.counter,
    )

"""A home folder with keys, vault and index, as an installation has one."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.rows import to_lines

from indexer.agency_registry import AgencyRegistry
from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.engines.records import RecordCollection, RecordWrite
from indexer.ingest import RecordIngest
from indexer.ingest_workers import KINDS
from indexer.record_files import RecordParts, index_file
from indexer.sources.lines import Line
from indexer.summary import LineResult, Summary
from schemas.errors import KeysError
from schemas.query import Scope, any_term
from security.envelope import Header, open_header, open_slot, read_place
from security.keys import DomainKeys, KeyRing
from security.references import References, references
from security.search_tokens import all_tokens
from security.subject_keys import find_section_keys
from security.vault.sqlite import SqliteVault

COLLECTIONS: dict[str, RecordCollection] = {"dossiers": "dossier", "papers": "paper"}
KNOWN_PROCEDURES = frozenset({"1.001193"})


@dataclass
class Opened:
    """A stored record, opened with every key."""

    header: Header
    counter: int
    shared: dict[str, Any]
    people: dict[bytes, dict[str, Any]]
    """By reference, in the order of the record."""

    def in_role(self, role: str) -> dict[str, Any]:
        """Return the one person who plays `role`."""
        [found] = [person for person in self.people.values() if role in person["roles"]]
        return found


@dataclass
class Home:
    """One installation in a folder."""

    folder: Path
    keys: KeyRing
    vault: SqliteVault
    agencies: AgencyRegistry
    records: EmbeddedRecords
    audited: list[list[RecordWrite]] = field(default_factory=list)
    refused: list[tuple[Line, LineResult]] = field(default_factory=list)

    @classmethod
    def at(cls, folder: Path) -> Home:
        """Open the installation in `folder`, made if there is none."""
        try:
            keys = KeyRing.open(folder / "keys.json")
        except KeysError:
            keys = KeyRing.create(folder / "keys.json", None)
        vault = SqliteVault(folder / "vault.db", keys.installation)
        return cls(folder, keys, vault, AgencyRegistry(vault.agencies), EmbeddedRecords(folder / "records"))

    def close(self) -> None:
        """Close the vault."""
        self.vault.close()

    # ---------------------------------------------------------------- writing

    def audit(self, writes: Sequence[RecordWrite]) -> None:
        """Remember a batch in place of the audit log."""
        self.audited.append(list(writes))

    def ingest(self, kind: str = "dossiers") -> RecordIngest[Any]:
        """Return what prepares and commits batches."""
        return RecordIngest(KINDS[kind], self.keys, self.vault, self.agencies, KNOWN_PROCEDURES.__contains__)

    def put(self, *rows: Any, kind: str = "dossiers") -> list[LineResult]:
        """Ingest rows as one batch into the published index."""
        ingest = self.ingest(kind)
        with self.records.writing() as writer:
            return ingest.commit(ingest.prepare(to_lines(*rows), writer.lookup()), writer, self.audit)

    def put_paper(self, *rows: Any) -> list[LineResult]:
        """Ingest papers as one batch."""
        return self.put(*rows, kind="papers")

    def parts(self, workers: int = 1) -> RecordParts:
        """Return what indexing a file needs."""
        opener = functools.partial(SqliteVault, self.folder / "vault.db", self.keys.installation)
        return RecordParts(
            self.keys,
            self.vault,
            opener,
            self.agencies,
            self.records,
            KNOWN_PROCEDURES,
            self.audit,
            self.refused.extend,
            workers,
        )

    def index(self, kind: str, source: Path, workers: int = 1) -> Summary:
        """Index one file."""
        return index_file(kind, source, self.parts(workers), lambda *_: None)

    # ---------------------------------------------------------------- reading

    def domain(self, name: str = "H41") -> DomainKeys:
        """Return the keys of one domain."""
        self.keys.ensure_domain(name)
        return self.keys.lease((name,)).domain(name)

    def refs(self, domain: str = "H41") -> References:
        """Return the references of one domain."""
        return references(self.domain(domain))

    def scope(self, *agencies: str, domain: str = "H41") -> Scope:
        """Return the scope of agencies of one domain."""
        return Scope(frozenset(maker.scope(one) for maker in all_tokens(self.domain(domain)) for one in agencies))

    def find(
        self, kind: str, *parts: str | bytes, collection: RecordCollection = "dossier", agency: str = "H41.14"
    ) -> list[bytes]:
        """Return the ids of the records that carry a token of this value."""
        domain = agency.partition(".")[0]
        tokens = [token for maker in all_tokens(self.domain(domain)) for token in maker.query(kind, *parts)]
        found = self.records.search(collection, any_term(tuple(tokens)), self.scope(agency, domain=domain), 100)
        return [one.record_id for one in found.items]

    def envelopes(self, collection: RecordCollection, *codes: str, domain: str = "H41") -> dict[bytes, bytes]:
        """Return the stored envelopes of records by their codes."""
        ids = [self.refs(domain).record(collection, code) for code in codes]
        with self.records.writing() as writer:
            return writer.lookup().current(collection, ids)

    def opened(self, collection: RecordCollection, code: str, domain: str = "H41") -> Opened:
        """Return a stored record, opened."""
        [(record_id, envelope)] = self.envelopes(collection, code, domain=domain).items()
        return self.open(collection, record_id, envelope)

    def open(self, collection: RecordCollection, record_id: bytes, envelope: bytes) -> Opened:
        """Return the record that an envelope holds."""
        place = read_place(collection, record_id, envelope)
        keys = self.domain(place.domain)
        opened = open_header(place, keys.epoch(place.epoch).hdr, envelope)
        slots = opened.header.slots
        section_keys = find_section_keys(self.vault.keys, keys, [slot.reference for slot in slots])
        texts = [json.loads(open_slot(opened, i, section_keys[slot.reference])) for i, slot in enumerate(slots)]
        people = {slot.reference: text for slot, text in zip(slots, texts, strict=True) if slot.kind == "person"}
        [shared] = [text for slot, text in zip(slots, texts, strict=True) if slot.kind == "shared"]
        return Opened(opened.header, place.counter, shared, people)

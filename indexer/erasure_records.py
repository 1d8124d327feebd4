"""The records of a person: found however many there are, and written anew without the person, or deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.agency_registry import AgencyRegistry
from indexer.document import seal_contents
from indexer.engines.records import (
    COLLECTIONS,
    Candidate,
    RecordCatalog,
    RecordCollection,
    RecordSearcher,
    RecordWrite,
    RecordWriter,
)
from indexer.erasure_journal import PlannedRecord
from indexer.reopening import reopen_header, reopen_sections, reopened_contents
from schemas.errors import StorageError
from schemas.query import Query, Scope, any_term
from security.envelope import OpenHeader
from security.keys import DomainKeys, KeyRing
from security.search_tokens import all_tokens
from security.subject_keys import find_section_keys
from security.vault.base import Vault

# Doubled until all records are seen; hardly anybody has more.
_FIRST_LIMIT = 500
_BATCH_RECORDS = 50

Audit = Callable[[Sequence[RecordWrite], Collection[bytes]], None]
"""Appends the entry of the records about to be written and deleted (ids), durably, or raises."""


class Records(RecordSearcher, RecordCatalog, Protocol):
    """The records index: read and written."""


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record in which one of the wanted references takes part."""

    planned: PlannedRecord
    opened: OpenHeader


class ErasureRecords:
    """Finds and rewrites records, in every domain and collection."""

    def __init__(self, records: Records, vault: Vault, keys: KeyRing, audit: Audit) -> None:
        self._records = records
        self._vault = vault
        self._lease = keys.lease(keys.domains)
        self._audit = audit

    def find(self, wanted: Mapping[str, Collection[bytes]]) -> list[FoundRecord]:
        """Return every record with a person of these references, given by domain.

        Raises:
            StorageError: a record does not open.
        """
        # Read anew: an agency that was registered a moment ago may have records already.
        codes = AgencyRegistry(self._vault.agencies).tree.codes()
        found: dict[PlannedRecord, FoundRecord] = {}
        for domain, people in wanted.items():
            keys = self._lease.domain(domain)
            # Of every agency: one that belongs to another domain now may have had records in this one.
            scope = Scope(frozenset(tokens.scope(code) for tokens in all_tokens(keys) for code in codes))
            for reference in sorted(people):
                for one in self._of_reference(reference, keys, scope):
                    found[one.planned] = one
        return list(found.values())

    def _of_reference(self, reference: bytes, keys: DomainKeys, scope: Scope) -> list[FoundRecord]:
        query = any_term(tuple(one for tokens in all_tokens(keys) for one in tokens.query("subject", reference)))
        found = []
        for collection in COLLECTIONS:
            for candidate in self._all(collection, query, scope):
                opened = reopen_header(collection, candidate.record_id, candidate.envelope, keys)
                # Tokens of eight bytes may meet by chance.
                if reference in opened.header.persons:
                    planned = PlannedRecord(collection, keys.domain, candidate.record_id)
                    found.append(FoundRecord(planned, opened))
        return found

    def _all(self, collection: RecordCollection, query: Query, scope: Scope) -> Sequence[Candidate]:
        limit = _FIRST_LIMIT
        while (found := self._records.search(collection, query, scope, limit)).more:
            limit *= 2
        return found.items

    def take_out(self, records: Sequence[PlannedRecord]) -> None:
        """Write these records anew without whoever is on the list of erasures; delete those with nobody left.

        Raises:
            IndexNotReadyError: a build is under way.
            StorageError: a record does not open, or a count is not what it must be.
        """
        for collection in COLLECTIONS:
            for domain in sorted(self._lease.names):
                ids = [one.record_id for one in records if (one.collection, one.domain) == (collection, domain)]
                for start in range(0, len(ids), _BATCH_RECORDS):
                    self._take_out(collection, self._lease.domain(domain), ids[start : start + _BATCH_RECORDS])

    def count(self, records: Sequence[PlannedRecord], people: Collection[bytes]) -> tuple[int, int]:
        """Return how many of the records were written anew and how many are deleted.

        Raises:
            StorageError: one of them still has one of `people`.
        """
        rewritten = deleted = 0
        with self._records.writing() as writer:
            lookup = writer.lookup()
            for one in records:
                stored = lookup.current(one.collection, [one.record_id]).get(one.record_id)
                if stored is None:
                    deleted += 1
                    continue
                opened = reopen_header(one.collection, one.record_id, stored, self._lease.domain(one.domain))
                rewritten += frozenset(people).isdisjoint(opened.header.persons)
        if rewritten + deleted != len(records):
            raise StorageError(
                f"of {len(records)} records {rewritten} were written anew and {deleted} deleted: run this again"
            )
        return rewritten, deleted

    def _take_out(self, collection: RecordCollection, keys: DomainKeys, ids: Collection[bytes]) -> None:
        # What another writer changed meanwhile is looked at again.
        while ids:
            with self._records.writing() as writer:
                ids = self._take_out_once(collection, keys, ids, writer)

    def _take_out_once(
        self, collection: RecordCollection, keys: DomainKeys, ids: Collection[bytes], writer: RecordWriter
    ) -> Collection[bytes]:
        """Return the ids of the records that were changed by others and are to be looked at again."""
        opened = self._current(collection, keys, ids, writer)
        erased = self._vault.erased.among({person for one in opened for person in one.header.persons})
        concerned = [one for one in opened if not erased.isdisjoint(one.header.persons)]
        empty = [one.place.record_id for one in concerned if erased.issuperset(one.header.persons)]
        writes = [self._without(one, erased, keys) for one in concerned if one.place.record_id not in empty]
        again = set[bytes]()
        if writes:
            self._audit(writes, ())
            again.update(writes[place].record_id for place in writer.put(writes))
        if empty:
            again |= self._delete(collection, keys, empty, writer)
        return again

    def _current(
        self, collection: RecordCollection, keys: DomainKeys, ids: Collection[bytes], writer: RecordWriter
    ) -> list[OpenHeader]:
        stored = writer.lookup().current(collection, ids)
        return [reopen_header(collection, record_id, envelope, keys) for record_id, envelope in stored.items()]

    def _without(self, opened: OpenHeader, erased: frozenset[bytes], keys: DomainKeys) -> RecordWrite:
        staying = [person for person in opened.header.persons if person not in erased]
        sections = reopen_sections(opened, staying, self._vault.keys, keys)
        section_keys = find_section_keys(self._vault.keys, keys, [one.reference for one in sections])
        return seal_contents(reopened_contents(opened, sections, keys), keys, section_keys, opened.place.counter)

    def _delete(
        self, collection: RecordCollection, keys: DomainKeys, ids: Collection[bytes], writer: RecordWriter
    ) -> frozenset[bytes]:
        """Delete those of the records that have nobody left; return the ids of the others."""
        with self._vault.erased.alone():
            opened = self._current(collection, keys, ids, writer)
            erased = self._vault.erased.among({person for one in opened for person in one.header.persons})
            empty = frozenset(one.place.record_id for one in opened if erased.issuperset(one.header.persons))
            self._audit((), empty)
            # The key first: a batch that is prepared meanwhile makes another one, and is left out by the counter.
            self._vault.keys.destroy_keys(empty)
            if writer.delete(collection, empty) != len(empty):
                raise StorageError("a delete found fewer records than there were: run this again")
            return frozenset(one.place.record_id for one in opened) - empty

"""Whether the indexes hold what was put into them: counts, sampled opening, postings, and the audit log's commitments.

Reads only. A sampled record must open under the keys, stand under its agency's scope and be found by all its tokens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice

from indexer.engines.procedures import ProcedureEngine
from indexer.engines.records import COLLECTIONS, RecordCollection, RecordSearcher, RecordWrite, RecordWriter
from indexer.procedure_terms import TERMS_RECIPE
from schemas.errors import EnvelopeError, NotPermittedError
from schemas.procedure import VISIBILITIES
from schemas.query import AllOf, Scope, Term
from security.audit.entry import IngestBatch, ingest_leaf
from security.audit.merkle import root_of
from security.catalogue import CatalogueCipher
from security.envelope import OpenHeader, open_header, open_slot, read_place
from security.keys import DomainKeys, KeyRing
from security.search_tokens import SIZE_CLASSES, TOKEN_BYTES, all_tokens
from security.subject_keys import find_section_keys
from security.vault.base import KeyStore

_MOST_FAULTS = 100
_OPENED_TOGETHER = 200
_TOLD_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class IndexFault:
    """One thing that is not as it should be. `item` is a record id or the key of a procedure, hex."""

    collection: str
    item: str
    code: str
    message: str


@dataclass(slots=True)
class IndexReport:
    """What a verification saw.

    Attributes:
        counts: items by collection.
        sampled: how many records were opened.
        closed_sections: sections of sampled records whose key is gone, as of erased people.
        committed: how many records the audit log commits to, each as often as it was written.
        confirmed: how many records were recomputed into a commitment. Of a record that was updated, the log's
            commitment cannot be told from its batch alone.
        fault_count: all faults; `faults` holds the first 100.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*COLLECTIONS, "procedure"), 0))
    sampled: int = 0
    closed_sections: int = 0
    committed: int = 0
    confirmed: int = 0
    fault_count: int = 0
    faults: list[IndexFault] = field(default_factory=list)

    def add(self, collection: str, item: bytes, code: str, message: str) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(IndexFault(collection, item.hex(), code, message))


class RecordVerifier:
    """Walks one version of the records index."""

    def __init__(
        self,
        writer: RecordWriter,
        searcher: RecordSearcher,
        keys: KeyRing,
        key_store: KeyStore,
        report: IndexReport,
        progress: Callable[[int], None],
    ) -> None:
        self._writer = writer
        self._searcher = searcher
        self._keys = keys
        self._key_store = key_store
        self._report = report
        self._progress = progress

    def verify(self, every: int, first: int, batches: Iterable[IngestBatch]) -> None:
        """Count all records and check every `every`-th, from the `first` (from 0) on, and compare with `batches`.

        Args:
            every: 1 checks all.
            first: below `every`; a random one makes each run see others.
            batches: what the audit log commits to, oldest first.
        """
        walks = {one: self._leaves(one, every, first) for one in COLLECTIONS}
        self._compare(walks, batches)
        for walk in walks.values():
            # What no batch took in is walked all the same.
            deque(walk, maxlen=0)
        self._judge()

    def _leaves(self, collection: RecordCollection, every: int, first: int) -> Iterator[bytes]:
        """Yield the commitment's leaf of each record, in the order of first writing, and check samples on the way."""
        samples: list[RecordWrite] = []
        for place, record in enumerate(self._writer.iter_records(collection)):
            self._report.counts[collection] += 1
            if place % every == first:
                samples.append(record)
            if len(samples) == _OPENED_TOGETHER:
                self._check(samples)
                samples.clear()
            if place % _TOLD_EVERY == 0:
                self._progress(sum(self._report.counts.values()))
            yield ingest_leaf(record.record_id, sha256(record.envelope).digest())
        self._check(samples)

    # ---------------------------------------------------------------- commitments

    def _compare(self, walks: dict[RecordCollection, Iterator[bytes]], batches: Iterable[IngestBatch]) -> None:
        """Recompute batches from what is stored: records stand in the order of the batches that first wrote them."""
        waiting: dict[RecordCollection, deque[bytes]] = {one: deque() for one in walks}
        for batch in batches:
            self._report.committed += batch.count
            for collection, walk in walks.items():
                ahead = waiting[collection]
                ahead.extend(islice(walk, max(batch.count - len(ahead), 0)))
                # A batch is of one collection, which its entry does not name.
                if len(ahead) >= batch.count and root_of(islice(ahead, batch.count)).hex() == batch.root:
                    for _ in range(batch.count):
                        ahead.popleft()
                    self._report.confirmed += batch.count
                    break

    def _judge(self) -> None:
        report = self._report
        stored = sum(report.counts[one] for one in COLLECTIONS)
        if report.committed < stored:
            report.add("records", b"", "not_committed", "there are more records than the audit log commits to")
        elif report.committed == stored and report.confirmed < stored:
            # Every record was written once, so every batch must be found again as it was.
            report.add("records", b"", "not_committed", "stored envelopes are not those that the audit log commits to")

    # ---------------------------------------------------------------- samples

    def _check(self, samples: Sequence[RecordWrite]) -> None:
        opened = [(record, header) for record in samples if (header := self._open(record))]
        by_domain: dict[str, set[bytes]] = {}
        for _, header in opened:
            by_domain.setdefault(header.place.domain, set()).update(slot.reference for slot in header.header.slots)
        section_keys: dict[bytes, bytes] = {}
        for domain, references in by_domain.items():
            section_keys |= find_section_keys(self._key_store, self._lease(domain), references)
        for record, header in opened:
            self._check_sections(record, header, section_keys)
            self._check_places(record, header)
        self._report.sampled += len(samples)

    def _open(self, record: RecordWrite) -> OpenHeader | None:
        try:
            place = read_place(record.collection, record.record_id, record.envelope)
            header = open_header(place, self._lease(place.domain).epoch(place.epoch).hdr, record.envelope)
        except (EnvelopeError, NotPermittedError):
            self._fault(record, "envelope_not_opened", "the envelope does not open under the keys of this installation")
            return None
        if place.counter != record.counter:
            self._fault(record, "counter_differs", "the engine's write counter is not that of the envelope")
        return header

    def _check_sections(self, record: RecordWrite, header: OpenHeader, keys: dict[bytes, bytes]) -> None:
        for index, slot in enumerate(header.header.slots):
            if slot.reference not in keys:
                self._report.closed_sections += 1
                continue
            try:
                open_slot(header, index, keys[slot.reference])
            except EnvelopeError:
                self._fault(record, "section_not_opened", "a section of the envelope does not open")

    def _check_places(self, record: RecordWrite, header: OpenHeader) -> None:
        makers = all_tokens(self._lease(header.place.domain))
        if record.scope not in {maker.scope(header.header.agency) for maker in makers}:
            self._fault(record, "scope_differs", "the engine's scope is not that of the record's agency")
        tokens = [record.tokens[at : at + TOKEN_BYTES] for at in range(0, len(record.tokens), TOKEN_BYTES)]
        if len(tokens) not in SIZE_CLASSES or tokens != sorted(set(tokens)):
            self._fault(record, "tokens_damaged", "the stored tokens are not a full set of distinct ones")
        wanted = AllOf(tuple(Term(token) for token in tokens))
        found = self._searcher.search(record.collection, wanted, Scope(frozenset({record.scope})), limit=2)
        if all(one.record_id != record.record_id for one in found.items) and self._is_current(record):
            self._fault(record, "postings_missing", "the record is not found by all of its tokens")

    def _is_current(self, record: RecordWrite) -> bool:
        """Return whether the record is still as it was read: others may write meanwhile."""
        stored = self._writer.lookup().current(record.collection, [record.record_id])
        return stored.get(record.record_id) == record.envelope

    def _lease(self, domain: str) -> DomainKeys:
        return self._keys.lease((domain,)).domain(domain)

    def _fault(self, record: RecordWrite, code: str, message: str) -> None:
        self._report.add(record.collection, record.record_id, code, message)


def verify_procedures(engine: ProcedureEngine, cipher: CatalogueCipher, report: IndexReport) -> None:
    """Open every procedure, and check that the published terms are of the rows as they are now."""
    for row in engine.searcher().iter_all(VISIBILITIES):
        report.counts["procedure"] += 1
        try:
            cipher.open_card(row)
            cipher.open_body(row)
        except EnvelopeError:
            report.add("procedure", row.key, "envelope_not_opened", "the procedure was changed: index it again")
    with engine.writer() as writer:
        if report.counts["procedure"] and not writer.is_published(TERMS_RECIPE):
            message = "the terms are older than the procedures: run `hoso index procedures` again"
            report.add("procedure", b"", "not_published", message)

"""One batch of dossiers or papers: what is new is sealed, journalled and written; each line gets its answer.

The order is what makes a crash harmless: keys are durable in the vault before an envelope uses them, the audit entry
before the index is written, the index before a line is answered. A batch that was cut off is sent again: what had
been written is then `unchanged`. Erased people are left out, also those who were erased since the batch was prepared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic

from indexer.agency_registry import AgencyRegistry
from indexer.document import Document, seal_document
from indexer.engines.records import RecordLookup, RecordWrite, RecordWriter
from indexer.erased import ErasedPeople
from indexer.identity import links_of_paper
from indexer.record_lines import Model, RecordKind, read_record
from indexer.sources.lines import Line
from indexer.sources.rows import RowError
from indexer.summary import LineResult, LineStatus
from schemas.dossier import Dossier
from schemas.errors import EnvelopeError, NotPermittedError, TooLargeError
from schemas.paper import Paper
from security.envelope import open_header, read_place
from security.keys import DomainKeys, KeyRing
from security.search_tokens import TooManyTokensError
from security.subject_keys import make_section_keys
from security.vault.base import Vault
from security.vault.rows import IdentityLink, KeyKind

UNKNOWN_PROCEDURE = "unknown_procedure"
ERASED_PERSON = "erased_person"

AuditBatch = Callable[[Sequence[RecordWrite]], None]
"""Appends the batch's entry to the audit log, durably, or raises."""


@dataclass(slots=True)
class Prepared:
    """A batch ready to be written: one result for each line, in order, and what its `indexed` lines write."""

    results: list[LineResult] = field(default_factory=list)
    writes: list[RecordWrite] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """The line of each of `writes`."""
    people: list[frozenset[bytes]] = field(default_factory=list)
    """What the list of erasures would hold of the people of each of `writes`."""
    links: list[IdentityLink] = field(default_factory=list)
    agencies: set[str] = field(default_factory=set)
    unknown_keys: Counter[str] = field(default_factory=Counter)

    def extend(self, later: Prepared) -> None:
        """Add a batch that comes behind this one in the same source."""
        self.results += later.results
        self.writes += later.writes
        self.lines += later.lines
        self.people += later.people
        self.links += later.links
        self.agencies |= later.agencies
        self.unknown_keys.update(later.unknown_keys)

    def without(self, record_ids: frozenset[bytes]) -> Prepared:
        """Return the batch without what it writes of these records."""
        kept = [place for place, write in enumerate(self.writes) if write.record_id not in record_ids]
        return replace(
            self,
            writes=[self.writes[place] for place in kept],
            lines=[self.lines[place] for place in kept],
            people=[self.people[place] for place in kept],
            links=[link for link in self.links if link.evidence not in record_ids],
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a record before a line: the version written last, in the index or earlier in the batch."""

    version: int
    digest: bytes
    counter: int


_NEW = _Known(-1, b"", 0)
_DAMAGED = _Known(-1, b"", -1)


@dataclass(frozen=True, slots=True)
class _Row(Generic[Model]):
    line: Line
    model: Model
    document: Document
    has_erased: bool = False


class RecordIngest(Generic[Model]):
    """Prepares and commits batches of one kind. Not thread-safe: one batch at a time."""

    def __init__(
        self,
        kind: RecordKind[Model],
        keys: KeyRing,
        vault: Vault,
        agencies: AgencyRegistry,
        knows_procedure: Callable[[str], bool],
    ) -> None:
        self._kind: RecordKind[Model] = kind
        self._keys = keys
        self._vault = vault
        self._agencies = agencies
        self._knows_procedure = knows_procedure
        self._erased = ErasedPeople(vault.erased, keys)

    def prepare(self, lines: Iterable[Line], lookup: RecordLookup) -> Prepared:
        """Return the batch with everything decided and sealed; only the vault's keys have been written."""
        prepared = Prepared()
        rows: list[_Row[Model]] = []
        answered: dict[int, LineResult] = {}
        order: list[Line] = []
        for line in lines:
            order.append(line)
            try:
                rows.append(self._read(line, prepared))
            except RowError as error:
                answered[line.number] = LineResult(line.number, line.offset, "refused", error=error)
        rows = self._without_erased(rows)
        known = self._known([row.document for row in rows], lookup)
        newer = [row.document for row in rows if row.document.people and _verdict(row.document, known)[0] == "indexed"]
        section_keys = self._section_keys(newer)
        for row in rows:
            answered[row.line.number] = self._answer(row, known, section_keys, prepared)
        prepared.results = [answered[line.number] for line in order]
        return prepared

    def commit(self, prepared: Prepared, writer: RecordWriter, audit: AuditBatch) -> list[LineResult]:
        """Write a prepared batch and return its results; when this returns, `indexed` lines are durable.

        Raises:
            StorageError, SourceUnavailableError: nothing of the batch was acknowledged; send it again.
        """
        if not prepared.writes:
            return prepared.results
        # No erasure begins between the look at the list and the writing.
        with self._vault.erased.batch():
            overtaken = self._overtaken(prepared)
            again = [
                line
                for line, write in zip(prepared.lines, prepared.writes, strict=True)
                if write.record_id in overtaken
            ]
            again += self._write(prepared.without(overtaken) if overtaken else prepared, writer, audit)
        # Decide about these lines again, one by one: somebody in them was erased since they were prepared, or another
        # batch wrote their records.
        redone = {line.number: self._alone(line, writer, audit) for line in again}
        return [redone.get(result.line, result) for result in prepared.results]

    def _overtaken(self, prepared: Prepared) -> frozenset[bytes]:
        """Return the ids of the records with somebody who was erased since they were prepared."""
        erased = self._vault.erased.among(frozenset().union(*prepared.people))
        people = zip(prepared.writes, prepared.people, strict=True)
        return frozenset(write.record_id for write, entries in people if not entries.isdisjoint(erased))

    def _write(self, prepared: Prepared, writer: RecordWriter, audit: AuditBatch) -> list[Line]:
        """Write what was prepared and return the lines of which the index has other versions than were looked up."""
        if not prepared.writes:
            return []
        audit(prepared.writes)
        self._agencies.ensure(prepared.agencies)
        if prepared.links:
            self._vault.links.add_links(prepared.links)
        return [prepared.lines[place] for place in sorted(writer.put(prepared.writes))]

    def _alone(self, line: Line, writer: RecordWriter, audit: AuditBatch) -> LineResult:
        [result] = self.commit(self.prepare([line], writer.lookup()), writer, audit)
        return result

    def _read(self, line: Line, prepared: Prepared) -> _Row[Model]:
        model, unknown = read_record(self._kind, line)
        prepared.unknown_keys.update(unknown)
        domain = self._agencies.tree.domain_of(self._kind.agency(model))
        return _Row(line, model, self._kind.document(model, self._domain_keys(domain), ()))

    def _without_erased(self, rows: list[_Row[Model]]) -> list[_Row[Model]]:
        erased = self._erased.among(one for row in rows for one in row.document.people)
        return [row if erased.isdisjoint(row.document.references) else self._without(row, erased) for row in rows]

    def _without(self, row: _Row[Model], erased: frozenset[bytes]) -> _Row[Model]:
        keys = self._domain_keys(row.document.domain)
        return replace(row, document=self._kind.document(row.model, keys, erased), has_erased=True)

    def _domain_keys(self, domain: str) -> DomainKeys:
        self._keys.ensure_domain(domain)
        return self._keys.lease((domain,)).domain(domain)

    def _known(self, documents: Sequence[Document], lookup: RecordLookup) -> dict[bytes, _Known]:
        domains = {one.record_id: one.domain for one in documents}
        stored = lookup.current(self._kind.collection, domains.keys())
        return {
            record_id: self._stored(record_id, domains[record_id], envelope) for record_id, envelope in stored.items()
        }

    def _stored(self, record_id: bytes, domain: str, envelope: bytes) -> _Known:
        try:
            place = read_place(self._kind.collection, record_id, envelope)
            header = open_header(place, self._domain_keys(domain).epoch(place.epoch).hdr, envelope).header
        except (EnvelopeError, NotPermittedError):
            return _DAMAGED
        return _Known(header.source_version, header.content_digest, place.counter)

    def _section_keys(self, documents: Sequence[Document]) -> dict[bytes, bytes]:
        by_domain: dict[str, dict[bytes, KeyKind]] = {}
        for one in documents:
            kinds = by_domain.setdefault(one.domain, {})
            kinds[one.record_id] = "DK"
            kinds.update((person.reference, "SK") for person in one.people)
        found: dict[bytes, bytes] = {}
        for domain, kinds in by_domain.items():
            found |= make_section_keys(self._vault.keys, self._domain_keys(domain), kinds)
        return found

    def _answer(
        self, row: _Row[Model], known: dict[bytes, _Known], section_keys: dict[bytes, bytes], prepared: Prepared
    ) -> LineResult:
        """Decide about one row, seal it if it is to be written, and remember it for those behind it."""
        document, line = row.document, row.line
        # Of a record whose people were all erased there is nothing to write.
        status, error = _verdict(document, known) if document.people else ("unchanged", None)
        warnings: tuple[str, ...] = (ERASED_PERSON,) if row.has_erased else ()
        if status == "indexed":
            counter = known.get(document.record_id, _NEW).counter
            try:
                write = seal_document(document, self._domain_keys(document.domain), section_keys, counter)
            except (TooManyTokensError, TooLargeError) as wrong:
                status, error = "refused", RowError("record_too_large", "", str(wrong))
            else:
                known[document.record_id] = _Known(document.version, document.digest, write.counter)
                self._add(row, write, prepared)
                warnings += self._warnings(row.model)
        return LineResult(line.number, line.offset, status, document.record_id.hex(), error, warnings)

    def _add(self, row: _Row[Model], write: RecordWrite, prepared: Prepared) -> None:
        prepared.writes.append(write)
        prepared.lines.append(row.line)
        prepared.people.append(frozenset().union(*map(self._erased.entries_of, row.document.people)))
        prepared.agencies.add(row.document.agency)
        if isinstance(row.model, Paper):
            prepared.links += links_of_paper(row.model, row.document, self._domain_keys(row.document.domain))

    def _warnings(self, model: Model) -> tuple[str, ...]:
        if isinstance(model, Dossier) and not self._knows_procedure(model.procedure_code):
            return (UNKNOWN_PROCEDURE,)
        return ()


def _verdict(document: Document, known: dict[bytes, _Known]) -> tuple[LineStatus, RowError | None]:
    """Return what becomes of a record, given the version of it that was written last."""
    before = known.get(document.record_id, _NEW)
    if before is _DAMAGED:
        return "refused", RowError(
            "stored_record_damaged",
            "",
            "the record that the index holds does not open: run `hoso index verify`, then restore or index again",
        )
    if document.version > before.version:
        return "indexed", None
    if document.version < before.version:
        return "stale", None
    if document.digest == before.digest:
        return "unchanged", None
    return "refused", RowError(
        "conflict", "/version", "this version was indexed with other content: the source must raise its version"
    )

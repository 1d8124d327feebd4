"""One batch of dossiers or papers: what is new is sealed, journalled and written; each line gets its answer.

The order is what makes a crash harmless: keys are durable in the vault before an envelope uses them, the audit entry
before the index is written, the index before a line is answered. A batch that was cut off is sent again: what had
been written is then `unchanged`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic

from indexer.agency_registry import AgencyRegistry
from indexer.document import Document, seal_document
from indexer.engines.records import RecordLookup, RecordWrite, RecordWriter
from indexer.identity import links_of_paper
from indexer.record_lines import Model, RecordKind, read_record
from indexer.sources.lines import Line
from indexer.sources.rows import RowError
from indexer.summary import LineResult, LineStatus
from schemas.dossier import Dossier
from schemas.errors import TooLargeError
from schemas.paper import Paper
from security.envelope import open_header, read_place
from security.keys import DomainKeys, KeyRing
from security.search_tokens import TooManyTokensError
from security.subject_keys import make_section_keys
from security.vault.base import Vault
from security.vault.rows import IdentityLink, KeyKind

UNKNOWN_PROCEDURE = "unknown_procedure"

AuditBatch = Callable[[Sequence[RecordWrite]], None]
"""Appends the batch's entry to the audit log, durably, or raises."""


@dataclass(slots=True)
class Prepared:
    """A batch ready to be written: one result for each line, in order, and what its `indexed` lines write."""

    results: list[LineResult] = field(default_factory=list)
    writes: list[RecordWrite] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """The line of each of `writes`."""
    links: list[IdentityLink] = field(default_factory=list)
    agencies: set[str] = field(default_factory=set)
    unknown_keys: Counter[str] = field(default_factory=Counter)

    def extend(self, later: Prepared) -> None:
        """Add a batch that comes behind this one in the same source."""
        self.results += later.results
        self.writes += later.writes
        self.lines += later.lines
        self.links += later.links
        self.agencies |= later.agencies
        self.unknown_keys.update(later.unknown_keys)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a record before a line: the version written last, in the index or earlier in the batch."""

    version: int
    digest: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class _Row(Generic[Model]):
    line: Line
    model: Model
    document: Document


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
        known = self._known([row.document for row in rows], lookup)
        changed = [row for row in rows if self._decide(row, known, answered)]
        section_keys = self._section_keys([row.document for row in changed])
        counters = {record_id: one.counter for record_id, one in known.items() if one.counter}
        for row in changed:
            answered[row.line.number] = self._seal(row, section_keys, counters, prepared)
        prepared.results = [answered[line.number] for line in order]
        return prepared

    def commit(self, prepared: Prepared, writer: RecordWriter, audit: AuditBatch) -> list[LineResult]:
        """Write a prepared batch and return its results; when this returns, `indexed` lines are durable.

        Raises:
            StorageError, SourceUnavailableError: nothing of the batch was acknowledged; send it again.
        """
        if not prepared.writes:
            return prepared.results
        self._agencies.ensure(prepared.agencies)
        if prepared.links:
            self._vault.links.add_links(prepared.links)
        audit(prepared.writes)
        raced = writer.put(prepared.writes)
        if not raced:
            return prepared.results
        # Another batch wrote these records since they were looked up: decide about their lines again, one by one.
        again = {
            line.number: line
            for line, write in zip(prepared.lines, prepared.writes, strict=True)
            if write.record_id in raced
        }
        redone = {number: self._alone(line, writer, audit) for number, line in again.items()}
        return [redone.get(result.line, result) for result in prepared.results]

    def _alone(self, line: Line, writer: RecordWriter, audit: AuditBatch) -> LineResult:
        [result] = self.commit(self.prepare([line], writer.lookup()), writer, audit)
        return result

    def _read(self, line: Line, prepared: Prepared) -> _Row[Model]:
        model, unknown = read_record(self._kind, line)
        prepared.unknown_keys.update(unknown)
        agency = self._kind.agency(model)
        prepared.agencies.add(agency)
        return _Row(line, model, self._kind.document(model, self._domain_keys(self._agencies.tree.domain_of(agency))))

    def _domain_keys(self, domain: str) -> DomainKeys:
        self._keys.ensure_domain(domain)
        return self._keys.lease((domain,)).domain(domain)

    def _known(self, documents: Sequence[Document], lookup: RecordLookup) -> dict[bytes, _Known]:
        stored = lookup.current(self._kind.collection, {one.record_id for one in documents})
        domains = {one.record_id: one.domain for one in documents}
        known = {}
        for record_id, envelope in stored.items():
            place = read_place(self._kind.collection, record_id, envelope)
            epoch = self._domain_keys(domains[record_id]).epoch(place.epoch)
            header = open_header(place, epoch.hdr, envelope).header
            known[record_id] = _Known(header.source_version, header.content_digest, place.counter)
        return known

    def _decide(self, row: _Row[Model], known: dict[bytes, _Known], answered: dict[int, LineResult]) -> bool:
        """Return whether the row is to be written; answer it where it is not."""
        document, number = row.document, row.line.number
        before = known.get(document.record_id)
        if before is None or document.version > before.version:
            counter = before.counter if before else 0
            known[document.record_id] = _Known(document.version, document.digest, counter)
            return True
        status: LineStatus = "stale" if document.version < before.version else "unchanged"
        error = None
        if document.version == before.version and document.digest != before.digest:
            status, error = (
                "refused",
                RowError(
                    "conflict",
                    "/version",
                    "this version was indexed with other content: the source must raise its version",
                ),
            )
        answered[number] = LineResult(number, row.line.offset, status, document.record_id.hex(), error)
        return False

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

    def _seal(
        self, row: _Row[Model], section_keys: dict[bytes, bytes], counters: dict[bytes, int], prepared: Prepared
    ) -> LineResult:
        document, line = row.document, row.line
        keys = self._domain_keys(document.domain)
        try:
            write = seal_document(document, keys, section_keys, counters.get(document.record_id, 0))
        except (TooManyTokensError, TooLargeError) as wrong:
            error = RowError("record_too_large", "", str(wrong))
            return LineResult(line.number, line.offset, "refused", document.record_id.hex(), error)
        counters[document.record_id] = write.counter
        prepared.writes.append(write)
        prepared.lines.append(line)
        if isinstance(row.model, Paper):
            prepared.links += links_of_paper(row.model, document, keys)
        return LineResult(
            line.number, line.offset, "indexed", document.record_id.hex(), warnings=self._warnings(row.model)
        )

    def _warnings(self, model: Model) -> tuple[str, ...]:
        if isinstance(model, Dossier) and not self._knows_procedure(model.procedure_code):
            return (UNKNOWN_PROCEDURE,)
        return ()

"""Files into the indexes, for `hoso index` and `hoso demo`: what became of each file, and which lines were refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from indexer.agency_files import index_agencies
from indexer.procedures import index_procedures
from indexer.record_files import RecordParts, index_file
from indexer.sources import Line, RowError, SourceError, is_table, iter_lines, read_rows
from indexer.summary import LineResult, Summary
from schemas.procedure import INTERNAL, PUBLIC
from search_api.cli.console import Steps
from search_api.cli.installation import operator
from search_api.parts import Parts
from search_api.services.ingest import audit_batches

Kind = Literal["procedures", "dossiers", "papers", "agencies"]

_MOST_SHOWN = 20
_KEPT_TOGETHER = 200


@dataclass
class Refusals:
    """The refused lines of one file: all are kept sealed, the first are told."""

    parts: Parts
    label: str
    count: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, refused: Iterable[tuple[Line, LineResult]]) -> None:
        """Keep refused lines sealed, and remember the first ones without their values."""
        lines = iter(refused)
        while some := list(islice(lines, _KEPT_TOGETHER)):
            self.parts.quarantine.keep(self.label, some)
            self.count += len(some)
            room = _MOST_SHOWN - len(self.shown)
            self.shown += [_told(result) for _, result in some[:room]]


@dataclass
class Outcome:
    """What became of one file; the counts are not known of a file of records that is damaged."""

    file: str
    refusals: Refusals
    lines: int = 0
    summary: Summary | None = None
    damage: SourceError | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON holds it."""
        counts = self.summary.to_json() if self.summary else {"refused": self.refusals.count}
        fault = {"error": {"code": self.damage.reason, "detail": str(self.damage)}} if self.damage else {}
        return {"file": self.file, "lines": self.lines, **counts, "refused_lines": self.refusals.shown, **fault}


def index_source(kind: Kind, source: str, parts: Parts, show: Steps) -> Outcome:
    """Index one file, or standard input for "-"; a damaged source is told in the outcome, behind what went in."""
    outcome = Outcome(source, Refusals(parts, kind))
    work = {"procedures": _procedures, "agencies": _agencies}.get(kind)
    try:
        summary = work(source, outcome, show) if work else _records(kind, source, outcome, show)
    except SourceError as damage:
        outcome.damage = damage
    else:
        outcome.summary, outcome.lines = summary, summary.lines
    return outcome


def _records(kind: Kind, source: str, outcome: Outcome, show: Steps) -> Summary:
    parts = outcome.refusals.parts

    def progress(step: str, done: int, total: int) -> None:
        if step == "lines":
            outcome.lines = done
        show(step, done, total)

    setup = RecordParts(
        keys=parts.keys,
        vault=parts.vault,
        open_vault=parts.open_vault,
        agencies=parts.agencies,
        catalog=parts.records,
        procedure_codes=procedure_codes(parts),
        audit=audit_batches(parts.audit_log, operator()),
        refused=outcome.refusals.keep,
        workers=len(os.sched_getaffinity(0)),
    )
    return index_file(kind, source, setup, progress)


def _procedures(source: str, outcome: Outcome, show: Steps) -> Summary:
    parts = outcome.refusals.parts
    # Counted here too: of a damaged file, what went in before the damage is told.
    counted = Summary()
    waiting: list[tuple[Line, LineResult]] = []

    def refused(line: Line, error: RowError) -> None:
        waiting.append((line, LineResult(line.number, line.offset, "refused", error=error)))
        if len(waiting) >= _KEPT_TOGETHER:
            outcome.refusals.keep(waiting)
            waiting.clear()

    def report(result: LineResult) -> None:
        counted.add(result)
        outcome.lines = counted.lines
        show("procedures", outcome.lines, 0)

    rows = read_rows(source) if is_table(source) else iter_lines(source)
    try:
        return index_procedures(rows, parts.procedures, parts.catalogue, refused, report)
    except SourceError:
        outcome.summary = counted
        raise
    finally:
        outcome.refusals.keep(waiting)


def _agencies(source: str, outcome: Outcome, show: Steps) -> Summary:
    summary, refused = index_agencies(iter_lines(source), outcome.refusals.parts.agencies)
    outcome.refusals.keep(refused)
    show("agencies", summary.lines, summary.lines)
    return summary


def procedure_codes(parts: Parts) -> frozenset[str]:
    """Return the codes that dossiers may name: of public and internal procedures, with and without local suffix."""
    return frozenset(code for one in _item_ids(parts) for code in (one, ".".join(one.split(".")[:2])))


def _item_ids(parts: Parts) -> Iterator[str]:
    for row in parts.procedures.searcher().iter_all((PUBLIC, INTERNAL)):
        yield str(parts.catalogue.open_card(row)["id"])


def _told(result: LineResult) -> dict[str, Any]:
    error = result.error
    assert error is not None
    return {
        "line": result.line,
        "offset": result.offset,
        "pointer": error.pointer or "",
        "code": error.code,
        "message": str(error),
    }


def exists(source: str) -> bool:
    """Return whether a source can be looked for: standard input, or a file that is there."""
    return source == "-" or Path(source).is_file()

"""`hoso index status` and `hoso index verify`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from indexer.verify import IndexReport, RecordVerifier, verify_procedures
from schemas.procedure import VISIBILITIES
from search_api.cli.console import (
    REFUSALS,
    JSONFlag,
    notice,
    print_facts,
    print_json,
    showing_progress,
    size_text,
)
from search_api.cli.installation import opened
from search_api.parts import Parts
from security.audit.entry import IngestBatch

_PAGE_ENTRIES = 2_000
# How far back the newest ingest is looked for: between two of them there may be very many reads.
_FRESHNESS_PAGES = 20


def status(as_json: JSONFlag = False) -> None:
    """Show versions, counts, sizes and freshness of the indexes."""
    with opened() as parts:
        facts = index_facts(parts)
    if as_json:
        print_json(facts)
        return
    records, procedures = facts["records"], facts["procedures"]
    print_facts(
        {
            "records": f"version {records['version'] or '-'}, {size_text(records['size_bytes'])}",
            "dossiers": records["dossier"],
            "papers": records["paper"],
            "unfinished build": records["unfinished_build"],
            "procedures": f"version {procedures['version'] or '-'}, {size_text(procedures['size_bytes'])}",
            **{f"procedures, {name}": procedures[name] for name in VISIBILITIES},
            "agencies": facts["agencies"],
            "audit entries": facts["audit_entries"],
            "last ingest of records": facts["last_ingest_at"],
        }
    )


def index_facts(parts: Parts) -> dict[str, Any]:
    """Return what is known of the indexes without opening a record."""
    published = parts.records.status()
    searcher = parts.procedures.searcher()
    counts = {name: sum(1 for _ in searcher.iter_all((name,))) for name in VISIBILITIES}
    found = last_ingest(parts)
    return {
        "records": {
            "version": published.version if published else None,
            "dossier": published.records["dossier"] if published else 0,
            "paper": published.records["paper"] if published else 0,
            "size_bytes": published.size_bytes if published else 0,
            "unfinished_build": parts.records.unfinished(),
        },
        "procedures": {
            "version": searcher.version() or None,
            **counts,
            "size_bytes": folder_bytes(parts.settings.home / "procedures"),
        },
        "agencies": len(parts.agencies.tree.codes()),
        "audit_entries": parts.audit_log.size(),
        "last_ingest_at": found.isoformat(timespec="seconds") if found else None,
    }


def last_ingest(parts: Parts) -> datetime | None:
    """Return when records were last written, as far back as is looked; None if not found."""
    end = parts.audit_log.size()
    for _ in range(_FRESHNESS_PAGES):
        start = max(end - _PAGE_ENTRIES, 0)
        for one in reversed(parts.audit_log.entries(start - 1, end - start) if end else []):
            if one.entry.batch is not None:
                return one.at
        end = start
    return None


def verify(
    sample: Annotated[int, typer.Option(min=0, help="How many records to open; 0 opens all.")] = 1000,
    as_json: JSONFlag = False,
) -> None:
    """Count everything and open a sample: envelopes, postings, and what the audit log commits to.

    Exit status 1 if anything is not as it should be. The log itself is verified by `hoso audit verify`.
    """
    report = IndexReport()
    with opened() as parts, showing_progress("index verify") as show:
        published = parts.records.status()
        stored = sum(published.records.values()) if published else 0
        every = max(stored // sample, 1) if sample else 1
        if published:
            with parts.records.writing() as writer:
                RecordVerifier(
                    writer,
                    parts.records,
                    parts.keys,
                    parts.vault.keys,
                    report,
                    lambda done: show("records", done, stored),
                ).verify(every, secrets.randbelow(every), _batches(parts))
        verify_procedures(parts.procedures, parts.catalogue, report)
    if as_json:
        print_json({"ok": not report.fault_count, **asdict(report)})
    else:
        _print(report)
    if report.fault_count:
        raise typer.Exit(REFUSALS)


def _print(report: IndexReport) -> None:
    print_facts(
        {
            "dossiers": report.counts["dossier"],
            "papers": report.counts["paper"],
            "procedures": report.counts["procedure"],
            "records opened": report.sampled,
            "sections of erased people": report.closed_sections,
            "confirmed by the audit log": report.confirmed,
            "faults": report.fault_count,
        }
    )
    for fault in report.faults:
        notice(f"{fault.collection} {fault.item or '(all)'}: {fault.code}: {fault.message}")


def _batches(parts: Parts) -> Iterator[IngestBatch]:
    after = -1
    while page := parts.audit_log.entries(after, _PAGE_ENTRIES):
        yield from (one.entry.batch for one in page if one.entry.batch is not None)
        after = page[-1].seq


def folder_bytes(folder: Path) -> int:
    """Return how much the files of a folder hold; files that go meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total

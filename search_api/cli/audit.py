"""`hoso audit`: who read and wrote what, and whether the log is whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from search_api.cli.console import REFUSALS, JSONFlag, notice, print_facts, print_json, print_table, showing_progress
from search_api.cli.installation import opened
from security.audit.entry import LoggedEntry

app = typer.Typer(help="The audit log: ids and keyed hashes, never values.", no_args_is_help=True)

_COLUMNS = ("seq#", "at", "actor", "role", "agency", "action", "purpose", "outcome", "records#", "people#")


@app.command("list", epilog="Example: hoso audit list --limit 20")
def list_entries(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[int | None, typer.Option(min=-1, help="Those behind this number; else the newest.")] = None,
    as_json: JSONFlag = False,
) -> None:
    """List entries, oldest first: the newest ones, or those behind a number."""
    with opened() as parts:
        size = parts.audit_log.size()
        start = max(size - limit, 0) - 1 if after is None else after
        entries = parts.audit_log.entries(start, limit)
    if as_json:
        print_json({"size": size, "entries": [_entry(one) for one in entries]})
    else:
        print_table(_COLUMNS, [_row(one) for one in entries])


@app.command(epilog="Example: hoso audit verify --checkpoint kept-elsewhere.txt")
def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint that was kept elsewhere; may be given again."),
    ] = None,
    as_json: JSONFlag = False,
) -> None:
    """Compute the whole log anew and compare it with its checkpoints. Exit status 1 if it cannot be trusted.

    Without a checkpoint that was kept elsewhere, a log that was cut back together with its own looks whole.
    """
    notes = [path.read_text(encoding="utf-8", errors="replace") for path in checkpoint or ()]
    with opened() as parts, showing_progress("audit verify") as show:
        report = parts.audit_log.verify(lambda done, total: show("entries", done, total), notes)
        public_key = parts.audit_log.public_key.hex()
    facts = {"ok": report.ok, **asdict(report), "public_key": public_key}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
    if not report.ok:
        notice(f"The log cannot be trusted from entry {report.first_bad_seq} on: {report.fault}")
        raise typer.Exit(REFUSALS)


@app.command(epilog="Example: hoso audit checkpoint > /mnt/elsewhere/checkpoint.txt")
def checkpoint(as_json: JSONFlag = False) -> None:
    """Sign and print the log's present size and root: keep it elsewhere, and `verify` sees what is cut off later."""
    with opened() as parts:
        note = parts.audit_log.checkpoint()
        public_key = parts.audit_log.public_key.hex()
    if as_json:
        print_json({"checkpoint": note, "public_key": public_key})
    else:
        print(note, end="")


def _entry(one: LoggedEntry) -> dict[str, Any]:
    return {"seq": one.seq, "at": one.at.isoformat(), **asdict(one.entry)}


def _row(one: LoggedEntry) -> list[object]:
    entry = one.entry
    records = entry.batch.count if entry.batch else len(entry.records)
    at = one.at.isoformat(timespec="seconds")
    return [
        one.seq,
        at,
        entry.actor,
        entry.role,
        entry.agency,
        entry.action,
        entry.purpose,
        entry.outcome,
        records,
        len(entry.subjects),
    ]

"""`hoso index quarantine`: refused lines, kept sealed. Looking at them is written into the audit log first."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from search_api.cli.console import JSONFlag, print_json, print_table
from search_api.cli.installation import opened, operator
from search_api.parts import Parts
from security.audit.entry import AuditEntry
from security.policy import Action
from security.vault.rows import QuarantinedRow

app = typer.Typer(help="Refused lines, kept sealed until the source has mended them.", no_args_is_help=True)

_COLUMNS = ("id", "source", "line", "offset", "pointer", "code", "message", "at")


@app.command("list", epilog="Example: hoso index quarantine list --limit 20")
def list_rows(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    after: Annotated[str | None, typer.Option(help="Only those behind the row of this id.")] = None,
    as_json: JSONFlag = False,
) -> None:
    """List refused lines in the order of their arrival: where and why, never a value."""
    with opened() as parts:
        _record(parts, "quarantine.list")
        rows = [_row(row) for row in parts.vault.quarantine.rows(limit, after)]
    if as_json:
        print_json({"items": rows})
    else:
        print_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


@app.command("show", epilog="Example: hoso index quarantine show 0f3c9c1be0a24dd0a8f3a7d21f6a9b55 > line.json")
def show(
    row_id: Annotated[str, typer.Argument(metavar="ID", help="From the list.", show_default=False)],
    as_json: JSONFlag = False,
) -> None:
    """Write one refused line, as it came, to standard output. It may hold a person's data."""
    with opened() as parts:
        parts.vault.quarantine.get(row_id)
        _record(parts, "quarantine.show")
        found = parts.quarantine.show(row_id)
    if as_json:
        print_json({**_row(found.row), "text": found.plaintext.decode(errors="replace")})
    else:
        sys.stdout.buffer.write(found.plaintext + b"\n")
        sys.stdout.buffer.flush()


def _record(parts: Parts, action: Action) -> None:
    """Ask the policy, and write the look into the audit log, before anything is shown."""
    request = operator()
    grant = parts.policy.decide(request.actor, action, "ingest", agencies=parts.agencies.tree)
    entry = AuditEntry(
        actor=request.actor.id,
        client=request.actor.client_id,
        role=request.actor.role,
        action=grant.action,
        purpose=grant.purpose,
        basis=grant.legal_basis,
        outcome="allowed",
        trace=request.trace,
        fields=tuple(sorted(grant.clear)),
    )
    parts.audit_log.append(entry).result()


def _row(row: QuarantinedRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS} | {"at": row.at.isoformat(timespec="seconds")}

"""`hoso index`: files in, and the state of the indexes."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from search_api.cli import index_state, quarantine
from search_api.cli.console import REFUSALS, JSONFlag, notice, print_json, print_table, showing_progress
from search_api.cli.indexing import Kind, Outcome, exists, index_source
from search_api.cli.installation import opened

app = typer.Typer(help="Take files in, and look at the indexes.", no_args_is_help=True)
app.command("status", epilog="Example: hoso index status --json")(index_state.status)
app.command("verify", epilog="Example: hoso index verify --sample 0")(index_state.verify)
app.add_typer(quarantine.app, name="quarantine")

Files = Annotated[list[str], typer.Argument(metavar="FILE…", help='"-" is standard input.', show_default=False)]
_COUNTS = ("accepted", "unchanged", "stale", "refused")


@app.command(epilog="Example: hoso index procedures catalogue.ndjson local.xlsx")
def procedures(files: Files, as_json: JSONFlag = False) -> None:
    """Add or update procedures from NDJSON (.gz and .xz too), CSV or XLSX."""
    _index("procedures", files, as_json=as_json)


@app.command(epilog="Example: zcat dossiers.ndjson.gz | hoso index dossiers -")
def dossiers(files: Files, as_json: JSONFlag = False) -> None:
    """Add or update dossiers from NDJSON (.gz and .xz too). Stopped and started again, it goes on."""
    _index("dossiers", files, as_json=as_json)


@app.command(epilog="Example: hoso index papers papers.ndjson.xz --json")
def papers(files: Files, as_json: JSONFlag = False) -> None:
    """Add or update papers from NDJSON (.gz and .xz too). Stopped and started again, it goes on."""
    _index("papers", files, as_json=as_json)


@app.command(epilog="Example: hoso index agencies agencies.ndjson")
def agencies(files: Files, as_json: JSONFlag = False) -> None:
    """Add or update agencies from NDJSON."""
    _index("agencies", files, as_json=as_json)


def _index(kind: Kind, files: list[str], *, as_json: bool) -> None:
    if missing := [file for file in files if not exists(file)]:
        raise typer.BadParameter(f"no such file: {', '.join(missing)}", param_hint="FILE…")
    started = time.perf_counter()
    with opened() as parts, showing_progress(f"index {kind}") as show:
        outcomes = [index_source(kind, file, parts, show) for file in files]
    for outcome in outcomes:
        _complain(outcome)
    answer = _answer(kind, outcomes, time.perf_counter() - started)
    if as_json:
        print_json(answer)
    else:
        _print(outcomes, answer)
    if any(outcome.refusals.count or outcome.damage for outcome in outcomes):
        raise typer.Exit(REFUSALS)


def _answer(kind: Kind, outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    files = [outcome.to_json() for outcome in outcomes]
    totals = {name: sum(file.get(name, 0) for file in files) for name in _COUNTS}
    return {
        "kind": kind,
        **totals,
        "warnings": _added(files, "warnings"),
        "unknown_keys": _added(files, "unknown_keys"),
        "seconds": round(seconds, 2),
        "files": files,
    }


def _added(files: list[dict[str, Any]], name: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for file in files:
        for key, count in file.get(name, {}).items():
            total[key] = total.get(key, 0) + count
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def _print(outcomes: list[Outcome], answer: dict[str, Any]) -> None:
    rows = [[file["file"], *(file.get(name) for name in _COUNTS)] for file in answer["files"]]
    if len(rows) > 1:
        rows.append(["all", *(answer[name] for name in _COUNTS)])
    print_table(("file", *(f"{name}#" for name in _COUNTS)), rows)
    for name in ("warnings", "unknown_keys"):
        if answer[name]:
            counts = ", ".join(f"{key} {count:,}" for key, count in answer[name].items())
            print(f"{name.replace('_', ' ')}: {counts}")
    if any(outcome.refusals.count for outcome in outcomes):
        notice("Refused lines are kept sealed: `hoso index quarantine list`, then `hoso index quarantine show ID`.")
    sys.stdout.flush()


def _complain(outcome: Outcome) -> None:
    """Say on standard error which lines were refused and whether the file is damaged; never a value."""
    for told in outcome.refusals.shown:
        place = f"line {told['line']}, offset {told['offset']}, {told['pointer'] or '(whole line)'}"
        notice(f"refused: {outcome.file}: {place}: {told['code']}: {told['message']}")
    if more := outcome.refusals.count - len(outcome.refusals.shown):
        notice(f"refused: {outcome.file}: and {more:,} lines more")
    if outcome.damage:
        notice(f"{outcome.file}: {outcome.damage} ({outcome.lines:,} lines before the damage were read)")

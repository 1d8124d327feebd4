"""How commands speak: facts on standard output, progress and notices on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

# Exit statuses of every command.
DONE, REFUSALS, WRONG_USE, NOT_NOW = 0, 1, 2, 3
# Seconds between two lines of progress where nobody watches a bar.
_LINE_EVERY_S = 5.0

JSONFlag = Annotated[
    bool, typer.Option("--json", help="Print the facts as JSON, and nothing else, on standard output.")
]
Steps = Callable[[str, int, int], None]
"""Is told (step, done, total); a total of 0 is not known."""


def notice(text: str) -> None:
    """Say something on standard error."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print facts as one JSON value."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """Print a table; a column whose name ends in "#" is of numbers."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in columns:
        number = name.endswith("#")
        table.add_column(name.removesuffix("#"), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one pair a line."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _cell(value))
    console().print(table)


def console() -> Console:
    """Return the console of standard output; where it is no terminal, lines are not cut at 80 characters."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)


def size_text(size_bytes: int) -> str:
    """Return a number of bytes as people read it."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


@contextmanager
def showing_progress(label: str) -> Iterator[Steps]:
    """Yield what shows progress on standard error: a bar on a terminal, else a line every few seconds."""
    if not sys.stderr.isatty():
        yield _line_by_line(label)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, count="")

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=f"{label}: {step}", completed=done, total=total or None, count=f"{done:,}")

        yield show


def _line_by_line(label: str) -> Steps:
    spoken_at = time.monotonic()

    def show(step: str, done: int, total: int) -> None:
        nonlocal spoken_at
        if time.monotonic() - spoken_at >= _LINE_EVERY_S:
            spoken_at = time.monotonic()
            notice(f"{label}: {step} {done:,}" + (f" of {total:,}" if total else ""))

    return show


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)

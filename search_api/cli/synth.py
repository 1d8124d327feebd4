"""`hoso synth`: files of synthetic citizens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from indexer.synthetic import write_world
from indexer.synthetic.people import MAX_CITIZENS
from schemas.errors import StorageError
from search_api.cli.console import JSONFlag, print_facts, print_json, showing_progress


def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write into; made if it is not there.", show_default=False)],
    citizens: Annotated[int, typer.Option(min=1, max=MAX_CITIZENS, help="How many citizens.")],
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    as_json: JSONFlag = False,
) -> None:
    """Write procedures.ndjson, dossiers.ndjson and papers.ndjson of made-up citizens."""
    started = time.perf_counter()
    try:
        with showing_progress("synth") as show:
            world = write_world(out, citizens, seed, progress=lambda done: show("dossiers", done, 0))
    except OSError as error:
        raise StorageError(f"the files cannot be written: {error.strerror}; choose another folder") from None
    facts: dict[str, object] = {
        "citizens": world.citizens,
        "dossiers": world.dossiers,
        "papers": world.papers,
        "procedures": world.procedures,
        "files": [str(file) for file in world.files],
        "seconds": round(time.perf_counter() - started, 2),
    }
    if as_json:
        print_json(facts)
    else:
        print_facts({**facts, "files": "\n".join(str(file) for file in world.files)})

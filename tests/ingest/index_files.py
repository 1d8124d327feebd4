"""Index files in a process of its own, to be killed: python index_files.py HOME KIND=FILE …

A line on standard output for each checkpoint and each step of publishing: whoever reads it can kill at any of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from support.home import Home

from indexer import record_files
from indexer.record_files import index_file


def main(folder: str, *files: str) -> None:
    """Index each file, and say when."""
    home = Home.at(Path(folder))
    for kind, _, source in (file.partition("=") for file in files):
        summary = index_file(kind, source, home.parts(workers=2), lambda step, *_: print(step, flush=True))
        print(kind, summary.lines, summary.refused, flush=True)
    home.close()


if __name__ == "__main__":
    # Small steps make many places to be killed at.
    record_files._BATCH_LINES = 20
    record_files._BUILD_CHECKPOINT_LINES = record_files._LIVE_CHECKPOINT_LINES = 60
    main(*sys.argv[1:])

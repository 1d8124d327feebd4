"""What preparing one dossier costs a worker, and where: `python -m tests.benchmarks ingest-cost`."""

from __future__ import annotations

import cProfile
import pstats
import tempfile
import time
from itertools import islice
from pathlib import Path

from indexer.agency_registry import AgencyRegistry
from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.ingest import RecordIngest
from indexer.record_lines import DOSSIERS
from indexer.sources.lines import Line, iter_lines
from indexer.synthetic import write_world
from security.keys import KeyRing
from security.vault.sqlite import SqliteVault

_CITIZENS = 1_500
_WARM, _MEASURED, _PROFILED = 500, 3_000, 2_000
_BATCH = 250


def run() -> None:
    """Print the CPU microseconds a dossier, and the functions that take them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_world(home / "world", _CITIZENS)
        lines = list(islice(iter_lines(home / "world/dossiers.ndjson"), _WARM + _MEASURED + _PROFILED))
        keys = KeyRing.create(home / "keys.json", None)
        vault = SqliteVault(home / "vault.db", keys.installation)
        ingest = RecordIngest(DOSSIERS, keys, vault, AgencyRegistry(vault.agencies), lambda _: True)
        with EmbeddedRecords(home / "records").writing() as writer:

            def prepare(some: list[Line]) -> None:
                for start in range(0, len(some), _BATCH):
                    ingest.prepare(some[start : start + _BATCH], writer.lookup())

            prepare(lines[:_WARM])
            started = time.process_time()
            prepare(lines[_WARM : _WARM + _MEASURED])
            print(f"{(time.process_time() - started) / _MEASURED * 1e6:.0f} microseconds of CPU a dossier")
            with cProfile.Profile() as profile:
                prepare(lines[_WARM + _MEASURED :])
        pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(30)
        vault.close()

"""`make bench`: measures, prints tables, writes docs/benchmarks.md and docs/benchmarks.json."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks import ingest_cost, posting_layouts, records, report

_DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", default="records", choices=("records", "posting-layouts", "ingest-cost"))
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes, in records")
    parser.add_argument("--folder", type=Path, help="where indexes are kept and found again; else a temporary folder")
    options = parser.parse_args()
    if options.what == "posting-layouts":
        print(json.dumps(posting_layouts.run(options.records[0]), indent=1))
        return
    if options.what == "ingest-cost":
        ingest_cost.run()
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        figures: dict[str, Any] = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.processor() or platform.machine()}, Python {platform.python_version()}",
            "sizes": [],
        }
        for size in options.records:
            figures["sizes"].append(records.run(size, folder))
            # After each size: the largest takes long, and may be interrupted.
            (_DOCS / "benchmarks.json").write_text(json.dumps(figures, indent=1) + "\n")
            (_DOCS / "benchmarks.md").write_text(report.markdown(figures))
    print(report.markdown(figures))


if __name__ == "__main__":
    main()

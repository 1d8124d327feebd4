"""One entry for each engine of records; the modules `test_record_engine*.py` run on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import apsw

from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.engines.records import RecordCatalog, RecordSearcher, RecordWriter


class RecordEngine(RecordSearcher, RecordCatalog, Protocol):
    """What one process holds of an engine."""


@dataclass(frozen=True)
class Engine:
    """How the suite reaches one engine.

    Attributes:
        open: returns what another process would hold of the index in a folder.
        count_postings: returns how many postings the published version has.
        full_disk: makes the next writes of a writer fail as on a full disk, after some of them went well.
        stored_bytes: returns every byte that the engine keeps on disk.
    """

    open: Callable[[Path], RecordEngine]
    count_postings: Callable[[Path], int]
    full_disk: Callable[[RecordWriter], AbstractContextManager[None]]
    stored_bytes: Callable[[Path], bytes]


def _count_postings(folder: Path) -> int:
    version = (folder / "records" / "published").read_text()
    connection = apsw.Connection(str(folder / "records" / f"{version}.db"))
    count: int = connection.execute("select count(*) from posting").get
    connection.close()
    return count


@contextmanager
def _full_disk(writer: RecordWriter) -> Iterator[None]:
    connection = writer.connection  # type: ignore[attr-defined]  # The embedded engine's own.
    pages = connection.execute("pragma page_count").get
    connection.execute(f"pragma max_page_count = {pages + 3}")
    yield
    connection.execute("pragma max_page_count = 1000000")


def _stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "records").iterdir()))


ENGINES = {
    "embedded": Engine(
        open=lambda folder: EmbeddedRecords(folder / "records"),
        count_postings=_count_postings,
        full_disk=_full_disk,
        stored_bytes=_stored_bytes,
    )
}

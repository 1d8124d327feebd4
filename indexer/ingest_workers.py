"""Processes that prepare batches: reading, sealing and tokens are computing, and take all cores.

A thread for each worker sends a batch and waits for the answer, so that batches go on being prepared while the caller
writes. A worker whose parent was killed reads the end of its pipe and ends.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from indexer.agency_registry import AgencyRegistry
from indexer.engines.records import RecordLookup
from indexer.ingest import Prepared, RecordIngest
from indexer.record_lines import DOSSIERS, PAPERS, RecordKind
from indexer.sources.lines import Line
from schemas.errors import SourceUnavailableError
from security.keys import KeyRing
from security.vault.base import Vault

VaultOpener = Callable[[], Vault]
"""Opens the vault anew; can be sent to another process."""

KINDS: dict[str, RecordKind[Any]] = {"dossiers": DOSSIERS, "papers": PAPERS}

# So many batches are prepared for each worker while the caller writes a checkpoint.
_BATCHES_AHEAD = 8


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker is started with; goes to it through its pipe, never through arguments or the environment."""

    kind: str
    keys: KeyRing
    open_vault: VaultOpener
    lookup: RecordLookup
    procedure_codes: frozenset[str]


class IngestWorkers:
    """A fixed number of preparing processes; a context manager that ends them."""

    def __init__(self, setup: WorkerSetup, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._free: SimpleQueue[Connection] = SimpleQueue()
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            ours.send(setup)
            self._pipes.append(ours)
            self._processes.append(process)
            self._free.put(ours)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="ingest")

    def __enter__(self) -> IngestWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    def prepare(self, batches: Iterable[list[Line]]) -> Iterator[tuple[list[Line], Prepared]]:
        """Yield each batch with what was prepared of it, in order.

        Raises:
            SourceUnavailableError: a worker was killed.
            HosoError: what preparing raised.
        """
        waiting: deque[tuple[list[Line], Future[Prepared]]] = deque()
        for batch in batches:
            waiting.append((batch, self._threads.submit(self._exchange, batch)))
            if len(waiting) >= _BATCHES_AHEAD * len(self._pipes):
                first, future = waiting.popleft()
                yield first, future.result()
        for batch, future in waiting:
            yield batch, future.result()

    def _exchange(self, batch: list[Line]) -> Prepared:
        # There are as many threads as workers, so one is always free here.
        pipe = self._free.get()
        try:
            pipe.send(batch)
            answer: Prepared | Exception = pipe.recv()
        except (EOFError, OSError):
            raise SourceUnavailableError("an ingest worker was ended from outside: run again to go on") from None
        finally:
            self._free.put(pipe)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _work(pipe: Connection) -> None:
    # Ctrl-C goes to the whole group; the parent decides what to finish, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup: WorkerSetup = pipe.recv()
    vault = setup.open_vault()
    ingest = RecordIngest(
        KINDS[setup.kind], setup.keys, vault, AgencyRegistry(vault.agencies), setup.procedure_codes.__contains__
    )
    with suppress(EOFError, OSError):
        while True:
            batch = pipe.recv()
            try:
                answer: Prepared | Exception = ingest.prepare(batch, setup.lookup)
            except Exception as error:  # Sent to the parent, which raises it.
                answer = error
            pipe.send(answer)

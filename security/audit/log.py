"""The audit log: entries appended in group commits, read, proved and verified.

Source: docs/formats.md, section 6; RFC 9162, section 2.1.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

import structlog

from schemas.errors import ProofRejectedError, SourceUnavailableError, StorageError
from security.audit import merkle
from security.audit.checkpoint import Checkpoint, open_checkpoint, public_key_of, sign_checkpoint
from security.audit.entry import AuditEntry, LoggedEntry, entry_bytes, parse_entry
from security.audit.verification import Progress, VerifyReport, verify_log
from security.vault.base import AuditStore, NodeReader
from security.vault.rows import AuditGroup, AuditRow

_log = structlog.get_logger()

# Bounds how long one transaction keeps other processes waiting: at most 0.1 s on a slow machine.
_MAX_GROUP = 512

_Waiting = tuple[AuditEntry, "Future[int]"]


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """The log of one installation. Thread-safe; several processes may append to one vault's log at once."""

    def __init__(
        self, store: AuditStore, seed: bytes, installation: str, *, now: Callable[[], datetime] = _now
    ) -> None:
        """Start the writer of this process.

        Args:
            store: `vault.audit`.
            seed: the `LOG` key, 32 bytes: signs checkpoints.
            installation: 32 hex digits.
            now: the clock that entries are stamped with.
        """
        self._store = store
        self._seed = seed
        self._installation = installation
        self._now = now
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write_groups, name="audit-writer", daemon=True)
        self._writer.start()

    @property
    def public_key(self) -> bytes:
        """The Ed25519 key, 32 bytes, that checkpoints verify under."""
        return public_key_of(self._seed)

    def append(self, entry: AuditEntry) -> Future[int]:
        """Return the future of the entry's number; it is on the disk when the future has a result.

        Nothing may be answered before that. The future fails with `SourceUnavailableError` if the entry could not be
        written; it cannot be cancelled, as what was read was read.

        Raises:
            SourceUnavailableError: the log is closed.
            ValidationFailedError: the entry holds what cannot be written.
        """
        # A dry run: an entry that cannot be written must fail its own caller, not the group it would be in.
        entry_bytes(entry, 0, self._now())
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()
        with self._guard:
            if self._closed or not self._writer.is_alive():
                raise SourceUnavailableError("the audit log is closed, or was opened before a fork")
            self._waiting.put((entry, future))
        return future

    def entries(self, after: int, limit: int) -> list[LoggedEntry]:
        """Return at most `limit` entries behind number `after` (-1: from the first), in order.

        Raises:
            StorageError: an entry cannot be read.
        """
        return [parse_entry(row.entry) for row in self._store.rows(after, limit)]

    def entries_about(self, reference: bytes, after: int, limit: int) -> list[LoggedEntry]:
        """Return at most `limit` entries about the person of a subject reference, as `entries` does.

        Raises:
            StorageError: an entry cannot be read, or is not about this person.
        """
        found = [parse_entry(row.entry) for row in self._store.rows(after, limit, reference)]
        # The index beside the entries is not hashed; nobody is to be shown another person's entries through it.
        if any(reference.hex() not in one.entry.subjects for one in found):
            raise StorageError("the audit log's index of people is damaged: run `hoso audit verify`")
        return found

    def size(self) -> int:
        """Return the number of entries."""
        return self._store.extent().entries

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the audit path of entry `seq` in the tree of the first `size` entries.

        Raises:
            ProofRejectedError: there is no such entry or tree.
            StorageError: nodes are missing.
        """
        self._check_size(size)
        return merkle.inclusion_proof(seq, size, self._perfect_root)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of `new` entries begins with that of `old` entries.

        Raises:
            ProofRejectedError: there are no such trees.
            StorageError: nodes are missing.
        """
        self._check_size(new)
        return merkle.consistency_proof(old, new, self._perfect_root)

    def checkpoint(self) -> str:
        """Sign, store and return a note of the log's present size and root.

        Raises:
            StorageError: the log does not continue the last checkpoint; then nothing is signed.
        """
        size = self.size()
        root = merkle.subtree_root(0, size, self._perfect_root)
        self._check_continues(size, root)
        note = sign_checkpoint(Checkpoint(self._installation, size, root), self._seed)
        self._store.save_checkpoint(size, note)
        return note

    def verify(self, progress: Progress | None = None, notes: Sequence[str] = ()) -> VerifyReport:
        """Compute the whole tree anew and compare everything that is stored with it.

        Args:
            progress: is called now and then with the number of entries done and of all entries.
            notes: checkpoints that were kept elsewhere; without one, a log that was cut back together with its
                checkpoints looks whole.

        Raises:
            ProofRejectedError: one of `notes` is no checkpoint of this log.
        """
        return verify_log(self._store, self._installation, self.public_key, progress, notes)

    def close(self) -> None:
        """Write what waits, then stop; a later `append` is refused."""
        with self._guard:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._writer.join()

    # ------------------------------------------------------------ the writer

    def _write_groups(self) -> None:
        while group := self._next_group():
            try:
                first = self._commit([entry for entry, _ in group])
            # Whatever went wrong, callers are waiting: they must learn that nothing was written.
            except Exception as error:
                _log.error("audit.not_written", entries=len(group), error=type(error).__name__)
                for _, future in group:
                    future.set_exception(SourceUnavailableError("the audit log could not be written"))
                continue
            for seq, (_, future) in enumerate(group, start=first):
                future.set_result(seq)

    def _next_group(self) -> list[_Waiting]:
        """Return what waits, at least one entry; nothing when the log is closed and all is written."""
        group: list[_Waiting] = []
        one = self._waiting.get()
        while one is not None:
            group.append(one)
            if len(group) == _MAX_GROUP or self._waiting.empty():
                return group
            one = self._waiting.get()
        if group:
            # The end is read again after this last group.
            self._waiting.put(None)
        return group

    def _commit(self, entries: Sequence[AuditEntry]) -> int:
        first = -1

        def build(size: int, read: NodeReader) -> AuditGroup:
            nonlocal first
            first = size
            return _group(entries, size, read, self._now())

        self._store.append(build)
        return first

    # ------------------------------------------------------------ trees

    def _perfect_root(self, level: int, place: int) -> bytes:
        return _stored_root(self._store.nodes, level, place)

    def _check_size(self, size: int) -> None:
        if size > self.size():
            raise ProofRejectedError("the log has fewer entries than that")

    def _check_continues(self, size: int, root: bytes) -> None:
        """Check against the last checkpoint by proof, so that a changed log is not given a new signature."""
        last = self._store.checkpoints(None, 1)
        if not last:
            return
        try:
            old = open_checkpoint(last[0][1], self.public_key)
            proof = merkle.consistency_proof(old.size, size, self._perfect_root)
            merkle.verify_consistency(old.size, size, old.root, root, proof)
        except ProofRejectedError as error:
            raise StorageError(
                "the audit log does not continue its last checkpoint: run `hoso audit verify`"
            ) from error


def _group(entries: Sequence[AuditEntry], size: int, read: NodeReader, at: datetime) -> AuditGroup:
    """Return the rows and nodes that append `entries` to a log of `size` entries."""
    tree = merkle.GrowingTree(size, [_stored_root(read, level, place) for level, place in merkle.peaks(0, size)])
    rows, nodes = [], []
    for seq, entry in enumerate(entries, start=size):
        raw = entry_bytes(entry, seq, at)
        rows.append(AuditRow(seq, raw, tuple(map(bytes.fromhex, dict.fromkeys(entry.subjects)))))
        nodes += tree.add(merkle.leaf_hash(raw))
    return AuditGroup(rows, nodes)


def _stored_root(read: NodeReader, level: int, place: int) -> bytes:
    nodes = read(level, place, place + 1)
    if not nodes:
        raise StorageError("the audit log lacks a node of its tree: run `hoso audit verify`")
    return nodes[0].hash

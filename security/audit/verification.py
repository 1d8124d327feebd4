"""Verification of a whole audit log: everything that is stored is compared with what the entries' bytes say.

Source: docs/formats.md, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from schemas.errors import ProofRejectedError, StorageError
from security.audit.checkpoint import open_checkpoint
from security.audit.entry import parse_entry
from security.audit.merkle import GrowingTree, leaf_hash
from security.vault.base import AuditStore
from security.vault.rows import AuditNode, AuditRow

Progress = Callable[[int, int], None]

_CHUNK = 2048


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        entries: how many entries the log has.
        root: root over the entries that were verified, 64 hex digits.
        checkpoints: how many checkpoints were compared.
        first_bad_seq: the first entry that cannot be trusted; None if all can.
        fault: what is wrong with it, in English.
    """

    entries: int
    root: str
    checkpoints: int
    first_bad_seq: int | None = None
    fault: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


class _FaultError(Exception):
    def __init__(self, seq: int, text: str) -> None:
        super().__init__(text)
        self.seq = seq


def verify_log(
    store: AuditStore, installation: str, public_key: bytes, progress: Progress | None, notes: Sequence[str]
) -> VerifyReport:
    """Return what `AuditLog.verify` returns."""
    kept_elsewhere = [(open_checkpoint(note, public_key).size, note) for note in notes]
    # Before the extent is read: the log may grow meanwhile, and no checkpoint may then lie beyond what is verified.
    checkpoints = sorted([*_stored_checkpoints(store), *kept_elsewhere])
    run = _Run(store, installation, public_key, checkpoints)
    try:
        run.verify(progress)
    except _FaultError as fault:
        return VerifyReport(run.entries, run.tree.root().hex(), run.compared, fault.seq, str(fault))
    return VerifyReport(run.entries, run.tree.root().hex(), run.compared)


def _stored_checkpoints(store: AuditStore) -> Iterator[tuple[int, str]]:
    below = None
    while page := store.checkpoints(below, _CHUNK):
        yield from page
        below = page[-1][0]


class _Run:
    """One pass over the log, entry by entry, so that the first fault met is at the first bad entry."""

    def __init__(
        self, store: AuditStore, installation: str, public_key: bytes, checkpoints: list[tuple[int, str]]
    ) -> None:
        self._store = store
        self._installation = installation
        self._public_key = public_key
        self._checkpoints = checkpoints
        self._vouched = 0
        self.tree = GrowingTree()
        self.compared = 0
        self.entries, self._leaves = store.extent()

    def verify(self, progress: Progress | None) -> None:
        self._compare_checkpoints()
        while self.tree.size < self.entries:
            self._verify_chunk()
            if progress is not None:
                progress(self.tree.size, self.entries)
        if self._leaves > self.entries:
            raise _FaultError(self.entries, "the log was cut: its tree has more leaves than there are entries")
        if self.compared < len(self._checkpoints):
            raise _FaultError(self.entries, "the log was cut: a checkpoint was signed over more entries")

    def _verify_chunk(self) -> None:
        start = self.tree.size
        stop = min(start + _CHUNK, self.entries)
        stored = self._stored_nodes(start, stop)
        for row in self._store.rows(start - 1, stop - start):
            self._verify_row(row, stored)
        if self.tree.size < stop:
            # Only if it was removed while this runs; without the check the loop would not end.
            raise _FaultError(self.tree.size, "the entry is missing")

    def _stored_nodes(self, start: int, stop: int) -> dict[tuple[int, int], bytes]:
        """Return the stored nodes that the leaves `start` up to `stop` complete."""
        nodes: list[AuditNode] = []
        level = 0
        while start >> level < stop >> level:
            nodes += self._store.nodes(level, start >> level, stop >> level)
            level += 1
        return {(node.level, node.place): node.hash for node in nodes}

    def _verify_row(self, row: AuditRow, stored: dict[tuple[int, int], bytes]) -> None:
        seq = self.tree.size
        if row.seq != seq:
            raise _FaultError(seq, "the entry is missing")
        try:
            logged = parse_entry(row.entry)
        except StorageError as error:
            raise _FaultError(seq, "the entry's bytes are not an entry") from error
        if logged.seq != seq:
            raise _FaultError(seq, "the entry says that it has another number")
        if {subject.hex() for subject in row.subjects} != set(logged.entry.subjects):
            raise _FaultError(seq, "the entry is not found by the people it is about")
        for node in self.tree.add(leaf_hash(row.entry)):
            if stored.get((node.level, node.place)) != node.hash:
                raise _FaultError(
                    node.place << node.level, "the entry, or one beside it, is not what the tree was made of"
                )
        self._compare_checkpoints()

    def _compare_checkpoints(self) -> None:
        """Compare every checkpoint of the size that has been reached; the entries are vouched for if all agree."""
        reached = self.compared
        while self.compared < len(self._checkpoints) and self._checkpoints[self.compared][0] == self.tree.size:
            self._compare(self._checkpoints[self.compared][1])
            self.compared += 1
        if self.compared > reached:
            self._vouched = self.tree.size

    def _compare(self, note: str) -> None:
        size = self.tree.size
        try:
            checkpoint = open_checkpoint(note, self._public_key)
        except ProofRejectedError as error:
            raise _FaultError(
                self._vouched, f"the checkpoint over {size} entries is not one that was signed"
            ) from error
        if (checkpoint.installation, checkpoint.size, checkpoint.root) != (self._installation, size, self.tree.root()):
            raise _FaultError(
                self._vouched, f"from here on, entries are not those of the checkpoint over {size} entries"
            )

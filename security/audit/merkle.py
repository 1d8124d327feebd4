"""Merkle trees and their proofs: pure functions, also for verifiers that hold nothing but a proof and a public key.

A *perfect* subtree covers `1 << level` leaves and is known by `(level, place)`: it starts at leaf `place << level`.
Any tree is a row of perfect subtrees of falling size, its *peaks*; their roots are all that is needed to append.

Source: RFC 9162, section 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from schemas.errors import ProofRejectedError
from security.vault.rows import AuditNode

EMPTY_ROOT = hashlib.sha256(b"").digest()

PerfectRoot = Callable[[int, int], bytes]
"""Gives the root of the perfect subtree `(level, place)`."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def peaks(start: int, stop: int) -> list[tuple[int, int]]:
    """Return `(level, place)` of the perfect subtrees that make up the leaves `start` up to `stop`, from the left.

    `start` must be a multiple of the largest power of two that is at most `stop - start`, as in a subtree of a tree.
    """
    found = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


class GrowingTree:
    """A tree of which only the peaks are held: enough to append and to know the root."""

    def __init__(self, size: int = 0, peak_hashes: Sequence[bytes] = ()) -> None:
        """Take up a tree of `size` leaves from the roots of `peaks(0, size)`."""
        self._size = size
        self._peaks = list(peak_hashes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def add(self, leaf: bytes) -> list[AuditNode]:
        """Append the hash of one leaf; return the perfect subtrees that it completes, from its own upwards."""
        level, place, hashed = 0, self._size, leaf
        completed = [AuditNode(level, place, hashed)]
        while place & 1:
            level, place, hashed = level + 1, place >> 1, node_hash(self._peaks.pop(), hashed)
            completed.append(AuditNode(level, place, hashed))
        self._peaks.append(hashed)
        self._size += 1
        return completed

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return _joined(self._peaks)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over hashes of leaves, in order."""
    tree = GrowingTree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def subtree_root(start: int, stop: int, perfect: PerfectRoot) -> bytes:
    """Return the root over the leaves `start` up to `stop`, a subtree of a tree."""
    return _joined([perfect(level, place) for level, place in peaks(start, stop)])


def _joined(peak_hashes: Sequence[bytes]) -> bytes:
    if not peak_hashes:
        return EMPTY_ROOT
    root = peak_hashes[-1]
    for peak in reversed(peak_hashes[:-1]):
        root = node_hash(peak, root)
    return root


def inclusion_proof(seq: int, size: int, perfect: PerfectRoot) -> list[bytes]:
    """Return the audit path of leaf `seq` in the tree of `size` leaves, from the leaf upwards.

    Raises:
        ProofRejectedError: that tree has no such leaf.
    """
    if not 0 <= seq < size:
        raise ProofRejectedError("a tree of this size has no such entry")
    start, stop = 0, size
    path = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if seq < middle:
            path.append(subtree_root(middle, stop, perfect))
            stop = middle
        else:
            path.append(subtree_root(start, middle, perfect))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, perfect: PerfectRoot) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves.

    Raises:
        ProofRejectedError: `old` is greater than `new`.
    """
    if not 0 <= old <= new:
        raise ProofRejectedError("the older tree is not the smaller one")
    if old in (0, new):
        return []
    start, stop = 0, new
    path = []
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(subtree_root(middle, stop, perfect))
            stop = middle
        else:
            path.append(subtree_root(start, middle, perfect))
            start = middle
    if start > 0:
        # Only where the older tree is itself the left edge does the verifier know this root already.
        path.append(subtree_root(start, stop, perfect))
    return path[::-1]


def _split(size: int) -> int:
    """Return the largest power of two below `size`, for a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, seq: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf`, a leaf's hash, is number `seq` of the tree of `size` leaves under `root`.

    Raises:
        ProofRejectedError: it is not, or the proof is of another shape.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= seq < size:
        raise ProofRejectedError("a tree of this size has no such entry")
    node, last, hashed = seq, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofRejectedError("the inclusion proof is too long")
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    if last or hashed != root:
        raise ProofRejectedError("the inclusion proof does not lead to this root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves under `new_root` begins with the tree of `old` leaves under `old_root`.

    Raises:
        ProofRejectedError: it does not, or the proof is of another shape.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 <= old <= new:
        raise ProofRejectedError("the older tree is not the smaller one")
    if old in (0, new):
        if proof or old_root != (new_root if old else EMPTY_ROOT):
            raise ProofRejectedError("the trees are not consistent")
        return
    # A perfect older tree is a node of the newer one: its root is the first step and is not sent.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofRejectedError("the consistency proof is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofRejectedError("the consistency proof is too long")
        if node & 1 or node == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        node, last = node >> 1, last >> 1
    if last or was != old_root or now != new_root:
        raise ProofRejectedError("the trees are not consistent")

"""The tree against the recursive definition of RFC 9162, section 2.1, written out here, and against known answers."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ProofRejectedError
from security.audit.merkle import (
    GrowingTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    peaks,
    root_of,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots of the test data of RFC 6962's reference implementation.
RFC_LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
RFC_LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
RFC_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_path(m, leaves):
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m, leaves, known):
    n = len(leaves)
    if m == n:
        return [] if known else [naive_root(leaves)]
    k = naive_split(n)
    if m <= k:
        return [*naive_subproof(m, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def some_leaves(count):
    return [leaf_hash(str(number).encode()) for number in range(count)]


def stored_nodes(leaves):
    tree = GrowingTree()
    return {(node.level, node.place): node.hash for leaf in leaves for node in tree.add(leaf)}


def reader(leaves):
    nodes = stored_nodes(leaves)
    return lambda level, place: nodes[level, place]


sizes = st.integers(min_value=1, max_value=130)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_rfc_6962s_reference_implementation(size):
    assert root_of(map(leaf_hash, RFC_LEAVES[:size])).hex() == RFC_ROOTS[size]


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_a_root_is_that_of_the_recursive_definition(entries):
    leaves = [leaf_hash(entry) for entry in entries]
    assert root_of(leaves) == naive_root(leaves)


@given(sizes)
def test_each_stored_node_is_the_root_of_its_leaves_and_none_is_missing(size):
    leaves = some_leaves(size)
    expected = {
        (level, place): naive_root(leaves[place << level : (place + 1) << level])
        for level in range(size.bit_length())
        for place in range(size >> level)
    }
    assert stored_nodes(leaves) == expected


@given(sizes, st.integers(min_value=0, max_value=130))
def test_a_tree_taken_up_from_its_peaks_grows_like_one_that_was_never_put_down(size, more):
    leaves = some_leaves(size + more)
    perfect = reader(leaves)
    tree = GrowingTree(size, [perfect(level, place) for level, place in peaks(0, size)])
    for leaf in leaves[size:]:
        tree.add(leaf)
    assert tree.size == size + more
    assert tree.root() == naive_root(leaves) == subtree_root(0, size + more, perfect)


@given(sizes, st.data())
def test_an_inclusion_proof_is_that_of_the_recursive_definition_and_verifies(size, data):
    seq = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves = some_leaves(size)
    proof = inclusion_proof(seq, size, reader(leaves))
    assert proof == naive_path(seq, leaves)
    verify_inclusion(leaves[seq], seq, size, proof, naive_root(leaves))


@given(sizes, st.data())
def test_a_consistency_proof_is_that_of_the_recursive_definition_and_verifies(size, data):
    old = data.draw(st.integers(min_value=1, max_value=size))
    leaves = some_leaves(size)
    proof = consistency_proof(old, size, reader(leaves))
    assert proof == naive_subproof(old, leaves, True)
    verify_consistency(old, size, naive_root(leaves[:old]), naive_root(leaves), proof)


@given(st.integers(min_value=2, max_value=70), st.data())
def test_an_inclusion_proof_with_one_part_changed_is_rejected(size, data):
    seq = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves = some_leaves(size)
    proof = naive_path(seq, leaves)
    at = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
    proof[at] = bytes(32)
    with pytest.raises(ProofRejectedError):
        verify_inclusion(leaves[seq], seq, size, proof, naive_root(leaves))


@given(st.integers(min_value=2, max_value=70), st.data())
def test_another_entry_is_not_proved_by_the_proof_of_its_neighbour(size, data):
    seq = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves = some_leaves(size)
    with pytest.raises(ProofRejectedError):
        verify_inclusion(leaf_hash(b"another"), seq, size, naive_path(seq, leaves), naive_root(leaves))


@given(st.integers(min_value=2, max_value=70), st.data())
def test_a_tree_whose_past_was_changed_is_not_consistent(size, data):
    old = data.draw(st.integers(min_value=1, max_value=size - 1))
    changed = data.draw(st.integers(min_value=0, max_value=old - 1))
    leaves = some_leaves(size)
    before = naive_root(leaves[:old])
    leaves[changed] = leaf_hash(b"changed")
    proof = naive_subproof(old, leaves, True)
    with pytest.raises(ProofRejectedError):
        verify_consistency(old, size, before, naive_root(leaves), proof)


@pytest.mark.parametrize(("seq", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_an_entry_that_a_tree_does_not_have_gets_no_proof(seq, size):
    with pytest.raises(ProofRejectedError):
        inclusion_proof(seq, size, reader(some_leaves(3)))


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_a_tree_that_shrinks_gets_no_proof(old, new):
    with pytest.raises(ProofRejectedError):
        consistency_proof(old, new, reader(some_leaves(4)))


def test_an_entry_that_contains_two_hashes_is_not_taken_for_an_inner_node():
    left, right = some_leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)

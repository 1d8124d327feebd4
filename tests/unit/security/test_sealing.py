"""Sealing against known answers made by `tests/vectors/make_sealing.mjs`, and its properties."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.errors import EnvelopeError
from security.sealing import (
    BOX_OVERHEAD,
    SECTION_OVERHEAD,
    Mac,
    derive,
    lp,
    open_box,
    open_section,
    seal_box,
    seal_section,
)

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "derivation.json").read_text())
# The wrapped keys of the file are opened in test_subject_keys.py.
VECTORS = [vector for vector in FILE["vectors"] if vector["kind"] != "wrapped"]
ACCEPTED = [vector for vector in VECTORS if vector["expect"] == "accept"]
REJECTED = [vector for vector in VECTORS if vector["expect"] == "reject"]
SEALED = ("box", "section")
KEY, INFO, AAD = bytes(range(32)), lp("a use"), lp("a use", "a place")

parts = st.lists(st.binary(max_size=300) | st.text(max_size=20) | st.integers(min_value=0), max_size=5)


def unhex(vector, *names):
    return [bytes.fromhex(vector[name]) for name in names]


def part(written):
    [(kind, value)] = written.items()
    return bytes.fromhex(value) if kind == "bytes" else value


def check_encoding(vector):
    return lp(*map(part, vector["parts"])).hex() == vector["encoded"]


def check_derivation(vector):
    key, info, okm = unhex(vector, "key", "info", "okm")
    salt = None if vector["salt"] is None else bytes.fromhex(vector["salt"])
    return derive(key, info, salt=salt, length=len(okm)) == okm


def check_mac(vector):
    key, message, mac = unhex(vector, "key", "message", "mac")
    return Mac(key)(message) == mac


def check_box(vector):
    key, info, aad, sealed, plaintext = unhex(vector, "key", "info", "aad", "sealed", "plaintext")
    return open_box(key, info, aad, sealed) == plaintext


def check_section(vector):
    key, info, aad, commitment, sealed, plaintext = unhex(
        vector, "key", "info", "aad", "commitment", "sealed", "plaintext"
    )
    return open_section(key, info, aad, commitment, sealed) == plaintext


CHECKS = {
    "T": check_encoding,
    "derive": check_derivation,
    "mac": check_mac,
    "box": check_box,
    "section": check_section,
}


def test_every_vector_runs():
    assert len({vector["id"] for vector in VECTORS}) == len(ACCEPTED) + len(REJECTED) == len(VECTORS)
    assert {vector["kind"] for vector in VECTORS} == set(CHECKS)
    assert (len(ACCEPTED), len(REJECTED)) == (21, 34)


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector["id"])
def test_a_right_vector_is_accepted(vector):
    assert CHECKS[vector["kind"]](vector)


@pytest.mark.parametrize("vector", [one for one in REJECTED if one["kind"] not in SEALED], ids=lambda one: one["id"])
def test_a_wrong_value_is_not_what_we_compute(vector):
    assert not CHECKS[vector["kind"]](vector)


@pytest.mark.parametrize("vector", [one for one in REJECTED if one["kind"] in SEALED], ids=lambda one: one["id"])
def test_a_wrong_sealed_value_does_not_open(vector):
    with pytest.raises(EnvelopeError):
        CHECKS[vector["kind"]](vector)


# ---------------------------------------------------------------- T


def read_parts(encoded):
    """Undo `lp`: that this can be written shows that no two lists of parts share an encoding."""
    found = []
    while encoded:
        end = 4 + int.from_bytes(encoded[:4], "big")
        found.append(encoded[4:end])
        encoded = encoded[end:]
    return found


def raw(part):
    return part if isinstance(part, bytes) else str(part).encode()


@given(parts)
def test_the_parts_can_be_read_back_from_their_encoding(given_parts):
    assert read_parts(lp(*given_parts)) == [raw(one) for one in given_parts]


@given(parts, parts)
def test_two_lists_of_parts_never_share_an_encoding(some, others):
    assume([raw(one) for one in some] != [raw(one) for one in others])
    assert lp(*some) != lp(*others)


@given(parts, parts)
def test_an_encoding_can_be_made_in_two_steps(some, others):
    assert lp(*some) + lp(*others) == lp(*some, *others)


@pytest.mark.parametrize("length", [254, 255, 256, 257, 70_000])
def test_the_length_is_right_on_both_sides_of_the_looked_up_ones(length):
    assert lp(b"x" * length) == length.to_bytes(4, "big") + b"x" * length


# ---------------------------------------------------------------- boxes and sections


@given(st.binary(max_size=2_000))
def test_what_was_sealed_opens(plaintext):
    box = seal_box(KEY, INFO, AAD, plaintext)
    commitment, sealed = seal_section(KEY, INFO, AAD, plaintext)
    assert open_box(KEY, INFO, AAD, box) == plaintext == open_section(KEY, INFO, AAD, commitment, sealed)
    assert (len(box), len(sealed)) == (BOX_OVERHEAD + len(plaintext), SECTION_OVERHEAD + len(plaintext))


@given(st.data())
def test_a_change_of_any_bit_is_found(data):
    box = bytearray(seal_box(KEY, INFO, AAD, b"a value"))
    box[data.draw(st.integers(0, len(box) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(EnvelopeError):
        open_box(KEY, INFO, AAD, bytes(box))


@given(st.binary(max_size=300))
def test_what_nobody_sealed_raises_nothing_but_an_envelope_error(garbage):
    with pytest.raises(EnvelopeError):
        open_box(KEY, INFO, AAD, garbage)


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_section_that_nobody_sealed_raises_nothing_but_an_envelope_error(commitment, garbage):
    with pytest.raises(EnvelopeError):
        open_section(KEY, INFO, AAD, commitment, garbage)


def test_the_same_text_sealed_twice_shares_no_bytes():
    first, second = (seal_box(KEY, INFO, AAD, b"a value") for _ in range(2))
    windows = {first[i : i + 4] for i in range(len(first) - 3)}
    assert not any(second[i : i + 4] in windows for i in range(len(second) - 3))


def test_the_error_does_not_tell_another_key_from_another_place():
    box = seal_box(KEY, INFO, AAD, b"a value")
    with pytest.raises(EnvelopeError) as of_key:
        open_box(bytes(32), INFO, AAD, box)
    with pytest.raises(EnvelopeError) as of_use:
        open_box(KEY, lp("another use"), AAD, box)
    assert str(of_key.value) == str(of_use.value)

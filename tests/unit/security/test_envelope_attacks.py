"""Envelopes under every attack: moved, changed, made up, and sealed by one who holds the keys."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.envelopes import (
    CONTENT,
    HEADER_KEY,
    PLACE,
    PREFIX_BYTES,
    RECORD,
    WHOLE,
    key_of,
    noise,
    opened,
    person,
    sealed,
    shared,
)

from schemas.errors import EnvelopeError
from security import envelope as module
from security.envelope import open_header, open_slot, read_place
from security.sealing import lp, open_section, seal_box, seal_section

# ---------------------------------------------------------------- moved, changed, made up

ELSEWHERE = {
    "collection": "paper",
    "record_id": bytes(16),
    "domain": "H40",
    "epoch": 4,
    "counter": 8,
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_envelope_does_not_open_for_a_reader_at_another_place(name):
    envelope = sealed(shared(), person(1))
    with pytest.raises(EnvelopeError):
        open_header(replace(PLACE, **{name: ELSEWHERE[name]}), HEADER_KEY, envelope)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_section_does_not_open_in_an_envelope_of_another_place(name):
    # The header is not asked: the section itself is bound.
    header = open_header(PLACE, HEADER_KEY, sealed(shared(), person(1)))
    moved = replace(header, place=replace(PLACE, **{name: ELSEWHERE[name]}))
    with pytest.raises(EnvelopeError):
        open_slot(moved, 1, key_of(person(1).reference))


def test_a_section_of_an_older_write_does_not_open_in_a_newer_one():
    old, new = (
        open_header(place, HEADER_KEY, sealed(shared(), person(1), place=place))
        for place in (PLACE, replace(PLACE, counter=8))
    )
    with pytest.raises(EnvelopeError):
        open_slot(replace(new, body=old.body), 1, key_of(person(1).reference))


def test_a_section_of_another_write_with_the_same_counter_does_not_open():
    # After a restore a counter may come twice.
    first, second = (open_header(PLACE, HEADER_KEY, sealed(shared(), person(1))) for _ in range(2))
    with pytest.raises(EnvelopeError):
        open_slot(replace(second, body=first.body), 1, key_of(person(1).reference))


@pytest.mark.parametrize("slot", [{"kind": "shared"}, {"reference": person(2).reference}, {"commitment": bytes(32)}])
def test_a_section_is_bound_to_what_its_slot_says(slot):
    header = open_header(PLACE, HEADER_KEY, sealed(shared(), person(1)))
    changed = replace(header.header, slots=(header.header.slots[0], replace(header.header.slots[1], **slot)))
    with pytest.raises(EnvelopeError):
        open_slot(replace(header, header=changed), 1, key_of(person(1).reference))


@pytest.mark.parametrize("reference", [RECORD, person(2).reference])
def test_a_section_does_not_open_under_anothers_key(reference):
    header = open_header(PLACE, HEADER_KEY, sealed(shared(), person(1), person(2)))
    with pytest.raises(EnvelopeError):
        open_slot(header, 1, key_of(reference))


@given(st.integers(0, 8 * CONTENT - 1))
def test_a_flipped_bit_is_found_wherever_it_is(bit):
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EnvelopeError):
        opened(bytes(changed))


@given(st.integers(0, CONTENT - 1))
def test_an_envelope_cut_short_does_not_open_whole(length):
    with pytest.raises(EnvelopeError):
        opened(WHOLE[:length])


@given(st.binary(max_size=80), st.integers(0, len(WHOLE)), st.integers(0, 80))
def test_bytes_put_in_or_taken_out_raise_nothing_but_an_envelope_error(put_in, start, taken_out):
    changed = WHOLE[:start] + put_in + WHOLE[start + taken_out :]
    if changed[:CONTENT] == WHOLE[:CONTENT]:
        assert opened(changed) == opened(WHOLE)
        return
    with pytest.raises(EnvelopeError):
        opened(changed)


@given(st.binary(max_size=1_200))
def test_what_is_no_envelope_raises_nothing_but_an_envelope_error(garbage):
    with pytest.raises(EnvelopeError):
        open_header(read_place("dossier", RECORD, garbage), HEADER_KEY, garbage)


@given(st.binary(max_size=1_200))
def test_what_is_no_envelope_has_no_header(garbage):
    with pytest.raises(EnvelopeError):
        open_header(PLACE, HEADER_KEY, garbage)


@given(st.binary(max_size=1_200))
def test_a_good_prefix_with_garbage_behind_it_has_no_header(garbage):
    with pytest.raises(EnvelopeError):
        open_header(PLACE, HEADER_KEY, WHOLE[:PREFIX_BYTES] + garbage)


@given(st.binary(max_size=1_200))
def test_a_good_header_with_garbage_behind_it_has_no_sections(garbage):
    header = open_header(PLACE, HEADER_KEY, WHOLE)
    with pytest.raises(EnvelopeError):
        open_slot(replace(header, body=garbage), 0, key_of(RECORD))


# ---------------------------------------------------------------- sealed by one who holds the keys, but not by us


def header_of(content, slots=4):
    """An envelope with any bytes as its header."""
    prefix = WHOLE[: PREFIX_BYTES - 1] + bytes((slots,))
    return prefix + seal_box(HEADER_KEY, *header_inputs(slots), content)


def header_inputs(slots):
    info = lp("hoso/header/1", PLACE.collection, RECORD)
    return info, info + lp(PLACE.domain, PLACE.epoch, 1, PLACE.counter, slots)


@given(st.sampled_from([4, 8, 16]), st.binary(max_size=1_000))
def test_a_header_of_any_content_raises_nothing_but_an_envelope_error(slots, content):
    whole = content.ljust(57 + 53 * slots, b"\xff")
    with pytest.raises(EnvelopeError):
        open_header(PLACE, HEADER_KEY, header_of(whole, slots))


@given(st.binary(max_size=56))
def test_a_header_that_is_too_short_raises_an_envelope_error(content):
    with pytest.raises(EnvelopeError):
        open_header(PLACE, HEADER_KEY, header_of(content))


def section_of(packed):
    """An open header whose one section holds any bytes in place of packed text."""
    reference = person(1).reference
    common = lp("hoso/section/1", PLACE.collection, RECORD, f"person:{reference.hex()}")
    aad = common + lp(PLACE.domain, PLACE.epoch, 1, PLACE.counter)
    commitment, body = seal_section(key_of(reference), common + lp(1), aad, packed)
    assert open_section(key_of(reference), common + lp(1), aad, commitment, body) == packed
    header = open_header(PLACE, HEADER_KEY, sealed(person(1)))
    slot = replace(header.header.slots[0], commitment=commitment, length=len(body))
    return replace(header, header=replace(header.header, slots=(slot,)), body=body)


@given(st.sampled_from([b"\0", b"\1", b"\2", b"\xff"]), st.integers(0, 90), st.binary(max_size=80))
def test_a_section_of_any_content_opens_or_raises_an_envelope_error(how, length, content):
    header = section_of(how + length.to_bytes(4, "big") + content)
    try:
        plaintext = open_slot(header, 0, key_of(person(1).reference))
    except EnvelopeError:
        return
    assert (how == b"\0" and plaintext == content[:length]) or how == b"\1"


@pytest.mark.parametrize("length", range(5))
def test_a_section_without_room_for_its_length_raises_an_envelope_error(length):
    with pytest.raises(EnvelopeError):
        open_slot(section_of(bytes(length)), 0, key_of(person(1).reference))


def deflated(plaintext):
    packer = zlib.compressobj(9, zlib.DEFLATED, -12, 9, zlib.Z_DEFAULT_STRATEGY, module._DICTIONARY)
    data = packer.compress(plaintext) + packer.flush()
    return b"\1" + len(data).to_bytes(4, "big") + data


def test_a_section_that_unpacks_to_more_than_16_mebibytes_is_refused_and_not_cut():
    too_much = section_of(deflated(bytes((16 << 20) + 1)))
    with pytest.raises(EnvelopeError, match="more than it may"):
        open_slot(too_much, 0, key_of(person(1).reference))


@pytest.mark.parametrize("end", [b"", b"\0" * 300, noise(1), noise(600)])
def test_a_section_that_unpacks_to_just_16_mebibytes_opens_to_its_end(end):
    whole = bytes((16 << 20) - len(end)) + end
    assert open_slot(section_of(deflated(whole)), 0, key_of(person(1).reference)) == whole

"""Envelopes against known answers made by `tests/vectors/make_envelopes.mjs`, and under every attack on their place."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import EnvelopeError, TooLargeError, ValidationFailedError
from security import envelope as module
from security.envelope import MAX_ENVELOPE_BYTES, Place, Section, open_header, open_slot, read_place, seal
from security.sealing import derive, lp, open_section, seal_box, seal_section

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "envelope.json").read_text())["vectors"]
ACCEPTED = [vector for vector in VECTORS if vector["expect"] == "accept"]
REJECTED = [vector for vector in VECTORS if vector["expect"] == "reject"]

RECORD = bytes(range(16))
HEADER_KEY = bytes(range(32))
PLACE = Place("dossier", RECORD, "H41", 3, 7)
DIGEST = b"d" * 16
PREFIX_BYTES = 31
SIZES = {1024 << power for power in range(11)} | {1536 << power for power in range(10)}


def key_of(reference):
    return derive(reference, lp("a key of the test"))


def shared(plaintext=b'{"code":"H41.14-261123-0001"}'):
    return Section("shared", RECORD, plaintext)


def person(number, plaintext=b'{"roles":["applicant"]}'):
    return Section("person", number.to_bytes(16, "big"), plaintext)


def sealed(*sections, place=PLACE, agency="H41.14"):
    return seal(place, HEADER_KEY, 12, DIGEST, agency, sections, lambda one: key_of(one.reference))


def opened(envelope, place=PLACE):
    header = open_header(place, HEADER_KEY, envelope)
    return [open_slot(header, index, key_of(slot.reference)) for index, slot in enumerate(header.header.slots)]


# ---------------------------------------------------------------- known answers


def open_vector(vector):
    """Open all that the vector has keys for, as a reader does who was handed the bytes by an engine."""
    envelope = base64.b64decode(vector["envelope"])
    place = read_place(vector["collection"], bytes.fromhex(vector["record_id"]), envelope)
    header = open_header(place, bytes.fromhex(vector["header_key"]), envelope)
    keys = vector["keys"]
    sections = [
        {
            "kind": slot.kind,
            "reference": slot.reference.hex(),
            "plaintext": open_slot(header, index, bytes.fromhex(keys[slot.reference.hex()])).decode()
            if slot.reference.hex() in keys
            else None,
        }
        for index, slot in enumerate(header.header.slots)
    ]
    return place, header.header, sections


def test_every_vector_runs():
    assert len({vector["id"] for vector in VECTORS}) == len(ACCEPTED) + len(REJECTED) == len(VECTORS)
    assert (len(ACCEPTED), len(REJECTED)) == (13, 59)


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector["id"])
def test_a_right_vector_opens(vector):
    place, header, sections = open_vector(vector)
    assert (place.domain, place.epoch, place.counter) == (vector["domain"], vector["epoch"], vector["counter"])
    assert (header.source_version, header.agency) == (vector["source_version"], vector["agency"])
    assert header.content_digest.hex() == vector["content_digest"]
    assert sections == vector["sections"]


@pytest.mark.parametrize("vector", REJECTED, ids=lambda vector: vector["id"])
def test_a_wrong_vector_does_not_open(vector):
    with pytest.raises(EnvelopeError):
        open_vector(vector)


@pytest.mark.skipif(shutil.which("node") is None, reason="the independent program needs node")
@pytest.mark.parametrize("people", [0, 2, 11])
def test_what_we_seal_opens_in_the_independent_program(people):
    sections = [
        shared(),
        *(person(number, f'{{"full_name":"Người Mẫu {number}"}}'.encode()) for number in range(people)),
    ]
    given_json = {
        "collection": PLACE.collection,
        "record_id": RECORD.hex(),
        "header_key": HEADER_KEY.hex(),
        "keys": {one.reference.hex(): key_of(one.reference).hex() for one in sections},
        "envelope": base64.b64encode(sealed(*sections)).decode(),
    }
    program = ["node", str(FOLDER / "open_envelope.mjs")]
    answer = subprocess.run(program, input=json.dumps(given_json), capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == {
        "collection": "dossier",
        "record_id": RECORD.hex(),
        "domain": "H41",
        "epoch": 3,
        "counter": 7,
        "source_version": 12,
        "content_digest": DIGEST.hex(),
        "agency": "H41.14",
        "sections": [
            {"kind": one.kind, "reference": one.reference.hex(), "plaintext": one.plaintext.decode()}
            for one in sections
        ],
    }


# ---------------------------------------------------------------- round trips and sizes

ascii_codes = st.text("ABCDEFGHKLMNPQRSTUVXYZ0123456789._", min_size=1)
places = st.builds(
    Place,
    st.sampled_from(["dossier", "paper"]),
    st.binary(min_size=16, max_size=16),
    ascii_codes.map(lambda text: text[:16]),
    st.integers(0, 2**32 - 1),
    st.integers(1, 2**64 - 1),
)
plaintexts = st.lists(st.binary(max_size=400) | st.text(max_size=400).map(str.encode), min_size=1, max_size=16)


@given(places, ascii_codes.map(lambda text: text[:31]), st.integers(0, 2**64 - 1), plaintexts)
def test_what_was_sealed_opens_at_its_place(place, agency, version, texts):
    sections = [person(number, text) for number, text in enumerate(texts)]
    envelope = seal(place, HEADER_KEY, version, DIGEST, agency, sections, lambda one: key_of(one.reference))
    assert read_place(place.collection, place.record_id, envelope) == place
    header = open_header(place, HEADER_KEY, envelope).header
    assert (header.source_version, header.content_digest, header.agency) == (version, DIGEST, agency)
    assert header.persons == tuple(one.reference for one in sections)
    assert opened(envelope, place) == texts


@pytest.mark.parametrize("length", [0, 1, 58, 59, 60, 63, 64, 65, 4095, 4096, 4097, 100_000])
def test_a_section_of_any_length_opens(length):
    stored = bytes(number * 167 % 251 for number in range(length))
    assert opened(sealed(shared(b"x" * length), person(1, stored))) == [b"x" * length, stored]


@pytest.mark.parametrize(
    ("counts", "slots", "size"),
    [(range(1, 5), 4, 1024), (range(5, 8), 8, 1536), (range(8, 9), 8, 2048), (range(9, 17), 16, 3072)],
)
def test_the_number_of_sections_does_not_show_within_a_class(counts, slots, size):
    envelopes = [sealed(*(person(number) for number in range(count))) for count in counts]
    assert {envelope[:PREFIX_BYTES] for envelope in envelopes} == {WHOLE[: PREFIX_BYTES - 1] + bytes((slots,))}
    assert {len(envelope) for envelope in envelopes} == {size}


@given(st.integers(0, 60_000))
def test_an_envelope_has_the_least_size_class_that_holds_it(length):
    envelope = sealed(shared(bytes(number * number % 251 ^ number % 241 for number in range(length))))
    size, content = len(envelope), length_without_padding(envelope)
    assert size in SIZES
    assert content <= size
    assert not any(content <= smaller < size for smaller in SIZES)


def length_without_padding(envelope):
    header = open_header(PLACE, HEADER_KEY, envelope)
    return len(envelope) - len(header.body) + sum(slot.length for slot in header.header.slots)


def noise(length):
    return b"".join(derive(number.to_bytes(4, "big"), b"", length=8_000) for number in range(-(-length // 8_000)))[
        :length
    ]


def test_the_largest_envelope_is_one_mebibyte():
    # Prefix, header of four slots, frame of the section; the section's text stands in blocks of 64 behind 5 bytes.
    room = (MAX_ENVELOPE_BYTES - PREFIX_BYTES - 361 - 60) // 64 * 64 - 5
    assert len(sealed(shared(noise(room)))) == MAX_ENVELOPE_BYTES
    with pytest.raises(TooLargeError, match="1 MiB"):
        sealed(shared(noise(room + 1)))


def test_more_than_16_sections_are_refused():
    with pytest.raises(TooLargeError, match="at most 15 people; this one has 16"):
        sealed(shared(), *(person(number) for number in range(16)))


@pytest.mark.parametrize("agency", ["", "A" * 32, "Hà Nội"])
def test_an_agency_that_does_not_fit_is_refused_and_not_cut(agency):
    with pytest.raises(ValidationFailedError):
        sealed(shared(), agency=agency)


@pytest.mark.parametrize("domain", ["", "A" * 17, "Đ1"])
def test_a_domain_that_does_not_fit_is_refused_and_not_cut(domain):
    with pytest.raises(ValidationFailedError):
        sealed(shared(), place=replace(PLACE, domain=domain))


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


WHOLE = sealed(shared(), person(1), person(2, noise(100)))
CONTENT = length_without_padding(WHOLE)


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


def test_a_section_that_would_not_open_is_not_sealed():
    with pytest.raises(TooLargeError, match="16 MiB"):
        sealed(shared(bytes((16 << 20) + 1)))


def test_no_plaintext_stands_in_the_repr_of_a_section():
    assert "Mẫu".encode().hex() not in repr(shared("Mẫu".encode())).lower()
    assert "roles" not in repr(person(1))

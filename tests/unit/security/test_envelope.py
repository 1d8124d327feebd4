"""Envelopes against known answers made by `tests/vectors/make_envelopes.mjs`; round trips and sizes."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.envelopes import (
    DIGEST,
    HEADER_KEY,
    PLACE,
    PREFIX_BYTES,
    RECORD,
    WHOLE,
    key_of,
    length_without_padding,
    noise,
    opened,
    person,
    sealed,
    shared,
)

from schemas.errors import EnvelopeError, TooLargeError, ValidationFailedError
from security.envelope import MAX_ENVELOPE_BYTES, Place, open_header, open_slot, read_place, seal

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "envelope.json").read_text())["vectors"]
ACCEPTED = [vector for vector in VECTORS if vector["expect"] == "accept"]
REJECTED = [vector for vector in VECTORS if vector["expect"] == "reject"]
SIZES = {1024 << power for power in range(11)} | {1536 << power for power in range(10)}


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


def test_a_section_that_would_not_open_is_not_sealed():
    with pytest.raises(TooLargeError, match="16 MiB"):
        sealed(shared(bytes((16 << 20) + 1)))


def test_no_plaintext_stands_in_the_repr_of_a_section():
    assert "Mẫu".encode().hex() not in repr(shared("Mẫu".encode())).lower()
    assert "roles" not in repr(person(1))

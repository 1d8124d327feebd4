"""Envelopes to try the sealing of records on: a place, keys and sections."""

from __future__ import annotations

from security.envelope import Place, Section, open_header, open_slot, seal
from security.sealing import derive, lp

RECORD = bytes(range(16))
HEADER_KEY = bytes(range(32))
PLACE = Place("dossier", RECORD, "H41", 3, 7)
DIGEST = b"d" * 16
PREFIX_BYTES = 31


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


def length_without_padding(envelope):
    header = open_header(PLACE, HEADER_KEY, envelope)
    return len(envelope) - len(header.body) + sum(slot.length for slot in header.header.slots)


def noise(length):
    return b"".join(derive(number.to_bytes(4, "big"), b"", length=8_000) for number in range(-(-length // 8_000)))[
        :length
    ]


WHOLE = sealed(shared(), person(1), person(2, noise(100)))
CONTENT = length_without_padding(WHOLE)

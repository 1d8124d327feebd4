"""One record, sealed: a header and a section for each person, bound to their place.

Source: docs/formats.md, section 4.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

from schemas.errors import EnvelopeError, TooLargeError, ValidationFailedError
from security.sealing import (
    BOX_OVERHEAD,
    COMMITMENT_BYTES,
    lp,
    open_box,
    open_section,
    seal_box,
    seal_section,
)

VERSION = 1
SUITE = 1
SCHEMA_VERSION = 1
SLOT_CLASSES = (4, 8, 16)
MAX_ENVELOPE_BYTES = 1 << 20
# Bounds what a section may unpack to; a line that is read has at most half of it.
MAX_PLAINTEXT_BYTES = 16 << 20

SectionKind = Literal["shared", "person"]
_KIND_NUMBERS: dict[SectionKind, int] = {"shared": 1, "person": 2}
_KIND_NAMES = {number: name for name, number in _KIND_NUMBERS.items()}

_PREFIX = struct.Struct(">BB16sIQB")
_HEADER = struct.Struct(">Q16sB31sB")
_SLOT = struct.Struct(">B16sI32s")
_DOMAIN_BYTES = 16
_AGENCY_BYTES = 31
_BLOCK = 64
_PACKED = struct.Struct(">BI")
_STORED = 0
_DEFLATE = 1
# A part of the format: who packs with a larger window makes what does not unpack here.
_WINDOW_BITS = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where an envelope belongs: it opens nowhere else."""

    collection: str
    record_id: bytes
    domain: str
    epoch: int
    counter: int


@dataclass(frozen=True, slots=True)
class Section:
    """What one section holds before sealing: `reference` is a person's, or the record id for `shared`."""

    kind: SectionKind
    reference: bytes
    plaintext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """One section as the header knows it."""

    kind: SectionKind
    reference: bytes
    length: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The authenticated header: what decides about access and updates, readable without any person's key."""

    source_version: int
    content_digest: bytes
    agency: str
    slots: tuple[Slot, ...]

    @property
    def persons(self) -> tuple[bytes, ...]:
        """The references of the people concerned, in the order of their sections."""
        return tuple(slot.reference for slot in self.slots if slot.kind == "person")


@dataclass(frozen=True, slots=True)
class OpenHeader:
    """A header with what opening its sections needs."""

    place: Place
    header: Header
    body: bytes
    """The sealed sections, one after the other, and the padding."""


def _dictionary() -> bytes:
    return resources.files("security").joinpath("envelope_dictionary.txt").read_bytes()


_DICTIONARY = _dictionary()


def seal(
    place: Place,
    header_key: bytes,
    source_version: int,
    content_digest: bytes,
    agency: str,
    sections: Sequence[Section],
    key_of: Callable[[Section], bytes],
) -> bytes:
    """Return the envelope of one record.

    Args:
        place: its counter must be one that this record never had.
        header_key: HDR of the place's domain and epoch.
        source_version: the version of the record at its source.
        content_digest: 16 bytes, keyed.
        agency: 1 to 31 ASCII characters.
        sections: at most 16.
        key_of: returns the 32-byte key of a section.

    Raises:
        TooLargeError: more than 16 sections, or more than 1 MiB.
        ValidationFailedError: the domain or the agency does not fit its place.
    """
    name, domain = _ascii(agency, _AGENCY_BYTES), _ascii(place.domain, _DOMAIN_BYTES)
    slots_class = next((size for size in SLOT_CLASSES if len(sections) <= size), None)
    if slots_class is None:
        raise TooLargeError(
            f"a record concerns at most {SLOT_CLASSES[-1] - 1} people; this one has {len(sections) - 1}"
        )
    slots, sealed_sections = [], []
    for section in sections:
        info, aad = _section_inputs(place, section.kind, section.reference)
        commitment, sealed = seal_section(key_of(section), info, aad, _pack(section.plaintext))
        slots.append(_SLOT.pack(_KIND_NUMBERS[section.kind], section.reference, len(sealed), commitment))
        sealed_sections.append(sealed)
    plain = _HEADER.pack(source_version, content_digest, len(name), name, len(sections)) + b"".join(slots)
    plain = plain.ljust(_HEADER.size + _SLOT.size * slots_class, b"\0")
    sealed_header = seal_box(header_key, *_header_inputs(place, slots_class), plain)
    prefix = _PREFIX.pack(VERSION, SUITE, domain, place.epoch, place.counter, slots_class)
    return _pad(b"".join((prefix, sealed_header, *sealed_sections)))


def read_place(collection: str, record_id: bytes, envelope: bytes) -> Place:
    """Return where an envelope says it belongs. Only opening it proves that.

    Raises:
        EnvelopeError: not an envelope, or one of a version that is not known.
    """
    if len(envelope) < _PREFIX.size:
        raise EnvelopeError("too short for an envelope")
    version, suite, domain, epoch, counter, _ = _PREFIX.unpack_from(envelope)
    if (version, suite) != (VERSION, SUITE):
        raise EnvelopeError("an envelope of a version that is not known here: upgrade Hoso")
    try:
        return Place(collection, record_id, domain.rstrip(b"\0").decode("ascii"), epoch, counter)
    except UnicodeDecodeError:
        raise EnvelopeError("an envelope's prefix is damaged") from None


def open_header(place: Place, header_key: bytes, envelope: bytes) -> OpenHeader:
    """Return the header of an envelope, authenticated for `place`.

    Raises:
        EnvelopeError: damaged, of another place, of an unknown version, or sealed under another key.
    """
    # The bytes in the clear must say what was authenticated: nobody may be told another epoch or version by them.
    if read_place(place.collection, place.record_id, envelope) != place:
        raise EnvelopeError("an envelope is of another place than its prefix says")
    slots_class = envelope[_PREFIX.size - 1]
    if slots_class not in SLOT_CLASSES:
        raise EnvelopeError("an envelope's prefix is damaged")
    end = _PREFIX.size + BOX_OVERHEAD + _HEADER.size + _SLOT.size * slots_class
    plain = open_box(header_key, *_header_inputs(place, slots_class), envelope[_PREFIX.size : end])
    return OpenHeader(place, _read_header(plain, slots_class), envelope[end:])


def open_slot(opened: OpenHeader, index: int, key: bytes) -> bytes:
    """Return the plaintext of the section at `index` of the header's slots.

    Raises:
        EnvelopeError: another key, or changed bytes.
    """
    slots = opened.header.slots
    start = sum(slot.length for slot in slots[:index])
    slot = slots[index]
    info, aad = _section_inputs(opened.place, slot.kind, slot.reference)
    sealed = opened.body[start : start + slot.length]
    return _unpack(open_section(key, info, aad, slot.commitment, sealed))


def _read_header(plain: bytes, slots_class: int) -> Header:
    try:
        version, digest, name_length, name, count = _HEADER.unpack_from(plain)
        slots = tuple(
            Slot(_KIND_NAMES[kind], reference, length, commitment)
            for kind, reference, length, commitment in _SLOT.iter_unpack(plain[_HEADER.size :][: _SLOT.size * count])
        )
        agency = name[:name_length].decode("ascii")
    except (struct.error, KeyError, UnicodeDecodeError):
        raise EnvelopeError("an envelope's header holds what is not known here: upgrade Hoso") from None
    if count > slots_class or name_length > _AGENCY_BYTES:
        raise EnvelopeError("an envelope's header holds what is not known here: upgrade Hoso")
    return Header(version, digest, agency, slots)


def _header_inputs(place: Place, slots_class: int) -> tuple[bytes, bytes]:
    info = lp("hoso/header/1", place.collection, place.record_id)
    return info, info + lp(place.domain, place.epoch, SCHEMA_VERSION, place.counter, slots_class)


def _section_inputs(place: Place, kind: SectionKind, reference: bytes) -> tuple[bytes, bytes]:
    name = "shared" if kind == "shared" else f"person:{reference.hex()}"
    common = lp("hoso/section/1", place.collection, place.record_id, name)
    return (
        common + lp(SCHEMA_VERSION),
        common + lp(place.domain, place.epoch, SCHEMA_VERSION, place.counter),
    )


def _ascii(text: str, room: int) -> bytes:
    # Struct would cut a longer one off without a word, and a cut agency is another agency.
    if not (text.isascii() and 1 <= len(text) <= room):
        raise ValidationFailedError(f"the domain or agency of an envelope has 1 to {room} ASCII characters")
    return text.encode()


def _pack(plaintext: bytes) -> bytes:
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise TooLargeError("a part of the record is larger than 16 MiB: leave long texts to the source system")
    packer = zlib.compressobj(1, zlib.DEFLATED, -_WINDOW_BITS, 5, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    data = packer.compress(plaintext) + packer.flush()
    how, data = (_DEFLATE, data) if len(data) < len(plaintext) else (_STORED, plaintext)
    packed = _PACKED.pack(how, len(data)) + data
    return packed.ljust(-(-len(packed) // _BLOCK) * _BLOCK, b"\0")


def _unpack(packed: bytes) -> bytes:
    how, length = _PACKED.unpack_from(packed) if len(packed) >= _PACKED.size else (_STORED, -1)
    data = packed[_PACKED.size : _PACKED.size + length]
    if len(data) != length or how not in (_STORED, _DEFLATE):
        raise EnvelopeError("a section holds what is not known here: upgrade Hoso")
    return data if how == _STORED else _inflate(data)


def _inflate(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(-_WINDOW_BITS, _DICTIONARY)
    try:
        plaintext = unpacker.decompress(data, MAX_PLAINTEXT_BYTES)
    except zlib.error:
        raise EnvelopeError("a section does not unpack") from None
    if not unpacker.eof or unpacker.unused_data:
        raise EnvelopeError("a section unpacks to less or more than it may")
    return plaintext


def _pad(envelope: bytes) -> bytes:
    size = 1024
    while size < len(envelope):
        # 1024, 1536, 2048, 3072, 4096, 6144 ...: powers of two and half way between.
        size = size * 3 // 2 if size & (size - 1) == 0 else size * 4 // 3
    if size > MAX_ENVELOPE_BYTES:
        raise TooLargeError("the record is larger than 1 MiB after compression: leave long texts to the source system")
    return envelope + os.urandom(size - len(envelope))


assert _SLOT.size == 21 + COMMITMENT_BYTES

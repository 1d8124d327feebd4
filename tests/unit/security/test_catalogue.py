"""Procedures at rest: what an engine holds of them opens only in its own place."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools

import pytest

from schemas.errors import EnvelopeError
from schemas.procedure import VISIBILITIES, canonical_json
from security.catalogue import CatalogueCipher, content_digest

KEY = bytes(range(32))
CARD = {"id": "1.001193", "name": "Đăng ký khai sinh"}
CONTENT = canonical_json({**CARD, "steps": "Nộp tờ khai. " * 50})


@pytest.fixture
def cipher():
    return CatalogueCipher(KEY, 1)


@pytest.fixture
def row(cipher):
    return cipher.seal("1.001193", "internal", CARD, CONTENT)


def test_card_and_body_open_as_they_were_sealed(cipher, row):
    assert cipher.open_card(row) == CARD
    assert canonical_json(cipher.open_body(row)) == CONTENT
    assert row.digest == content_digest(CONTENT)


def test_two_seals_of_one_procedure_share_no_eight_bytes(cipher, row):
    again = cipher.seal("1.001193", "internal", CARD, CONTENT)
    pieces = {row.body[at : at + 8] for at in range(len(row.body) - 7)}
    assert not any(again.body[at : at + 8] in pieces for at in range(len(again.body) - 7))


@pytest.mark.parametrize("part", ["card", "body"])
def test_every_changed_byte_is_found(cipher, row, part):
    box = getattr(row, part)
    for at in range(len(box)):
        changed = dataclasses.replace(row, **{part: box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :]})
        with pytest.raises(EnvelopeError):
            getattr(cipher, f"open_{part}")(changed)


@pytest.mark.parametrize("box", [b"", b"\0" * 50, b"\0" * 200])
def test_bytes_that_are_no_box_are_refused(cipher, row, box):
    with pytest.raises(EnvelopeError):
        cipher.open_card(dataclasses.replace(row, card=box))


@pytest.mark.parametrize(("sealed", "claimed"), list(itertools.permutations(VISIBILITIES, 2)))
def test_a_visibility_that_was_changed_is_found(cipher, sealed, claimed):
    row = dataclasses.replace(cipher.seal("1.001193", sealed, CARD, CONTENT), visibility=claimed)
    with pytest.raises(EnvelopeError):
        cipher.open_card(row)
    with pytest.raises(EnvelopeError):
        cipher.open_body(row)


def test_a_card_moved_to_another_row_part_or_content_is_found(cipher, row):
    other = cipher.seal("1.000001", "internal", CARD, CONTENT)
    changed = cipher.seal("1.001193", "internal", CARD, CONTENT + b" ")
    for moved in (
        dataclasses.replace(row, card=other.card),
        dataclasses.replace(row, card=row.body),
        dataclasses.replace(row, card=changed.card),
        dataclasses.replace(row, key=other.key),
    ):
        with pytest.raises(EnvelopeError):
            cipher.open_card(moved)


def test_another_key_opens_nothing(row):
    with pytest.raises(EnvelopeError):
        CatalogueCipher(bytes(32), 1).open_card(row)


def test_item_keys_and_blinded_terms_are_as_the_formats_say(cipher):
    def lp(*parts):
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()

    # HKDF of 32 bytes without salt, by RFC 5869: extract, then one block of expand.
    term_key = mac(mac(bytes(32), KEY), lp(b"hoso/term/1", b"1") + b"\x01")
    assert cipher.item_key("1.001193") == mac(KEY, lp(b"procedure", b"1.001193"))[:16]
    assert cipher.blind("name", "khai") == mac(term_key, lp(b"name", b"khai"))[:8].hex()


def test_a_term_is_blinded_otherwise_in_another_field_key_or_analysis(cipher):
    blinded = {
        cipher.blind("name", "khai"),
        cipher.blind("body", "khai"),
        CatalogueCipher(KEY, 2).blind("name", "khai"),
        CatalogueCipher(bytes(32), 1).blind("name", "khai"),
    }
    assert len(blinded) == 4

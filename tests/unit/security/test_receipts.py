"""A receipt says what was signed, or does not open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ProofRejectedError
from security.access_tokens import LocalIssuer
from security.receipts import ReceiptSigner, open_receipt

SEED = b"r" * 32
INSTALLATION = "0123456789abcdef" * 2
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
SIGNER = ReceiptSigner(SEED, INSTALLATION)
RECEIPT = SIGNER.sign("erasure", "id-1", AT, {"records": {"found": 2}})


def test_a_receipt_tells_who_signed_what_and_when():
    assert open_receipt(RECEIPT, SIGNER.jwks()) == {
        "iss": f"hoso/{INSTALLATION}",
        "jti": "id-1",
        "iat": int(AT.timestamp()),
        "erasure": {"records": {"found": 2}},
    }


def test_blanks_around_a_receipt_do_not_matter():
    assert open_receipt(f"\n {RECEIPT}\r\n", SIGNER.jwks())["jti"] == "id-1"


def test_the_public_keys_hold_no_private_one():
    [key] = SIGNER.jwks()["keys"]
    assert "d" not in key
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "Ed25519")


def test_a_receipt_of_another_installation_is_rejected():
    with pytest.raises(ProofRejectedError):
        open_receipt(RECEIPT, ReceiptSigner(b"x" * 32, INSTALLATION).jwks())


@given(st.integers(0, len(RECEIPT) - 1), st.sampled_from("AbZ09-_."))
def test_a_receipt_with_any_character_changed_is_rejected_or_says_the_same(place, character):
    changed = RECEIPT[:place] + character + RECEIPT[place + 1 :]
    try:
        opened = open_receipt(changed, SIGNER.jwks())
    except ProofRejectedError:
        return
    # The last digit of base64 may have bits that mean nothing.
    assert opened == open_receipt(RECEIPT, SIGNER.jwks())


@pytest.mark.parametrize("text", ["", "a.b.c", "..", "{}", RECEIPT + ".x", "🙂", RECEIPT.split(".")[1]])
def test_what_is_no_receipt_is_rejected(text):
    with pytest.raises(ProofRejectedError):
        open_receipt(text, SIGNER.jwks())


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [{}]}, {"keys": None}])
def test_without_keys_nothing_verifies(keys):
    with pytest.raises(ProofRejectedError):
        open_receipt(RECEIPT, keys)


def test_an_access_token_signed_by_the_same_key_is_no_receipt():
    issuer = LocalIssuer(SEED)
    with pytest.raises(ProofRejectedError, match="not a receipt"):
        open_receipt(issuer.issue("operator"), issuer.jwks())

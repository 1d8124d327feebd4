"""Receipts: what was done, signed, so that who holds one can prove it later without asking us.

Source: docs/formats.md, section 9; RFC 7515 (JWS), RFC 9864 (Ed25519).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from schemas.errors import ProofRejectedError
from security.issuer_keys import SignatureRegistry

TYPE = "hoso-receipt+jwt"
ALGORITHM = "Ed25519"
_REGISTRY = SignatureRegistry()


class ReceiptSigner:
    """Signs the receipts of one installation."""

    def __init__(self, seed: bytes, installation: str) -> None:
        """Make the key of `seed`: 32 bytes, the installation key `RCP`."""
        self._issuer = f"hoso/{installation}"
        self._key = OKPKey.import_key(
            Ed25519PrivateKey.from_private_bytes(seed), parameters={"use": "sig", "alg": ALGORITHM}
        )
        self._key.ensure_kid()

    def sign(self, kind: str, receipt_id: str, at: datetime, facts: Mapping[str, Any]) -> str:
        """Return a receipt: a compact JWS, one line of ASCII.

        Args:
            kind: what it is a receipt of, such as `erasure`; the name of the member that holds `facts`.
            receipt_id: another one for each receipt.
            at: when it is signed.
            facts: JSON without a person's data.
        """
        claims = {"iss": self._issuer, "jti": receipt_id, "iat": int(at.timestamp()), kind: dict(facts)}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, registry=_REGISTRY)

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JWK set (RFC 7517)."""
        return {"keys": [self._key.as_dict(private=False)]}


def open_receipt(receipt: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a receipt says.

    Args:
        receipt: as `ReceiptSigner.sign` returned it; blanks around it do not matter.
        jwks: the public keys of the installation that signed it.

    Raises:
        ProofRejectedError: no receipt, changed, or signed by none of these keys.
    """
    try:
        keys = KeySet.import_key_set({"keys": [dict(one) for one in jwks["keys"]]})
        opened = jwt.decode(receipt.strip(), keys, algorithms=[ALGORITHM], registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        # joserfc lets some of these through for texts that are no JWS at all.
        raise ProofRejectedError("this is not a receipt signed by one of these keys") from None
    if opened.header.get("typ") != TYPE:
        raise ProofRejectedError("this is signed by the installation, and not a receipt")
    return dict(opened.claims)

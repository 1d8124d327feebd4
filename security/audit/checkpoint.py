"""Checkpoints: the size and root of the log at a moment, signed; a C2SP signed note.

Source: docs/formats.md, section 6; c2sp.org/signed-note, c2sp.org/tlog-checkpoint; RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.errors import ProofRejectedError

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_BODY = re.compile(
    r"(?P<origin>hoso/(?P<installation>[0-9a-f]{32}))\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\n]{44})\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root hash (32 bytes) of the log of one installation (32 hex digits)."""

    installation: str
    size: int
    root: bytes


def public_key_of(seed: bytes) -> bytes:
    """Return the 32-byte Ed25519 public key of a `LOG` seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes) -> str:
    """Return the signed note of a checkpoint, under a `LOG` seed of 32 bytes."""
    origin = f"hoso/{checkpoint.installation}"
    body = f"{origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signed = _key_id(origin, key.public_key().public_bytes_raw()) + key.sign(body.encode())
    return f"{body}\n\N{EM DASH} {origin} {base64.b64encode(signed).decode()}\n"


def open_checkpoint(note: str, public_key: bytes) -> Checkpoint:
    """Return the checkpoint of a signed note; signatures by others, such as witnesses, are passed over.

    Raises:
        ProofRejectedError: no checkpoint, or not signed by this key.
    """
    body, blank, signatures = note.partition("\n\n")
    body += "\n"
    match = _BODY.fullmatch(body)
    if not blank or match is None or not signatures.endswith("\n"):
        raise ProofRejectedError("this is not a checkpoint of Hoso")
    _check_signature(body, match["origin"], signatures, public_key)
    return Checkpoint(match["installation"], int(match["size"]), _decoded(match["root"]))


def _check_signature(body: str, origin: str, signatures: str, public_key: bytes) -> None:
    key_id = _key_id(origin, public_key)
    prefix = f"\N{EM DASH} {origin} "
    ours = [_decoded(line.removeprefix(prefix)) for line in signatures.splitlines() if line.startswith(prefix)]
    signature = next((one[_KEY_ID_BYTES:] for one in ours if one.startswith(key_id)), None)
    if signature is None:
        raise ProofRejectedError("the checkpoint is not signed by this key")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body.encode())
    except InvalidSignature as error:
        raise ProofRejectedError("the checkpoint's signature does not verify") from error


def _key_id(origin: str, public_key: bytes) -> bytes:
    return hashlib.sha256(f"{origin}\n".encode() + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofRejectedError("the checkpoint is not in base64") from error

"""Who guards the root key. A provider wraps and unwraps; the root itself never leaves it.

Source: docs/formats.md, section 2; RFC 7914 (scrypt).
"""

from __future__ import annotations

import os
import unicodedata
from typing import Any, Protocol

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from schemas.errors import EnvelopeError, KeysError
from security.sealing import KEY_BYTES, lp, new_key, open_box, seal_box

# 64 MiB and about 0.2 s: once at a start, and dear for who guesses passphrases. A test may take less.
SCRYPT_COST = 2**16
_SCRYPT_BLOCK = 8
_MIN_PASSPHRASE_CHARS = 12
# 1 GiB (128 bytes x n x r): a changed key file must not take all memory of the machine before it is refused.
_MAX_SCRYPT_BLOCKS = 2**23
_MAX_SCRYPT_PASSES = 16


class KeyProvider(Protocol):
    """Wraps keys under a root that only it knows."""

    def wrap(self, info: bytes, owner: bytes, key: bytes) -> bytes:
        """Return `key` as a box under the root."""
        ...

    def unwrap(self, info: bytes, owner: bytes, wrapped: bytes) -> bytes:
        """Return the key in `wrapped`; `KeysError` if it was wrapped by another root or for another use."""
        ...

    def protection(self) -> dict[str, Any]:
        """Return what the key file says of how the root is protected, without secrets."""
        ...

    def sealed_root(self) -> str:
        """Return what the key file keeps of the root, in hex; empty where the root lives elsewhere."""
        ...


class _LocalRoot:
    """A root held in this process's memory."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def wrap(self, info: bytes, owner: bytes, key: bytes) -> bytes:
        """Return `key` as a box under the root."""
        return seal_box(self._root, info, owner, key)

    def unwrap(self, info: bytes, owner: bytes, wrapped: bytes) -> bytes:
        """Return the key in `wrapped`."""
        try:
            return open_box(self._root, info, owner, wrapped)
        except EnvelopeError:
            raise KeysError("a key of the key file does not open: the file was changed or mixed with another") from None


class PlainProvider(_LocalRoot):
    """The root stands in the key file as it is: for a demo, guarded by the file's mode 0600 alone."""

    @classmethod
    def create(cls) -> PlainProvider:
        """Return a provider with a new root."""
        return cls(new_key())

    @classmethod
    def open(cls, root: bytes) -> PlainProvider:
        """Return the provider of a stored root."""
        if len(root) != KEY_BYTES:
            raise KeysError("the key file's root is not 32 bytes: restore the file from its backup")
        return cls(root)

    def protection(self) -> dict[str, Any]:
        """Return that nothing but the file's mode protects the root."""
        return {"kind": "none"}

    def sealed_root(self) -> str:
        """Return the root in hex."""
        return self._root.hex()


class PassphraseProvider(_LocalRoot):
    """The root stands in the key file as a box under scrypt(passphrase)."""

    def __init__(self, root: bytes, protection: dict[str, Any], sealed: bytes) -> None:
        super().__init__(root)
        self._protection = protection
        self._sealed = sealed

    @classmethod
    def create(cls, passphrase: str, installation: str, *, cost: int = SCRYPT_COST) -> PassphraseProvider:
        """Return a provider with a new root, sealed by `passphrase`."""
        # As it is hashed: decomposed letters would count twice.
        if len(unicodedata.normalize("NFC", passphrase)) < _MIN_PASSPHRASE_CHARS:
            raise KeysError(f"the passphrase must have at least {_MIN_PASSPHRASE_CHARS} characters")
        salt, root = os.urandom(16), new_key()
        protection = {"kind": "scrypt", "n": cost, "r": _SCRYPT_BLOCK, "p": 1, "salt": salt.hex()}
        place = lp("hoso/root/1", installation)
        return cls(root, protection, seal_box(_stretch(passphrase, protection), place, place, root))

    @classmethod
    def open(cls, passphrase: str, installation: str, protection: dict[str, Any], sealed: bytes) -> PassphraseProvider:
        """Return the provider of a sealed root; `KeysError` for another passphrase."""
        place = lp("hoso/root/1", installation)
        try:
            root = open_box(_stretch(passphrase, protection), place, place, sealed)
        except EnvelopeError:
            raise KeysError("the passphrase does not open the key file") from None
        return cls(root, protection, sealed)

    def protection(self) -> dict[str, Any]:
        """Return scrypt's parameters."""
        return self._protection

    def sealed_root(self) -> str:
        """Return the sealed root in hex."""
        return self._sealed.hex()


def _stretch(passphrase: str, protection: dict[str, Any]) -> bytes:
    try:
        normal = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        raise KeysError("the passphrase is not valid UTF-8 text") from None
    try:
        salt, n, r, p = bytes.fromhex(protection["salt"]), protection["n"], protection["r"], protection["p"]
        if n * r > _MAX_SCRYPT_BLOCKS or p > _MAX_SCRYPT_PASSES:
            raise KeysError("the key file asks for more memory than a passphrase needs: restore it from its backup")
        return Scrypt(salt, KEY_BYTES, n, r, p).derive(normal)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise KeysError("the key file is damaged: restore it from its backup") from None

"""The public keys of a token issuer: fetched when needed, kept for a while, never asked for in a rush."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jws import JWSRegistry

from schemas.errors import SourceUnavailableError

# EdDSA is the name that Ed25519 had before RFC 9864; most issuers still write it.
ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "RS256")

# A key that the issuer withdrew is trusted no longer than this.
_KEYS_MAX_AGE_S = 600
# Tokens with invented key ids must not make us hammer the issuer.
_REFETCH_FLOOR_S = 30
_CURVES = (("OKP", "Ed25519"), ("EC", "P-256"))
# 2048 bits, six in a character.
_RSA_MIN_BASE64_CHARS = 342

Fetch = Callable[[], Mapping[str, Any]]


class Headed(Protocol):
    """A signature whose header can be read before it is verified."""

    def headers(self) -> dict[str, Any]:
        """Return the header."""
        ...


class SignatureRegistry(JWSRegistry):
    """The four algorithms that are accepted, and no other."""

    def __init__(self) -> None:
        super().__init__(algorithms=ALGORITHMS)

    def get_alg(self, name: str) -> Any:
        """Return the algorithm of that name.

        joserfc warns of EdDSA because it may mean Ed448 too; `IssuerKeys` admits no key of that curve.
        """
        return self.algorithms[name] if name == "EdDSA" else super().get_alg(name)


class IssuerKeys:
    """The signing keys of one issuer, by key id.

    `fetch` returns a JWK set (RFC 7517) and raises `SourceUnavailableError` if it cannot. It is asked at the first
    token, when the keys are ten minutes old, and for an unknown key id, but at most once in 30 seconds.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        """Keep `fetch`; nothing is fetched yet."""
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")

    def for_signature(self, signature: Headed) -> KeySet:
        """Return the keys among which joserfc finds that of the token's header.

        Raises:
            SourceUnavailableError: no keys are known and the issuer does not give any.
        """
        wanted = signature.headers().get("kid")
        with self._lock:
            keys = self._keys
            stale = self._clock() - self._fetched_at > _KEYS_MAX_AGE_S
            if keys is None or stale or (wanted is not None and all(key.kid != wanted for key in keys)):
                keys = self._refetched(stale=stale)
        if keys is None:
            raise SourceUnavailableError("the issuer's keys cannot be fetched, so no token can be verified")
        return keys

    def _refetched(self, *, stale: bool) -> KeySet | None:
        now = self._clock()
        if now - self._asked_at >= _REFETCH_FLOOR_S:
            self._asked_at = now
            try:
                self._keys = KeySet(list(_signing_keys(self._fetch())))
            except SourceUnavailableError:
                # Keys that are young enough go on serving while the issuer is away.
                self._keys = None if stale else self._keys
            else:
                self._fetched_at = now
        elif stale:
            self._keys = None
        return self._keys


def _signing_keys(jwks: Mapping[str, Any]) -> Iterator[Key]:
    if not isinstance(listed := jwks.get("keys"), list):
        raise SourceUnavailableError("the issuer's answer is not a JWK set")
    for data in listed:
        # What is not understood is skipped, not fatal (RFC 7517, section 5): a set may hold encryption keys too.
        with suppress(JoseError, ValueError, TypeError, LookupError, AttributeError):
            if _is_strong(data):
                yield JWKRegistry.import_key(data)


def _is_strong(data: Mapping[str, Any]) -> bool:
    if data["kty"] == "RSA":
        return len(data["n"]) >= _RSA_MIN_BASE64_CHARS
    return (data["kty"], data.get("crv")) in _CURVES

"""Access tokens: issued here for a desk or a demo, verified here whoever issued them.

Source: RFC 9068 (JWT profile of access tokens), RFC 8725 (best current practice); contract, section 3.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidKeyCurveError,
    InvalidKeyIdError,
    JoseError,
    KeyParameterError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import OKPKey

from schemas import canonical
from schemas.errors import CanonicalFormError, UnauthenticatedError, ValidationFailedError
from security.actor import TOKEN_ROLES, Actor, Role
from security.issuer_keys import ALGORITHMS, Fetch, IssuerKeys, SignatureRegistry

AUDIENCE = "hoso"
LOCAL_ISSUER = "local"

# What a token of `LocalIssuer` is good for unless told otherwise: the scopes of the role's grants in the policy file.
DEFAULT_SCOPES: Mapping[Role, frozenset[str]] = {
    "citizen": frozenset({"citizen"}),
    "portal": frozenset({"prefill"}),
    "officer": frozenset({"records.search", "records.open", "prefill"}),
    "reporter": frozenset({"stats", "export"}),
    "auditor": frozenset({"audit"}),
    "ingester": frozenset({"ingest"}),
    "operator": frozenset({"operator"}),
    "editor": frozenset(),
}

_LEEWAY_S = 30
_MAX_TOKEN_CHARS = 8192
_MAX_CACHED = 4096
# A verified token is not looked at again for this long, so a withdrawn key ends its tokens soon.
_CACHE_MAX_S = 60
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_REGISTRY = SignatureRegistry()

# These stand in logs and in the audit log: printable, no blanks, and never the number of a person.
_REFERENCE = re.compile(r"[\x21-\x7e]{1,512}")
_PERSONAL_NUMBER = re.compile(r"\d{9}|\d{12}")

_FAULTS: tuple[tuple[type[JoseError], str], ...] = (
    (BadSignatureError, "its signature does not fit the issuer's key"),
    (UnsupportedAlgorithmError, f"its algorithm is none of {', '.join(ALGORITHMS)}"),
    (InvalidKeyIdError, "the issuer publishes no key of its key id and algorithm"),
    (InvalidKeyCurveError, "its algorithm is not that of the key"),
    (KeyParameterError, "its algorithm is not that of the key"),
    (ExpiredTokenError, "it has expired"),
)


class LocalIssuer:
    """Issues tokens under a key of this installation: for a demo, a test, a single desk."""

    def __init__(self, seed: bytes, issuer: str = LOCAL_ISSUER, clock: Callable[[], float] = time.time) -> None:
        """Make the key of `seed`: 32 bytes, the installation key `TOK`."""
        self.issuer = issuer
        self._clock = clock
        self._key = OKPKey.import_key(
            Ed25519PrivateKey.from_private_bytes(seed), parameters={"use": "sig", "alg": "Ed25519"}
        )
        self._key.ensure_kid()

    def issue(
        self,
        role: str,
        *,
        agency: str | None = None,
        subject: str | None = None,
        ttl_s: int = 3600,
        client_id: str | None = None,
        actor_id: str | None = None,
        scopes: Collection[str] | None = None,
    ) -> str:
        """Return a signed access token.

        Args:
            role: a role that a token may state.
            agency: code of the actor's own agency.
            subject: opaque reference of a citizen; a citizen's number is refused.
            ttl_s: how long it is valid, seconds, from 1.
            client_id: the program that asks; None means `local-` and the role.
            actor_id: `sub`; None means the client itself.
            scopes: what it is good for; None means the default of the role.

        Raises:
            ValidationFailedError: no such role, a time to live below 1, or a token that would not verify.
        """
        if role not in TOKEN_ROLES:
            raise ValidationFailedError(f"no such role; the roles are {', '.join(sorted(TOKEN_ROLES))}")
        if ttl_s < 1:
            raise ValidationFailedError("a token must be valid for one second at least")
        now = int(self._clock())
        client = client_id or f"local-{role}"
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": actor_id or client,
            "client_id": client,
            "iat": now,
            "exp": now + ttl_s,
            "jti": uuid.uuid4().hex,
            "scope": " ".join(sorted(DEFAULT_SCOPES[cast(Role, role)] if scopes is None else scopes)),
            "hoso": {"role": role, "agency": agency, "subject": subject},
        }
        try:
            _actor(claims)
        except UnauthenticatedError as wrong:
            raise ValidationFailedError(str(wrong)) from wrong
        header = {"alg": "Ed25519", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, registry=_REGISTRY)

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JWK set (RFC 7517)."""
        return {"keys": [self._key.as_dict(private=False)]}


class TokenVerifier:
    """Turns a token into an actor, or refuses it. Safe to share between threads."""

    def __init__(self, issuer: str, audience: str, fetch: Fetch, clock: Callable[[], float] = time.time) -> None:
        """Trust tokens of `issuer` for `audience`, signed by a key of the JWK set that `fetch` returns."""
        self._clock = clock
        self._keys = IssuerKeys(fetch, clock)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            client_id={"essential": True},
            hoso={"essential": True},
        )
        self._lock = threading.Lock()
        self._verified: dict[bytes, tuple[Actor, float]] = {}

    @classmethod
    def local(cls, issuer: LocalIssuer, clock: Callable[[], float] = time.time) -> Self:
        """Return a verifier of the tokens of `issuer`."""
        return cls(issuer.issuer, AUDIENCE, issuer.jwks, clock)

    @classmethod
    def from_jwks(cls, issuer_url: str, audience: str, jwks: Fetch, clock: Callable[[], float] = time.time) -> Self:
        """Return a verifier of the tokens of an OpenID Connect issuer.

        `jwks` fetches its keys and raises `SourceUnavailableError` if it cannot.
        """
        return cls(issuer_url, audience, jwks, clock)

    def verify(self, token: str) -> Actor:
        """Return the actor that the token states.

        Raises:
            UnauthenticatedError: it is not a valid access token of this issuer for this audience. The message says
                what is wrong and repeats nothing of the token.
            SourceUnavailableError: the issuer's keys are not known and cannot be fetched.
        """
        if len(token) > _MAX_TOKEN_CHARS:
            raise UnauthenticatedError(f"the token is refused: it is longer than {_MAX_TOKEN_CHARS} characters")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None and self._clock() < known[1]:
            return known[0]
        actor, expires_at = self._verify(token)
        self._remember(digest, actor, expires_at)
        return actor

    def _verify(self, token: str) -> tuple[Actor, float]:
        try:
            opened = jwt.decode(token, self._keys.for_signature, registry=_REGISTRY)
            self._claims.validate(opened.claims)
        except JoseError as wrong:
            raise _refused(wrong) from None
        except (ValueError, TypeError, AttributeError, RecursionError):
            # joserfc lets these through for some texts that are no JWT at all.
            raise _unsigned() from None
        if str(opened.header.get("typ")).lower() not in _TYPES:
            raise UnauthenticatedError("the token is refused: its typ is not at+jwt; is it an ID token?")
        return _actor(opened.claims), float(opened.claims["exp"])

    def _remember(self, digest: bytes, actor: Actor, expires_at: float) -> None:
        until = min(expires_at, self._clock() + _CACHE_MAX_S)
        with self._lock:
            self._verified.pop(digest, None)
            while len(self._verified) >= _MAX_CACHED:
                del self._verified[next(iter(self._verified))]
            self._verified[digest] = (actor, until)


def _unsigned() -> UnauthenticatedError:
    return UnauthenticatedError("the token is refused: it is not a signed JWT of three parts")


def _refused(wrong: JoseError) -> UnauthenticatedError:
    # Messages of joserfc repeat parts of the token, so they are not passed on; names of claims are ours.
    for kind, fault in _FAULTS:
        if isinstance(wrong, kind):
            return UnauthenticatedError(f"the token is refused: {fault}")
    if isinstance(wrong, MissingClaimError):
        return UnauthenticatedError(f"the token is refused: it lacks {wrong.claim}")
    if isinstance(wrong, ClaimError):
        return UnauthenticatedError(f"the token is refused: its {wrong.claim} is not what is expected here")
    return _unsigned()


def _actor(claims: Mapping[str, Any]) -> Actor:
    ours = claims["hoso"]
    if not isinstance(ours, dict) or not isinstance(ours.get("role"), str):
        raise UnauthenticatedError("the token is refused: its hoso claim states no role")
    if ours["role"] not in TOKEN_ROLES:
        raise UnauthenticatedError("the token is refused: its hoso.role is not known here")
    return Actor(
        id=_reference(claims["sub"], "sub"),
        client_id=_reference(claims["client_id"], "client_id"),
        role=cast(Role, ours["role"]),
        agency=_agency(ours.get("agency")),
        subject=None if ours.get("subject") is None else _reference(ours["subject"], "hoso.subject"),
        scopes=_scopes(claims.get("scope", "")),
    )


def _reference(value: object, claim: str) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise UnauthenticatedError(f"the token is refused: its {claim} is not an opaque reference")
    if _PERSONAL_NUMBER.fullmatch(value):
        raise UnauthenticatedError(f"the token is refused: its {claim} looks like the number of a person")
    return value


def _agency(value: object) -> str | None:
    if value is None:
        return None
    try:
        return canonical.agency_code(value if isinstance(value, str) else "")
    except CanonicalFormError:
        raise UnauthenticatedError("the token is refused: its hoso.agency is not an agency code") from None


def _scopes(value: object) -> frozenset[str]:
    if not isinstance(value, str):
        raise UnauthenticatedError("the token is refused: its scope is not text with blanks between")
    return frozenset(value.split(" ")) - {""}

"""Access tokens: vectors of an independent program, the local issuer, the caches. All people are invented."""

import hashlib
import json
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import SourceUnavailableError, UnauthenticatedError, ValidationFailedError
from security.access_tokens import DEFAULT_SCOPES, LocalIssuer, TokenVerifier
from security.actor import ANONYMOUS, ROLES, TOKEN_ROLES, Actor
from security.policy_file import load_policy_file

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "access_tokens.json").read_text(encoding="utf-8"))
VECTORS = {vector["id"]: vector for vector in FILE["vectors"]}
ACCEPTED = [vector for vector in FILE["vectors"] if vector["expect"] == "accept"]
REJECTED = [vector for vector in FILE["vectors"] if vector["expect"] == "reject"]
NOW = FILE["now"]
SEED = bytes.fromhex(FILE["local"]["seed"])


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now=float(NOW)):
        self.now = now

    def __call__(self):
        return self.now


class Keys:
    """An issuer's keys, counting how often they are fetched."""

    def __init__(self, jwks=FILE["jwks"]):
        self.jwks = jwks
        self.fetched = 0

    def __call__(self):
        self.fetched += 1
        if self.jwks is None:
            raise SourceUnavailableError("away")
        return self.jwks


def _verifier(clock=None, keys=None):
    return TokenVerifier.from_jwks(FILE["issuer"], FILE["audience"], keys or Keys(), clock or Clock())


def _named(vector):
    return vector["id"]


def _only(*kids):
    return {"keys": [key for key in FILE["jwks"]["keys"] if key["kid"] in kids]}


# ---------------------------------------------------------------- vectors


@pytest.mark.parametrize("vector", ACCEPTED, ids=_named)
def test_a_good_token_gives_the_actor_it_states(vector):
    stated = vector["actor"]
    expected = Actor(**{**stated, "scopes": frozenset(stated["scopes"])})
    assert _verifier().verify(vector["token"]) == expected


@pytest.mark.parametrize("vector", REJECTED, ids=_named)
def test_a_wrong_token_is_refused_for_its_fault(vector):
    with pytest.raises(UnauthenticatedError) as refused:
        _verifier().verify(vector["token"])
    assert vector["says"] in str(refused.value)


def test_every_vector_ran():
    assert (len(ACCEPTED), len(REJECTED)) == (12, 65)
    assert len(VECTORS) == len(FILE["vectors"])


def test_no_message_repeats_a_part_of_the_token():
    for vector in REJECTED:
        with pytest.raises(UnauthenticatedError) as refused:
            _verifier().verify(vector["token"])
        pieces = [part[:12] for part in vector["token"].split(".") if part]
        pieces += ["u-7f3a", "portal-1", "administrator", "nobody", "001099000001", "another-service"]
        assert not [piece for piece in pieces if piece in str(refused.value)]
        assert refused.value.__cause__ is None


@given(st.text(max_size=200))
def test_no_text_that_was_not_signed_gives_an_actor(text):
    with pytest.raises(UnauthenticatedError):
        _verifier().verify(text)


@given(st.sampled_from(ACCEPTED), st.integers(min_value=0), st.sampled_from("ABab01_-.="))
def test_a_token_with_one_character_changed_gives_no_other_actor(vector, place, character):
    token = vector["token"]
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    verifier = _verifier()
    original = verifier.verify(token)
    try:
        # The last character of a part may hold bits that base64 does not use.
        outcome = verifier.verify(changed)
    except UnauthenticatedError:
        outcome = original
    assert outcome == original


def test_nothing_warns_although_eddsa_is_an_old_name():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _verifier().verify(VECTORS["ed25519-by-its-old-name"]["token"]).role == "officer"


# ---------------------------------------------------------------- the local issuer


def test_the_local_key_is_the_one_that_an_independent_program_derives():
    (key,) = LocalIssuer(SEED).jwks()["keys"]
    assert (key["x"], key["kid"], key["crv"], key["alg"]) == (
        FILE["local"]["x"],
        FILE["local"]["kid"],
        "Ed25519",
        "Ed25519",
    )
    assert "d" not in key


@pytest.mark.parametrize("role", sorted(TOKEN_ROLES))
def test_a_local_token_carries_the_scopes_of_its_role(role):
    issuer = LocalIssuer(SEED, clock=Clock())
    actor = TokenVerifier.local(issuer, Clock()).verify(issuer.issue(role, agency="H41.14", subject="s-1"))
    assert actor == Actor(f"local-{role}", f"local-{role}", role, "H41.14", "s-1", DEFAULT_SCOPES[role])


def test_the_default_scopes_are_those_that_the_policy_grants_ask_for():
    asked = {role: set() for role in TOKEN_ROLES}
    for rule in load_policy_file(None).grant:
        asked[rule.role].add(rule.scope)
    assert asked == DEFAULT_SCOPES


def test_what_is_said_of_a_local_token_stands_in_it():
    issuer = LocalIssuer(SEED, clock=Clock())
    token = issuer.issue("officer", client_id="desk-3", actor_id="u-9", scopes=["records.search"], ttl_s=10)
    assert TokenVerifier.local(issuer, Clock()).verify(token) == Actor(
        "u-9", "desk-3", "officer", scopes=frozenset({"records.search"})
    )


def test_a_local_token_of_another_installation_is_refused():
    token = LocalIssuer(SEED, clock=Clock()).issue("officer")
    with pytest.raises(UnauthenticatedError, match="no key"):
        TokenVerifier.local(LocalIssuer(bytes(32)), Clock()).verify(token)


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        ("administrator", {}),
        ("anonymous", {}),
        ("officer", {"ttl_s": 0}),
        ("citizen", {"subject": "001099000001"}),
        ("officer", {"actor_id": "001099000001"}),
        ("officer", {"agency": "not an agency"}),
    ],
)
def test_the_local_issuer_signs_nothing_that_would_not_verify(role, asked):
    with pytest.raises(ValidationFailedError):
        LocalIssuer(SEED).issue(role, **asked)


def test_who_brings_no_token_is_nobody():
    assert ANONYMOUS.role == "anonymous"
    assert ANONYMOUS.scopes == frozenset()
    assert set(ROLES) - TOKEN_ROLES == {"anonymous"}


# ---------------------------------------------------------------- time and the cache of verified tokens


def test_a_verified_token_ends_when_it_expires_cached_or_not():
    clock = Clock()
    verifier = _verifier(clock)
    token = VECTORS["ed25519"]["token"]
    assert verifier.verify(token).role == "officer"
    clock.now = NOW + 629.0
    assert verifier.verify(token).role == "officer"
    clock.now = NOW + 630.0
    with pytest.raises(UnauthenticatedError, match="expired"):
        verifier.verify(token)


def test_a_token_is_verified_once_and_then_known_for_a_while():
    clock = Clock()
    issuer = LocalIssuer(SEED, clock=clock)
    keys = Keys(issuer.jwks())
    verifier = TokenVerifier.from_jwks("local", "hoso", keys, clock)
    token = issuer.issue("auditor")
    assert verifier.verify(token) is verifier.verify(token)
    keys.jwks = {"keys": []}
    clock.now += 61
    assert verifier.verify(token).role == "auditor"
    # The withdrawn key ends its tokens at the latest when the keys are fetched anew.
    clock.now += 600
    with pytest.raises(UnauthenticatedError, match="no key"):
        verifier.verify(token)


def test_a_cached_token_does_not_outlive_its_expiry_into_the_leeway():
    clock = Clock()
    issuer = LocalIssuer(SEED, clock=clock)
    keys = Keys(issuer.jwks())
    verifier = TokenVerifier.from_jwks("local", "hoso", keys, clock)
    token = issuer.issue("auditor", ttl_s=5)
    first = verifier.verify(token)
    clock.now += 5
    again = verifier.verify(token)
    assert again == first
    assert again is not first


def test_the_cache_of_verified_tokens_is_bounded(monkeypatch):
    monkeypatch.setattr("security.access_tokens._MAX_CACHED", 2)
    issuer = LocalIssuer(SEED, clock=Clock())
    verifier = TokenVerifier.local(issuer, Clock())
    tokens = [issuer.issue("auditor") for _ in range(3)]
    first = verifier.verify(tokens[0])
    second = verifier.verify(tokens[1])
    verifier.verify(tokens[2])
    assert verifier.verify(tokens[1]) is second
    assert verifier.verify(tokens[0]) is not first


def test_the_cache_holds_digests_and_no_token():
    verifier = _verifier()
    token = VECTORS["es256"]["token"]
    verifier.verify(token)
    assert list(verifier._verified) == [hashlib.sha256(token.encode()).digest()]


# ---------------------------------------------------------------- the issuer's keys


def test_the_keys_are_fetched_once_for_many_tokens():
    keys = Keys()
    verifier = _verifier(keys=keys)
    for name in ("ed25519", "es256", "rs256"):
        verifier.verify(VECTORS[name]["token"])
    assert keys.fetched == 1


def test_a_new_key_is_fetched_but_not_in_a_rush():
    clock = Clock()
    keys = Keys(_only("ed"))
    verifier = _verifier(clock, keys)
    verifier.verify(VECTORS["ed25519"]["token"])
    keys.jwks = FILE["jwks"]
    clock.now += 29
    with pytest.raises(UnauthenticatedError, match="no key"):
        verifier.verify(VECTORS["es256"]["token"])
    assert keys.fetched == 1
    clock.now += 1
    assert verifier.verify(VECTORS["es256"]["token"]).role == "officer"
    assert keys.fetched == 2


def test_keys_that_are_young_enough_serve_while_the_issuer_is_away():
    clock = Clock()
    keys = Keys(_only("ed"))
    verifier = _verifier(clock, keys)
    verifier.verify(VECTORS["ed25519"]["token"])
    keys.jwks = None
    clock.now += 61
    with pytest.raises(UnauthenticatedError, match="no key"):
        verifier.verify(VECTORS["es256"]["token"])
    assert verifier.verify(VECTORS["ed25519"]["token"]).role == "officer"
    clock.now += 540
    with pytest.raises(SourceUnavailableError):
        verifier.verify(VECTORS["ed25519"]["token"])
    with pytest.raises(SourceUnavailableError):
        verifier.verify(VECTORS["ed25519"]["token"])
    assert keys.fetched == 3


def test_an_issuer_that_answers_no_key_set_is_a_source_that_is_not_available():
    with pytest.raises(SourceUnavailableError):
        _verifier(keys=Keys({"error": "moved"})).verify(VECTORS["ed25519"]["token"])


@pytest.mark.parametrize(
    "damaged", [None, 7, {}, {"kty": ["EC"]}, {"kty": "RSA", "n": 1}, {"kty": "EC", "crv": "P-256"}]
)
def test_a_key_that_cannot_be_read_does_not_spoil_the_others(damaged):
    keys = Keys({"keys": [damaged, *FILE["jwks"]["keys"]]})
    assert _verifier(keys=keys).verify(VECTORS["ed25519"]["token"]).role == "officer"

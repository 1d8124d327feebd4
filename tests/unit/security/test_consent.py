"""Consents: every way in which one does not cover what is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import ConsentRequiredError
from security.consent import ConsentChecker
from security.vault.rows import Consent

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GIVEN = Consent(
    id="c-1",
    subject="ab" * 16,
    domain="H41",
    client="portal-1",
    purpose="prefill",
    given_at=AT - timedelta(days=1),
    expires_at=AT + timedelta(days=1),
)
ASKED = {"subject": "ab" * 16, "domain": "H41", "client": "portal-1", "purpose": "prefill", "at": AT}


class Consents:
    """A store of one consent."""

    def __init__(self, consent):
        self.consent = consent

    def find(self, consent_id):
        return self.consent if consent_id == self.consent.id else None


def _require(consent=GIVEN, consent_id="c-1", **asked):
    return ConsentChecker(Consents(consent)).require(consent_id, **{**ASKED, **asked})


def test_a_consent_that_covers_the_use_is_returned():
    assert _require() == GIVEN


@pytest.mark.parametrize("consent_id", [None, "", "c-2"])
def test_a_consent_that_is_missing_is_required(consent_id):
    with pytest.raises(ConsentRequiredError, match="no such consent"):
        _require(consent_id=consent_id)


@pytest.mark.parametrize(
    "asked",
    [{"subject": "cd" * 16}, {"domain": "H56"}, {"client": "portal-2"}, {"purpose": "statistics"}],
    ids=lambda asked: next(iter(asked)),
)
def test_a_consent_of_another_looks_like_one_that_is_missing(asked):
    with pytest.raises(ConsentRequiredError, match="no such consent"):
        _require(**asked)


@pytest.mark.parametrize("at", [GIVEN.given_at, GIVEN.expires_at - timedelta(microseconds=1)])
def test_a_consent_holds_from_the_moment_it_is_given_until_it_expires(at):
    assert _require(at=at) == GIVEN


@pytest.mark.parametrize("at", [GIVEN.given_at - timedelta(microseconds=1), GIVEN.expires_at])
def test_a_consent_does_not_hold_before_it_is_given_nor_once_it_has_expired(at):
    with pytest.raises(ConsentRequiredError, match="does not hold"):
        _require(at=at)


@pytest.mark.parametrize("withdrawn_at", [AT - timedelta(hours=1), AT, AT + timedelta(hours=1)])
def test_a_withdrawn_consent_is_refused_whenever_it_was_withdrawn(withdrawn_at):
    with pytest.raises(ConsentRequiredError, match="withdrawn"):
        _require(replace(GIVEN, withdrawn_at=withdrawn_at))


def test_the_refusal_names_no_one():
    with pytest.raises(ConsentRequiredError) as refused:
        _require(subject="cd" * 16)
    assert "cd" * 16 not in str(refused.value)
    assert GIVEN.subject not in str(refused.value)

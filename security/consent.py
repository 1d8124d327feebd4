"""Consents: whether a client may use a person's data because that person agreed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from schemas.errors import ConsentRequiredError
from security.vault.rows import Consent


class ConsentReader(Protocol):
    """The part of the vault's consents that a check needs."""

    def find(self, consent_id: str) -> Consent | None:
        """Return the consent, valid or not."""
        ...


class ConsentChecker:
    """Looks consents up and refuses those that do not cover what is asked."""

    def __init__(self, store: ConsentReader) -> None:
        """Keep where consents are found."""
        self._store = store

    def require(
        self, consent_id: str | None, *, subject: str, domain: str, client: str, purpose: str, at: datetime
    ) -> Consent:
        """Return the consent that covers this use.

        Args:
            consent_id: as the request states it; None if it states none.
            subject: reference of the person whose data is asked for, hex.
            domain: key domain that the reference belongs to.
            client: the client that asks.
            purpose: what it asks for.
            at: now, with a time zone.

        Raises:
            ConsentRequiredError: there is none, it is another person's, client's or purpose's, it does not hold yet
                or no longer, or it was withdrawn. Whose it is instead is not said.
        """
        consent = self._store.find(consent_id) if consent_id else None
        covered = (subject, domain, client, purpose)
        if consent is None or covered != (consent.subject, consent.domain, consent.client, consent.purpose):
            # One message for all of these, so that nobody learns which consents exist.
            raise ConsentRequiredError("there is no such consent of this person for this client and purpose")
        if consent.withdrawn_at is not None:
            raise ConsentRequiredError("the consent was withdrawn")
        if not consent.given_at <= at < consent.expires_at:
            raise ConsentRequiredError("the consent does not hold at this time")
        return consent

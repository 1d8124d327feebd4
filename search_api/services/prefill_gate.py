"""Before and around a prefill: whether the client may ask, on which legal basis, for whom; and what is written down."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from functools import partial

from indexer.agency_registry import AgencyRegistry
from schemas.errors import ConsentRequiredError, NotPermittedError, UnauthenticatedError
from schemas.prefill import PersonAsked, PrefillAnswer, PrefillRequest
from search_api.services.audit_trail import AuditTrail, Request
from search_api.services.prefill.answers import Trace
from search_api.services.prefill.service import Audit, Prefill
from security.access_tokens import TokenVerifier
from security.citizen_subject import CitizenSubjects
from security.consent import ConsentChecker
from security.keys import KeyLease, KeyRing
from security.policy import Grant, Policy
from security.references import references


class PrefillGate:
    """`POST /v1/prefill` and `GET /v1/prefill/{id}`."""

    def __init__(
        self,
        policy: Policy,
        keys: KeyRing,
        agencies: AgencyRegistry,
        prefill: Prefill,
        consents: ConsentChecker,
        verifier: TokenVerifier,
        subjects: CitizenSubjects,
        audit: AuditTrail,
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._agencies = agencies
        self._prefill = prefill
        self._consents = consents
        self._verifier = verifier
        self._subjects = subjects
        self._audit = audit

    async def prefill(self, wanted: PrefillRequest, request: Request) -> PrefillAnswer:
        """Return the prefilled dossier.

        Raises:
            NotPermittedError: the role has no grant, or the citizen's token is another person's.
            PurposeNotRegisteredError: the client is not registered for this purpose, procedure or legal basis.
            ConsentRequiredError: the basis is consent, and there is none that is valid.
            ProcedureNotFoundError, ValidationFailedError, FieldNotAllowedError: as `Prefill.prefill`.
        """
        grant = self._policy.decide(
            request.actor,
            "prefill",
            wanted.purpose,
            legal_basis=wanted.legal_basis,
            procedure=wanted.procedure,
            agencies=self._agencies.tree,
        )
        lease = self._keys.lease(grant.domains)
        self._check_presence(wanted)
        if wanted.legal_basis == "consent":
            for person in wanted.people().values():
                self._check_consent(person, wanted.consent_id, lease, request)
        return await self._prefill.prefill(
            wanted, grant, lease, client=_reader(request), audit=self._audit_of(request, grant)
        )

    async def stored(self, prefill_id: str, purpose: str, request: Request) -> PrefillAnswer:
        """Return an answer of this client again.

        Raises:
            NotPermittedError, PurposeNotRegisteredError: the actor has no grant for this purpose.
            RecordNotFoundError: none of this id, expired, or another client's.
        """
        decide = partial(self._policy.decide, request.actor, "prefill.get", purpose, agencies=self._agencies.tree)
        if request.actor.role != "portal":
            decide()

        async def audit(trace: Trace) -> str:
            # A portal is registered for procedures and bases, and which these are only the answer knows.
            grant = decide(legal_basis=trace.legal_basis, procedure=trace.procedure)
            return await self._audit_of(request, grant)(trace)

        return await self._prefill.stored(prefill_id, client=_reader(request), audit=audit)

    def _check_presence(self, wanted: PrefillRequest) -> None:
        """Check the token of the citizen who is said to be present, if one was brought."""
        if wanted.subject_token is None:
            return
        try:
            citizen = self._verifier.verify(wanted.subject_token)
        except UnauthenticatedError as wrong:
            # The client itself has signed in: 401 would tell it otherwise.
            raise NotPermittedError(f"subject_token: {wrong}", pointer="/subject_token") from None
        if citizen.role != "citizen" or wanted.subject.kind != "citizen_id":
            raise NotPermittedError("subject_token is no token of a citizen", pointer="/subject_token")
        present = self._subjects.citizen_id(citizen.subject)
        if not hmac.compare_digest(present, wanted.subject.id):
            raise NotPermittedError(
                "subject_token belongs to another person than the subject", pointer="/subject_token"
            )

    def _check_consent(self, person: PersonAsked, consent_id: str | None, lease: KeyLease, request: Request) -> None:
        # A consent names the person by the reference of one domain; whichever it is, it must be this person's.
        for keys in lease:
            try:
                self._consents.require(
                    consent_id,
                    subject=references(keys).subject(person.kind, person.id).hex(),
                    domain=keys.domain,
                    client=request.actor.client_id,
                    purpose="prefill",
                    at=datetime.now(UTC),
                )
            except ConsentRequiredError as refused:
                last = refused
            else:
                return
        raise last if lease.names else ConsentRequiredError("there is no consent of this person")

    def _audit_of(self, request: Request, grant: Grant) -> Audit:
        async def audit(trace: Trace) -> str:
            return await self._audit.traced(
                request,
                grant,
                trace.outcome,
                records=trace.records,
                opened=trace.opened,
                subjects=trace.subjects,
                fields=trace.fields,
            )

        return audit


def _reader(request: Request) -> str:
    """Return who may read an answer again: a portal's client, but of officers, who share one, the officer alone."""
    actor = request.actor
    return actor.client_id if actor.role == "portal" else f"{actor.client_id}/{actor.id}"

"""The parts of an installation, opened once: what `create_app` and every command are made of."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from indexer.agency_registry import AgencyRegistry
from indexer.analysis.synonyms import load_synonyms
from indexer.analysis.terms import ANALYSIS_VERSION
from indexer.engines.embedded.procedures import EmbeddedProcedures
from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.procedure_terms import FIELDS
from indexer.quarantine import SealedQuarantine
from schemas.errors import SettingsError
from schemas.procedure import VISIBILITIES
from schemas.settings import Settings
from search_api.services.audit_trail import AuditTrail
from search_api.services.ingest import Ingest
from search_api.services.prefill.answers import StoredAnswers
from search_api.services.prefill.service import Prefill
from search_api.services.prefill_gate import PrefillGate
from search_api.services.procedure_search import ProcedureSearch
from search_api.services.record_access import RecordAccess
from search_api.services.record_opening import RecordOpening
from search_api.services.record_search import RecordSearch
from search_api.services.record_view import RecordViews
from security.access_tokens import LOCAL_ISSUER, LocalIssuer, TokenVerifier
from security.audit.log import AuditLog
from security.catalogue import CatalogueCipher
from security.citizen_subject import CitizenSubjects
from security.consent import ConsentChecker
from security.cursors import Cursors
from security.keys import KeyRing
from security.policy import Policy
from security.subject_keys import check_domains
from security.transient import TransientSealer
from security.vault.sqlite import SqliteVault

AUDIENCE = "hoso"
Passphrase = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """An open installation. Close it when done."""

    settings: Settings
    keys: KeyRing
    vault: SqliteVault
    open_vault: Callable[[], SqliteVault]
    audit_log: AuditLog
    policy: Policy
    agencies: AgencyRegistry
    records: EmbeddedRecords
    procedures: EmbeddedProcedures
    catalogue: CatalogueCipher
    quarantine: SealedQuarantine
    subjects: CitizenSubjects

    def close(self) -> None:
        """Close the log and the vault."""
        self.audit_log.close()
        self.vault.close()

    def local_issuer(self) -> LocalIssuer:
        """Return the issuer of this installation; `SettingsError` where another one is set."""
        if self.settings.issuer != LOCAL_ISSUER:
            raise SettingsError("HOSO_ISSUER names another issuer: ask it for tokens")
        return LocalIssuer(self.keys.installation_key("TOK"))

    def procedure_search(self) -> ProcedureSearch:
        """Return the service of the public search."""
        return ProcedureSearch(
            self.procedures.searcher(), self.catalogue, Cursors(self.keys.installation_key("TMP")), load_synonyms()
        )


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes call."""

    verifier: TokenVerifier
    procedures: ProcedureSearch
    record_search: RecordSearch
    record_opening: RecordOpening
    prefill: PrefillGate
    ingest: Ingest


def open_parts(settings: Settings, passphrase: Passphrase = lambda: None) -> Parts:
    """Open an installation whose keys exist; vault and indexes are made where they are not there yet.

    Raises:
        KeysError: no key file, or one that does not open. Without keys nothing starts.
        StorageError: the vault belongs to another installation, or a disk refuses.
        SettingsError: a setting or the policy file is wrong.
    """
    keys = KeyRing.open(settings.key_file, passphrase)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    open_vault = functools.partial(SqliteVault, settings.vault_file, keys.installation)
    vault = open_vault()
    check_domains(keys, vault.keys)
    transient = TransientSealer(keys.installation_key("TMP"))
    return Parts(
        settings=settings,
        keys=keys,
        vault=vault,
        open_vault=open_vault,
        audit_log=AuditLog(vault.audit, keys.installation_key("LOG"), keys.installation),
        policy=Policy.load(settings.policy),
        agencies=AgencyRegistry(vault.agencies),
        records=EmbeddedRecords(settings.home / "records"),
        procedures=EmbeddedProcedures(settings.home / "procedures", tuple(FIELDS)),
        catalogue=CatalogueCipher(keys.installation_key("CAT"), ANALYSIS_VERSION),
        quarantine=SealedQuarantine(vault.quarantine, transient),
        subjects=CitizenSubjects(transient),
    )


def make_services(parts: Parts) -> Services:
    """Join the parts to services."""
    keys, agencies, policy = parts.keys, parts.agencies, parts.policy
    transient = TransientSealer(keys.installation_key("TMP"))
    trail = AuditTrail(parts.audit_log, keys.installation_key("AUD"))
    access = RecordAccess(parts.records, parts.vault.keys, parts.vault.links, agencies)
    procedures = parts.procedure_search()
    name_of = _names_of(procedures)
    views = RecordViews(agencies, name_of)
    verifier = _verifier(parts)
    prefill = Prefill(access, agencies, StoredAnswers(parts.vault.prefills, transient), lambda: datetime.now(UTC))
    return Services(
        verifier=verifier,
        procedures=procedures,
        record_search=RecordSearch(policy, keys, agencies, access, views, trail, Cursors(keys.installation_key("TMP"))),
        record_opening=RecordOpening(policy, keys, agencies, access, views, trail),
        prefill=PrefillGate(
            policy, keys, agencies, prefill, ConsentChecker(parts.vault.consents), verifier, parts.subjects, trail
        ),
        ingest=Ingest(
            policy,
            keys,
            parts.vault,
            agencies,
            parts.records,
            parts.procedures,
            parts.catalogue,
            parts.quarantine,
            parts.audit_log,
            lambda code: name_of(code) is not None,
            procedures.reload,
        ),
    )


def _names_of(procedures: ProcedureSearch) -> Callable[[str], str | None]:
    """Return the look-up of official names; officers see those of internal procedures too."""

    def name_of(code: str) -> str | None:
        card = procedures.find_card(code, VISIBILITIES)
        return card.name if card else None

    return name_of


def _verifier(parts: Parts) -> TokenVerifier:
    settings = parts.settings
    if settings.issuer == LOCAL_ISSUER:
        return TokenVerifier.local(parts.local_issuer())
    if settings.jwks_file is None:
        raise SettingsError("HOSO_ISSUER names an issuer: set HOSO_JWKS_FILE to a file with its public keys")
    file = settings.jwks_file

    def read() -> Mapping[str, Any]:
        keys: Mapping[str, Any] = json.loads(file.read_bytes())
        return keys

    return TokenVerifier.from_jwks(settings.issuer, AUDIENCE, read)

"""One of the two services that are compared: `python -m tests.benchmarks.serving HOME encrypted|plain PORT`."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from schemas.settings import load_settings
from search_api.app import create_app
from search_api.parts import Parts, Services
from search_api.services.audit_trail import AuditTrail
from search_api.services.prefill.answers import StoredAnswers
from search_api.services.prefill.service import Prefill
from search_api.services.prefill_gate import PrefillGate
from search_api.services.record_search import RecordSearch
from search_api.services.record_view import RecordViews
from security.consent import ConsentChecker
from security.cursors import Cursors
from security.transient import TransientSealer
from tests.benchmarks.plain_twin import PlainAccess, PlainIndex


def make_app(home: Path, kind: str) -> FastAPI:
    """Return the application of `home`, on the encrypted index or on its twin."""
    # A line a request costs the same on both sides; it is left out of the measurement.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    app = create_app(load_settings(home=home))
    if kind == "plain":
        app.state.services = twin_services(app.state.parts, app.state.services, PlainIndex(home / "twin.db"))
    return app


def twin_services(parts: Parts, services: Services, index: PlainIndex) -> Services:
    """Return the same services over the twin's index."""
    access = PlainAccess(index)
    key = parts.keys.installation_key("TMP")
    trail = AuditTrail(parts.audit_log, parts.keys.installation_key("AUD"))
    views = RecordViews(parts.agencies, lambda _: None)
    prefill = Prefill(
        access, parts.agencies, StoredAnswers(parts.vault.prefills, TransientSealer(key)), lambda: datetime.now(UTC)
    )
    return replace(
        services,
        record_search=RecordSearch(parts.policy, parts.keys, parts.agencies, access, views, trail, Cursors(key)),
        prefill=PrefillGate(
            parts.policy,
            parts.keys,
            parts.agencies,
            prefill,
            ConsentChecker(parts.vault.consents),
            services.verifier,
            parts.subjects,
            trail,
        ),
    )


if __name__ == "__main__":
    home, kind, port = sys.argv[1:]
    uvicorn.run(make_app(Path(home), kind), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)

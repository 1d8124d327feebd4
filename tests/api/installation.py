"""A whole installation in a folder, asked over HTTP as clients ask it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from schemas.settings import load_settings
from search_api.app import create_app
from search_api.parts import Parts
from security.audit.entry import LoggedEntry
from security.keys import KeyRing
from security.references import references
from security.vault.rows import Consent

CATALOGUE = Path("indexer/data/catalogue.ndjson")
Headers = dict[str, str]


def to_ndjson(rows: Iterable[Any]) -> bytes:
    """Return rows as lines; bytes among them stand for themselves."""
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()) + b"\n" for row in rows
    )


@dataclass
class Installation:
    """The application of one home folder, with a client. Close it when done."""

    app: FastAPI
    client: httpx.AsyncClient
    runner: asyncio.Runner

    @classmethod
    def at(cls, folder: Path, **settings: Any) -> Installation:
        """Make keys in `folder` and open the application on it."""
        folder.mkdir(parents=True, exist_ok=True)
        KeyRing.create(folder / "keys.json", None)
        return cls.over(create_app(load_settings(home=folder, **settings)))

    @classmethod
    def over(cls, app: FastAPI) -> Installation:
        """Return a client of an application."""
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        return cls(app, httpx.AsyncClient(transport=transport, base_url="http://hoso.test"), asyncio.Runner())

    @property
    def parts(self) -> Parts:
        """The parts of the application."""
        parts: Parts = self.app.state.parts
        return parts

    def close(self) -> None:
        """Close client and installation."""
        self.runner.run(self.client.aclose())
        self.runner.close()
        self.parts.close()

    # ---------------------------------------------------------------- asking

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send one request; `how` as httpx takes it."""
        return self.runner.run(self.client.request(method, path, **how))

    def get(self, path: str, **how: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, **how)

    def token(self, role: str, **claims: Any) -> str:
        """Return an access token, as `LocalIssuer.issue` takes its claims."""
        return self.parts.local_issuer().issue(role, **claims)

    def as_(self, role: str, **claims: Any) -> Headers:
        """Return the headers of somebody signed in."""
        return {"Authorization": f"Bearer {self.token(role, **claims)}"}

    def officer(self, agency: str, **claims: Any) -> Headers:
        """Return the headers of an officer of an agency."""
        return self.as_("officer", agency=agency, **claims)

    def looking(self, agency: str, case: str | None = None) -> Headers:
        """Return the headers of an officer who looks at a record."""
        stated = {"Hoso-Purpose": "dossier_processing"} | ({"Hoso-Case": case} if case else {})
        return self.officer(agency) | stated

    # ---------------------------------------------------------------- records in, records found

    def ingest(self, kind: str, *rows: Any) -> list[dict[str, Any]]:
        """Send lines and return what became of each."""
        answer = self.post(f"/v1/ingest/{kind}", content=to_ndjson(rows), headers=self.as_("ingester"))
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def put(self, *dossiers: Any) -> list[str]:
        """Send dossiers that must go in and return their record ids."""
        results = self.ingest("dossiers", *dossiers)
        assert [one["status"] for one in results] == ["indexed"] * len(dossiers), results
        return [one["id"] for one in results]

    def put_papers(self, *papers: Any) -> list[str]:
        """Send papers that must go in and return their record ids."""
        results = self.ingest("papers", *papers)
        assert [one["status"] for one in results] == ["indexed"] * len(papers), results
        return [one["id"] for one in results]

    def search(self, agency: str, query: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Search records as an officer of `agency` and return the page."""
        answer = self.search_answer(agency, query, **body)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    def search_answer(self, agency: str, query: dict[str, Any], **body: Any) -> httpx.Response:
        """Search records as an officer of `agency` and return the answer, whatever it is."""
        wanted = {"purpose": "dossier_processing", "query": query, **body}
        return self.post("/v1/records/search", json=wanted, headers=self.officer(agency))

    def codes(self, agency: str, query: dict[str, Any], **body: Any) -> list[str]:
        """Return the codes of the dossiers that a search finds, in order."""
        return [item["dossier_code"] for item in self.search(agency, query, **body)["items"]]

    # ---------------------------------------------------------------- behind the scenes

    def entries(self) -> list[LoggedEntry]:
        """Return the whole audit log."""
        return self.parts.audit_log.entries(-1, 1_000_000)

    def last_entry(self) -> LoggedEntry:
        """Return the entry written last."""
        return self.entries()[-1]

    def reference(self, citizen_id: str, domain: str = "H41") -> bytes:
        """Return the reference of a person in a domain."""
        return references(self.parts.keys.lease([domain]).domain(domain)).subject("citizen_id", citizen_id)

    def consent(self, consent_id: str, citizen_id: str, *, domain: str = "H41", **changes: Any) -> str:
        """Give a consent for the local portal that holds for an hour, unless `changes` say otherwise."""
        now = datetime.now(UTC)
        stated: dict[str, Any] = {
            "id": consent_id,
            "subject": self.reference(citizen_id, domain).hex(),
            "domain": domain,
            "client": "local-portal",
            "purpose": "prefill",
            "given_at": now - timedelta(minutes=1),
            "expires_at": now + timedelta(hours=1),
        }
        self.parts.vault.consents.give(Consent(**{**stated, **changes}))
        return consent_id

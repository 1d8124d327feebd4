"""What the demo prints: the address, the roles, and one command for each that works as it stands."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.synthetic import Block, iter_blocks
from indexer.synthetic.people import Person
from search_api.cli.console import print_table
from search_api.parts import Parts
from security.access_tokens import LocalIssuer
from security.references import references

# The world of the demo.
SEED = 1
_TTL_S = 12 * 3600
_OPEN_STATUSES = frozenset({1, 2, 4, 5, 6})
_MARITAL_STATUS = "1.004873"


@dataclass(frozen=True, slots=True)
class Trial:
    """One command to try: who runs it and what it shows."""

    role: str
    shows: str
    command: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who appears: a synthetic applicant with a case at one agency, and a citizen with many papers."""

    applicant: dict[str, Any]
    case: dict[str, Any]
    holder: Person
    dossier: dict[str, Any]

    @property
    def agency(self) -> str:
        """The agency of the case."""
        return str(self.case["agency"])


def print_guide(parts: Parts, address: str, citizens: int, *, kept: bool) -> None:
    """Print what can be tried at `address`."""
    trials = list(iter_trials(parts, address, cast_of(citizens)))
    print(f"\nHoso serves on {address}   pages: {address}/docs   {citizens:,} synthetic citizens\n")
    print_table(("role", "shows"), [[trial.role, trial.shows] for trial in trials])
    for trial in trials:
        # Plain lines, however long: what is copied must run.
        print(f"\n# {trial.role}: {trial.shows}\n{trial.command}")
    stays = f"The data stays in {parts.settings.home}." if kept else "The data goes with it."
    print(f"\nCtrl-C ends the demo. {stays}", flush=True)


def iter_trials(parts: Parts, address: str, cast: Cast) -> Iterator[Trial]:
    """Yield one command for each role. Data of people stands in bodies only, never in an URL."""
    issuer = parts.local_issuer()
    officer = issuer.issue("officer", agency=cast.agency, ttl_s=_TTL_S)
    searched = {"purpose": "dossier_processing", "query": {"full_name": cast.applicant["full_name"]}}
    yield Trial("anyone", "finds a procedure by citizens' words", f"curl -sS '{address}/v1/procedures?q=so+do&limit=3'")
    yield Trial(
        "officer",
        f"finds a person's dossiers at {cast.agency} by name, masked",
        _post(f"{address}/v1/records/search", officer, searched),
    )
    opening = {
        "purpose": "dossier_processing",
        "case_number": cast.case["code"],
        "reason": "Giải quyết hồ sơ đang xử lý",
    }
    yield Trial(
        "officer",
        "opens a record by its case number, with a reason, unmasked",
        _post(f"{address}/v1/records/{_record_id(parts, cast.case)}/open", officer, opening),
    )
    yield Trial("portal", "prefills a new dossier from earlier papers", _prefill(address, issuer, cast.holder))
    yield Trial("ingester", "sends one new dossier, found at once", _ingest(address, issuer, cast.dossier))
    home = shlex.quote(str(parts.settings.home))
    yield Trial("auditor", "verifies the log of all that was read", f"HOSO_HOME={home} {_hoso()} audit verify")


def cast_of(citizens: int) -> Cast:
    """Return who appears in the demo of a world; the first block is made again, in memory."""
    block = next(iter_blocks(citizens, SEED))
    people = block.truth.by_citizen_id()
    case = _case(block, people)
    holder = max((one for one in people.values() if _may_marry(one)), key=lambda one: len(one.papers))
    return Cast(case["applicant"], case, holder, _new_dossier(case))


def _case(block: Block, people: dict[str, Person]) -> dict[str, Any]:
    """Return a dossier, an open one if there is any, whose applicant gave the number and has many dossiers."""
    found = [one for one in block.dossiers if one["applicant"].get("citizen_id") in people]

    def worth(one: dict[str, Any]) -> tuple[bool, int, str]:
        dossiers = people[one["applicant"]["citizen_id"]].dossiers
        return one["status"] in _OPEN_STATUSES, len(dossiers), one["code"]

    return max(found, key=worth)


def _may_marry(person: Person) -> bool:
    return person.died_on is None and person.spouse is None and person.born_on.year < 2005


def _new_dossier(case: dict[str, Any]) -> dict[str, Any]:
    """Return a further dossier of the applicant, at the same agency, as the one-stop system would send it."""
    return {
        "code": f"{case['agency']}-261123-9001",
        "procedure_code": _MARITAL_STATUS,
        "agency": case["agency"],
        "version": 1,
        "status": 2,
        "channel": 1,
        "received_at": "2026-11-23T08:30:00+07:00",
        "applicant": case["applicant"],
    }


def _hoso() -> str:
    """Return the command as it can be called from any folder: it need not be in PATH."""
    called = Path(sys.argv[0])
    return shlex.quote(str(called.resolve())) if called.name == "hoso" and called.is_file() else "hoso"


def _prefill(address: str, issuer: LocalIssuer, holder: Person) -> str:
    asked = {
        "procedure": _MARITAL_STATUS,
        "subject": {"id_type": "CCCD", "id": holder.citizen_id},
        "purpose": "prefill",
        "legal_basis": "statutory_task",
        "explicit_request": True,
    }
    return _post(f"{address}/v1/prefill", issuer.issue("portal", ttl_s=_TTL_S), asked)


def _ingest(address: str, issuer: LocalIssuer, dossier: dict[str, Any]) -> str:
    token = issuer.issue("ingester", ttl_s=_TTL_S)
    return _post(f"{address}/v1/ingest/dossiers", token, dossier, "application/x-ndjson")


def _post(url: str, token: str, body: dict[str, Any], media_type: str = "application/json") -> str:
    text = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f"curl -sS {url} -H 'Authorization: Bearer {token}' -H 'Content-Type: {media_type}' --data-binary {text}"


def _record_id(parts: Parts, dossier: dict[str, Any]) -> str:
    domain = parts.agencies.tree.domain_of(dossier["agency"])
    keys = parts.keys.lease((domain,)).domain(domain)
    return references(keys).record("dossier", dossier["code"]).hex()

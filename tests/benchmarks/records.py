"""Records: the encrypted index beside its plain twin, at several sizes, in the service and over HTTP."""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from indexer.synthetic import Person, iter_blocks, write_world
from schemas.prefill import PrefillRequest
from schemas.records import RecordSearchRequest
from schemas.settings import load_settings
from search_api.parts import open_parts
from search_api.services.audit_trail import Request
from search_api.services.record_access import PersonNumber, PersonReferences, Values
from security.actor import Actor
from security.references import References
from tests.benchmarks.plain_twin import PlainIndex
from tests.benchmarks.serving import make_app

SEED = 7
# Measured: a citizen has 4.1 dossiers and 2.5 papers on average.
_RECORDS_PER_CITIZEN = 6.6
_SAMPLE = 400
_WARM = 40
_console = Console(stderr=True)


def run(records: int, folder: Path) -> dict[str, Any]:
    """Build both indexes with about `records` records under `folder`, and return what was measured."""
    home = folder / f"records-{records}"
    citizens = round(records / _RECORDS_PER_CITIZEN)
    figures: dict[str, Any] = {"records_wanted": records, "citizens": citizens}
    if not (home / "built.json").exists():
        (home / "built.json").parent.mkdir(parents=True, exist_ok=True)
        built = _build(home, citizens)
        (home / "built.json").write_text(json.dumps(built))
    figures |= json.loads((home / "built.json").read_text())
    people = _sample(citizens)
    figures["service"] = {kind: asyncio.run(_in_service(home, kind, people)) for kind in ("plain", "encrypted")}
    figures["http"] = {kind: _over_http(home, kind, people) for kind in ("plain", "encrypted")}
    return figures


# ---------------------------------------------------------------- building


def _build(home: Path, citizens: int) -> dict[str, Any]:
    world = home / "world"
    if not (world / "papers.ndjson").exists():
        _console.print(f"making {citizens} citizens")
        write_world(world, citizens, SEED)
    _hoso(home, "keys", "init")
    twin = PlainIndex(home / "twin.db")
    built: dict[str, Any] = {"ingest": {}, "peak_memory_mib": {}}
    for kind in ("dossiers", "papers"):
        source = world / f"{kind}.ndjson"
        answer, encrypted_s, peak_mib = _hoso(home, "index", kind, str(source))
        summary = answer["files"][0]
        assert summary["refused"] == 0, summary
        started = time.perf_counter()
        count = twin.index_file(kind, source, first=kind == "dossiers")
        plain_s = time.perf_counter() - started
        assert count == summary["accepted"]
        built["ingest"][kind] = {
            "records": count,
            "how": "first build" if kind == "dossiers" else "added to the index",
            "encrypted_per_s": round(count / encrypted_s),
            "plain_per_s": round(count / plain_s),
        }
        built["peak_memory_mib"][kind] = peak_mib
    parts = open_parts(load_settings(home=home))
    status = parts.records.status()
    assert status is not None
    total = sum(status.records.values())
    built["records"] = total
    built["bytes_per_record"] = {
        "encrypted": round(status.size_bytes / total),
        "plain": round(twin.path.stat().st_size / total),
        "vault": round((home / "vault.db").stat().st_size / total),
    }
    parts.close()
    return built


def _hoso(home: Path, *arguments: str) -> tuple[Any, float, int]:
    """Run a command; return its JSON, the seconds it took and the peak memory of its largest process in MiB."""
    command = [str(Path(sys.executable).with_name("hoso")), *arguments, "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "HOSO_HOME": str(home)}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return json.loads(answer), time.perf_counter() - started, usage.ru_maxrss // 1024


# ---------------------------------------------------------------- what is asked


def _sample(citizens: int) -> list[tuple[Person, str]]:
    """Return people with the agency of one of their dossiers, drawn from the whole world, always the same."""
    chance = random.Random(SEED)
    drawn = sorted(chance.sample(range(max(1, citizens // 1000)), k=min(4, max(1, citizens // 1000))))
    people = []
    for block in iter_blocks(citizens, SEED):
        if block.number in drawn:
            grown = [one for one in block.truth.people if one.citizen_id and one.dossiers and one.born_on.year < 2005]
            people += [(one, one.dossiers[0].split("-")[0]) for one in grown]
        if block.number >= drawn[-1]:
            break
    return chance.sample(people, k=min(_SAMPLE, len(people)))


def _requests(people: list[tuple[Person, str]]) -> dict[str, list[tuple[dict[str, Any], str]]]:
    def search(query: dict[str, Any]) -> dict[str, Any]:
        return {"purpose": "dossier_processing", "query": query}

    return {
        "exact look-up": [(search({"citizen_id": one.citizen_id}), agency) for one, agency in people],
        "name look-up": [
            (search({"full_name": one.full_name, "birth_year": one.born_on.year}), agency) for one, agency in people
        ],
        "prefill": [
            (
                {
                    "procedure": "1.004873",
                    "subject": {"id_type": "CCCD", "id": one.citizen_id},
                    "purpose": "prefill",
                    "legal_basis": "statutory_task",
                    "filing_date": "2026-11-02",
                },
                agency,
            )
            for one, agency in people
        ],
    }


# ---------------------------------------------------------------- measuring


async def _in_service(home: Path, kind: str, people: list[tuple[Person, str]]) -> dict[str, Any]:
    app = make_app(home, kind)
    services, parts = app.state.services, app.state.parts
    results = {}
    for name, asked in _requests(people).items():
        times = []
        for body, agency in asked:
            if name == "prefill":
                actor = Actor("local-portal", "local-portal", "portal", None, None, frozenset({"prefill"}))
                work = functools.partial(services.prefill.prefill, PrefillRequest.model_validate(body))
            else:
                actor = Actor("o", "local-officer", "officer", agency, None, frozenset({"records.search"}))
                work = functools.partial(services.record_search.search, RecordSearchRequest.model_validate(body))
            started = time.perf_counter()
            await work(Request(actor, "0" * 32))
            times.append(time.perf_counter() - started)
        results[name] = _spread(times)
    results["exact look-up without audit"] = _spread(list(_bare_look_ups(services, parts, people)))
    parts.close()
    return results


def _bare_look_ups(services: Any, parts: Any, people: list[tuple[Person, str]]) -> Iterator[float]:
    """Yield the seconds from a number to opened records: tokens, engine, keys, envelopes."""
    access = services.record_search._access
    for one, agency in people:
        actor = Actor("o", "local-officer", "officer", agency, None, frozenset({"records.search"}))
        grant = parts.policy.decide(actor, "records.search", "dossier_processing", agencies=parts.agencies.tree)
        started = time.perf_counter()
        lease = parts.keys.lease(grant.domains)
        known = access.references_of(PersonNumber("citizen_id", one.citizen_id), lease)
        access.find("dossier", functools.partial(_subject_values, known), grant, lease)
        yield time.perf_counter() - started


def _subject_values(known: PersonReferences, _: References, domain: str) -> Values:
    return [[("subject", (reference,)) for reference in sorted(known.of(domain))]]


def _over_http(home: Path, kind: str, people: list[tuple[Person, str]]) -> dict[str, Any]:
    parts = open_parts(load_settings(home=home))
    issuer = parts.local_issuer()
    parts.close()
    results = {}
    with _server(home, kind) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for name, asked in _requests(people).items():
            path = "/v1/prefill" if name == "prefill" else "/v1/records/search"
            times = []
            for body, agency in asked:
                token = issuer.issue("portal") if name == "prefill" else issuer.issue("officer", agency=agency)
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                raw = json.dumps(body).encode()
                started = time.perf_counter()
                connection.request("POST", path, raw, headers)
                answer = connection.getresponse()
                text = answer.read()
                times.append(time.perf_counter() - started)
                assert answer.status == 200, text[:300]
            results[name] = _spread(times)
    return results


@contextmanager
def _server(home: Path, kind: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.serving", str(home), kind, str(port)]
    process = subprocess.Popen(command)
    try:
        for _ in range(300):
            time.sleep(0.1)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _spread(times: list[float]) -> dict[str, float]:
    """Return p50 and p99 in ms; the first calls warm caches and do not count."""
    counted = sorted(times[_WARM:])
    return {
        "n": len(counted),
        "p50_ms": round(statistics.median(counted) * 1e3, 3),
        "p99_ms": round(counted[min(len(counted) - 1, round(len(counted) * 0.99))] * 1e3, 3),
    }

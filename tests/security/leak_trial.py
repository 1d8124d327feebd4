"""An installation that canary citizens go through, by the real command and over HTTP; all is kept for a scan."""

from __future__ import annotations

import copy
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import httpx
from canaries import AGENCY, Mint, dossier, paper
from leak_requests import HostileRequests
from leak_scan import Find, LeakScanner
from support.rows import to_bytes

from schemas.settings import Settings
from search_api.parts import open_parts

HOSO = Path(sys.executable).with_name("hoso")
NDJSON = {"content-type": "application/x-ndjson"}
_LOOK_EVERY_S = 0.05


class ProcessWatch:
    """Reads arguments and environment of every process below this one, as anybody on the machine may."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            for pid in _below(os.getpid()):
                # It may have ended between two reads.
                with suppress(OSError):
                    self.seen |= {Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")}


def _below(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                yield child
                yield from _below(child)


class Installation:
    """One home folder with its logs, temporary files and sources, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.logs, self.temporary, self.sources = (
            folder / name for name in ("home", "logs", "temporary", "sources")
        )
        for one in (self.logs, self.temporary, self.sources):
            one.mkdir(parents=True)
        self.answers: list[tuple[str, bytes]] = []
        self.hoso("keys", "init")

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Start the command; what it says goes to a log of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOSO_")}
        environment = {**kept, "HOSO_HOME": str(self.home), "TMPDIR": str(self.temporary)}
        log = self.logs / f"{len(list(self.logs.iterdir())):02}-{arguments[0]}.log"
        with log.open("wb") as file:
            return subprocess.Popen([HOSO, *arguments], env=environment, **{"stdout": file, "stderr": file, **streams})

    def hoso(self, *arguments: str, typed: bytes = b"") -> int:
        """Run the command to its end and return its exit status."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        process.communicate(typed, timeout=120)
        return process.returncode

    def source(self, name: str, *rows: Any) -> str:
        """Write a file of lines, outside of what is scanned, and return its path."""
        path = self.sources / name
        content = to_bytes(rows)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    def token(self, role: str, citizen_id: str | None = None) -> dict[str, str]:
        """Return the header of a token of a role."""
        parts = open_parts(Settings(home=self.home))
        subject = parts.subjects.make(citizen_id) if citizen_id else None
        token = parts.local_issuer().issue(role, agency=AGENCY if role == "officer" else None, subject=subject)
        parts.close()
        return {"authorization": f"Bearer {token}"}

    @contextmanager
    def serving(self, end: signal.Signals) -> Iterator[httpx.Client]:
        """Serve for a while; the server is ended by a signal."""
        server = self.start("serve", "--port", "0", stdout=subprocess.PIPE)
        try:
            address = _read_line(server.stdout).rpartition(" ")[2]
            with httpx.Client(base_url=address, timeout=60) as client:
                yield client
        finally:
            server.send_signal(end)
            server.communicate(timeout=60)

    def scan(self, scanner: LeakScanner) -> list[Find]:
        """Return what is found in every file that was written: home, temporary files, logs."""
        folders = [one for one in (self.home, self.temporary, self.logs) if any(one.iterdir())]
        return [find for folder in folders for find in scanner.scan_folder(folder)]

    def rotate_logs(self) -> None:
        """Compress the logs so far, as log rotation does."""
        for log in self.logs.glob("*.log"):
            log.with_suffix(".log.gz").write_bytes(gzip.compress(log.read_bytes()))
            log.unlink()

    def keep(self, answer: httpx.Response) -> httpx.Response:
        """Keep what must hold no value: the headers of every answer, the body of every problem."""
        place = f"{answer.request.method} {answer.status_code}"
        self.answers.append((f"{place} headers", b"\n".join(b": ".join(pair) for pair in answer.headers.raw)))
        if answer.status_code >= 400:
            self.answers.append((f"{place} body {answer.text}", answer.content))
        return answer


def _read_line(stream: IO[bytes] | None) -> str:
    assert stream is not None
    return stream.readline().decode().strip()


class Trial:
    """What the citizens of `people` and the strangers of `asked` go through."""

    def __init__(self, folder: Path) -> None:
        self.people, self.asked = Mint("people"), Mint("asked")
        self.dossiers = [dossier(self.people) for _ in range(5)]
        self.papers = [paper(self.people) for _ in range(2)]
        self.installation = Installation(folder)
        self._reason = self.asked.text()

    def index_files(self) -> None:
        """First build, then more into the published index, each with lines that are refused."""
        run, source = self.installation.hoso, self.installation.source
        refused = list(spoiled(dossier(self.asked), self.asked))
        assert run("index", "dossiers", source("first.ndjson", *self.dossiers[:2], *refused)) == 1
        assert run("index", "dossiers", source("more.ndjson.gz", self.dossiers[2], *broken(self.asked))) == 1
        wrong_papers = list(spoiled(paper(self.asked), self.asked))
        assert run("index", "papers", source("papers.ndjson", self.papers[0], *wrong_papers)) == 1
        assert run("index", "procedures", source("procedures.ndjson", *broken(self.asked))) == 1
        assert run("token", "citizen", "--citizen-id-stdin", typed=self.asked.text().encode()) == 2
        assert run("index", "verify") == 0
        assert run("index", "quarantine", "list") == 0
        assert run("audit", "list") == 0

    def ingest(self, client: httpx.Client) -> None:
        """Send lines: new ones, newer, older, equal and conflicting ones, refused ones."""
        one, other = self.dossiers[3:]
        newer = {**one, "version": one["version"] + 1, "applicant": {**one["applicant"], "phone": self.asked.phone()}}
        conflict = {**newer, "return_reason": self.asked.text()}
        lines = [one, newer, newer, one, conflict, other]
        wrong = [*spoiled(dossier(self.asked), self.asked), *broken(self.asked)][::4]
        for kind, rows in (("dossiers", [*lines, *wrong]), ("papers", [self.papers[1], *wrong]), ("procedures", wrong)):
            header = {**NDJSON, **self.installation.token("ingester")}
            answer = client.post(f"/v1/ingest/{kind}", headers=header, content=to_bytes(rows))
            assert answer.status_code == 200
            # Result lines name lines, never values.
            self.installation.answers.append((f"ingest {kind}", answer.content))
            assert b'"indexed"' in answer.content or kind == "procedures"
            assert b'"refused"' in answer.content

    def look_up(self, client: httpx.Client, *, again: bool = False) -> None:
        """Search, look at, open and prefill, and see that the citizens are really there; `again`: only one of them."""
        for row in self.dossiers[-1:] if again else self.dossiers:
            self._as_officer(client, row)
        subject = self.dossiers[2]["applicant"]
        header = self.installation.token("portal")
        asked = {
            "procedure": "1.004873",
            "subject": {"id_type": "CCCD", "id": subject["citizen_id"]},
            "purpose": "prefill",
            "legal_basis": "statutory_task",
            "explicit_request": True,
        }
        answer = self.installation.keep(client.post("/v1/prefill", json=asked, headers=header))
        assert subject["full_name"] in answer.text
        header["hoso-purpose"] = "prefill"
        again = self.installation.keep(client.get(f"/v1/prefill/{answer.json()['id']}", headers=header))
        assert subject["full_name"] in again.text

    def _as_officer(self, client: httpx.Client, row: dict[str, Any]) -> None:
        header = {**self.installation.token("officer"), "hoso-purpose": "dossier_processing", "hoso-case": row["code"]}
        person = row["applicant"]
        keys = (
            {"citizen_id": person["citizen_id"]},
            {"old_id": person["old_id"]},
            {"dossier_code": row["code"]},
            {"document_number": row["result"]["number"]},
            {"full_name": person["full_name"], "born_on": person["born_on"]},
            {"text": person["full_name"]},
        )
        for query in keys:
            wanted = {"purpose": "dossier_processing", "case_number": row["code"], "query": query}
            found = self.installation.keep(client.post("/v1/records/search", json=wanted, headers=header))
            assert [one["dossier_code"] for one in found.json()["items"]] == [row["code"]]
        record = f"/v1/records/{found.json()['items'][0]['id']}"
        assert self.installation.keep(client.get(record, headers=header)).status_code == 200
        reason = {"purpose": "dossier_processing", "case_number": row["code"], "reason": self._reason}
        opened = self.installation.keep(client.post(f"{record}/open", json=reason, headers=header))
        assert person["full_name"] in opened.text

    def provoke(self, client: httpx.Client) -> None:
        """Send what is refused, with canaries of strangers and of the people in the index in every place."""
        citizen = self.dossiers[0]["applicant"]["citizen_id"]
        tokens = [self.installation.token(role) for role in ("officer", "portal")]
        tokens.append(self.installation.token("citizen", citizen))
        hostile = HostileRequests(self.asked, self.dossiers[1]["applicant"])
        routes = client.get("/openapi.json").json()
        for request in hostile.to_all(routes, tokens):
            self.installation.keep(client.send(client.build_request(**request)))


def spoiled(row: dict[str, Any], mint: Mint) -> Iterator[dict[str, Any]]:
    """Yield a row once for each of its values, with an object of canaries in the value's place."""
    canary = {mint.text(1): mint.text(1)}
    for path in _paths(row):
        wrong = copy.deepcopy(row)
        place: Any = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = canary
        yield wrong


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(one, (*path, key))
    else:
        yield path


def broken(mint: Mint) -> list[bytes]:
    """Return lines that are no records at all, each with canaries in it."""
    row = dossier(mint)
    line = json.dumps(row, ensure_ascii=False).encode()
    two_names = {**row, "persons": [{**row["applicant"], "role": "mother", "full_name": mint.name()}]}
    exchange = {"MaHoSo": mint.text(), "MaTTHC": mint.text(), "NgayTiepNhan": mint.text(), "SoCMND": mint.old_id()}
    return [
        line[: len(line) // 2],
        line.replace(b"2024", b"2024\0"),
        line.decode().encode("utf-16"),
        line[:-1] + b', "code": "' + mint.text().encode() + b'"}',
        json.dumps(row).replace("\\u", "\\ud800\\u", 1).encode(),
        mint.text().encode(),
        json.dumps([mint.text()]).encode(),
        json.dumps({mint.text(): mint.text()}).encode(),
        json.dumps(two_names).encode(),
        json.dumps(exchange).encode(),
    ]

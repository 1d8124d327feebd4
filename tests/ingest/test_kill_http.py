"""A server that is killed while lines are sent: what it answered is there, whole, and sending again changes nothing."""

from __future__ import annotations

import itertools
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.home import Home
from support.rows import make_birth, make_paper, to_bytes

from security.access_tokens import LocalIssuer
from security.audit.log import AuditLog
from security.keys import KeyRing

SERVER = Path(__file__).with_name("http_server.py")
LINES = 25
Row = dict[str, Any]


@contextmanager
def serving(home: Path, token: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """Start a server, lend a client of it, and kill it in the end if that has not happened."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        # Its log goes nowhere: a pipe that nobody reads would stop the server when it is full.
        server = subprocess.Popen(
            [sys.executable, SERVER, home, str(listening.fileno())],
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
        )
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            yield client, server
    finally:
        server.kill()
        server.wait()


def post(client: httpx.Client, kind: str, rows: list[Row]) -> list[str]:
    """Return the status of each row."""
    answer = client.post(f"/v1/ingest/{kind}", content=to_bytes(rows))
    assert answer.status_code == 200, answer.text
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["line"] for one in results] == list(range(1, len(rows) + 1))
    return [one["status"] for one in results]


def make_batches(chance: random.Random) -> Iterator[tuple[str, list[Row]]]:
    """Yield bodies without end: new births, later versions of earlier ones, and the papers that end them."""
    versions: dict[int, int] = {}
    numbers = itertools.count(1)
    while True:
        rows = []
        for _ in range(LINES):
            number = chance.choice(sorted(versions)) if versions and chance.random() < 0.3 else next(numbers)
            versions[number] = versions.get(number, 0) + 1
            rows.append(make_birth(code=code_of(number), version=versions[number], status=versions[number] % 10 + 1))
        yield "dossiers", rows
        papers = [code_of(chance.choice(sorted(versions))) for _ in range(5)]
        yield "papers", [make_paper(id=f"{code}.KQ", dossier_code=code) for code in dict.fromkeys(papers)]


def code_of(number: int) -> str:
    return f"H41.14-{231001 + number // 9000}-{number % 9000 + 1:04}"


class Source:
    """What was sent, and what of it was answered."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._batches = make_batches(self.chance)
        self.sent: list[tuple[str, list[Row]]] = []
        self.answered: list[tuple[str, list[Row]]] = []

    def feed(self, client: httpx.Client) -> None:
        """Send bodies until the server is gone."""
        for kind, rows in self._batches:
            self.sent.append((kind, rows))
            try:
                statuses = post(client, kind, rows)
            except httpx.TransportError:
                return
            # A later version may stand in the same body as an earlier one, and papers repeat.
            assert set(statuses) <= {"indexed", "unchanged"}
            self.answered.append((kind, rows))

    def send_again(self, client: httpx.Client, bodies: list[tuple[str, list[Row]]]) -> set[str]:
        """Send bodies again, in their order, and return which statuses came."""
        return {status for kind, rows in bodies for status in post(client, kind, rows)}

    def names(self, kind: str) -> set[str]:
        """Return the codes of all dossiers, or the ids of all papers, that were sent."""
        key = "code" if kind == "dossiers" else "id"
        return {row[key] for sent, rows in self.sent if sent == kind for row in rows}


def kill_while_feeding(home: Path, token: str, source: Source) -> None:
    """Feed a server and kill it at a random moment behind its first answer."""
    with serving(home, token) as (client, server):
        answered = len(source.answered)
        # Nothing of what was answered before the last kill may be written anew.
        assert source.send_again(client, source.answered[-20:]) <= {"unchanged", "stale"}
        feeding = threading.Thread(target=source.feed, args=(client,))
        feeding.start()
        while len(source.answered) == answered and feeding.is_alive():
            time.sleep(0.001)
        time.sleep(source.chance.random() * 0.4)
        server.kill()
        feeding.join()
    assert len(source.answered) > answered


def check_whole(folder: Path, source: Source) -> None:
    """Open every record with its keys, and find each by its code."""
    home = Home.at(folder)
    try:
        with home.records.writing() as writer:
            for kind, collection in (("dossiers", "dossier"), ("papers", "paper")):
                stored = list(writer.iter_records(collection))
                opened = [home.open(collection, one.record_id, one.envelope) for one in stored]
                key = "code" if kind == "dossiers" else "id"
                assert sorted(one.shared[key] for one in opened) == sorted(source.names(kind))
                assert all(one.people for one in opened)
        for code in sorted(source.names("dossiers"))[::7]:
            assert home.find("dossier_code", code) == [home.refs().record("dossier", code)]
        log = AuditLog(home.vault.audit, home.keys.installation_key("LOG"), home.keys.installation)
        assert log.verify().fault is None
        log.close()
    finally:
        home.close()


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.torture)])
def test_a_killed_server_loses_no_answered_line_and_leaves_no_half_record(tmp_path, kills):
    keys = KeyRing.create(tmp_path / "keys.json", None)
    token = LocalIssuer(keys.installation_key("TOK")).issue("ingester", ttl_s=86_400)
    source = Source(seed=kills)
    for _ in range(kills):
        kill_while_feeding(tmp_path, token, source)
    with serving(tmp_path, token) as (client, _):
        assert source.send_again(client, source.answered) <= {"unchanged", "stale"}
        # What was sent and not answered may be in or not; now it goes in, once.
        source.send_again(client, source.sent)
        assert source.send_again(client, source.sent) <= {"unchanged", "stale"}
    check_whole(tmp_path, source)

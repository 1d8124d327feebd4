"""`kill -9` at random moments of indexing: nothing is lost, nothing is half there, and no process is left behind."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest
from support.home import COLLECTIONS, Home

from indexer.document import document_of_dossier, document_of_paper
from indexer.engines.embedded.records import token_numbers
from indexer.record_lines import DOSSIERS, PAPERS, read_record
from indexer.sources.lines import iter_lines
from indexer.synthetic import write_world

TESTS = Path(__file__).parents[1]
CITIZENS = 300
# Within one run there are about this many checkpoints and steps; a kill comes at one of the first.
FIRST_STEPS = 8


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return the files of a small synthetic world, by kind."""
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, CITIZENS, seed=11, processes=1)
    return {kind: folder / f"{kind}.ndjson" for kind in ("dossiers", "papers")}


def start(home, world):
    """Begin indexing in a process of its own."""
    files = [f"{kind}={path}" for kind, path in world.items()]
    return subprocess.Popen(
        [sys.executable, TESTS / "ingest" / "index_files.py", home, *files],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def kill_at(process, steps, delay_s):
    """Kill a process some time after it said so many things; return whether it was still at work."""
    for _ in range(steps):
        process.stdout.readline()
    time.sleep(delay_s)
    workers = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    assert_all_end(workers)
    return process.wait() == -signal.SIGKILL


def children_of(pid):
    """Return the processes that a process started, with the time each began: a number may be given again."""
    try:
        files = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return {int(child): started(int(child)) for file in files for child in file.read_text().split()}
    except OSError:
        return {}


def started(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def assert_all_end(workers, patience_s=30):
    until = time.monotonic() + patience_s
    while (left := [pid for pid, began in workers.items() if began and started(pid) == began]) and (
        time.monotonic() < until
    ):
        time.sleep(0.05)
    assert left == []


def logical_content(home):
    """Return a digest of all that index and vault hold, whatever pages it stands on."""
    digest = hashlib.sha256()
    tables = {
        home.folder / "vault.db": ("wrapped_key", "identity_link", "agency", "ingest_progress"),
        published(home): ("record", "record_tokens", "posting"),
    }
    for path, names in tables.items():
        connection = apsw.Connection(str(path))
        for name in names:
            for row in connection.execute(f"select * from {name} order by 1, 2"):
                digest.update(repr(row).encode())
        connection.close()
    return digest.hexdigest()


def published(home):
    folder = home.folder / "records"
    return folder / f"{(folder / 'published').read_text()}.db"


def assert_everything_is_there_once(home, world):
    wanted = {**newest_documents(home, world["dossiers"], DOSSIERS), **newest_documents(home, world["papers"], PAPERS)}
    with home.records.writing() as writer:
        stored = [record for collection in COLLECTIONS.values() for record in writer.iter_records(collection)]
    assert len(stored) == len({record.record_id for record in stored})
    assert {record.record_id for record in stored} == set(wanted)
    for record in stored:
        document = wanted[record.record_id]
        opened = home.open(record.collection, record.record_id, record.envelope)
        assert (opened.header.source_version, opened.header.content_digest) == (document.version, document.digest)
        assert opened.shared == json.loads(json.dumps(document.shared))
        assert list(opened.people.values()) == [json.loads(json.dumps(one.plaintext())) for one in document.people]
    postings = {(number, row) for row, tokens in rows(home, "record_tokens") for number in token_numbers(tokens)}
    assert set(rows(home, "posting")) == postings


def newest_documents(home, path, kind):
    """Return what must be stored of a file: of each record the newest version."""
    documents = {}
    make = {DOSSIERS: document_of_dossier, PAPERS: document_of_paper}[kind]
    for line in iter_lines(path):
        model, _ = read_record(kind, line)
        document = make(model, home.domain(home.agencies.tree.domain_of(kind.agency(model))))
        known = documents.get(document.record_id)
        if known is None or known.version < document.version:
            documents[document.record_id] = document
    return documents


def rows(home, table):
    connection = apsw.Connection(str(published(home)))
    found = list(connection.execute(f"select * from {table}"))
    connection.close()
    return found


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.torture)])
def test_killed_again_and_again_indexing_ends_with_every_record_once_and_whole(kills, world, tmp_path):
    chance = random.Random(kills)
    killed = rounds = 0
    while killed < kills:
        rounds += 1
        folder = tmp_path / f"home-{rounds}"
        folder.mkdir()
        while killed < kills and kill_at(start(folder, world), chance.randrange(FIRST_STEPS), chance.random() / 2):
            killed += 1
        finish_and_check(folder, world)


def finish_and_check(folder, world):
    process = start(folder, world)
    said = process.communicate()[0].decode().splitlines()
    assert process.returncode == 0
    assert [line.split()[2] for line in said if line.startswith(tuple(world))] == ["0", "0"]
    home = Home.at(folder)
    assert_everything_is_there_once(home, world)
    before = logical_content(home)
    for kind, path in world.items():
        again = home.index(kind, path)
        assert again.accepted == again.refused == 0
    assert logical_content(home) == before
    assert home.audited == []
    home.close()

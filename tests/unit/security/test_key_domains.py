"""Domains that are added to a key file, by several processes at once and through crashes."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.key_files import edit, leavings, written

from schemas.errors import KeysError
from security.keys import KeyRing, PlainProvider


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


# ---------------------------------------------------------------- domains


@pytest.mark.parametrize("domain", ["", "h41", "H-41", "-", "Đ1", "_A", "A" * 17, "H41\n", "H41\0", "../H41"])
def test_a_domain_that_does_not_fit_an_envelope_is_refused(path, domain):
    ring = KeyRing.create(path, None)
    with pytest.raises(KeysError, match="1 to 16 characters"):
        ring.ensure_domain(domain)


def test_a_domain_is_made_once(path):
    ring = KeyRing.create(path, None)
    ring.ensure_domain("H41")
    first, before = written(ring.lease(["H41"]).domain("H41")), path.read_bytes()
    ring.ensure_domain("H41")
    assert path.read_bytes() == before
    assert written(ring.lease(["H41"]).domain("H41")) == first


def test_a_domain_whose_keys_were_destroyed_does_not_come_back(path):
    ring = KeyRing.create(path, None)
    ring.ensure_domain("H41")
    rows = json.loads(path.read_text())["keys"]
    edit(path, keys=[row | {"state": "destroyed", "wrapped": None} if row["domain"] == "H41" else row for row in rows])
    ring.refresh()
    ring.ensure_domain("H41")
    assert "H41" not in ring.domains


def test_what_another_process_made_is_seen_after_a_refresh(path):
    ring = KeyRing.create(path, None)
    other = KeyRing.open(path)
    other.ensure_domain("H41")
    assert "H41" not in ring.domains
    ring.refresh()
    assert written(ring.lease(["H41"]).domain("H41")) == written(other.lease(["H41"]).domain("H41"))


def test_what_another_process_made_is_not_made_again(path):
    ring = KeyRing.create(path, None)
    other = KeyRing.open(path)
    for one in (other, ring):
        one.ensure_domain("H41")
    assert written(ring.lease(["H41"]).domain("H41")) == written(other.lease(["H41"]).domain("H41"))


def ensure(path, domains, start, answers):
    ring = KeyRing.open(path)
    start.wait()
    for domain in domains:
        ring.ensure_domain(domain)
    answers.put({domain: written(ring.lease([domain]).domain(domain)) for domain in domains})


def test_processes_that_make_one_domain_at_once_agree_on_its_keys(path):
    KeyRing.create(path, None)
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(3), context.Queue()
    orders = [["H41", "H40", "H41CA"], ["H41CA", "H41", "H40"], ["H40", "H41CA", "H41"]]
    children = [context.Process(target=ensure, args=(path, order, start, answers)) for order in orders]
    for child in children:
        child.start()
    got = [answers.get(timeout=60) for _ in children]
    for child in children:
        child.join(60)
    ring = KeyRing.open(path)
    assert got == [{one: written(ring.lease([one]).domain(one)) for one in ("H41", "H40", "H41CA")}] * 3
    assert len(ring.status()) == 6 + 3 * 4
    assert leavings(path) == []


class HoldingProvider(PlainProvider):
    """Holds a thread that loads the file between reading and using it, as a slow provider over the network would."""

    def __init__(self, root):
        super().__init__(root)
        self.held = None
        self.reached, self.go_on = threading.Event(), threading.Event()

    def unwrap(self, info, owner, wrapped):
        if threading.current_thread() is self.held:
            self.reached.set()
            self.go_on.wait(0.2)
            self.held = None
        return super().unwrap(info, owner, wrapped)


def test_a_refresh_that_read_the_file_earlier_does_not_hide_a_domain_made_since(path):
    KeyRing.create(path, None)
    document = json.loads(path.read_text())
    provider = HoldingProvider(bytes.fromhex(document["root"]))
    ring = KeyRing(path, document, provider)
    refreshing = provider.held = threading.Thread(target=ring.refresh)
    refreshing.start()
    assert provider.reached.wait(30)
    ring.ensure_domain("H41")
    provider.go_on.set()
    refreshing.join()
    assert "H41" in ring.lease(["H41"])


def test_nothing_is_added_to_the_file_of_another_installation(path):
    ring = KeyRing.create(path, None)
    path.unlink()
    KeyRing.create(path, None)
    before = path.read_bytes()
    with pytest.raises(KeysError):
        ring.ensure_domain("H41")
    assert path.read_bytes() == before
    assert "H41" not in ring.domains


# ---------------------------------------------------------------- crashes


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path, monkeypatch, step):
    ring = KeyRing.create(path, None)
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    real = os.open
    failing = {
        "open": (os, "open", lambda name, *rest: fail() if str(name).endswith(".new") else real(name, *rest)),
        "fsync": (os, "fsync", fail),
        "replace": (Path, "replace", fail),
    }
    monkeypatch.setattr(*failing[step])
    with pytest.raises(KeysError, match="No space left on device"):
        ring.ensure_domain("H41")
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert leavings(path) == []
    assert "H41" not in ring.domains
    ring.ensure_domain("H41")
    assert "H41" in KeyRing.open(path).domains


KILLED = """
import os, sys
from pathlib import Path
from security.keys import KeyRing
path = Path(sys.argv[1])
Path.replace = lambda *_: os._exit(9)
KeyRing.open(path).ensure_domain("H41")
"""


def test_a_process_killed_before_the_rename_leaves_the_old_file_and_the_next_one_cleans_up(path):
    KeyRing.create(path, None)
    before = path.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60, check=False)
    assert killed.returncode == 9
    assert path.read_bytes() == before
    assert leavings(path) == ["keys.json.new"]
    ring = KeyRing.open(path)
    ring.ensure_domain("H41")
    assert leavings(path) == []
    assert ring.domains == KeyRing.open(path).domains == {"H41"}


def test_a_folder_that_cannot_be_written_is_told_as_such(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(KeysError, match="cannot be written"):
        KeyRing.create(tmp_path / "file" / "keys.json", None)

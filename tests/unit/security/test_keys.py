"""The key file against known answers made by `tests/vectors/make_sealing.mjs`, and under crashes, races and damage."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import KeysError, NotPermittedError
from security.keys import DomainKeys, EpochKeys, KeyRing, PassphraseProvider, PlainProvider
from security.keys.ring import INSTALLATION_PURPOSES
from security.sealing import new_key

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "keys.json").read_text())
VECTORS = FILE["vectors"]
ACCEPTED = [vector for vector in VECTORS if vector["expect"] == "accept"]
REJECTED = [vector for vector in VECTORS if vector["expect"] == "reject"]
PASSPHRASE = "một câu thật dài để thử"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def write(path, text):
    path.write_text(text)
    path.chmod(0o600)


def edit(path, **change):
    write(path, json.dumps(json.loads(path.read_text()) | change))


def leavings(path):
    return sorted(one.name for one in path.parent.iterdir() if one not in (path, path.with_suffix(".lock")))


# ---------------------------------------------------------------- known answers


def open_vector(path, vector):
    write(path, vector["file"].replace('"@rows"', json.dumps(FILE["rows"])))
    return KeyRing.open(path, lambda: vector["passphrase"])


def written(keys):
    epochs = [
        {"epoch": one.epoch, "kek": one.kek.hex(), "idx": one.idx.hex(), "hdr": one.hdr.hex()} for one in keys.epochs
    ]
    return {"ref": keys.ref.hex(), "epochs": epochs}


def test_every_vector_runs():
    assert len({vector["id"] for vector in VECTORS}) == len(ACCEPTED) + len(REJECTED) == len(VECTORS)
    assert (len(ACCEPTED), len(REJECTED)) == (4, 33)
    [nfd] = [vector["passphrase"] for vector in VECTORS if vector["id"] == "passphrase-typed-in-nfd"]
    assert not unicodedata.is_normalized("NFC", nfd)


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector["id"])
def test_a_right_vector_opens(path, vector):
    ring, opened = open_vector(path, vector), FILE["opened"]
    assert ring.installation == opened["installation"]
    assert {purpose: ring.installation_key(purpose).hex() for purpose in INSTALLATION_PURPOSES} == opened[
        "installation_keys"
    ]
    assert {keys.domain: written(keys) for keys in ring.lease(ring.domains)} == opened["domains"]


@pytest.mark.parametrize("vector", REJECTED, ids=lambda vector: vector["id"])
def test_a_wrong_vector_does_not_open(path, vector):
    with pytest.raises(KeysError):
        open_vector(path, vector)


# ---------------------------------------------------------------- making and opening


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_new_key_file_opens_again_with_the_same_keys(path, passphrase):
    made = KeyRing.create(path, passphrase)
    made.ensure_domain("H41")
    opened = KeyRing.open(path, lambda: passphrase)
    assert opened.installation == made.installation
    assert opened.protection == made.protection == ("none" if passphrase is None else "scrypt")
    assert written(opened.lease(["H41"]).domain("H41")) == written(made.lease(["H41"]).domain("H41"))
    assert [opened.installation_key(one) for one in INSTALLATION_PURPOSES] == [
        made.installation_key(one) for one in INSTALLATION_PURPOSES
    ]


def test_no_two_keys_of_a_file_are_equal(path):
    ring = KeyRing.create(path, None)
    for domain in ("H41", "H41CA"):
        ring.ensure_domain(domain)
    keys = [ring.installation_key(purpose) for purpose in INSTALLATION_PURPOSES]
    for one in ring.lease(["H41", "H41CA"]):
        keys += [one.ref, one.current.kek, one.current.idx, one.current.hdr]
    assert len(set(keys)) == len(keys) == 6 + 2 * 4
    assert {len(key) for key in keys} == {32}


def test_a_passphrase_is_the_same_in_both_spellings_of_unicode(path):
    KeyRing.create(path, unicodedata.normalize("NFD", PASSPHRASE))
    assert KeyRing.open(path, lambda: unicodedata.normalize("NFC", PASSPHRASE)).protection == "scrypt"


def test_another_passphrase_is_told_as_such(path):
    KeyRing.create(path, PASSPHRASE)
    with pytest.raises(KeysError, match="the passphrase does not open the key file"):
        KeyRing.open(path, lambda: PASSPHRASE + " ")


@pytest.mark.parametrize("passphrase", ["", "mười một ch", unicodedata.normalize("NFD", "đường làng"), "x" * 11])
def test_a_short_passphrase_is_refused_however_it_is_spelt(path, passphrase):
    with pytest.raises(KeysError, match="at least 12 characters"):
        KeyRing.create(path, passphrase)
    assert not path.exists()


def test_a_passphrase_that_is_no_text_is_refused(path):
    with pytest.raises(KeysError, match="UTF-8"):
        KeyRing.create(path, "a passphrase \udcff of a broken terminal")


def test_the_passphrase_is_not_asked_for_where_there_is_none(path):
    KeyRing.create(path, None)

    def ask():
        raise AssertionError

    assert KeyRing.open(path, ask).protection == "none"


def test_a_sealed_file_without_a_passphrase_says_where_to_put_one(path):
    KeyRing.create(path, PASSPHRASE)
    with pytest.raises(KeysError, match="HOSO_PASSPHRASE_FILE"):
        KeyRing.open(path)


def test_a_missing_file_says_how_to_make_one(path):
    with pytest.raises(KeysError, match="hoso keys init"):
        KeyRing.open(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610, 0o601, 0o620, 0o700 | 0o040])
def test_a_file_that_others_may_read_or_write_is_refused(path, mode):
    KeyRing.create(path, None)
    path.chmod(mode)
    with pytest.raises(KeysError, match="chmod 600"):
        KeyRing.open(path)


def test_a_new_file_and_its_lock_are_for_the_owner_alone_whatever_the_umask(path):
    before = os.umask(0)
    try:
        KeyRing.create(path, None).ensure_domain("H41")
    finally:
        os.umask(before)
    assert {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {
        "keys.json": 0o600,
        "keys.lock": 0o600,
    }


def test_a_key_file_is_never_overwritten(path):
    KeyRing.create(path, None)
    before = path.read_bytes()
    with pytest.raises(KeysError, match="left as it is"):
        KeyRing.create(path, PASSPHRASE)
    assert path.read_bytes() == before


def test_a_file_that_is_not_ours_is_not_overwritten_either(path):
    path.write_text("something of the operator's")
    with pytest.raises(KeysError, match="left as it is"):
        KeyRing.create(path, None)
    assert path.read_text() == "something of the operator's"


def test_a_newer_format_says_to_upgrade(path):
    KeyRing.create(path, None)
    edit(path, format="hoso-keys/2")
    with pytest.raises(KeysError, match="upgrade Hoso"):
        KeyRing.open(path)


# ---------------------------------------------------------------- damage

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
on_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.binary(max_size=200))
@on_one_file
def test_a_file_of_garbage_raises_nothing_but_a_keys_error(path, garbage):
    write(path, "")
    path.write_bytes(garbage)
    with pytest.raises(KeysError):
        KeyRing.open(path)


@given(st.sampled_from(["format", "installation", "protection", "root", "keys"]), anything)
@on_one_file
def test_a_file_with_a_wrong_member_raises_nothing_but_a_keys_error(path, name, value):
    path.unlink(missing_ok=True)
    KeyRing.create(path, None)
    edit(path, **{name: value})
    with pytest.raises(KeysError):
        KeyRing.open(path)


@given(st.integers(0, 9), st.sampled_from(["purpose", "domain", "epoch", "wrapped"]), anything)
@on_one_file
def test_a_row_with_a_wrong_member_raises_nothing_but_a_keys_error(path, index, name, value):
    path.unlink(missing_ok=True)
    KeyRing.create(path, None).ensure_domain("H41")
    rows = json.loads(path.read_text())["keys"]
    rows[index][name] = [value]
    edit(path, keys=rows)
    with pytest.raises(KeysError):
        KeyRing.open(path)


@given(st.sampled_from(["salt", "n", "r", "p"]), anything)
@on_one_file
def test_wrong_parameters_of_scrypt_raise_nothing_but_a_keys_error(path, name, value):
    write(path, json.dumps({**json.loads(CHEAP), "protection": json.loads(CHEAP)["protection"] | {name: value}}))
    with pytest.raises(KeysError):
        KeyRing.open(path, lambda: "a passphrase that is wrong anyhow")


CHEAP = next(one["file"] for one in VECTORS if one["id"] == "another-passphrase").replace('"@rows"', "[]")


def test_a_root_under_a_passphrase_of_little_cost_opens():
    made = PassphraseProvider.create(PASSPHRASE, "00" * 16, cost=1024)
    again = PassphraseProvider.open(PASSPHRASE, "00" * 16, made.protection(), bytes.fromhex(made.sealed_root()))
    assert again.unwrap(b"use", b"owner", made.wrap(b"use", b"owner", b"k" * 32)) == b"k" * 32


def test_a_root_of_the_wrong_length_is_refused():
    with pytest.raises(KeysError, match="not 32 bytes"):
        PlainProvider.open(b"short")


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


# ---------------------------------------------------------------- to other processes, and to logs


def answer(ring, answers):
    answers.put((ring.installation, written(ring.lease(["H41"]).domain("H41"))))


def test_a_ring_goes_to_another_process_without_its_passphrase_being_asked_for(path):
    ring = KeyRing.create(path, PASSPHRASE)
    ring.ensure_domain("H41")
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=answer, args=(ring, answers))
    child.start()
    got = answers.get(timeout=60)
    child.join(60)
    assert got == (ring.installation, written(ring.lease(["H41"]).domain("H41")))


def test_a_pickled_ring_holds_no_key_but_the_root(path):
    ring = KeyRing.create(path, None)
    ring.ensure_domain("H41")
    sent = pickle.dumps(ring)
    keys = ring.lease(["H41"]).domain("H41")
    assert not any(key in sent for key in (keys.ref, keys.current.kek, keys.current.idx, keys.current.hdr))
    assert written(pickle.loads(sent).lease(["H41"]).domain("H41")) == written(keys)


def test_no_repr_shows_a_key(path):
    ring = KeyRing.create(path, None)
    ring.ensure_domain("H41")
    lease = ring.lease(["H41"])
    keys = lease.domain("H41")
    shown = "".join(map(repr, (ring, lease, keys, keys.current, ring.status(), PlainProvider.create()))) + f"{keys}"
    secrets = [keys.ref, keys.current.kek, keys.current.idx, keys.current.hdr, ring.installation_key("TMP")]
    root = json.loads(path.read_text())["root"]
    assert root not in shown
    assert not any(repr(key)[2:12] in shown or key.hex()[:10] in shown for key in secrets)
    assert repr(keys) == "DomainKeys('H41', epochs=[1])"


def test_the_status_tells_of_every_key_and_shows_none(path):
    ring = KeyRing.create(path, None)
    ring.ensure_domain("H41")
    status = ring.status()
    assert [(one.domain, one.purpose, one.epoch) for one in status] == sorted(
        [("-", purpose, 0) for purpose in INSTALLATION_PURPOSES]
        + [("H41", "REF", 0), ("H41", "KEK", 1), ("H41", "IDX", 1), ("H41", "HDR", 1)]
    )
    assert {one.state for one in status} == {"active"}


# ---------------------------------------------------------------- leases


def test_a_domain_that_was_not_leased_has_no_keys_here(path):
    ring = KeyRing.create(path, None)
    for domain in ("H41", "H41CA"):
        ring.ensure_domain(domain)
    lease = ring.lease(["H41", "H99"])
    assert [keys.domain for keys in lease] == list(lease.names) == ["H41"]
    assert "H41CA" not in lease
    for domain in ("H41CA", "H99", "-", ""):
        with pytest.raises(NotPermittedError):
            lease.domain(domain)


def test_the_installations_keys_are_in_no_lease(path):
    ring = KeyRing.create(path, None)
    assert list(ring.lease(["-"])) == []


def test_an_epoch_that_is_not_there_has_no_keys():
    epochs = tuple(EpochKeys(number, new_key(), new_key(), new_key()) for number in (3, 2))
    keys = DomainKeys("H41", new_key(), epochs)
    assert keys.current is keys.epoch(3)
    for number in (0, 1, 4):
        with pytest.raises(NotPermittedError):
            keys.epoch(number)

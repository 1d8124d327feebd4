"""The key file against known answers made by `tests/vectors/make_sealing.mjs`, damage, and what leaves a ring."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.key_files import edit, write, written

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


# ---------------------------------------------------------------- known answers


def open_vector(path, vector):
    write(path, vector["file"].replace('"@rows"', json.dumps(FILE["rows"])))
    return KeyRing.open(path, lambda: vector["passphrase"])


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

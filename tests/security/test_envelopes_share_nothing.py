"""What an engine could compare: two envelopes of one person, two writes of one record, records of two domains.

Only the prefix is in the clear. Behind it no two envelopes share 8 bytes, whatever they have in common.
"""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from security.envelope import Place, Section, seal
from security.keys import KeyRing
from security.references import references
from security.sealing import new_key
from security.search_tokens import TOKEN_BYTES, current_tokens
from security.subject_keys import make_section_keys
from security.vault.sqlite import SqliteVault

PREFIX_BYTES = 31
WINDOW = 8
CANARY = "Người Mẫu Canary"
NUMBER = "040187000123"
PLAIN = json.dumps({"roles": ["applicant"], "full_name": CANARY, "citizen_id": NUMBER}, ensure_ascii=False).encode()


def windows(envelope):
    hidden = envelope[PREFIX_BYTES:]
    return {hidden[start : start + WINDOW] for start in range(len(hidden) - WINDOW + 1)}


def write(keys, code, counter, plaintext=PLAIN, subject_keys=None):
    record_id = references(keys).record("dossier", code)
    person = references(keys).subject("citizen_id", NUMBER)
    section_keys = subject_keys or {person: b"s" * 32}
    section_keys.setdefault(record_id, b"d" * 32)
    sections = [Section("shared", record_id, b'{"status":9}'), Section("person", person, plaintext)]
    place = Place("dossier", record_id, keys.domain, keys.current.epoch, counter)
    digest = references(keys).content(plaintext)
    return seal(place, keys.current.hdr, 1, digest, "H41.14", sections, lambda one: section_keys[one.reference])


@pytest.fixture
def ring(tmp_path):
    ring = KeyRing.create(tmp_path / "keys.json", None)
    for domain in ("H41", "H41CA"):
        ring.ensure_domain(domain)
    return ring


@pytest.fixture
def domains(ring):
    lease = ring.lease(["H41", "H41CA"])
    return lease.domain("H41"), lease.domain("H41CA")


def assert_nothing_shared(envelopes):
    seen = [windows(envelope) for envelope in envelopes]
    assert all(one.isdisjoint(other) for one, other in combinations(seen, 2))


def test_envelopes_of_one_person_share_nothing(domains):
    assert_nothing_shared([write(domains[0], f"H41.14-261123-{number:04}", 1) for number in range(6)])


def test_writes_of_one_record_share_nothing(domains):
    assert_nothing_shared([write(domains[0], "H41.14-261123-0001", counter) for counter in range(1, 7)])


def test_equal_writes_with_one_counter_share_nothing(domains):
    # A crash between sealing and writing, or a restored backup, brings a counter back.
    assert_nothing_shared([write(domains[0], "H41.14-261123-0001", 1) for _ in range(6)])


def test_one_record_of_two_domains_shares_nothing(domains):
    assert_nothing_shared([write(keys, "H41.14-261123-0001", 1) for keys in domains])


def test_a_section_of_repeated_text_repeats_nothing_within_its_envelope(domains):
    hidden = write(domains[0], "H41.14-261123-0001", 1, bytes(range(256)) * 100)[PREFIX_BYTES:]
    assert len(windows(bytes(PREFIX_BYTES) + hidden)) == len(hidden) - WINDOW + 1


def test_an_erased_section_leaves_no_trace_of_its_length(domains):
    short, long = (write(domains[0], "H41.14-261123-0001", 1, PLAIN[: 40 + more]) for more in (0, 20))
    assert len(short) == len(long)


def test_neither_references_nor_values_nor_keys_stand_in_an_envelope_or_in_its_tokens(domains):
    keys = domains[0]
    record_id = references(keys).record("dossier", "H41.14-261123-0001")
    person = references(keys).subject("citizen_id", NUMBER)
    tokens = current_tokens(keys).record(record_id, [("subject", (person,)), ("name", ("nguoi mau canary",))])
    stored = write(keys, "H41.14-261123-0001", 1) + tokens
    secrets = [person, record_id, CANARY.encode(), NUMBER.encode(), b"H41.14", b"s" * 32, b"nguoi mau"]
    secrets += [keys.ref, keys.current.kek, keys.current.idx, keys.current.hdr]
    assert not any(secret[:TOKEN_BYTES] in stored for secret in secrets)


def test_the_vault_and_the_key_file_hold_no_key_in_the_clear(ring, domains, tmp_path):
    vault = SqliteVault(tmp_path / "vault.db", ring.installation)
    references_made = [bytes([number]) * 16 for number in range(8)]
    made = make_section_keys(vault.keys, domains[0], dict.fromkeys(references_made, "SK"))
    vault.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    wrapped = [keys.current for keys in domains]
    secrets = [*made.values(), *(key for one in wrapped for key in (one.kek, one.idx, one.hdr))]
    assert len({*secrets, new_key()}) == 8 + 6 + 1
    assert not any(secret in stored or secret.hex().encode() in stored for secret in secrets)

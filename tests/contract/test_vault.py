"""What every vault promises, whatever database it stands on."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from vaults import OPENERS

from schemas.agency import Agency
from schemas.errors import (
    ConflictError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    RecordNotFoundError,
    StorageError,
)
from security.vault.rows import (
    AuditExtent,
    AuditGroup,
    AuditNode,
    AuditRow,
    Consent,
    IdentityLink,
    QuarantinedRow,
    StoredPrefill,
    WrappedKey,
)

NOW = datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture(params=OPENERS)
def opener(request):
    return OPENERS[request.param]


@pytest.fixture
def vault(opener, tmp_path):
    vault = opener(tmp_path)
    yield vault
    vault.close()


def reference(number):
    return number.to_bytes(16, "big")


def a_key(number, wrapped=b"box", kind="SK"):
    return WrappedKey(reference(number), kind, "VN-40", 1, wrapped)


def a_link(one, two, domain="VN-40", state="proven"):
    return IdentityLink(domain, reference(one), reference(two), "old_id", b"evidence", state)


def a_row(name, line=1):
    return QuarantinedRow(name, "dossiers", line, 100, "/code", "date_impossible", "no such day", NOW, b"sealed")


# ---------------------------------------------------------------- keys


def test_keys_are_found_by_reference_and_only_those_that_are_there(vault):
    keys = [a_key(1), a_key(2, kind="DK")]
    assert vault.keys.add_keys(keys) == {key.reference: key for key in keys}
    assert vault.keys.find_keys([reference(1), reference(2), reference(3)]) == {key.reference: key for key in keys}


def test_more_keys_than_a_statement_has_parameters_are_found_at_once(vault):
    keys = [a_key(number) for number in range(40_000)]
    vault.keys.add_keys(keys)
    assert len(vault.keys.find_keys([key.reference for key in keys])) == 40_000


def test_nothing_asked_for_gives_nothing(vault):
    assert vault.keys.find_keys([]) == vault.keys.add_keys([]) == {}
    assert vault.keys.destroy_keys([]) == vault.links.remove_links([]) == 0
    assert vault.links.links_of("VN-40", []) == []


def test_a_reference_keeps_its_first_key_and_the_second_writer_is_told_so(vault):
    vault.keys.add_keys([a_key(1, b"first")])
    stored = vault.keys.add_keys([a_key(1, b"second"), a_key(2, b"new")])
    assert stored == {reference(1): a_key(1, b"first"), reference(2): a_key(2, b"new")}


def test_of_two_keys_for_one_reference_in_one_call_the_first_is_stored(vault):
    assert vault.keys.add_keys([a_key(1, b"first"), a_key(1, b"second")]) == {reference(1): a_key(1, b"first")}


def test_writers_who_race_for_the_same_references_agree_on_every_key(vault):
    start = threading.Barrier(8)

    def write(writer):
        start.wait()
        return [vault.keys.add_keys([a_key(number, bytes([writer]))]) for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(8)))
    assert all(answer == answers[0] for answer in answers)


def test_what_was_added_is_there_when_the_vault_is_opened_again(opener, tmp_path):
    first = opener(tmp_path)
    first.keys.add_keys([a_key(1)])
    first.close()
    second = opener(tmp_path)
    assert second.keys.find_keys([reference(1)]) == {reference(1): a_key(1)}
    second.close()


def test_two_open_vaults_see_each_others_writes(opener, tmp_path, vault):
    other = opener(tmp_path)
    vault.keys.add_keys([a_key(1)])
    assert other.keys.find_keys([reference(1)]) == {reference(1): a_key(1)}
    other.close()


def test_destroyed_keys_are_gone_and_counted_and_the_others_stay(vault):
    vault.keys.add_keys([a_key(1), a_key(2), a_key(3)])
    assert vault.keys.destroy_keys([reference(1), reference(2), reference(9)]) == 2
    assert set(vault.keys.find_keys(reference(number) for number in (1, 2, 3))) == {reference(3)}
    assert vault.keys.destroy_keys([reference(1)]) == 0


def test_a_destroyed_keys_bytes_are_in_no_file(vault, tmp_path):
    secret = b"canary-of-a-wrapped-key-0123456789"
    vault.keys.add_keys([a_key(1, secret), *(a_key(number) for number in range(2, 50))])
    assert any(secret in file.read_bytes() for file in tmp_path.iterdir())
    vault.keys.destroy_keys([reference(1)])
    assert not any(secret in file.read_bytes() for file in tmp_path.iterdir())


def test_a_closed_vault_refuses(opener, tmp_path):
    vault = opener(tmp_path)
    vault.close()
    with pytest.raises(StorageError):
        vault.keys.find_keys([reference(1)])


# ---------------------------------------------------------------- links


def test_links_are_found_from_both_ends_within_their_domain(vault):
    vault.links.add_links([a_link(1, 2), a_link(3, 4), a_link(5, 2), a_link(1, 9, domain="VN-01")])
    assert vault.links.links_of("VN-40", [reference(2)]) == [a_link(1, 2), a_link(5, 2)]
    assert vault.links.links_of("VN-40", [reference(1), reference(2)]) == [a_link(1, 2), a_link(5, 2)]
    assert vault.links.links_of("VN-01", [reference(2)]) == []


def test_a_link_that_is_there_stays_as_it_is(vault):
    vault.links.add_links([a_link(1, 2, state="confirmed")])
    vault.links.add_links([a_link(1, 2, state="proven")])
    assert vault.links.links_of("VN-40", [reference(1)]) == [a_link(1, 2, state="confirmed")]


def test_links_of_a_person_are_removed_from_both_ends_and_in_every_domain(vault):
    vault.links.add_links([a_link(1, 2), a_link(3, 1), a_link(3, 4), a_link(1, 2, domain="VN-01")])
    assert vault.links.remove_links([reference(1)]) == 3
    assert vault.links.links_of("VN-40", [reference(number) for number in range(9)]) == [a_link(3, 4)]


# ---------------------------------------------------------------- agencies and consents


def test_agencies_are_kept_whole_in_order_and_replaced_by_code(vault):
    office = Agency(code="H41.14", name="Sở Xây dựng", parent="H41", level="department", valid_from=date(2025, 7, 1))
    top = Agency(code="H41", name="Nghệ An", domain="VN-40")
    vault.agencies.save_agencies([office, top])
    assert vault.agencies.agencies() == [top, office]
    renamed = office.model_copy(update={"name": "Sở Tư pháp", "valid_until": date(2030, 1, 1)})
    vault.agencies.save_agencies([renamed])
    assert vault.agencies.agencies() == [top, renamed]


def a_consent(given_at=NOW):
    return Consent("c1", reference(1).hex(), "VN-40", "portal", "prefill", given_at, NOW + timedelta(days=1))


def test_a_consent_is_found_as_it_was_given(vault):
    vault.consents.give(a_consent())
    assert vault.consents.find("c1") == a_consent()
    assert vault.consents.find("c2") is None


def test_a_time_of_another_zone_is_the_same_instant_when_it_is_read(vault):
    vault.consents.give(a_consent(given_at=NOW.astimezone(timezone(timedelta(hours=7)))))
    assert vault.consents.find("c1") == a_consent()


def test_a_consent_is_not_given_twice(vault):
    vault.consents.give(a_consent())
    with pytest.raises(ConflictError):
        vault.consents.give(a_consent())


def test_a_consent_is_withdrawn_once_and_for_all(vault):
    vault.consents.give(a_consent())
    vault.consents.withdraw("c1", NOW)
    vault.consents.withdraw("c1", NOW + timedelta(hours=1))
    assert vault.consents.find("c1") == dataclasses.replace(a_consent(), withdrawn_at=NOW)


def test_a_consent_that_is_not_there_cannot_be_withdrawn(vault):
    with pytest.raises(RecordNotFoundError):
        vault.consents.withdraw("c1", NOW)


# ---------------------------------------------------------------- what lives shortly


def test_quarantined_rows_are_paged_in_the_order_of_their_arrival(vault):
    rows = [a_row(name, line) for line, name in enumerate(["z", "a", "m"], start=1)]
    vault.quarantine.add_rows(rows)
    vault.quarantine.add_rows([a_row("a", line=99)])
    assert vault.quarantine.rows(limit=2) == rows[:2]
    assert vault.quarantine.rows(limit=2, after="a") == rows[2:]
    assert vault.quarantine.get("m") == rows[2]


def test_a_dropped_row_is_gone_and_dropping_it_again_is_no_error(vault):
    vault.quarantine.add_rows([a_row("a")])
    vault.quarantine.drop("a")
    vault.quarantine.drop("a")
    with pytest.raises(RecordNotFoundError):
        vault.quarantine.get("a")


def test_a_prefill_answer_is_found_until_it_expires_and_then_dropped(vault):
    first, second = (
        StoredPrefill(name, "portal", NOW + timedelta(minutes=m), b"box") for name, m in (("a", 1), ("b", 9))
    )
    vault.prefills.save(first)
    vault.prefills.save(second)
    assert vault.prefills.find("a", NOW) == first
    assert vault.prefills.find("a", first.expires_at) is None
    assert vault.prefills.drop_expired(first.expires_at) == 1
    assert vault.prefills.find("a", NOW) is None
    assert vault.prefills.find("b", NOW) == second


def test_an_ingest_job_goes_on_from_its_last_saved_state_until_it_is_finished(vault):
    assert vault.progress.load("job") is None
    vault.progress.save("job", {"offset": 1})
    vault.progress.save("job", {"offset": 2, "counts": {"indexed": 5}})
    assert vault.progress.load("job") == {"offset": 2, "counts": {"indexed": 5}}
    vault.progress.finish("job")
    assert vault.progress.load("job") is None


def test_an_equal_request_gets_the_answer_given_before_for_a_day(vault):
    store = vault.idempotency
    assert store.begin("portal", b"key", b"body", NOW) is None
    store.finish("portal", b"key", b"answer")
    assert store.begin("portal", b"key", b"body", NOW + timedelta(hours=23)) == b"answer"
    assert store.begin("portal", b"key", b"body", NOW + timedelta(hours=25)) is None


def test_keys_of_two_clients_are_apart(vault):
    vault.idempotency.begin("portal", b"key", b"body", NOW)
    assert vault.idempotency.begin("another", b"key", b"other body", NOW) is None


def test_an_equal_request_that_is_being_worked_on_is_refused(vault):
    vault.idempotency.begin("portal", b"key", b"body", NOW)
    with pytest.raises(IdempotencyInProgressError):
        vault.idempotency.begin("portal", b"key", b"body", NOW)


def test_a_key_that_came_with_another_body_is_refused(vault):
    vault.idempotency.begin("portal", b"key", b"body", NOW)
    with pytest.raises(IdempotencyConflictError):
        vault.idempotency.begin("portal", b"key", b"other body", NOW)


def test_a_request_that_failed_can_be_sent_again_but_an_answer_is_not_forgotten(vault):
    store = vault.idempotency
    store.begin("portal", b"key", b"body", NOW)
    store.abandon("portal", b"key")
    assert store.begin("portal", b"key", b"body", NOW) is None
    store.finish("portal", b"key", b"answer")
    store.abandon("portal", b"key")
    assert store.begin("portal", b"key", b"body", NOW) == b"answer"


def test_a_request_whose_process_died_can_be_sent_again_and_the_first_answer_stays(vault):
    store = vault.idempotency
    store.begin("portal", b"key", b"body", NOW)
    assert store.begin("portal", b"key", b"body", NOW + timedelta(minutes=3)) is None
    store.finish("portal", b"key", b"second")
    store.finish("portal", b"key", b"first, late")
    assert store.begin("portal", b"key", b"body", NOW + timedelta(minutes=4)) == b"second"


# ---------------------------------------------------------------- rows of the audit log


def test_audit_rows_are_appended_at_the_end_and_paged_also_by_person(vault):
    sizes = []

    def build(size, read):
        sizes.append(size)
        row = AuditRow(size, b"entry %d" % size, (reference(size % 2), reference(7)))
        assert [node.place for node in read(0, 0, 99)] == list(range(size))
        return AuditGroup([row], [AuditNode(0, size, bytes(32))])

    for _ in range(5):
        vault.audit.append(build)
    assert sizes == [0, 1, 2, 3, 4]
    assert vault.audit.extent() == AuditExtent(5, 5)
    assert [row.seq for row in vault.audit.rows(-1, 3)] == [0, 1, 2]
    assert vault.audit.rows(3, 3) == [AuditRow(4, b"entry 4", (reference(0), reference(7)))]
    assert [row.seq for row in vault.audit.rows(0, 9, reference(0))] == [2, 4]
    assert vault.audit.nodes(0, 1, 3) == [AuditNode(0, 1, bytes(32)), AuditNode(0, 2, bytes(32))]


def test_an_append_that_fails_leaves_nothing(vault):
    def build(size, read):
        return AuditGroup([AuditRow(0, b"entry", ())], [AuditNode(0, 0, bytes(32)), AuditNode(0, 0, bytes(32))])

    with pytest.raises(StorageError):
        vault.audit.append(build)
    assert vault.audit.extent() == AuditExtent(0, 0)


def test_a_log_whose_entries_and_leaves_differ_takes_no_entry(vault):
    def build(size, read):
        return AuditGroup([AuditRow(size, b"entry", ())], [])

    vault.audit.append(build)
    with pytest.raises(StorageError, match="audit verify"):
        vault.audit.append(build)


def test_checkpoints_are_paged_from_the_largest_and_the_first_of_a_size_stays(vault):
    for size, note in ((0, "zero"), (5, "five"), (5, "another five"), (9, "nine")):
        vault.audit.save_checkpoint(size, note)
    assert vault.audit.checkpoints(None, 2) == [(9, "nine"), (5, "five")]
    assert vault.audit.checkpoints(5, 2) == [(0, "zero")]

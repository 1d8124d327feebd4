"""A person is taken out of every record, whatever happens on the way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import apsw
import pytest
from support.erasing import ACTOR, KilledError, eraser, facts_of
from support.family import IDENTITY_CARD, OLD, OWN, erase, family, found_as_mother, ids
from support.rows import (
    CHILD_ID,
    CODE,
    FATHER_ID,
    MOTHER_ID,
    OLD_ID,
    PAPER_ID,
    make_birth,
    make_dossier,
    make_paper,
    make_person,
)

from indexer.erasure import FINAL_AFTER, erase_person, resume_erasures
from indexer.erasure_records import ErasureRecords
from schemas.errors import CanonicalFormError, IndexNotReadyError, StorageError
from security.receipts import ReceiptSigner, open_receipt
from security.vault.rows import Consent, IdentityLink, StoredPrefill

STEPS = ["begun", "linked", "rewritten", "keys destroyed", "forgotten", "expunged", "signed"]


@pytest.fixture
def parts(home):
    with eraser(home) as parts:
        yield parts


# ---------------------------------------------------------------- what is taken out, what stays


def test_every_key_finds_the_mother_before(home):
    family(home)
    assert found_as_mother(home) == ids(home, CODE, OWN, OLD) | ids(home, "card", collection="paper")


def test_the_others_stay_whole_and_are_found_and_the_mother_is_not(home, parts):
    family(home)
    before = home.opened("dossier", CODE)
    erase(parts)
    after = home.opened("dossier", CODE)
    mother = home.refs().subject("citizen_id", MOTHER_ID)
    assert {one: text for one, text in before.people.items() if one != mother} == after.people
    assert len(after.people) == 2
    assert before.shared == after.shared
    assert (after.header.source_version, after.header.content_digest) == (1, before.header.content_digest)
    assert after.counter == before.counter + 1
    assert found_as_mother(home) == set()
    father = home.refs().subject("citizen_id", FATHER_ID)
    assert set(home.find("subject", father)) == ids(home, CODE, OLD)
    assert set(home.find("name_year", "tran van hung", "1985")) == ids(home, CODE, OLD)
    assert set(home.find("name", "tran gia bao")) == set(home.find("dossier_code", CODE)) == ids(home, CODE)


def test_a_record_whose_last_person_is_erased_goes_with_its_key(home, parts):
    family(home)
    record = ids(home, OWN)
    assert set(home.vault.keys.find_keys(record)) == record
    erase(parts)
    assert home.envelopes("dossier", OWN) == {}
    assert home.envelopes("paper", "card") == {}
    assert home.vault.keys.find_keys(record) == {}


def test_the_receipt_counts_what_was_done(home, parts):
    family(home)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    facts = facts_of(erase_person(MOTHER_ID, parts.at(now), ACTOR, "trace"), parts)
    assert facts["records"] == {"found": 4, "rewritten": 2, "deleted": 2}
    assert (facts["keys_destroyed"], facts["links_removed"], facts["links_left"], facts["references"]) == (2, 1, 0, 2)
    assert datetime.fromisoformat(facts["effective_at"]) == now
    assert datetime.fromisoformat(facts["final_by"]) == now + FINAL_AFTER == now + timedelta(days=30)
    assert facts["epochs"] == {"H41": [1]}
    assert facts["not_searched"] == ["quarantine", "idempotency"]


def test_keys_links_and_consents_are_gone_and_those_of_others_are_not(home, parts):
    family(home)
    mother, father = (home.refs().subject("citizen_id", one) for one in (MOTHER_ID, FATHER_ID))
    day = timedelta(days=1)
    now = datetime.now(UTC)
    for name, person in (("hers", mother), ("his", father)):
        home.vault.consents.give(Consent(name, person.hex(), "H41", "portal", "prefill", now, now + day))
        home.vault.prefills.save(StoredPrefill(name, "portal", now + day, b"\0\1" + person + b"box"))
    facts = erase(parts)
    old = home.refs().subject("old_id", OLD_ID)
    assert set(home.vault.keys.find_keys([mother, father, old])) == {father}
    assert home.vault.links.links_of("H41", [mother, old]) == []
    assert home.vault.consents.find("hers").withdrawn_at is not None
    assert home.vault.consents.find("his").withdrawn_at is None
    assert home.vault.prefills.find("hers", now) is None
    assert home.vault.prefills.find("his", now) is not None
    assert (facts["consents_withdrawn"], facts["prefill_answers_dropped"]) == (1, 1)


def test_a_child_is_erased_from_the_dossier_in_which_it_had_no_number(home, parts):
    family(home)
    facts = erase(parts, CHILD_ID)
    assert facts["records"]["found"] == 2
    assert home.find("name", "tran gia bao") == []
    assert [person["roles"] for person in home.opened("dossier", CODE).people.values()] == [
        ["applicant", "mother"],
        ["father"],
    ]


def test_a_newborn_of_another_name_is_not_taken_for_the_person(home, parts):
    home.put(make_birth())
    other = {"citizen_id": CHILD_ID, "full_name": "Trần Gia Huy", "born_on": "2023-11-01"}
    home.put_paper(make_paper(holders=[other], data=None))
    facts = erase(parts, CHILD_ID)
    assert (facts["links_left"], facts["references"]) == (1, 1)
    assert home.opened("dossier", CODE).in_role("child")["full_name"] == "Trần Gia Bảo"


def test_an_old_number_that_a_wrong_paper_links_is_left_to_its_owner(home, parts):
    someone = {"old_id": OLD_ID, "full_name": "Lê Văn Tám", "born_on": "1950-01-01"}
    home.put(make_dossier(code=OLD, applicant=someone))
    home.put_paper(IDENTITY_CARD)
    facts = erase(parts)
    assert (facts["links_left"], facts["records"]["found"]) == (1, 1)
    assert home.opened("dossier", OLD).in_role("applicant")["full_name"] == "Lê Văn Tám"


def test_a_person_is_erased_in_every_domain_under_the_proven_old_number_too(home, parts):
    family(home)
    home.put(
        make_dossier(code="H99.1-240101-0001", agency="H99.1", applicant=make_person(citizen_id=None, old_id=OLD_ID)),
        make_dossier(code="H99.1-240101-0002", agency="H99.1", applicant=make_person()),
    )
    facts = erase(parts)
    assert facts["records"] == {"found": 6, "rewritten": 2, "deleted": 4}
    assert home.envelopes("dossier", "H99.1-240101-0001", "H99.1-240101-0002", domain="H99") == {}


def test_more_records_than_one_search_returns_are_all_found(home, parts):
    count = 520
    home.put(*(make_dossier(code=f"H41.14-240101-{number:04}") for number in range(count)))
    records = ErasureRecords(home.records, home.vault, home.keys, lambda *_: None)
    assert len(records.find({"H41": [home.refs().subject("citizen_id", MOTHER_ID)]})) == count
    assert erase(parts)["records"] == {"found": count, "rewritten": 0, "deleted": count}
    assert home.records.status().records["dossier"] == 0


# ---------------------------------------------------------------- again, nobody, not now


def test_a_second_run_finds_nothing_left(home, parts):
    family(home)
    erase(parts)
    again = erase(parts)
    assert again["records"] == {"found": 0, "rewritten": 0, "deleted": 0}
    assert (again["keys_destroyed"], again["links_removed"]) == (0, 0)


def test_an_unknown_person_gets_a_receipt_with_zero_records(home, parts):
    family(home)
    before = home.envelopes("dossier", CODE, OWN, OLD)
    facts = erase(parts, "040090009999")
    assert facts["records"] == {"found": 0, "rewritten": 0, "deleted": 0}
    assert home.envelopes("dossier", CODE, OWN, OLD) == before


def test_an_empty_installation_gives_a_receipt_too(parts):
    assert erase(parts)["records"]["found"] == 0


def test_what_is_no_citizen_id_begins_nothing(home, parts):
    with pytest.raises(CanonicalFormError):
        erase(parts, "04018700012")
    assert home.vault.erasures.unfinished() == []


def test_during_a_build_nothing_is_begun(home, parts):
    build = home.records.build()
    with pytest.raises(IndexNotReadyError):
        erase(parts)
    assert home.vault.erasures.unfinished() == home.vault.erased.entries() == []
    build.discard()
    build.close()


def test_a_record_that_does_not_open_stops_the_erasure_until_it_is_mended(home, parts):
    family(home)
    [(record_id, envelope)] = home.envelopes("dossier", CODE).items()
    damaged = envelope[:40] + bytes((envelope[40] ^ 1,)) + envelope[41:]
    connection = apsw.Connection(str(home.folder / "records" / f"{home.records.status().version}.db"))
    connection.execute("update record set envelope = ? where record_id = ?", (damaged, record_id))
    with pytest.raises(StorageError, match="does not open"):
        erase(parts)
    connection.execute("update record set envelope = ? where record_id = ?", (envelope, record_id))
    connection.close()
    assert erase(parts)["records"] == {"found": 4, "rewritten": 2, "deleted": 2}


def test_two_people_of_one_dossier_are_erased_at_once(home, parts):
    family(home)
    failures = []

    def run(number):
        try:
            erase(parts, number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in (MOTHER_ID, FATHER_ID)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [person["roles"] for person in home.opened("dossier", CODE).people.values()] == [["child"]]
    assert home.envelopes("dossier", OLD) == {}


# ---------------------------------------------------------------- killed


@pytest.mark.parametrize("last", STEPS[:-1])
def test_killed_after_any_step_it_goes_on_to_the_same_end(home, parts, last):
    family(home)

    def kill(step):
        if step == last:
            raise KilledError

    with pytest.raises(KilledError):
        erase(parts, step=kill)
    told = []
    facts = erase(parts, step=told.append)
    assert told[-1] == "signed"
    assert facts["records"] == {"found": 4, "rewritten": 2, "deleted": 2}
    assert (facts["keys_destroyed"], facts["links_removed"]) == (2, 1)
    assert found_as_mother(home) == set()
    assert home.vault.erasures.unfinished() == []
    assert len(home.opened("dossier", CODE).people) == 2


@pytest.mark.parametrize("entry", range(5))
def test_killed_at_any_audit_entry_it_goes_on_to_the_same_end(home, parts, entry):
    family(home)
    entries = parts.log.size()
    with pytest.raises(KilledError):
        erase(parts.dying_at(entry))
    assert parts.log.size() == entries + entry
    facts = erase(parts)
    assert facts["records"] == {"found": 4, "rewritten": 2, "deleted": 2}
    assert found_as_mother(home) == set()


def test_it_goes_on_without_the_number(home, parts):
    family(home)
    home.put(
        make_dossier(code="H41.14-240101-0009", applicant=make_person(citizen_id=FATHER_ID, full_name="Trần Văn Hùng"))
    )
    for number in (MOTHER_ID, FATHER_ID):
        with pytest.raises(KilledError):
            erase(parts.dying_at(2), number)
    receipts = resume_erasures(parts, ACTOR, "trace")
    # The mother's card; then the dossiers of the father that had become empty of others.
    assert len(receipts) == 2
    assert found_as_mother(home) == set()
    assert home.find("subject", home.refs().subject("citizen_id", FATHER_ID)) == []
    assert resume_erasures(parts, ACTOR, "trace") == []


def test_the_receipt_can_be_had_again_by_its_id(home, parts):
    receipt = erase_person(MOTHER_ID, parts, ACTOR, "trace")
    opened = open_receipt(receipt, parts.jwks)
    assert home.vault.erasures.find_receipt(opened["jti"]) == receipt


# ---------------------------------------------------------------- what is written down


def test_the_log_tells_before_what_is_changed_and_after_what_was(home, parts):
    family(home)
    erase(parts)
    entries = [one.entry for one in parts.log.entries(-1, 100)]
    assert {(one.action, one.outcome, one.actor) for one in entries} == {("erase", "allowed", ACTOR.id)}
    assert (entries[0].records, entries[-1].records) == ((), ())
    changed = [record for one in entries for record in one.records]
    assert set(changed) == {one.hex() for one in ids(home, CODE, OWN, OLD) | ids(home, "card", collection="paper")}
    committed = [one for one in entries if one.batch]
    assert sum(one.batch.count for one in committed) == 2
    mother, old = home.refs().subject("citizen_id", MOTHER_ID), home.refs().subject("old_id", OLD_ID)
    assert set(entries[-1].subjects) == {mother.hex(), old.hex()}


def test_of_nobody_the_log_says_not_found(parts):
    erase(parts)
    assert parts.log.entries(-1, 100)[-1].entry.outcome == "not_found"


def test_a_receipt_verifies_and_a_changed_one_or_another_installation_s_does_not(home, parts):
    receipt = erase_person(MOTHER_ID, parts, ACTOR, "trace")
    assert open_receipt(f"{receipt}\n", parts.jwks)["iss"] == f"hoso/{home.keys.installation}"
    assert MOTHER_ID not in str(open_receipt(receipt, parts.jwks))


def test_a_link_confirmed_by_an_officer_is_followed_if_name_and_birth_agree(home, parts):
    home.put(make_dossier(), make_dossier(code=OLD, applicant=make_person(citizen_id=None, old_id=OLD_ID)))
    mother, old = home.refs().subject("citizen_id", MOTHER_ID), home.refs().subject("old_id", OLD_ID)
    home.vault.links.add_links([IdentityLink("H41", old, mother, "old_id", b"e" * 16, "confirmed")])
    assert erase(parts)["records"] == {"found": 2, "rewritten": 0, "deleted": 2}


def test_a_paper_of_a_child_keeps_the_child_when_its_mother_is_erased(home, parts):
    told = {"citizen_id": MOTHER_ID, "full_name": "Nguyễn Thị Hồng Nhung"}
    home.put_paper(make_paper(data={"full_name": "TRẦN GIA BẢO", "mother": told}))
    erase(parts)
    [child] = home.opened("paper", PAPER_ID).people.values()
    assert (child["roles"], child["data"]) == (["holder"], {"full_name": "TRẦN GIA BẢO"})


def test_the_signer_of_another_installation_gives_another_key():
    one, other = ReceiptSigner(b"a" * 32, "0" * 32), ReceiptSigner(b"b" * 32, "0" * 32)
    assert one.jwks() != other.jwks()

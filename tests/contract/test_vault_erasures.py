"""What every vault promises about erasures, whatever database it stands on."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from vaults import OPENERS

from security.vault.rows import Consent, ErasedReference, ErasureRow, StoredPrefill

NOW = datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC)
DAY = timedelta(days=1)


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


def entry(number, domain="H41", at=NOW):
    return ErasedReference(reference(number), domain, at)


def row(name, state=b"box", at=NOW):
    return ErasureRow(name, reference(1), at, state)


# ---------------------------------------------------------------- the list


def test_who_is_on_the_list_is_told_and_nobody_else(vault):
    vault.erased.put_on([entry(1), entry(2, None)])
    assert vault.erased.among([reference(1), reference(2), reference(3)]) == {reference(1), reference(2)}
    assert vault.erased.among([]) == frozenset()
    assert vault.erased.entries() == [entry(1), entry(2, None)]


def test_who_is_on_the_list_stays_as_first_written(vault):
    vault.erased.put_on([entry(1)])
    vault.erased.put_on([entry(1, "H99", NOW + DAY), entry(2)])
    assert vault.erased.entries() == [entry(1), entry(2)]


def test_the_list_outlives_the_process(opener, tmp_path):
    first = opener(tmp_path)
    first.erased.put_on([entry(1)])
    first.close()
    second = opener(tmp_path)
    assert second.erased.entries() == [entry(1)]
    second.close()


def test_any_number_of_references_can_be_asked_for(vault):
    vault.erased.put_on([entry(number) for number in range(1000)])
    assert len(vault.erased.among([reference(number) for number in range(40_000)])) == 1000


def test_batches_do_not_keep_each_other_out(vault):
    with vault.erased.batch(), vault.erased.batch():
        vault.erased.put_on([entry(1)])
    assert vault.erased.among([reference(1)])


def test_who_erases_waits_for_a_batch_and_batches_for_who_erases(opener, tmp_path):
    one, other = opener(tmp_path), opener(tmp_path)
    events = []
    entered = threading.Event()

    def erase():
        entered.set()
        with other.erased.alone():
            events.append("erasing")

    thread = threading.Thread(target=erase)
    with one.erased.batch():
        thread.start()
        entered.wait()
        # It cannot be proved that it waits, only that it does not come first when it is given time.
        thread.join(0.2)
        events.append("batch")
    thread.join()
    assert events == ["batch", "erasing"]
    one.close()
    other.close()


def test_the_lock_is_free_again_after_an_error(vault):
    for lend in (vault.erased.batch, vault.erased.alone):
        with pytest.raises(KeyError), lend():
            raise KeyError
    with vault.erased.alone():
        assert vault.erased.entries() == []


# ---------------------------------------------------------------- the journal


def test_an_erasure_is_unfinished_until_it_has_a_receipt(vault):
    vault.erasures.save(row("b", at=NOW + DAY))
    vault.erasures.save(row("a"))
    vault.erasures.save(row("a", b"further"))
    assert vault.erasures.unfinished() == [row("a", b"further"), row("b", at=NOW + DAY)]
    vault.erasures.finish("a", "receipt", NOW)
    assert vault.erasures.unfinished() == [row("b", at=NOW + DAY)]
    assert (vault.erasures.find_receipt("a"), vault.erasures.find_receipt("b")) == ("receipt", None)
    assert vault.erasures.find_receipt("c") is None


def test_the_first_receipt_stays_and_what_is_done_is_not_begun_again(vault):
    vault.erasures.save(row("a"))
    vault.erasures.finish("a", "first", NOW)
    vault.erasures.finish("a", "second", NOW)
    vault.erasures.save(row("a", b"late"))
    assert vault.erasures.find_receipt("a") == "first"
    assert vault.erasures.unfinished() == []


def test_what_an_erasure_kept_leaves_no_byte_when_it_is_done(vault, tmp_path):
    state = b"references and ids, sealed" * 100
    vault.erasures.save(row("a", state))
    assert any(state[:100] in path.read_bytes() for path in tmp_path.iterdir())
    vault.erasures.finish("a", "receipt", NOW)
    vault.erasures.expunge()
    assert [path.name for path in tmp_path.iterdir() if state[:26] in path.read_bytes()] == []


# ---------------------------------------------------------------- what else knows people


def consent(name, subject, withdrawn=None):
    return Consent(name, subject, "H41", "portal", "prefill", NOW - DAY, NOW + DAY, withdrawn)


def test_all_consents_of_a_person_are_withdrawn_once(vault):
    for one in (consent("a", "aa"), consent("b", "aa", NOW - DAY), consent("c", "bb"), consent("d", "cc")):
        vault.consents.give(one)
    assert vault.consents.withdraw_all(["aa", "cc"], NOW) == 2
    assert vault.consents.withdraw_all(["aa", "cc"], NOW) == 2
    assert vault.consents.withdraw_all(["aa", "cc"], NOW + DAY) == 0
    withdrawn = [vault.consents.find(name).withdrawn_at for name in "abcd"]
    assert withdrawn == [NOW, NOW - DAY, None, NOW]
    assert vault.consents.withdraw_all([], NOW) == 0


def test_prefill_answers_about_a_person_are_dropped(vault):
    def answer(name, *people):
        head = len(people).to_bytes(2, "big") + b"".join(map(reference, people))
        # The reference in the box is none of the answer's.
        vault.prefills.save(StoredPrefill(name, "portal", NOW + DAY, head + reference(1)))

    answer("hers", 1)
    answer("both", 2, 1)
    answer("his", 2)
    answer("nobody's")
    assert vault.prefills.drop_about([reference(1)]) == 2
    left = {name for name in ("hers", "both", "his", "nobody's") if vault.prefills.find(name, NOW)}
    assert left == {"his", "nobody's"}
    assert vault.prefills.drop_about([]) == 0

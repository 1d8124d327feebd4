"""From a record to sealed sections and tokens."""

from __future__ import annotations

import pytest
from support.rows import CODE, MOTHER_ID, PAPER_ID, make_birth, make_dossier, make_paper, make_person

from indexer.document import document_of_dossier, document_of_paper, seal_document
from schemas.dossier import Dossier
from schemas.errors import TooLargeError
from schemas.paper import Paper
from security.keys import DomainKeys
from security.keys.lease import EpochKeys
from security.references import references
from security.search_tokens import TooManyTokensError, current_tokens

KEYS = DomainKeys("H41", b"r" * 32, (EpochKeys(1, b"k" * 32, b"i" * 32, b"h" * 32),))


def of_dossier(row):
    return document_of_dossier(Dossier.model_validate(row), KEYS)


def of_paper(row):
    return document_of_paper(Paper.model_validate(row), KEYS)


def seal(document, expected_counter=0):
    return seal_document(document, KEYS, dict.fromkeys(document.references, b"s" * 32), expected_counter)


SUPPLEMENTS = [{"requested_at": "2023-11-08T08:00:00Z", "reason": "Thiếu giấy", "answered_at": "2023-11-09T08:00:00Z"}]


def test_what_is_shared_names_nobody():
    row = make_birth(
        form={"copies": 2, "note": "Nhung xin", "phone": 912345678}, supplements=SUPPLEMENTS, fee={"due": 8000}
    )
    shared = of_dossier(row).shared
    assert shared["form"] == {"copies": 2}
    assert shared["supplements"] == [{"requested_at": "2023-11-08T08:00:00Z", "answered_at": "2023-11-09T08:00:00Z"}]
    assert (shared["code"], shared["version"], shared["fee"]) == (CODE, 1, {"due": 8000})
    assert not {"applicant", "persons", "return_reason"} & set(shared)
    assert "Nhung" not in str(shared)


def test_no_answer_of_a_form_is_lost_between_the_sections():
    form = {"copies": 2, "note": "x", "child": {"weight": "3"}, "empty": None, "phone": 912345678, "yes": True}
    document = of_dossier(make_birth(form=form))
    found = dict(document.shared["form"])
    for one in document.people:
        found.update(one.extra.get("form", {}))
    assert found == form


def test_what_a_paper_shares_names_nobody():
    shared = of_paper(make_paper()).shared
    assert not {"holders", "data"} & set(shared)
    assert (shared["id"], shared["kind"], shared["dossier_code"]) == (PAPER_ID, "KQ.G15.000031", CODE)


def test_a_document_knows_its_place():
    dossier, paper = of_dossier(make_dossier()), of_paper(make_paper(version=7))
    assert dossier.record_id == references(KEYS).record("dossier", CODE)
    assert (dossier.collection, dossier.domain, dossier.agency, dossier.version) == ("dossier", "H41", "H41.14", 1)
    assert paper.record_id == references(KEYS).record("paper", PAPER_ID)
    assert (paper.collection, paper.agency, paper.version) == ("paper", "H41.14", 7)


def test_sealing_needs_the_key_of_each_person_and_the_records_own():
    document = of_dossier(make_birth())
    assert document.references[-1] == document.record_id
    assert len(set(document.references)) == 4


def test_equal_content_has_one_digest_however_it_was_spelled():
    spelled = make_dossier(
        code="h41.14-231107-0001",
        applicant=make_person(full_name="NGUYỄN THỊ HỒNG NHUNG", born_on="2/5/1987"),
        unknown=1,
    )
    assert of_dossier(spelled).digest == of_dossier(make_dossier()).digest
    assert of_dossier(dict(reversed(list(make_dossier().items())))).digest == of_dossier(make_dossier()).digest


@pytest.mark.parametrize(
    "change",
    [{"status": 10}, {"applicant": make_person(phone="0912345678")}, {"form": {"copies": 3}}, {"version": 2}],
)
def test_other_content_has_another_digest(change):
    assert of_dossier(make_dossier(**change)).digest != of_dossier(make_dossier()).digest


def test_a_digest_is_keyed():
    other = DomainKeys("H41", b"R" * 32, KEYS.epochs)
    assert (
        document_of_dossier(Dossier.model_validate(make_dossier()), other).digest != of_dossier(make_dossier()).digest
    )


def test_a_sealed_record_holds_no_value_in_the_clear_and_tokens_of_a_size_class():
    write = seal(of_dossier(make_birth()))
    assert MOTHER_ID.encode() not in write.envelope
    assert len(write.tokens) // 8 in (32, 64)
    assert write.scope == current_tokens(KEYS).scope("H41.14")
    assert (write.expected_counter, write.counter) == (0, 1)


def test_a_record_sealed_twice_has_the_same_tokens_and_another_envelope():
    first, second = seal(of_dossier(make_birth())), seal(of_dossier(make_birth()), 1)
    assert first.tokens == second.tokens
    assert (second.expected_counter, second.counter) == (1, 2)
    assert first.envelope[120:] != second.envelope[120:]


def _persons(count):
    return [{"role": "buyer", "passport": f"B{number:07d}"} for number in range(count)]


def test_sixteen_sections_fit_and_seventeen_are_refused():
    assert seal(of_dossier(make_dossier(persons=_persons(14)))).counter == 1
    with pytest.raises(TooLargeError, match="at most 15 people; this one has 16"):
        seal(of_dossier(make_dossier(persons=_persons(15))))


def test_more_tokens_than_the_largest_class_are_refused():
    names = [" ".join("abcdeghiklmnop"[start:] + "qrstuvxy"[: start + 8]) for start in range(12)]
    persons = [
        make_person(role="buyer", citizen_id=f"0400870{at:05d}", full_name=name) for at, name in enumerate(names)
    ]
    with pytest.raises(TooManyTokensError, match="search tokens, more than 256"):
        seal(of_dossier(make_dossier(persons=persons)))


def test_a_record_over_a_mebibyte_is_refused():
    import random

    noise = random.Random(1)
    form = {str(key): "".join(chr(noise.randrange(0x20, 0x2FFF)) for _ in range(10_000)) for key in range(60)}
    with pytest.raises(TooLargeError, match="1 MiB"):
        seal(of_dossier(make_dossier(form=form)))

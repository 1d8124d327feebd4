"""Which papers prove that two numbers are one person's."""

from __future__ import annotations

import pytest
from support.rows import CHILD_ID, CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_paper, make_person

from indexer.document import document_of_paper
from indexer.identity import links_of_paper
from schemas.paper import Paper
from security.keys import DomainKeys
from security.keys.lease import EpochKeys
from security.references import references
from security.vault.rows import IdentityLink

KEYS = DomainKeys("H41", b"r" * 32, (EpochKeys(1, b"k" * 32, b"i" * 32, b"h" * 32),))
REFS = references(KEYS)
CARD = "KQ.G01.000007"


def links(**changes):
    paper = Paper.model_validate(make_paper(**changes))
    return links_of_paper(paper, document_of_paper(paper, KEYS), KEYS)


@pytest.mark.parametrize("assurance", ["issued_result", "verified_copy"])
def test_a_paper_that_shows_both_numbers_links_them(assurance):
    [link] = links(kind=CARD, assurance=assurance, holders=[make_person(old_id=OLD_ID)], data={})
    evidence = REFS.record("paper", make_paper()["id"])
    old, new = REFS.subject("old_id", OLD_ID), REFS.subject("citizen_id", MOTHER_ID)
    assert link == IdentityLink("H41", old, new, "old_id", evidence, "proven")


@pytest.mark.parametrize("assurance", ["extracted_ocr", "self_declared"])
def test_what_was_read_by_a_machine_or_declared_links_nothing(assurance):
    assert links(kind=CARD, assurance=assurance, holders=[make_person(old_id=OLD_ID)]) == []
    assert links(assurance=assurance) == []


@pytest.mark.parametrize(
    "holder", [make_person(), make_person(citizen_id=None, old_id=OLD_ID), {"full_name": "Lê Văn C"}]
)
def test_a_holder_with_one_number_or_none_is_linked_to_nothing(holder):
    assert links(kind=CARD, holders=[holder]) == []


def test_numbers_of_two_holders_are_not_mixed():
    husband = {"citizen_id": FATHER_ID, "full_name": "Trần Văn Hùng"}
    wife = {"old_id": OLD_ID, "full_name": "Nguyễn Thị Hồng Nhung"}
    assert links(kind=CARD, holders=[husband, wife]) == []


def test_a_relative_in_the_papers_data_is_not_linked():
    assert links(kind=CARD, data={"mother": make_person(old_id=OLD_ID)}) == []


def test_a_birth_certificate_links_the_newborn_of_its_dossier():
    [link] = links()
    newborn, child = REFS.role("dossier", CODE, "child", 0), REFS.subject("citizen_id", CHILD_ID)
    assert (link.from_reference, link.to_reference, link.kind) == (newborn, child, "newborn")


@pytest.mark.parametrize(
    "changes", [{"dossier_code": None}, {"kind": CARD}, {"holders": [{"full_name": "Trần Gia Bảo"}]}]
)
def test_no_other_paper_links_a_newborn(changes):
    assert links(**changes) == []

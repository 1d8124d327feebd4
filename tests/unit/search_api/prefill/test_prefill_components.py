"""Which papers need not be handed in again."""

import pytest
from support.prefill_world import (
    AN,
    BINH,
    BIRTH,
    CARD,
    CUC,
    DEATH,
    LAND,
    MARITAL,
    MARRIAGE,
    RESIDENCE,
    TREE,
    Desk,
    World,
    component,
)

PASSPORT, COPY, RESIDENCE_RESULT = "KQ.H41.900024", "KQ.H41.900008", "KQ.H41.900003"
FILE = {"uri": "kho://H41/2024/P1.pdf", "sha256": "ab" * 32, "media_type": "application/pdf", "signed": True}


@pytest.fixture
def world():
    return World()


def asked(world, procedure, code, subject=AN, **more):
    return component(Desk(world).ask(procedure, subject, **more), code)


def test_a_held_card_is_reusable_with_its_evidence_and_flags(world):
    world.paper(CARD, AN, title="Thẻ căn cước", number="040087001234", valid_until="2027-05-02", file=FILE)
    found = asked(world, "1.004873", "giay-to-tuy-than")
    assert (found.status, found.reason.code) == ("reusable", "held")
    (paper,) = found.evidence
    assert (paper.paper_id, paper.title, paper.number) == ("P1", "Thẻ căn cước", "040087001234")
    assert (paper.valid_until, paper.file.uri, paper.issuer) == ("2027-05-02", FILE["uri"], TREE.agency("H41.14").name)
    assert (paper.kpi.digitised, paper.kpi.reused, paper.kpi.from_national_repository) == (1, 1, 0)
    assert paper.kpi.replacing_result == ""


def test_another_kind_in_the_place_of_the_named_one_is_flagged_with_its_code(world):
    world.paper(PASSPORT, AN)
    (paper,) = asked(world, "1.004873", "giay-to-tuy-than").evidence
    assert paper.kpi.replacing_result == PASSPORT
    assert (paper.kpi.digitised, paper.file) == (0, None)


@pytest.mark.parametrize(
    ("paper", "code"),
    [
        ({"valid_until": "2026-11-22"}, "paper_expired"),
        ({"replaced_by": "P9"}, "paper_expired"),
        ({"issued_on": "2026-12-01"}, "paper_expired"),
    ],
)
def test_a_paper_that_does_not_hold_on_the_filing_date_must_be_supplied(world, paper, code):
    world.paper(CARD, AN, **paper)
    found = asked(world, "1.004873", "giay-to-tuy-than")
    assert (found.status, found.reason.code, found.evidence) == ("must_supply", code, ())


def test_the_filing_date_decides_and_not_today(world):
    world.paper(CARD, AN, valid_until="2026-11-22")
    assert asked(world, "1.004873", "giay-to-tuy-than", filing_date="2026-11-22").status == "reusable"


@pytest.mark.parametrize("assurance", ["extracted_ocr", "self_declared"])
def test_a_copy_that_nobody_verified_needs_a_check(world, assurance):
    world.paper(CARD, AN, assurance=assurance)
    found = asked(world, "1.004873", "giay-to-tuy-than")
    assert (found.status, found.reason.code) == ("reusable_after_check", "copy_not_verified")
    assert found.evidence[0].kpi.reused == 0


def test_a_paper_that_disagrees_with_the_other_issued_papers_needs_a_check(world):
    world.paper(BIRTH, AN)
    world.paper(CARD, {**AN, "full_name": "Nguyễn Văn Anh"})
    found = asked(world, "1.004873", "giay-to-tuy-than")
    assert (found.status, found.reason.code) == ("reusable_after_check", "identity_differs")


def test_a_paper_that_only_names_a_person_is_not_that_persons(world):
    world.paper(BIRTH, CUC, data={"mother": BINH, "father": AN})
    assert asked(world, "1.004222", "giay-khai-sinh", case="tre-em").status == "not_required"


def test_all_papers_that_serve_are_given_newest_first(world):
    world.paper(CARD, AN, issued_on="2020-01-01")
    world.paper(PASSPORT, AN, issued_on="2023-01-01")
    assert [one.paper_id for one in asked(world, "1.004873", "giay-to-tuy-than").evidence] == ["P2", "P1"]


def test_a_register_that_the_agency_looks_into_stands_in_where_there_is_no_paper(world):
    found = asked(world, "1.004873", "giay-to-cu-tru")
    assert (found.status, found.reason.code, found.evidence) == ("reusable_after_check", "register", ())
    world.paper(RESIDENCE, AN, valid_until="2027-01-01")
    assert asked(world, "1.004873", "giay-to-cu-tru").status == "reusable"


def test_an_expired_confirmation_serves_where_an_old_one_is_exchanged_and_only_there(world):
    world.paper(MARITAL, AN, issued_on="2025-01-01", valid_until="2025-07-01")
    assert asked(world, "1.004873", "giay-xac-nhan-cu", case="cap-lai").status == "reusable"
    found = asked(
        world, "1.000894", "giay-xac-nhan-tinh-trang-hon-nhan", case="cu-tru-noi-khac", persons={"spouse": BINH}
    )
    assert (found.status, found.evidence) == ("must_supply", ())


@pytest.mark.parametrize(
    ("issued_on", "status"), [("2026-05-23", "reusable_after_check"), ("2026-05-22", "must_supply")]
)
def test_a_paper_older_than_the_rule_allows_must_be_new(world, issued_on, status):
    for person in (AN, BINH):
        world.paper(MARITAL, person, issued_on=issued_on)
    found = asked(
        world, "1.000894", "giay-xac-nhan-tinh-trang-hon-nhan", case="cu-tru-noi-khac", persons={"spouse": BINH}
    )
    assert found.status == status


def test_where_each_of_two_needs_a_paper_one_is_not_enough(world):
    world.paper(CARD, AN)
    alone = asked(world, "1.000894", "giay-to-tuy-than")
    assert (alone.status, alone.reason.code) == ("must_supply", "holder_not_named")
    named = asked(world, "1.000894", "giay-to-tuy-than", persons={"spouse": BINH})
    assert (named.status, named.reason.code) == ("must_supply", "not_held")
    assert [one.kpi.reused for one in named.evidence] == [0]
    world.paper(CARD, BINH)
    both = asked(world, "1.000894", "giay-to-tuy-than", persons={"spouse": BINH})
    assert (both.status, len(both.evidence)) == ("reusable", 2)


@pytest.mark.parametrize(
    ("subject", "persons", "status"),
    [
        (AN, {"mother": BINH}, "reusable"),
        (BINH, {"mother": BINH, "father": AN}, "reusable"),
        (CUC, {"mother": BINH, "father": AN}, "reusable"),
        (AN, {}, "reusable_after_check"),
        (CUC, {"mother": BINH}, "reusable_after_check"),
        (CUC, {"mother": BINH, "father": CUC}, "reusable_after_check"),
        (CUC, {}, "must_supply"),
    ],
)
def test_the_parents_certificate_serves_if_it_names_both_parents(world, subject, persons, status):
    world.paper(MARRIAGE, AN, BINH, data={"spouse": BINH})
    found = asked(world, "1.001193", "giay-chung-nhan-ket-hon", subject, persons=persons, case="cha-me-da-ket-hon")
    assert found.status == status
    assert len(found.evidence) == (status != "must_supply")


def test_kinship_with_the_householder_is_shown_by_a_paper_that_names_both(world):
    world.paper(COPY, AN, data={"mother": BINH})
    named = asked(world, "1.004222", "quan-he-nhan-than", case="ve-voi-nguoi-than", persons={"householder": BINH})
    assert named.status == "reusable"
    assert asked(world, "1.004222", "quan-he-nhan-than", case="ve-voi-nguoi-than").status == "reusable_after_check"


def test_a_land_certificate_must_be_compared_with_the_place(world):
    world.paper(LAND, AN, number="CS 001234")
    found = asked(world, "1.004222", "cho-o-hop-phap", case="nha-cua-minh")
    assert (found.status, found.reason.code) == ("reusable_after_check", "needs_check")
    assert "thửa đất" in found.reason.text_vi


def test_the_childs_certificate_serves_for_a_minor_who_is_named(world):
    world.paper(BIRTH, CUC, data={"mother": BINH})
    found = asked(world, "1.004222", "giay-khai-sinh", BINH, case="tre-em", persons={"child": CUC})
    assert found.status == "reusable"


def test_the_death_extract_of_the_spouse_serves_a_widow(world):
    world.paper(DEATH, AN)
    found = asked(world, "1.004873", "trich-luc-khai-tu", BINH, case="goa", persons={"spouse": AN})
    assert found.status == "reusable"
    assert asked(world, "1.004873", "trich-luc-khai-tu", BINH, case="goa").reason.code == "holder_not_named"


@pytest.mark.parametrize(
    ("case", "code", "status", "why"),
    [
        ("me-don-than", "giay-chung-nhan-ket-hon", "not_required", "other_case"),
        ("cha-me-da-ket-hon", "giay-chung-nhan-ket-hon", "must_supply", "not_held"),
        (None, "giay-chung-nhan-ket-hon", "not_required", "only_in_case"),
        ("khong-chung-sinh", "giay-chung-sinh", "not_required", "other_case"),
        ("khong-chung-sinh", "van-ban-lam-chung", "must_supply", "not_held"),
        (None, "giay-chung-sinh", "must_supply", "not_held"),
        (None, "to-khai", "must_supply", "this_form"),
        (None, "van-ban-uy-quyen", "not_required", "if_applicable"),
    ],
)
def test_the_case_decides_which_papers_are_asked_for(world, case, code, status, why):
    found = asked(world, "1.001193", code, case=case)
    assert (found.status, found.reason.code) == (status, why)


def test_a_paper_of_one_case_names_that_case_while_none_is_chosen(world):
    assert asked(world, "1.001193", "bien-ban-bo-roi").reason.text_vi.endswith("Trẻ bị bỏ rơi.")


def test_numbers_of_papers_are_not_given_where_the_purpose_does_not_cover_numbers(world):
    world.paper(CARD, AN, number="040087001234")
    desk = Desk(world, clear=frozenset({"basic"}))
    (paper,) = component(desk.ask("1.004873"), "giay-to-tuy-than").evidence
    assert paper.number is None

"""Which reading fills a field: assurance, validity, recency, agreement, conflicts."""

from datetime import date
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.paper import ASSURANCE_ORDER
from search_api.services.prefill.addresses import place_address
from search_api.services.prefill.candidates import Candidate, Origin
from search_api.services.prefill.decide import decide
from search_api.services.prefill.forms import get_form
from search_api.services.prefill.readings import agree
from search_api.services.prefill.validity import first_day, last_day, validity_of

FIELDS = {one.pointer: one for one in get_form("1.004222").fields}
NAME, BORN, PHONE, ADDRESS = (FIELDS[f"/applicant/{name}"] for name in ("full_name", "born_on", "phone", "address"))
NUMBER = FIELDS["/dwelling/certificate_number"]


def origin(assurance="issued_result", validity="valid", issued_on="2024-01-01", *, record=b"1"):
    is_dossier = assurance == "self_declared"
    return Origin(
        record * 16,
        "H41.14-240101-0001" if is_dossier else None,
        None if is_dossier else f"P-{record.decode()}",
        "H41.14",
        issued_on,
        assurance,
        validity,
        None,
    )


def reading(value, *said, **more):
    return Candidate(value, origin(*said, **more), b"a" * 16)


def decided(field, *candidates):
    return decide(field, candidates, lambda code: f"tên {code}")


def values(answer):
    return [one.value for one in answer.alternatives]


@pytest.mark.parametrize(
    ("assurance", "validity", "status", "code", "confidence"),
    [
        ("issued_result", "valid", "filled", "issued", 0.98),
        ("verified_copy", "valid", "filled", "verified", 0.95),
        ("issued_result", "expired", "suggested", "expired", 0.8),
        ("issued_result", "replaced", "suggested", "replaced", 0.8),
        ("verified_copy", "not_yet", "suggested", "not_yet", 0.8),
        ("extracted_ocr", "valid", "suggested", "read_by_machine", 0.7),
        ("self_declared", "valid", "suggested", "self_declared", 0.5),
    ],
)
def test_status_and_confidence_follow_assurance_and_validity(assurance, validity, status, code, confidence):
    answer = decided(NAME, reading("Nguyễn Văn An", assurance, validity))
    assert (answer.value, answer.status, answer.reason.code, answer.confidence) == (
        "Nguyễn Văn An", status, code, confidence,
    )  # fmt: skip
    assert (answer.assurance, answer.source.issuer, answer.source.issued_on) == (assurance, "tên H41.14", "2024-01-01")
    assert answer.alternatives == ()


@pytest.mark.parametrize("better", range(3))
def test_the_better_assurance_wins_whatever_its_age_and_the_other_reading_is_shown(better):
    answer = decided(
        NAME,
        reading("Trần Văn Bình", ASSURANCE_ORDER[better + 1], issued_on="2026-01-01", record=b"2"),
        reading("Nguyễn Văn An", ASSURANCE_ORDER[better], issued_on="2010-01-01"),
    )
    assert answer.value == "Nguyễn Văn An"
    assert values(answer) == ["Trần Văn Bình"]


def test_of_one_assurance_the_valid_paper_wins_over_the_newer_expired_one():
    answer = decided(
        NAME,
        reading("Nguyễn Văn An", validity="expired", issued_on="2025-01-01"),
        reading("Nguyễn Văn An", issued_on="2015-01-01", record=b"2"),
    )
    assert (answer.status, answer.source.paper_id) == ("filled", "P-2")


def test_two_issued_papers_that_disagree_are_a_conflict_with_each_reading_and_its_source():
    answer = decided(NAME, reading("Nguyễn Văn An"), reading("Nguyễn Văn Am", record=b"2"))
    assert (answer.status, answer.value, answer.confidence, answer.source) == ("conflict", None, None, None)
    assert {one.value: one.source.paper_id for one in answer.alternatives} == {
        "Nguyễn Văn An": "P-1",
        "Nguyễn Văn Am": "P-2",
    }


def test_an_expired_paper_of_the_same_assurance_can_contradict():
    assert (
        decided(NAME, reading("Nguyễn Văn An"), reading("Lê An", validity="expired", record=b"2")).status == "conflict"
    )


def test_a_replaced_paper_contradicts_nothing_but_is_shown():
    answer = decided(NAME, reading("Nguyễn Văn An"), reading("Nguyễn Văn Am", validity="replaced", record=b"2"))
    assert (answer.status, answer.value, values(answer)) == ("filled", "Nguyễn Văn An", ["Nguyễn Văn Am"])


def test_a_lower_assurance_never_makes_a_conflict():
    answer = decided(NAME, reading("Nguyễn Văn An"), reading("Lê An", "self_declared", record=b"2"))
    assert (answer.status, values(answer)) == ("filled", ["Lê An"])


def test_two_declarations_that_disagree_are_a_conflict_too():
    answer = decided(BORN, reading("1987-05-02", "self_declared"), reading("1988", "self_declared", record=b"2"))
    assert answer.status == "conflict"


def test_day_and_month_swapped_is_a_conflict_that_says_so():
    answer = decided(BORN, reading("1987-05-02"), reading("1987-02-05", record=b"2"))
    assert (answer.status, answer.reason.code) == ("conflict", "day_and_month_swapped")
    assert values(answer) == ["1987-05-02", "1987-02-05"]


def test_a_bare_year_agrees_with_a_full_date_and_the_full_one_is_shown():
    answer = decided(BORN, reading("1987", issued_on="2025-01-01"), reading("1987-05-02", record=b"2"))
    assert (answer.status, answer.value, answer.alternatives) == ("filled", "1987-05-02", ())


def test_a_fuller_date_of_a_lower_assurance_stands_beside_the_bare_year():
    answer = decided(BORN, reading("1987"), reading("1987-05-02", "self_declared", record=b"2"))
    assert (answer.status, answer.value, values(answer)) == ("filled", "1987", ["1987-05-02"])


def test_a_bare_year_that_agrees_with_two_dates_does_not_hide_that_they_differ():
    answer = decided(BORN, reading("1987"), reading("1987-05-02", record=b"2"), reading("1987-06-02", record=b"3"))
    assert answer.status == "conflict"


def test_a_name_without_accents_agrees_and_the_accented_one_is_shown():
    answer = decided(NAME, reading("Nguyen Van An", issued_on="2025-01-01"), reading("Nguyễn Văn An", record=b"2"))
    assert (answer.status, answer.value, answer.source.paper_id) == ("filled", "Nguyễn Văn An", "P-2")
    assert answer.alternatives == ()


def test_two_accented_spellings_that_fold_alike_are_suggested_with_the_other_beside():
    answer = decided(NAME, reading("Nguyễn Văn An"), reading("Nguyễn Vân An", record=b"2"))
    assert (answer.status, answer.reason.code, len(answer.alternatives)) == ("suggested", "spelling_differs", 1)


def test_a_second_record_that_agrees_lifts_a_declared_value():
    alone = decided(NAME, reading("Nguyễn Văn An", "self_declared"))
    twice = decided(
        NAME, reading("Nguyễn Văn An", "self_declared"), reading("Nguyen Van An", "self_declared", record=b"2")
    )
    assert alone.confidence < twice.confidence


def test_of_declared_telephones_the_newest_is_suggested_and_the_others_stand_beside():
    answer = decided(
        PHONE,
        reading("+84911111111", "self_declared", issued_on="2020-01-01"),
        reading("+84922222222", "self_declared", issued_on="2025-01-01", record=b"2"),
    )
    assert (answer.status, answer.value, values(answer)) == ("suggested", "+84922222222", ["+84911111111"])


def test_two_telephones_of_one_day_cannot_be_told_apart():
    answer = decided(
        PHONE, reading("+84911111111", "self_declared"), reading("+84922222222", "self_declared", record=b"2")
    )
    assert answer.status == "conflict"


def test_a_newer_declared_address_makes_an_issued_one_a_suggestion():
    old = place_address({"unit_code": "16681", "text": "số 5, phường Thành Vinh"}, "2025-08-01")
    new = place_address({"unit_code": "16681", "text": "số 9, phường Thành Vinh"}, "2026-08-01")
    issued = reading(old, issued_on="2025-08-01")
    assert decided(ADDRESS, issued).status == "filled"
    answer = decided(ADDRESS, issued, reading(new, "self_declared", issued_on="2026-08-01", record=b"2"))
    assert (answer.status, answer.reason.code, answer.value["text"]) == (
        "suggested", "other_reading", "số 5, phường Thành Vinh",
    )  # fmt: skip
    assert [one["text"] for one in values(answer)] == ["số 9, phường Thành Vinh"]


def test_an_old_unit_is_answered_with_the_unit_of_today():
    placed = place_address({"unit_code": "16669", "text": "số 5, phường Lê Lợi"}, "2023-01-01")
    answer = decided(ADDRESS, reading(placed, issued_on="2023-01-01"))
    assert answer.status == "filled"
    assert answer.value == {
        "unit_code": "16669",
        "text": "số 5, phường Lê Lợi",
        "unit_code_2025": "16681",
        "unit_2025": "Phường Thành Vinh",
    }


def test_a_split_unit_is_suggested_with_each_unit_it_may_be():
    placed = place_address({"unit_code": "14758", "text": "số 5"}, "2023-01-01")
    answer = decided(ADDRESS, reading(placed))
    assert (answer.status, answer.reason.code, answer.value["unit_code_2025"]) == ("suggested", "unit_split", None)
    assert [one["unit_2025"] for one in values(answer)] == ["Phường Hàm Rồng", "Phường Hạc Thành"]


def test_one_code_means_another_commune_before_and_after_the_reform():
    code = {"unit_code": "16681", "text": "số 5"}
    before, after = place_address(code, "2024-12-31"), place_address(code, "2025-07-01")
    assert before.value()["unit_2025"] == after.value()["unit_2025"] == "Phường Thành Vinh"
    split = {"unit_code": "14758", "text": "số 5"}
    assert not place_address(split, "2025-06-30").is_placed
    assert place_address(split, "2025-07-01").value()["unit_2025"] == "Phường Hàm Rồng"
    assert not place_address(split, "2025").is_placed
    assert not place_address(split, None).is_placed


@pytest.mark.parametrize("address", [{"text": "số 5"}, {"unit_code": "99999", "text": "số 5"}])
def test_an_address_of_no_known_unit_is_only_suggested(address):
    answer = decided(ADDRESS, reading(place_address(address, "2026-01-01")))
    assert (answer.status, answer.reason.code, answer.value["unit_2025"]) == ("suggested", "unit_unknown", None)


def test_one_address_written_before_and_after_the_reform_is_one():
    before = place_address({"unit_code": "16669", "text": "số 5, phường Lê Lợi, thành phố Vinh"}, "2023-01-01")
    after = place_address({"unit_code": "16681", "text": "Số 5, phường Thành Vinh"}, "2025-08-01")
    answer = decided(
        ADDRESS, reading(before, issued_on="2023-01-01"), reading(after, issued_on="2025-08-01", record=b"2")
    )
    assert (answer.status, answer.value["unit_code"], answer.alternatives) == ("filled", "16681", ())


def test_two_certificates_are_a_choice_not_a_guess():
    answer = decided(NUMBER, reading("CS 000001"), reading("CS 000002", record=b"2"))
    assert (answer.status, len(answer.alternatives)) == ("conflict", 2)


READINGS = st.builds(
    lambda value, assurance, validity, year, record: reading(
        value, assurance, validity, f"{year}-01-01", record=bytes([record])
    ),
    st.sampled_from(["Nguyễn Văn An", "Nguyen Van An", "NGUYỄN VĂN AN", "Lê An"]),
    st.sampled_from(ASSURANCE_ORDER),
    st.sampled_from(["valid", "expired", "replaced", "not_yet"]),
    st.integers(2010, 2026),
    st.integers(97, 105),
)


@given(st.lists(READINGS, min_size=1, max_size=4))
def test_the_order_of_the_candidates_does_not_matter(candidates):
    answers = {msgspec.json.encode(decided(NAME, *some)) for some in permutations(candidates)}
    assert len(answers) == 1


@given(st.lists(READINGS, min_size=1, max_size=6))
def test_no_reading_is_lost_and_only_issued_valid_values_are_filled(candidates):
    answer = decided(NAME, *candidates)
    shown = [value for value in (answer.value, *values(answer)) if value is not None]
    for one in candidates:
        assert any(one.value.lower()[0] == value.lower()[0] for value in shown)
    best = min(ASSURANCE_ORDER.index(one.origin.assurance) for one in candidates)
    assert ASSURANCE_ORDER.index(answer.assurance) == best
    assert answer.status != "filled" or best <= ASSURANCE_ORDER.index("verified_copy")
    assert (answer.value is None) == (answer.status == "conflict")


@pytest.mark.parametrize(
    ("paper", "validity"),
    [
        ({}, "valid"),
        ({"valid_until": "2026-11-23"}, "valid"),
        ({"valid_until": "2026-11-22"}, "expired"),
        ({"valid_until": "2026-11"}, "valid"),
        ({"valid_until": "2026"}, "valid"),
        ({"valid_until": "2025"}, "expired"),
        ({"issued_on": "2026-11-23"}, "valid"),
        ({"issued_on": "2026-11-24"}, "not_yet"),
        ({"replaced_by": "P9"}, "replaced"),
    ],
)
def test_a_paper_holds_through_its_last_day(paper, validity):
    assert validity_of(paper, date(2026, 11, 23)) == validity


def test_a_partial_date_is_a_span_of_days():
    assert (first_day("2024-02"), last_day("2024-02")) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (first_day("2024"), last_day("2024")) == (date(2024, 1, 1), date(2024, 12, 31))


def test_addresses_of_unknown_units_are_compared_as_text():
    one, same, other = (place_address({"text": text}, None) for text in ("Xóm 3, Yên Hòa", "xóm 3, yên hoà", "Xóm 4"))
    assert agree("address", one, same)
    assert not agree("address", one, other)


@pytest.mark.parametrize(("one", "other"), [(12, "12"), (12, 13), ("12", place_address({"text": "12"}, None))])
def test_readings_of_different_kinds_do_not_agree(one, other):
    assert not agree("text", one, other)

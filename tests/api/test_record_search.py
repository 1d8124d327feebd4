"""Officers' search: every key in every spelling, filters, pages, totals, masks and order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from installation import Installation
from support.rows import CHILD_ID, CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper

AGENCY = "H41.14"
AN_ID = "040087000321"
AN = {
    "citizen_id": AN_ID,
    "old_id": OLD_ID,
    "full_name": "Trần Văn Sơn",
    "born_on": "1987-05-02",
    "sex": "male",
    "phone": "0912000111",
    "email": "tran.son@example.vn",
    "address": {"unit_code": "16663", "text": "Khối 5, phường Đông Vĩnh, thành phố Vinh"},
    "ethnicity": "Kinh",
}
LAND = "H41.14-240315-0002"
LATER = "H41.14-260105-0003"
HOUSE = "H41.14-240316-0004"
OTHER = "H41.14-240317-0005"


def person(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**AN, **changes}.items() if value is not None}


DOSSIERS = (
    make_birth(code=CODE, result={"code": "KQ.G15.000031", "number": "118/2023"}, status=10),
    make_dossier(
        code=LAND,
        procedure_code="1.012783",
        received_at="2024-03-15T08:00:00+07:00",
        status=9,
        applicant=person(),
        return_reason="Bí mật của người nộp",
        form={"land_lot": "Thửa 77 tờ 12"},
        result={"code": "KQ.G15.000100", "number": "1061/QĐ-UBND"},
    ),
    # After July 2025, with the new code of the same place.
    make_dossier(
        code=LATER,
        procedure_code="1.004873",
        received_at="2026-01-05T23:30:00Z",
        status=4,
        applicant=person(old_id=None, full_name="TRAN VAN SON", address={"unit_code": "16681"}),
    ),
    make_dossier(
        code=HOUSE,
        received_at="2024-03-16T08:00:00+07:00",
        status=4,
        applicant={"citizen_id": "040088000322", "full_name": "Trần Sơn", "born_on": "1988-01-01"},
    ),
    make_dossier(
        code=OTHER,
        received_at="2024-03-17T08:00:00+07:00",
        status=2,
        applicant={"full_name": "Trần Văn Sơn", "born_on": "1962", "phone": "0912000222"},
    ),
    # Somebody else's, at another agency of the same domain.
    make_dossier(code="H41.15-240101-0001", agency="H41.15", applicant=person()),
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    api = Installation.at(tmp_path_factory.mktemp("search"))
    api.put(*DOSSIERS)
    api.put_papers(make_paper(), make_paper(id="P2", number="99/2020", kind="KQ.G15.000002", dossier_code=OTHER))
    yield api
    api.close()


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"citizen_id": AN_ID}, [LATER, LAND]),
        ({"citizen_id": "040 087 000 321"}, [LATER, LAND]),
        ({"citizen_id": MOTHER_ID}, [CODE]),
        ({"citizen_id": FATHER_ID}, [CODE]),
        ({"citizen_id": CHILD_ID}, [CODE]),
        ({"citizen_id": "040087000999"}, []),
        ({"old_id": OLD_ID}, [LAND]),
        ({"old_id": "186999999"}, []),
        ({"phone": "0912000111"}, [LATER, LAND]),
        ({"phone": "+84 912 000 111"}, [LATER, LAND]),
        ({"phone": "0912000222"}, [OTHER]),
        ({"dossier_code": LAND}, [LAND]),
        ({"dossier_code": LAND.lower()}, [LAND]),
        ({"dossier_code": "H41.14-240315-9999"}, []),
        ({"document_number": "1061/QĐ-UBND"}, [LAND]),
        ({"document_number": "1061 / qđ-ubnd"}, [LAND]),
        ({"document_number": "118/2023"}, [CODE]),
        ({"document_number": "118/2023", "document_kind": "KQ.G15.000031"}, [CODE]),
        ({"document_number": "118/2023", "document_kind": "KQ.G15.000002"}, []),
        ({"document_number": "99/2020"}, [OTHER]),
        ({"document_number": "99/2020", "document_kind": "KQ.G15.000002"}, [OTHER]),
        ({"full_name": "Trần Văn Sơn"}, [LATER, LAND, OTHER]),
        ({"full_name": "tran van son"}, [LATER, LAND, OTHER]),
        ({"full_name": "Trần Văn Sơn", "birth_year": 1987}, [LAND, LATER]),
        ({"full_name": "tran van son", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Trần Văn Sơn", "birth_year": 1962}, [OTHER]),
        ({"full_name": "Trần Văn Sơn", "birth_year": 1963}, []),
        ({"full_name": "Trần Văn Sơn", "born_on": "1987-05-02"}, [LAND, LATER]),
        ({"full_name": "Trần Văn Sơn", "born_on": "02/05/1987"}, [LAND, LATER]),
        ({"full_name": "Trần Văn Sơn", "born_on": "1987"}, [LAND, LATER]),
        ({"full_name": "Trần Văn Sơn", "born_on": "1987-05-03"}, []),
        ({"full_name": "Chần Văn Xơn", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Sơn Trần Văn", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Trần Sơn", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Trần Văn Minh Sơn", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Trần Đình Sơn", "birth_year": 1987}, [LATER, LAND]),
        ({"full_name": "Lê Văn Sơn", "birth_year": 1990}, []),
    ],
    ids=lambda value: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None,
)
def test_a_key_finds_the_dossiers_that_it_should_and_no_others(api, query, codes):
    found = api.codes(AGENCY, query)
    assert sorted(found) == sorted(codes)


@pytest.mark.parametrize("ward", ["Đông Vĩnh", "phường Đông Vĩnh", "dong vinh", "16663", "Thành Vinh", "16681"])
def test_a_ward_finds_filings_under_its_old_and_its_new_name_and_code(api, ward):
    assert api.codes(AGENCY, {"full_name": "Trần Văn Sơn", "ward": ward}) == [LAND, LATER]


def test_a_ward_that_nobody_of_the_name_lives_in_finds_nothing(api):
    assert api.codes(AGENCY, {"full_name": "Trần Văn Sơn", "ward": "Nghi Văn"}) == []


def test_a_ward_beside_a_number_narrows_too(api):
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "ward": "Thành Vinh"}) == [LATER, LAND]
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "ward": "Nghi Văn"}) == []


def test_keys_are_anded(api):
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "phone": "0912000111"}) == [LATER, LAND]
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "phone": "0912000222"}) == []
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "dossier_code": LAND}) == [LAND]
    assert api.codes(AGENCY, {"citizen_id": AN_ID, "birth_year": 1962}) == []
    assert api.codes(AGENCY, {"dossier_code": LAND, "birth_year": 1962}) == []


def test_keys_that_two_people_of_one_dossier_share_between_them_do_not_match(api):
    # The mother's number, the father's name.
    assert api.codes(AGENCY, {"citizen_id": MOTHER_ID, "full_name": "Trần Văn Hùng"}) == []
    assert api.codes(AGENCY, {"citizen_id": FATHER_ID, "full_name": "Trần Văn Hùng"}) == [CODE]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (AN_ID, [LATER, LAND]),
        (" 040087 000321 ", [LATER, LAND]),
        (OLD_ID, [LAND]),
        ("0912000111", [LATER, LAND]),
        (LAND, [LAND]),
        (LAND.lower(), [LAND]),
        ("1061/QĐ-UBND", [LAND]),
        ("118/2023", [CODE]),
        ("Trần Văn Sơn 02/05/1987", [LAND, LATER]),
        ("Trần Văn Sơn, 1987-05-03", []),
        ("Trần Văn Sơn", [LAND, OTHER, LATER]),
        ("Trần Văn Sơn 1987", [LAND, LATER]),
        ("tran van son, 1962", [OTHER]),
        ("Trần  Văn Sơn  1987", [LAND, LATER]),
    ],
)
def test_the_text_box_finds_out_what_it_holds(api, text, codes):
    assert sorted(api.codes(AGENCY, {"text": text})) == sorted(codes)


@pytest.mark.parametrize("text", ["", "   ", "1987", "02/05/1987", "77", "???", "1.004873", "đường Trần Phú 12"])
def test_a_text_that_is_no_key_is_refused(api, text):
    answer = api.search_answer(AGENCY, {"text": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_text_beside_a_key_narrows_and_may_not_contradict_it(api):
    assert api.codes(AGENCY, {"text": "Trần Văn Sơn", "phone": "0912000222"}) == [OTHER]
    answer = api.search_answer(AGENCY, {"text": "Trần Văn Sơn", "full_name": "Lê Thị Hoa"})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/query/text")


@pytest.mark.parametrize(
    "query", [{"birth_year": 1987}, {"born_on": "1987-05-02"}, {"ward": "Đông Vĩnh"}, {"text": "1987"}]
)
def test_a_birth_or_a_ward_alone_is_refused_with_the_advice_to_add_a_name(api, query):
    answer = api.search_answer(AGENCY, query)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert "họ tên" in answer.json()["text_vi"]


def test_a_query_without_a_key_is_refused(api):
    answer = api.search_answer(AGENCY, {})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_ward_that_is_not_known_is_refused_in_vietnamese(api):
    answer = api.search_answer(AGENCY, {"full_name": "Trần Văn Sơn", "ward": "Xã Không Có"})
    assert answer.status_code == 422
    assert "xã, phường" in answer.json()["text_vi"]


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("narrow", "codes"),
    [
        ({"status": [4]}, [LATER]),
        ({"status": [2, 4]}, [LATER, OTHER]),
        ({"status": []}, [LATER, OTHER, LAND]),
        ({"status": [10]}, []),
        ({"procedure_code": "1.012783"}, [LAND]),
        ({"procedure_code": "1.012783.000.00.00.H41"}, [LAND]),
        ({"received_from": "2024-03-16"}, [LATER, OTHER]),
        ({"received_to": "2024-03-17"}, [OTHER, LAND]),
        ({"received_from": "2024-03-15", "received_to": "2024-03-15"}, [LAND]),
        ({"received_from": "2024-03", "received_to": "2024-03"}, [OTHER, LAND]),
        ({"received_from": "2026"}, [LATER]),
        # Half past six of the next morning in Vietnam.
        ({"received_from": "2026-01-06"}, [LATER]),
        ({"received_to": "2026-01-05", "received_from": "2026"}, []),
        ({"received_from": "2024-03-15T08:00:01+07:00", "received_to": "2024-12-31"}, [OTHER]),
        ({"received_to": "2024-03-15T01:00:00Z"}, [LAND]),
        ({"status": [9], "procedure_code": "1.012783", "received_from": "2024"}, [LAND]),
    ],
    ids=json.dumps,
)
def test_a_filter_narrows(api, narrow, codes):
    page = api.search(AGENCY, {"full_name": "tran van son"}, filter=narrow)
    assert sorted(item["dossier_code"] for item in page["items"]) == sorted(codes)
    assert page["total"] == {"value": len(codes), "relation": "eq"}


def test_a_filter_needs_a_key_beside_it(api):
    answer = api.search_answer(AGENCY, {}, filter={"status": [4]})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


# ---------------------------------------------------------------- order, people, masks


def test_items_come_by_score_then_newest_first(api):
    items = api.search(AGENCY, {"full_name": "Trần Văn Sơn"})["items"]
    assert [(item["dossier_code"], item["match"]["kind"]) for item in items] == [
        (OTHER, "exact"),
        (LAND, "exact"),
        (LATER, "name"),
    ]
    scores = [item["match"]["score"] for item in items]
    assert scores == sorted(scores, reverse=True)


def test_of_one_day_and_score_the_lower_code_comes_first(new_installation):
    api = new_installation()
    codes = ["H41.14-240101-0003", "H41.14-240101-0001", "H41.14-240101-0002"]
    api.put(*(make_dossier(code=code) for code in codes))
    assert api.codes(AGENCY, {"citizen_id": MOTHER_ID}) == sorted(codes)


def test_newest_means_the_instant_whatever_zone_it_is_written_in(new_installation):
    api = new_installation()
    api.put(
        make_dossier(code="H41.14-240101-0001", received_at="2024-01-01T08:00:00+07:00"),
        make_dossier(code="H41.14-240101-0002", received_at="2024-01-01T02:00:00Z"),
    )
    assert api.codes(AGENCY, {"citizen_id": MOTHER_ID}) == ["H41.14-240101-0002", "H41.14-240101-0001"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"citizen_id": AN_ID}, "exact"),
        ({"full_name": "Trần Văn Sơn", "birth_year": 1987}, "exact"),
        ({"full_name": "Tran Van Son", "birth_year": 1987}, "name"),
        ({"full_name": "Sơn Văn Trần", "birth_year": 1987}, "order"),
        ({"full_name": "Trần Sơn", "birth_year": 1987}, "deletion"),
        ({"full_name": "Trần Đức Sơn", "birth_year": 1987}, "deletion"),
        ({"full_name": "Trần Đức Minh Sơn", "birth_year": 1987}, "ends"),
        ({"full_name": "Chần Văn Xơn", "birth_year": 1987}, "phonetic"),
    ],
)
def test_each_item_says_how_it_matched(api, query, kind):
    items = api.search(AGENCY, query)["items"]
    match = next(item["match"] for item in items if item["dossier_code"] == LAND)
    assert match["kind"] == kind
    assert 0 < match["score"] <= 1
    assert not match["text_vi"].isascii()


def test_a_better_match_has_the_higher_score(api):
    def score(name: str) -> float:
        items = api.search(AGENCY, {"full_name": name, "birth_year": 1987})["items"]
        return float(next(item["match"]["score"] for item in items if item["dossier_code"] == LAND))

    names = ["Trần Văn Sơn", "Tran Van Son", "Sơn Văn Trần", "Trần Sơn", "Chần Văn Xơn"]
    assert [score(name) for name in names] == sorted((score(name) for name in names), reverse=True)


def test_people_are_masked_and_nothing_else_of_them_is_shown(api):
    [item] = api.search(AGENCY, {"dossier_code": LAND})["items"]
    assert item["persons"] == [
        {
            "roles": ["applicant"],
            "full_name": "T… V… Sơn",
            "birth_year": 1987,
            "citizen_id": "•••••••••321",
            "old_id": "••••••456",
        }
    ]


@pytest.mark.parametrize("query", [{"dossier_code": LAND}, {"full_name": "Trần Văn Sơn", "birth_year": 1987}])
def test_a_search_shows_no_number_phone_address_or_free_text(api, query):
    text = api.search_answer(AGENCY, query).text
    hidden = [AN_ID, OLD_ID, "912000111", "example.vn", "Đông Vĩnh", "16663", "Kinh", "Bí mật", "Thửa 77", "05-02"]
    assert [value for value in hidden if value in text] == []
    assert "Trần Văn Sơn" not in text


def test_an_item_names_dossier_procedure_status_and_agency(filled, block):
    dossier = next(one for one in block.dossiers if "." in one["agency"] and one["applicant"].get("citizen_id"))
    [item] = filled.search(dossier["agency"], {"dossier_code": dossier["code"]})["items"]
    assert item["dossier_code"] == dossier["code"]
    assert item["procedure"]["code"] == dossier["procedure_code"]
    assert item["procedure"]["name"]
    assert (item["agency"], item["status"]) == (dossier["agency"], dossier["status"])
    assert item["agency_name"]
    assert item["status_vi"]


def test_the_name_of_a_procedure_that_the_catalogue_does_not_have_is_null(api):
    [item] = api.search(AGENCY, {"dossier_code": LAND})["items"]
    assert item["procedure"] == {"code": "1.012783", "name": None}


def test_the_answer_may_not_be_cached(api):
    assert api.search_answer(AGENCY, {"dossier_code": LAND}).headers["cache-control"] == "no-store"

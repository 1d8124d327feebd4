"""The public search over HTTP: queries, facets, filters, pages, and what each role may see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from installation import CATALOGUE, Headers, Installation

CODES = [json.loads(line)["code"] for line in CATALOGUE.read_bytes().splitlines()]
DRAFT_WORD, INTERNAL_WORD = "zubidraft", "zubinternal"
DRAFT = {
    "code": "9.000001",
    "name": f"Thủ tục khai sinh {DRAFT_WORD}",
    "domain": "Lĩnh vực nháp",
    "agency": "Cơ quan nháp",
    "level": ["Cấp nháp"],
    "audience": ["Đối tượng nháp"],
    "steps": "Từng bước nháp",
    "visibility": "draft",
}
INTERNAL = {
    **DRAFT,
    "code": "9.000002",
    "name": f"Thủ tục khai sinh {INTERNAL_WORD}",
    "domain": "Lĩnh vực nội bộ",
    "agency": "Cơ quan nội bộ",
    "visibility": "internal",
}


def find(api: Installation, headers: Headers | None = None, **params: Any) -> dict[str, Any]:
    answer = api.get("/v1/procedures", params=params, headers=headers or {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [item["code"] for item in found["items"]]


def browse(api: Installation, limit: int, headers: Headers | None = None, **params: Any) -> Iterator[dict[str, Any]]:
    page = find(api, headers, limit=limit, **params)
    yield page
    while page["next_cursor"]:
        page = find(api, headers, limit=limit, cursor=page["next_cursor"], **params)
        yield page


# ---------------------------------------------------------------- search


@pytest.mark.parametrize("question", ["đăng ký khai sinh", "dang ky khai sinh", "khai sinh", "DANG KY KHAI SINH"])
def test_a_question_in_any_spelling_finds_the_procedure_first(filled, question):
    assert "khai sinh" in find(filled, q=question)["items"][0]["name"].lower()


@pytest.mark.parametrize("code", CODES[::9])
def test_a_code_finds_its_procedure_alone(filled, code):
    found = find(filled, q=code)
    assert (codes(found), found["total"]) == ([code], {"value": 1, "relation": "eq"})
    assert found["items"][0]["why"][0]["kind"] == "code"


def test_a_citizens_word_is_read_as_the_official_one_and_the_answer_says_so(filled):
    found = find(filled, q="so do")
    assert found["query"]["text"] == "so do"
    assert "quyền sử dụng đất" in found["query"]["read_as"]
    assert [step["kind"] for step in found["query"]["steps"]] == ["synonym"]
    assert set(found["query"]["steps"][0]) == {"kind", "from", "to"}


def test_an_item_has_what_the_contract_names(filled):
    item = find(filled, q="khai sinh")["items"][0]
    assert item.keys() == {
        "id",
        "code",
        "name",
        "domain",
        "agency",
        "level",
        "time_limit",
        "fee",
        "why",
        "snippet",
    }
    assert item["why"][0].keys() == {"kind", "text_vi"}


def test_what_nothing_has_finds_nothing(filled):
    found = find(filled, q="qwxzzk")
    assert (found["items"], found["total"]["value"], found["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize("number", ["040187000501", "186123456", "0912000111", "H41.14-240101-0001"])
def test_a_persons_number_finds_nothing_and_is_not_repeated(filled, number):
    answer = filled.get("/v1/procedures", params={"q": number})
    assert answer.json()["items"] == []
    assert number not in answer.text


def test_no_token_is_needed(filled):
    assert filled.get("/v1/procedures").status_code == 200


# ---------------------------------------------------------------- facets, filters, pages


def test_an_empty_query_lists_all_and_counts_them_in_facets(filled):
    found = find(filled)
    assert found["total"] == {"value": len(CODES), "relation": "eq"}
    assert set(found["facets"]) == {"domain", "level", "agency", "audience", "channel"}
    assert found["facets"]["domain"][0].keys() == {"value", "count"}


def test_a_filter_gives_as_many_as_its_facet_said(filled):
    facets = find(filled)["facets"]
    for facet, values in facets.items():
        for value in values[:3]:
            found = find(filled, **{facet: value["value"]})
            assert found["total"]["value"] == value["count"], (facet, value)


def test_two_values_of_one_facet_are_either_and_two_facets_both(filled):
    domains = find(filled)["facets"]["domain"]
    first, second = domains[0], domains[1]
    either = filled.get("/v1/procedures", params=[("domain", first["value"]), ("domain", second["value"])]).json()
    assert either["total"]["value"] == first["count"] + second["count"]
    level = find(filled, domain=first["value"])["facets"]["level"][0]
    both = find(filled, domain=first["value"], level=level["value"])
    assert both["total"]["value"] == level["count"]
    assert all(item["domain"] == first["value"] and level["value"] in item["level"] for item in both["items"])


@pytest.mark.parametrize("limit", [1, 7, 50])
def test_pages_cover_the_catalogue_once(filled, limit):
    seen = [code for page in browse(filled, limit) for code in codes(page)]
    assert sorted(seen) == sorted(CODES)


def test_pages_of_a_question_cover_what_it_finds_once_in_one_order(filled):
    whole = codes(find(filled, q="đăng ký", limit=50))
    parts = [code for page in browse(filled, 4, q="đăng ký") for code in codes(page)]
    assert parts[: len(whole)] == whole
    assert len(set(parts)) == len(parts)


def test_a_cursor_belongs_to_its_query_and_filters(filled):
    cursor = find(filled, q="đăng ký", limit=1)["next_cursor"]
    for other in ({"q": "cấp lại"}, {"q": "đăng ký", "level": "Cấp xã"}, {}):
        answer = filled.get("/v1/procedures", params={**other, "cursor": cursor})
        assert (answer.status_code, answer.json()["pointer"]) == (422, "/cursor")


@pytest.mark.parametrize("cursor", ["x", "AAAA", "ß", "a" * 2001])
def test_what_is_no_cursor_is_422(filled, cursor):
    answer = filled.get("/v1/procedures", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/cursor")


# ---------------------------------------------------------------- one procedure


def test_one_procedure_has_its_papers_and_steps(filled):
    for code in CODES[::20]:
        procedure = filled.get(f"/v1/procedures/{code}").json()
        assert (procedure["id"], procedure["code"], procedure["visibility"]) == (code, code, "public")
        assert procedure["documents"]


def test_an_unknown_procedure_is_404(filled):
    answer = filled.get("/v1/procedures/9.999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "procedure_not_found")


# ---------------------------------------------------------------- who sees what


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    api = Installation.at(tmp_path_factory.mktemp("restricted"))
    api.ingest("procedures", *CATALOGUE.read_bytes().splitlines(), DRAFT, INTERNAL)
    yield api
    api.close()


SEES = {
    "anonymous": set(),
    "citizen": set(),
    "portal": set(),
    "reporter": set(),
    "auditor": set(),
    "ingester": set(),
    "operator": set(),
    "officer": {INTERNAL["code"]},
    "editor": {INTERNAL["code"], DRAFT["code"]},
}


def signed_in(api: Installation, role: str) -> Headers:
    return {} if role == "anonymous" else api.as_(role, agency="H41.14")


@pytest.mark.parametrize("role", SEES)
def test_each_role_sees_what_the_policy_says_in_items_totals_and_facets(restricted, role):
    headers = signed_in(restricted, role)
    seen = {code for page in browse(restricted, 50, headers) for code in codes(page)}
    assert seen - set(CODES) == SEES[role]
    found = find(restricted, headers)
    assert found["total"]["value"] == len(CODES) + len(SEES[role])
    facets = json.dumps(found["facets"], ensure_ascii=False)
    assert ("nháp" in facets) == bool(SEES[role])
    for row in (DRAFT, INTERNAL):
        hidden = row["code"] not in SEES[role]
        assert find(restricted, headers, q=row["code"])["total"]["value"] == (0 if hidden else 1)
        assert find(restricted, headers, domain=row["domain"])["total"]["value"] == (0 if hidden else 1)
        one = restricted.get(f"/v1/procedures/{row['code']}", headers=headers)
        assert one.status_code == (404 if hidden else 200)


@pytest.mark.parametrize("role", SEES)
@pytest.mark.parametrize(("row", "word"), [(DRAFT, DRAFT_WORD), (INTERNAL, INTERNAL_WORD)])
def test_a_word_of_a_restricted_procedure_finds_it_for_its_readers_only(restricted, role, row, word):
    found = find(restricted, signed_in(restricted, role), q=word)
    assert codes(found) == ([row["code"]] if row["code"] in SEES[role] else [])


def test_a_hidden_procedure_is_answered_as_one_that_does_not_exist(restricted):
    hidden = restricted.get(f"/v1/procedures/{DRAFT['code']}").json()
    missing = restricted.get("/v1/procedures/9.999999").json()
    assert {**hidden, "trace_id": ""} == {**missing, "trace_id": ""}


@pytest.mark.parametrize("question", ["khai sinh", "thủ tục khai sinh", "nháp", DRAFT_WORD, INTERNAL_WORD, "sinh nháp"])
def test_the_public_answer_is_the_same_with_and_without_restricted_procedures(filled, restricted, question):
    def public(api: Installation) -> dict[str, Any]:
        found = find(api, q=question, limit=50)
        return {key: value for key, value in found.items() if key not in ("took_ms", "next_cursor")}

    assert public(restricted) == public(filled)


def test_the_cursor_of_an_editor_is_none_for_the_public(restricted):
    cursor = find(restricted, signed_in(restricted, "editor"), limit=5)["next_cursor"]
    answer = restricted.get("/v1/procedures", params={"limit": 5, "cursor": cursor})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/cursor")


def test_a_procedure_that_is_made_public_is_found_by_everybody_at_once(new_installation):
    api = new_installation()
    api.ingest("procedures", DRAFT)
    assert find(api)["total"]["value"] == 0
    api.ingest("procedures", {**DRAFT, "visibility": "public"})
    assert codes(find(api, q=DRAFT_WORD)) == [DRAFT["code"]]


def test_a_procedure_that_is_withdrawn_from_the_public_is_gone_at_once(new_installation):
    api = new_installation()
    api.ingest("procedures", {**DRAFT, "visibility": "public"})
    assert codes(find(api, q=DRAFT_WORD)) == [DRAFT["code"]]
    api.ingest("procedures", DRAFT)
    assert find(api, q=DRAFT_WORD)["total"]["value"] == 0
    assert api.get(f"/v1/procedures/{DRAFT['code']}").status_code == 404


def test_no_word_of_a_draft_stands_in_a_file(restricted):
    stored = b"".join(path.read_bytes() for path in restricted.parts.settings.home.rglob("*") if path.is_file())
    for word in (DRAFT_WORD, INTERNAL_WORD, "Lĩnh vực nháp", "Từng bước"):
        assert word.encode() not in stored

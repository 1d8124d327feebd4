"""Officers' search over many dossiers: pages, totals, collapsing by person, and a whole synthetic population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from installation import Installation
from support.rows import MOTHER_ID, make_dossier

AGENCY = "H41.14"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Three people of one name, with twelve, nine and four dossiers."""
    api = Installation.at(tmp_path_factory.mktemp("crowd"))
    people = {"040087000401": 12, "040087000402": 9, "040087000403": 4}
    rows = [
        make_dossier(
            code=f"H41.14-2401{day + 1:02}-{int(number[-3:]):04}",
            received_at=f"2024-01-{day + 1:02}T08:00:00+07:00",
            applicant={"citizen_id": number, "full_name": "Lê Thị Hoa", "born_on": "1987"},
        )
        for number, count in people.items()
        for day in range(count)
    ]
    api.put(*rows)
    yield api
    api.close()


NAME = {"full_name": "Lê Thị Hoa", "birth_year": 1987}


def pages(api: Installation, limit: int, **body: Any) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = (
            api.search(AGENCY, NAME, limit=limit, cursor=cursor, **body)
            if cursor
            else api.search(AGENCY, NAME, limit=limit, **body)
        )
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26, 100])
def test_pages_cover_everything_once_in_order(crowd, limit):
    whole = crowd.codes(AGENCY, NAME, limit=100)
    found = [page["items"] for page in pages(crowd, limit)]
    assert [item["dossier_code"] for items in found for item in items] == whole
    assert len(set(whole)) == 25
    assert all(0 < len(items) <= limit for items in found)


def test_every_page_says_the_total(crowd):
    assert [page["total"] for page in pages(crowd, 10)] == [{"value": 25, "relation": "eq"}] * 3


def test_without_a_limit_a_page_has_twenty(crowd):
    assert len(crowd.search(AGENCY, NAME)["items"]) == 20


def test_collapse_gives_the_newest_dossier_of_each_person_and_says_how_many_more(crowd):
    page = crowd.search(AGENCY, NAME, collapse="person")
    assert [(item["dossier_code"], item["more"]) for item in page["items"]] == [
        ("H41.14-240112-0401", 11),
        ("H41.14-240109-0402", 8),
        ("H41.14-240104-0403", 3),
    ]
    assert page["total"] == {"value": 3, "relation": "eq"}


def test_collapsed_pages_cover_everyone_once(crowd):
    found = [item["dossier_code"] for page in pages(crowd, 2, collapse="person") for item in page["items"]]
    assert found == ["H41.14-240112-0401", "H41.14-240109-0402", "H41.14-240104-0403"]


def test_without_collapse_no_item_has_more(crowd):
    assert all("more" not in item for item in crowd.search(AGENCY, NAME)["items"])


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 422 and answer.json()["pointer"] == "/cursor")


def test_a_cursor_belongs_to_its_query_and_its_actor(crowd):
    cursor = crowd.search(AGENCY, NAME, limit=5)["next_cursor"]
    assert refused(crowd.search_answer(AGENCY, {**NAME, "birth_year": 1988}, cursor=cursor))
    assert refused(crowd.search_answer(AGENCY, NAME, filter={"status": [4]}, cursor=cursor))
    assert refused(crowd.search_answer(AGENCY, NAME, collapse="person", cursor=cursor))
    body = {"purpose": "dossier_processing", "query": NAME, "cursor": cursor}
    somebody = crowd.officer(AGENCY, actor_id="another-officer")
    assert refused(crowd.post("/v1/records/search", json=body, headers=somebody))


def test_a_cursor_of_the_procedures_is_none_of_the_records(crowd, filled):
    cursor = filled.get("/v1/procedures", params={"limit": 1}).json()["next_cursor"]
    assert refused(crowd.search_answer(AGENCY, NAME, cursor=cursor))


def test_a_cursor_that_was_changed_is_refused(crowd):
    cursor = crowd.search(AGENCY, NAME, limit=5)["next_cursor"]
    assert refused(crowd.search_answer(AGENCY, NAME, cursor=cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")))


def test_a_page_may_be_of_another_size_than_the_one_before(crowd):
    first = crowd.search(AGENCY, NAME, limit=5)
    rest = crowd.search(AGENCY, NAME, limit=100, cursor=first["next_cursor"])
    assert len(rest["items"]) == 20
    assert rest["next_cursor"] is None


def test_more_than_two_hundred_are_counted_as_at_least(new_installation):
    api = new_installation()
    api.put(*(make_dossier(code=f"H41.14-240101-{number:04}") for number in range(1, 206)))
    page = api.search(AGENCY, {"citizen_id": MOTHER_ID}, limit=100)
    assert page["total"] == {"value": 200, "relation": "gte"}


# ---------------------------------------------------------------- the same over a synthetic population


def test_every_applicant_with_a_number_finds_each_own_dossier(filled, block):
    for dossier in block.dossiers:
        number = dossier["applicant"].get("citizen_id")
        if number:
            assert dossier["code"] in filled.codes(dossier["agency"], {"citizen_id": number}, limit=100)


def test_every_applicant_is_found_by_name_and_year(filled, block):
    asked = [one for one in block.dossiers if one["applicant"].get("full_name") and one["applicant"].get("born_on")]
    missed = [
        dossier["code"]
        for dossier in asked
        if dossier["code"]
        not in filled.codes(
            dossier["agency"],
            {"full_name": dossier["applicant"]["full_name"], "born_on": dossier["applicant"]["born_on"]},
            limit=100,
        )
    ]
    assert len(asked) > 100
    assert missed == []


def test_every_paper_is_found_by_its_number(filled, block):
    papers = [one for one in block.papers if one.get("number") and one.get("dossier_code")]
    assert len(papers) > 50
    for paper in papers:
        found = filled.codes(paper["issuer"], {"document_number": paper["number"], "document_kind": paper["kind"]})
        assert paper["dossier_code"] in found, paper["id"]

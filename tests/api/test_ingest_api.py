"""Lines over HTTP: each answered in order, the good ones in, the bad ones kept sealed; findable when answered."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest
from installation import CATALOGUE, Installation, to_ndjson
from support.rows import CHILD_ID, CODE, MOTHER_ID, make_birth, make_dossier, make_paper, make_person

AGENCY = "H41.14"
CANARY = "zqxcanary"


def send(api: Installation, kind: str, content: bytes, **headers: str) -> httpx.Response:
    return api.post(f"/v1/ingest/{kind}", content=content, headers={**api.as_("ingester"), **headers})


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [one["status"] for one in results]


def code(number: int) -> str:
    return f"H41.14-240101-{number:04}"


# ---------------------------------------------------------------- each line its answer


def test_each_line_is_answered_in_order_with_its_number(api):
    api.put(make_dossier(code=code(1), version=5))
    results = api.ingest(
        "dossiers",
        make_dossier(code=code(2)),
        b"{broken",
        make_dossier(code=code(1), version=5),
        make_dossier(code=code(1), version=4),
        make_dossier(code=code(1), version=5, status=4),
        make_dossier(code=code(1), version=6),
        make_dossier(code=code(3), applicant=None),
        make_dossier(code=code(4)),
    )
    assert [one["line"] for one in results] == list(range(1, 9))
    assert statuses(results) == ["indexed", "refused", "unchanged", "stale", "refused", "indexed", "refused", "indexed"]
    assert [one.get("error", {}).get("code") for one in results] == [
        None,
        "not_json",
        None,
        None,
        "conflict",
        None,
        "missing",
        None,
    ]


def test_a_line_that_was_taken_has_its_record_id_and_no_error(api):
    [result] = api.ingest("dossiers", make_dossier())
    assert result.keys() == {"line", "status", "id", "warnings"}
    assert api.get(f"/v1/records/{result['id']}", headers=api.looking(AGENCY)).status_code == 200


def test_the_good_rows_go_in_beside_the_bad(api):
    api.ingest("dossiers", make_dossier(code=code(1)), b"nonsense", make_dossier(code=code(2)))
    assert sorted(api.codes(AGENCY, {"citizen_id": MOTHER_ID})) == [code(1), code(2)]


def test_blank_lines_are_counted_and_not_answered(api):
    answer = send(api, "dossiers", b"\n" + to_ndjson([make_dossier()]) + b"\r\n\n")
    assert [json.loads(line)["line"] for line in answer.text.splitlines()] == [2]
    assert answer.headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_nothing_is_answered_with_nothing(api, content):
    answer = send(api, "dossiers", content)
    assert (answer.status_code, answer.text) == (200, "")


def test_a_byte_order_mark_crlf_and_a_missing_line_end_are_undone(api):
    rows = [json.dumps(make_dossier(code=code(number)), ensure_ascii=False).encode() for number in (1, 2)]
    answer = send(api, "dossiers", b"\xef\xbb\xbf" + b"\r\n".join(rows))
    assert statuses([json.loads(line) for line in answer.text.splitlines()]) == ["indexed", "indexed"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "not_json"),
        (b"[]", "not_an_object"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b'{"a": "\x00"}', "nul_character"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": NaN}', "not_json"),
        (make_dossier(applicant=make_person(citizen_id="04018700012")), "citizen_id_length"),
        (make_dossier(applicant=make_person(born_on="30/02/1987")), "date_impossible"),
        (make_dossier(finished_at="2023-11-06T08:00:00+07:00"), "finished_before_received"),
        (make_dossier(status=11), "less_than_equal"),
        (make_dossier(version="1"), "int_type"),
        (make_dossier(code=CANARY), "dossier_code_format"),
    ],
)
def test_a_bad_line_is_refused_with_a_stable_code_and_without_its_value(api, line, error):
    [result] = api.ingest("dossiers", line)
    assert (result["status"], result["error"]["code"]) == ("refused", error)
    assert result["error"]["detail"]
    assert CANARY not in json.dumps(result)
    assert "04018700012" not in json.dumps(result)


def test_a_line_over_eight_mebibytes_is_refused_and_the_others_go_in(api):
    results = api.ingest("dossiers", make_dossier(code=code(1)), b" " * (8 * 2**20 + 1) + b"{}", make_dossier())
    assert statuses(results) == ["indexed", "refused", "indexed"]
    assert results[1]["error"]["code"] == "line_too_long"


def test_a_pointer_names_the_place_of_the_fault(api):
    row = make_birth()
    row["persons"][1]["citizen_id"] = "1"
    [result] = api.ingest("dossiers", row)
    assert result["error"]["pointer"] == "/persons/1/citizen_id"


# ---------------------------------------------------------------- found at once


def test_what_is_answered_indexed_is_found_at_once(api):
    for number in range(1, 8):
        api.put(make_dossier(code=code(number)))
        assert code(number) in api.codes(AGENCY, {"citizen_id": MOTHER_ID})


def test_a_newer_version_is_what_is_found_at_once(api):
    [record] = api.put(make_dossier(status=4))
    [again] = api.put(make_dossier(status=9, version=2))
    assert again == record
    [item] = api.search(AGENCY, {"dossier_code": CODE})["items"]
    assert item["status"] == 9


def test_an_older_version_changes_nothing(api):
    api.put(make_dossier(status=9, version=2))
    assert statuses(api.ingest("dossiers", make_dossier(status=4))) == ["stale"]
    [item] = api.search(AGENCY, {"dossier_code": CODE})["items"]
    assert item["status"] == 9


def test_the_same_lines_again_change_nothing(api, block):
    first = api.ingest("dossiers", *block.dossiers)
    size = api.parts.records.status().records
    again = api.ingest("dossiers", *block.dossiers)
    assert set(statuses(again)) == {"unchanged"}
    assert [one["id"] for one in again] == [one["id"] for one in first]
    assert api.parts.records.status().records == size


def test_a_batch_that_is_longer_than_one_write_is_taken_whole(api):
    rows = [make_dossier(code=f"H41.14-2401{day:02}-{number:04}") for day in range(1, 5) for number in range(1, 301)]
    results = api.ingest("dossiers", *rows)
    assert statuses(results) == ["indexed"] * 1200
    assert [one["line"] for one in results] == list(range(1, 1201))
    assert api.parts.records.status().records["dossier"] == 1200


def test_one_record_twice_in_one_body_is_taken_in_order(api):
    results = api.ingest("dossiers", make_dossier(), make_dossier(), make_dossier(version=2, status=4))
    assert statuses(results) == ["indexed", "unchanged", "indexed"]
    [item] = api.search(AGENCY, {"dossier_code": CODE})["items"]
    assert item["status"] == 4


def test_bodies_sent_at_once_are_all_taken(api):
    results: list[list[str]] = []

    def feed(start: int) -> None:
        own = Installation.over(api.app)
        rows = [make_dossier(code=code(number)) for number in range(start, start + 20)]
        results.append(statuses(own.ingest("dossiers", *rows)))
        own.runner.close()

    threads = [threading.Thread(target=feed, args=(start,)) for start in (100, 110, 120, 130)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flat = [one for some in results for one in some]
    assert (flat.count("indexed"), flat.count("unchanged")) == (50, 30)


# ---------------------------------------------------------------- warnings


def test_a_procedure_that_the_catalogue_does_not_have_is_a_warning_until_it_has_it(api):
    [first] = api.ingest("dossiers", make_dossier())
    assert (first["status"], first["warnings"]) == ("indexed", ["unknown_procedure"])
    api.ingest("procedures", *CATALOGUE.read_bytes().splitlines())
    [second] = api.ingest("dossiers", make_dossier(version=2))
    assert (second["status"], second.get("warnings")) == ("indexed", None)
    [item] = api.search(AGENCY, {"dossier_code": CODE})["items"]
    assert item["procedure"] == {"code": "1.001193", "name": "Thủ tục đăng ký khai sinh"}


# ---------------------------------------------------------------- papers, procedures


def test_a_paper_is_found_by_its_number_at_once(api):
    api.put(make_birth())
    api.put_papers(make_paper())
    assert api.codes(AGENCY, {"document_number": "118/2023"}) == [CODE]


def test_a_birth_certificate_links_the_newborn_to_its_number_at_once(api):
    api.put(make_birth())
    assert api.codes(AGENCY, {"citizen_id": CHILD_ID}) == []
    api.put_papers(make_paper())
    assert api.codes(AGENCY, {"citizen_id": CHILD_ID}) == [CODE]


def test_papers_have_their_own_refusals(api):
    results = api.ingest("papers", make_paper(assurance="hearsay"), make_paper(holders=[]), make_paper(), make_paper())
    assert statuses(results) == ["refused", "refused", "indexed", "unchanged"]


def test_a_procedure_is_found_at_once_and_again_when_it_changes(api):
    row = {"code": "9.000001", "name": "Thủ tục cấp phép thả diều"}
    assert statuses(api.ingest("procedures", row, {"code": "9.000002"}, row)) == ["indexed", "refused", "unchanged"]
    assert api.get("/v1/procedures/9.000001").json()["name"] == "Thủ tục cấp phép thả diều"
    assert statuses(api.ingest("procedures", {**row, "fee": "Miễn phí"})) == ["indexed"]
    assert api.get("/v1/procedures/9.000001").json()["fee"] == "Miễn phí"


def test_a_procedure_without_a_code_is_known_by_its_content(api):
    [result] = api.ingest("procedures", {"name": "Thủ tục không mã"})
    assert result["id"].startswith("h-")
    assert api.get(f"/v1/procedures/{result['id']}").json()["name"] == "Thủ tục không mã"


# ---------------------------------------------------------------- quarantine


@pytest.mark.parametrize("kind", ["dossiers", "papers", "procedures"])
def test_a_refused_line_is_kept_sealed_with_its_reason(api, kind):
    line = f'{{"code": "{CANARY}", "name": 5, "applicant": {{"citizen_id": "040187000999"}}}}'.encode()
    [result] = api.ingest(kind, line)
    [row] = api.parts.vault.quarantine.rows(10)
    assert (row.source, row.line, row.code) == (f"http:{kind}", 1, result["error"]["code"])
    assert CANARY.encode() not in row.sealed
    assert CANARY not in row.message
    assert api.parts.quarantine.show(row.id).plaintext == line


def test_what_was_taken_is_not_kept_in_quarantine(api):
    api.ingest("dossiers", make_dossier(), make_dossier(), make_dossier(version=0))
    assert api.parts.vault.quarantine.rows(10) == []


def test_nothing_of_a_refused_line_stands_in_a_file(api):
    api.ingest("dossiers", f'{{"code": "{CANARY}", "applicant": "{CANARY}"}}'.encode())
    home = api.parts.settings.home
    assert not any(CANARY.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


# ---------------------------------------------------------------- who may, and when


@pytest.mark.parametrize("role", ["citizen", "portal", "officer", "reporter", "auditor", "editor"])
@pytest.mark.parametrize("kind", ["dossiers", "papers", "procedures"])
def test_other_roles_may_not_write(api, role, kind):
    claims = {"agency": AGENCY} if role == "officer" else {}
    answer = api.post(f"/v1/ingest/{kind}", content=to_ndjson([make_dossier()]), headers=api.as_(role, **claims))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert api.parts.records.status().records["dossier"] == 0


def test_an_operator_may_write(api):
    answer = api.post("/v1/ingest/dossiers", content=to_ndjson([make_dossier()]), headers=api.as_("operator"))
    assert json.loads(answer.text)["status"] == "indexed"


def test_while_a_build_is_under_way_lines_are_refused_as_a_whole_and_taken_afterwards(api):
    build = api.parts.records.build()
    answer = send(api, "dossiers", to_ndjson([make_dossier()]))
    assert (answer.status_code, answer.json()["code"]) == (503, "index_not_ready")
    assert int(answer.headers["retry-after"]) > 0
    build.publish(lambda *_: None)
    api.put(make_dossier())
    assert api.codes(AGENCY, {"citizen_id": MOTHER_ID}) == [CODE]


def test_while_a_build_is_under_way_what_is_published_is_still_found(api):
    api.ingest("dossiers")
    build = api.parts.records.build()
    assert api.codes(AGENCY, {"citizen_id": MOTHER_ID}) == []
    build.discard()
    api.put(make_dossier())


# ---------------------------------------------------------------- audit


def test_a_batch_is_one_entry_over_its_records(api):
    before = len(api.entries())
    api.ingest("dossiers", make_dossier(code=code(1)), b"bad", make_dossier(code=code(2)), make_dossier(code=code(1)))
    [logged] = api.entries()[before:]
    entry = logged.entry
    assert (entry.action, entry.purpose, entry.role, entry.outcome) == ("ingest", "ingest", "ingester", "allowed")
    assert entry.batch.count == 2
    assert entry.subjects == ()


def test_a_batch_that_writes_nothing_leaves_no_entry(api):
    api.put(make_dossier())
    before = len(api.entries())
    api.ingest("dossiers", make_dossier(), b"bad")
    assert len(api.entries()) == before


def test_what_cannot_be_written_down_is_not_written(api):
    api.put(make_dossier(code=code(1)))
    api.parts.audit_log.close()
    answer = send(api, "dossiers", to_ndjson([make_dossier(code=code(2))]))
    assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
    assert api.parts.records.status().records["dossier"] == 1

"""Who sees which record: the own agency, an open case, nobody else; and the audit entry of each answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from installation import Installation
from support.rows import make_dossier, make_paper

from security.audit.entry import AuditEntry
from security.references import keyed_hash

OWN, OTHER, FOREIGN, POLICE = "H41.14", "H41.15", "H56.10", "H41CA.39"
LAN = {"citizen_id": "040187000501", "full_name": "Hồ Thị Lan", "born_on": "1987-03-04", "phone": "0912000501"}
TAM = {"citizen_id": "040085000502", "full_name": "Phan Văn Tám", "born_on": "1985-01-02", "phone": "0912000502"}
UNA = {"citizen_id": "040190000503", "full_name": "Cao Thị Út", "born_on": "1990-09-09", "ethnicity": "Thổ"}

CASE = "H41.14-261101-0001"
CLOSED_CASE = "H41.14-261101-0002"
CASE_OF_ANOTHER = "H41.14-261101-0003"
ELSEWHERE = "H41.15-240101-0001"
ELSEWHERE_OF_ANOTHER = "H41.15-240101-0002"
ABROAD = "H56.10-240101-0001"
AT_THE_POLICE = "H41CA.39-240101-0001"

ROWS = {
    CASE: make_dossier(code=CASE, status=4, applicant=LAN, received_at="2026-11-01T08:00:00+07:00"),
    CLOSED_CASE: make_dossier(code=CLOSED_CASE, status=10, applicant=LAN, received_at="2026-11-01T08:00:00+07:00"),
    CASE_OF_ANOTHER: make_dossier(code=CASE_OF_ANOTHER, status=4, applicant=UNA),
    ELSEWHERE: make_dossier(
        code=ELSEWHERE,
        agency=OTHER,
        applicant=TAM,
        persons=[{"role": "spouse", **LAN}],
        result={"code": "KQ.G15.000099", "number": "7777/2024"},
        return_reason="Lời khai riêng",
    ),
    ELSEWHERE_OF_ANOTHER: make_dossier(code=ELSEWHERE_OF_ANOTHER, agency=OTHER, applicant=TAM),
    ABROAD: make_dossier(code=ABROAD, agency=FOREIGN, applicant=LAN),
    AT_THE_POLICE: make_dossier(code=AT_THE_POLICE, agency=POLICE, applicant=LAN),
}
PAPER = make_paper(id="P-LAN", number="55/2024", issuer=OTHER, holders=[LAN], dossier_code=ELSEWHERE, data={})
NOBODY = "0" * 32
REASON = "Đối chiếu hồ sơ cũ của người nộp"


class World:
    """An installation with records of three people at four agencies in three domains."""

    def __init__(self, api: Installation) -> None:
        self.api = api
        self.ids = dict(zip(ROWS, api.put(*ROWS.values()), strict=True))
        [self.ids["P-LAN"]] = api.put_papers(PAPER)

    def get(self, record: str, *, case: str | None = None, agency: str = OWN) -> httpx.Response:
        return self.api.get(f"/v1/records/{self.ids.get(record, record)}", headers=self.api.looking(agency, case))

    def open(self, record: str, case: str, *, agency: str = OWN, **changes: Any) -> httpx.Response:
        body = {"purpose": "dossier_processing", "case_number": case, "reason": REASON, **changes}
        path = f"/v1/records/{self.ids.get(record, record)}/open"
        return self.api.post(path, json=body, headers=self.api.officer(agency))

    def last(self) -> AuditEntry:
        return self.api.last_entry().entry

    def keyed(self, label: str, text: str) -> str:
        return keyed_hash(self.api.parts.keys.installation_key("AUD"), label, text)

    def references(self, *people: dict[str, Any]) -> tuple[str, ...]:
        return tuple(sorted(self.api.reference(one["citizen_id"]).hex() for one in people))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    api = Installation.at(tmp_path_factory.mktemp("access"))
    yield World(api)
    api.close()


def body_without_trace(answer: httpx.Response) -> dict[str, Any]:
    return {key: value for key, value in answer.json().items() if key != "trace_id"}


# ---------------------------------------------------------------- without a case


@pytest.mark.parametrize(
    "query",
    [
        {"citizen_id": TAM["citizen_id"]},
        {"dossier_code": ELSEWHERE},
        {"document_number": "7777/2024"},
        {"document_number": "55/2024"},
        {"phone": TAM["phone"]},
        {"full_name": "Phan Văn Tám", "birth_year": 1985},
        {"dossier_code": ABROAD},
        {"dossier_code": AT_THE_POLICE},
    ],
)
def test_records_of_another_agency_are_neither_found_nor_counted(world, query):
    page = world.api.search(OWN, query)
    assert (page["items"], page["total"], page["next_cursor"]) == ([], {"value": 0, "relation": "eq"}, None)
    entry = world.last()
    assert (entry.outcome, entry.records, entry.subjects) == ("not_found", (), ())


def test_a_search_of_a_person_counts_only_the_own_agencys_records(world):
    page = world.api.search(OWN, {"citizen_id": LAN["citizen_id"]})
    assert {item["dossier_code"] for item in page["items"]} == {CASE, CLOSED_CASE}
    assert page["total"]["value"] == 2
    assert world.last().opened == 0


@pytest.mark.parametrize("record", [ELSEWHERE, ELSEWHERE_OF_ANOTHER, ABROAD, AT_THE_POLICE, "P-LAN"])
def test_a_record_of_another_agency_is_answered_as_one_that_does_not_exist(world, record):
    missing, hidden = world.get(NOBODY), world.get(record)
    assert (missing.status_code, hidden.status_code) == (404, 404)
    assert body_without_trace(missing) == body_without_trace(hidden)
    assert missing.headers.keys() == hidden.headers.keys()


def test_a_record_of_the_own_agency_is_seen_masked(world):
    seen = world.get(CASE).json()
    assert (seen["id"], seen["masked"], seen["collection"]) == (world.ids[CASE], True, "dossier")
    assert seen["persons"] == [
        {"roles": ["applicant"], "full_name": "H… T… Lan", "birth_year": 1987, "citizen_id": "•••••••••501"}
    ]
    assert seen["shared"]["code"] == CASE


def test_an_agency_above_or_below_is_another_agency(world):
    for agency in ("H41", "H41.14.01"):
        assert world.get(CASE, agency=agency).status_code == 404
        assert world.api.codes(agency, {"dossier_code": CASE}) == []


# ---------------------------------------------------------------- a case widens a search and a look


def test_an_open_case_shows_that_persons_records_at_other_agencies_masked(world):
    page = world.api.search(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=CASE)
    assert {item["dossier_code"] for item in page["items"]} == {CASE, CLOSED_CASE, ELSEWHERE}
    [item] = [one for one in page["items"] if one["dossier_code"] == ELSEWHERE]
    assert item["agency"] == OTHER
    assert [one["full_name"] for one in item["persons"]] == ["P… V… Tám", "H… T… Lan"]
    assert "7777" not in str(page)
    assert "0912000" not in str(page)


def test_an_open_case_shows_nothing_of_other_people(world):
    assert world.api.codes(OWN, {"dossier_code": ELSEWHERE_OF_ANOTHER}, case_number=CASE) == []
    # Found by the other person's keys, it is a record of the case's person all the same.
    assert world.api.codes(OWN, {"citizen_id": TAM["citizen_id"]}, case_number=CASE) == [ELSEWHERE]


def test_an_open_case_lets_a_look_at_that_persons_record(world):
    seen = world.get(ELSEWHERE, case=CASE)
    assert seen.status_code == 200
    assert seen.json()["masked"] is True
    for hidden in ("Phan Văn", "Hồ Thị", TAM["citizen_id"], "7777", "Lời khai", "0912000"):
        assert hidden not in seen.text


def test_an_open_case_lets_a_look_at_that_persons_paper_without_its_number(world):
    seen = world.get("P-LAN", case=CASE)
    assert (seen.status_code, seen.json()["collection"]) == (200, "paper")
    assert "55/2024" not in seen.text


@pytest.mark.parametrize("case", [CLOSED_CASE, CASE_OF_ANOTHER, "H41.14-261101-9999", ELSEWHERE])
def test_another_case_does_not_widen(world, case):
    assert ELSEWHERE not in world.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=case)
    assert world.get(ELSEWHERE, case=case).status_code == 404


@pytest.mark.parametrize("status", [3, 7, 8, 9, 10])
def test_a_case_that_is_worked_on_no_more_does_not_widen(new_installation, status):
    world = World(new_installation())
    world.api.put({**ROWS[CASE], "version": 2, "status": status})
    assert ELSEWHERE not in world.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=CASE)
    assert world.get(ELSEWHERE, case=CASE).status_code == 404
    assert world.open(ELSEWHERE, CASE).status_code == 404


@pytest.mark.parametrize("status", [1, 2, 4, 5, 6])
def test_a_case_that_is_worked_on_widens(new_installation, status):
    world = World(new_installation())
    world.api.put({**ROWS[CASE], "version": 2, "status": status})
    assert ELSEWHERE in world.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=CASE)


@pytest.mark.parametrize("record", [ABROAD, AT_THE_POLICE])
def test_no_case_reaches_another_domain(world, record):
    assert record not in world.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=CASE)
    assert world.get(record, case=CASE).status_code == 404
    assert world.open(record, CASE).status_code == 404


def test_a_case_of_another_agency_is_none_of_mine(world):
    assert world.api.codes(OTHER, {"citizen_id": UNA["citizen_id"]}, case_number=CASE_OF_ANOTHER) == []
    assert world.get(CASE_OF_ANOTHER, case=CASE_OF_ANOTHER, agency=OTHER).status_code == 404


@pytest.mark.parametrize("case", [CASE, CLOSED_CASE, "H41.14-261101-9999"])
def test_the_case_number_is_recorded_whether_it_widens_or_not(world, case):
    world.api.search(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=case)
    assert world.last().case == world.keyed("case", case)
    world.get(CASE, case=case)
    assert world.last().case == world.keyed("case", case)


# ---------------------------------------------------------------- opening


def test_a_record_of_the_own_agency_opens_with_itself_as_the_case(world):
    opened = world.open(CASE, CASE)
    assert opened.status_code == 200
    [person] = opened.json()["persons"]
    assert person["full_name"] == "Hồ Thị Lan"
    assert person["citizen_id"] == LAN["citizen_id"]
    assert person["phone"] == "+84912000501"
    assert opened.json()["masked"] is False
    assert opened.headers["cache-control"] == "no-store"


def test_a_closed_record_of_the_own_agency_opens_with_itself_as_the_case(world):
    assert world.open(CLOSED_CASE, CLOSED_CASE).status_code == 200


def test_a_record_of_the_own_agency_opens_with_a_case_of_the_same_person(world):
    assert world.open(CLOSED_CASE, CASE).status_code == 200
    assert world.open(CASE, CLOSED_CASE).status_code == 200


def test_what_is_sensitive_stays_masked_in_an_opened_record(world):
    opened = world.open(CASE_OF_ANOTHER, CASE_OF_ANOTHER)
    assert opened.json()["persons"][0]["full_name"] == "Cao Thị Út"
    assert "Thổ" not in opened.text


def test_at_another_agency_only_the_people_of_the_case_are_unmasked(world):
    opened = world.open(ELSEWHERE, CASE)
    assert opened.status_code == 200
    by_role = {tuple(one["roles"]): one for one in opened.json()["persons"]}
    assert by_role["spouse",]["full_name"] == "Hồ Thị Lan"
    assert by_role["applicant",]["full_name"] == "P… V… Tám"
    for hidden in ("Phan Văn", TAM["citizen_id"], "0912000502", "+84912000502", "Lời khai"):
        assert hidden not in opened.text


@pytest.mark.parametrize(
    ("record", "case"),
    [(CASE, CASE_OF_ANOTHER), (CASE, "H41.14-261101-9999"), (CASE, ELSEWHERE), (NOBODY, "H41.14-261101-9999")],
)
def test_a_case_that_does_not_resolve_or_concerns_nobody_of_the_record_opens_nothing(world, record, case):
    refused = world.open(record, case)
    assert (refused.status_code, refused.json()["code"]) == (403, "case_not_valid")
    assert world.last().outcome == "denied"
    assert "Lan" not in refused.text


@pytest.mark.parametrize("case", [CASE_OF_ANOTHER, CLOSED_CASE])
def test_a_record_elsewhere_is_not_there_for_a_case_that_does_not_widen_to_it(world, case):
    missing, hidden = world.open(NOBODY, case), world.open(ELSEWHERE, case)
    assert (missing.status_code, hidden.status_code) == (404, 404)
    assert body_without_trace(missing) == body_without_trace(hidden)


def test_opening_needs_a_reason_and_a_case(world):
    for missing in ("reason", "case_number"):
        body = {"purpose": "dossier_processing", "case_number": CASE, "reason": REASON}
        del body[missing]
        path = f"/v1/records/{world.ids[CASE]}/open"
        answer = world.api.post(path, json=body, headers=world.api.officer(OWN))
        assert (answer.status_code, answer.json()["pointer"]) == (422, f"/{missing}")


# ---------------------------------------------------------------- other roles


@pytest.mark.parametrize("role", ["portal", "ingester", "auditor", "citizen", "reporter", "operator", "editor"])
def test_no_other_role_gets_at_records(world, role):
    claims = {"agency": OWN}
    if role == "citizen":
        claims["subject"] = world.api.parts.subjects.make(LAN["citizen_id"])
    headers = world.api.as_(role, **claims)
    path = f"/v1/records/{world.ids[CASE]}"
    for purpose in ("dossier_processing", "self_access", "prefill", "audit", "statistics", "ingest"):
        body = {"purpose": purpose, "query": {"citizen_id": LAN["citizen_id"]}}
        opening = {"purpose": purpose, "case_number": CASE, "reason": REASON}
        answers = [
            world.api.post("/v1/records/search", json=body, headers=headers),
            world.api.get(path, headers={**headers, "Hoso-Purpose": purpose}),
            world.api.post(f"{path}/open", json=opening, headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert not any("Lan" in answer.text for answer in answers)


# ---------------------------------------------------------------- audit


def test_a_search_is_written_down_with_the_records_and_the_people_that_it_shows(world):
    page = world.api.search(OWN, {"citizen_id": LAN["citizen_id"]}, case_number=CASE, limit=2)
    logged = world.api.last_entry()
    entry = logged.entry
    assert str(logged.seq) == page["audit_entry"]
    assert (entry.action, entry.purpose, entry.basis) == ("records.search", "dossier_processing", "statutory_task")
    assert (entry.role, entry.agency, entry.outcome) == ("officer", OWN, "allowed")
    assert set(entry.records) == {item["id"] for item in page["items"]}
    assert entry.subjects == world.references(LAN)
    assert entry.opened == 1
    assert set(entry.fields) == {"basic", "identity"}


def test_everybody_of_a_record_that_is_shown_stands_in_the_entry(world):
    world.get(ELSEWHERE, case=CASE)
    entry = world.last()
    assert (entry.action, entry.outcome, entry.records) == ("records.get", "allowed", (world.ids[ELSEWHERE],))
    assert entry.subjects == world.references(LAN, TAM)


def test_an_opening_is_written_down_with_its_reason_as_a_keyed_hash(world):
    opened = world.open(CASE, CASE)
    logged = world.api.last_entry()
    assert str(logged.seq) == opened.json()["audit_entry"]
    assert logged.entry.action == "records.open"
    assert logged.entry.reason == world.keyed("reason", REASON)
    assert logged.entry.case == world.keyed("case", CASE)
    assert logged.entry.subjects == world.references(LAN)
    assert REASON.encode() not in logged.raw
    assert CASE.encode() not in logged.raw


def test_a_look_that_finds_nothing_is_written_down(world):
    for record in (NOBODY, ELSEWHERE):
        world.get(record)
        entry = world.last()
        assert (entry.action, entry.outcome) == ("records.get", "not_found")
        assert (entry.records, entry.subjects) == ((), ())


def test_a_refused_opening_is_written_down_and_counts_what_was_opened(world):
    world.open(CASE, CASE_OF_ANOTHER)
    entry = world.last()
    assert (entry.action, entry.outcome, entry.opened, entry.records) == ("records.open", "denied", 1, ())
    assert entry.case == world.keyed("case", CASE_OF_ANOTHER)


def test_every_answer_has_one_entry_under_its_trace_id(world):
    trace = "0af7651916cd43dd8448eb211c80319c"
    before = len(world.api.entries())
    headers = {**world.api.looking(OWN), "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    world.api.get(f"/v1/records/{world.ids[CASE]}", headers=headers)
    [entry] = world.api.entries()[before:]
    assert entry.entry.trace == trace


def test_no_entry_holds_a_value(world):
    world.api.search(OWN, {"full_name": "Hồ Thị Lan", "birth_year": 1987}, case_number=CASE)
    world.open(ELSEWHERE, CASE)
    log = b"".join(entry.raw for entry in world.api.entries()).decode()
    for person in (LAN, TAM, UNA):
        for value in person.values():
            assert value not in log


def test_the_log_verifies(world):
    report = world.api.parts.audit_log.verify()
    assert (report.fault, report.entries) == (None, len(world.api.entries()))


def test_what_cannot_be_written_down_is_not_answered(new_installation):
    world = World(new_installation())
    world.api.parts.audit_log.close()
    body = {"purpose": "dossier_processing", "query": {"citizen_id": LAN["citizen_id"]}}
    prefill = {
        "procedure": "1.004873",
        "subject": {"id_type": "CCCD", "id": LAN["citizen_id"]},
        "purpose": "prefill",
        "legal_basis": "statutory_task",
    }
    answers = [
        world.api.post("/v1/records/search", json=body, headers=world.api.officer(OWN)),
        world.get(CASE),
        world.get(NOBODY),
        world.open(CASE, CASE),
        world.open(CASE, CASE_OF_ANOTHER),
        world.api.post("/v1/prefill", json=prefill, headers=world.api.as_("portal")),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert answer.json().keys() <= {"type", "title", "status", "code", "detail", "text_vi", "trace_id"}
        assert not any(value in answer.text for value in (CASE, world.ids[CASE], "Lan", "501", "1987"))

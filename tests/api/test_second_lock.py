"""The second lock: whatever an engine returns, only what was authenticated and is permitted is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from installation import Installation
from structlog.testing import capture_logs
from support.rows import make_dossier, make_paper

from indexer.engines.records import Candidate, Candidates, RecordCollection
from schemas.query import Query, Scope
from search_api.parts import make_services

OWN, OTHER, FOREIGN = "H41.14", "H41.15", "H56.10"
LAN = {"citizen_id": "040187000501", "full_name": "Hồ Thị Lan", "born_on": "1987-03-04", "phone": "0912000501"}
TAM = {"citizen_id": "040085000502", "full_name": "Phan Văn Tám", "born_on": "1985-01-02"}
CASE = "H41.14-261101-0001"
MINE = "H41.14-240101-0009"
ELSEWHERE = "H41.15-240101-0001"
OF_TAM = "H41.15-240101-0002"
ABROAD = "H56.10-240101-0001"
NOBODY = "0" * 32


class LavishSearcher:
    """An engine that gives out what it was told to, whatever was asked and in whatever scope."""

    def __init__(self) -> None:
        self.dossiers: list[Candidate] = []
        self.papers: list[Candidate] = []

    def search(self, collection: RecordCollection, wanted: Query, scope: Scope, limit: int) -> Candidates:
        """Return everything."""
        del wanted, scope, limit
        return Candidates(tuple(self._all(collection)), more=False)

    def fetch(self, collection: RecordCollection, ids: Sequence[bytes], scope: Scope) -> list[Candidate]:
        """Return everything."""
        del ids, scope
        return self._all(collection)

    def _all(self, collection: RecordCollection) -> list[Candidate]:
        return self.dossiers if collection == "dossier" else self.papers


class Lavish:
    """An installation whose engine is lavish."""

    def __init__(self, api: Installation) -> None:
        self.api = api
        codes = (CASE, MINE, ELSEWHERE, OF_TAM, ABROAD)
        ids = api.put(
            make_dossier(code=CASE, status=4, applicant=LAN),
            make_dossier(code=MINE, status=9, applicant=TAM),
            make_dossier(code=ELSEWHERE, agency=OTHER, applicant=LAN, persons=[{"role": "spouse", **TAM}]),
            make_dossier(code=OF_TAM, agency=OTHER, applicant=TAM),
            make_dossier(code=ABROAD, agency=FOREIGN, applicant=LAN),
        )
        self.ids = dict(zip(codes, ids, strict=True))
        api.put_papers(make_paper(id="P1", issuer=OTHER, number="7/2024", holders=[TAM], dossier_code=OF_TAM, data={}))
        self.engine = LavishSearcher()
        self.restore()
        lavish: Any = self.engine
        api.app.state.services = make_services(replace(api.parts, records=lavish))

    def restore(self) -> None:
        """Let the engine return what is stored, as it is stored."""
        with self.api.parts.records.writing() as writer:
            self.engine.dossiers = [Candidate(one.record_id, one.envelope) for one in writer.iter_records("dossier")]
            self.engine.papers = [Candidate(one.record_id, one.envelope) for one in writer.iter_records("paper")]

    def envelope(self, code: str) -> bytes:
        return next(one.envelope for one in self.engine.dossiers if one.record_id.hex() == self.ids[code])

    def returns(self, *candidates: tuple[str, bytes]) -> None:
        """Let the engine return these envelopes under the ids of these dossiers."""
        self.engine.dossiers = [Candidate(bytes.fromhex(self.ids[code]), envelope) for code, envelope in candidates]

    def get(self, record: str, case: str | None = None) -> Any:
        return self.api.get(f"/v1/records/{record}", headers=self.api.looking(OWN, case))


@pytest.fixture(scope="module")
def module_lavish(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lavish]:
    api = Installation.at(tmp_path_factory.mktemp("lavish"))
    yield Lavish(api)
    api.close()


@pytest.fixture
def lavish(module_lavish: Lavish) -> Iterator[Lavish]:
    yield module_lavish
    module_lavish.restore()


QUERIES = [
    {"citizen_id": LAN["citizen_id"]},
    {"citizen_id": TAM["citizen_id"]},
    {"dossier_code": ELSEWHERE},
    {"dossier_code": ABROAD},
    {"document_number": "7/2024"},
    {"phone": LAN["phone"]},
    {"full_name": "Hồ Thị Lan"},
    {"full_name": "Phan Văn Tám", "birth_year": 1985},
]


# ---------------------------------------------------------------- too much


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_an_engine_that_returns_everything_leaks_no_record_and_no_count(lavish, query):
    page = lavish.api.search(OWN, query)
    assert {item["dossier_code"] for item in page["items"]} <= {CASE, MINE}
    assert page["total"] == {"value": len(page["items"]), "relation": "eq"}
    assert len(page["items"]) <= 1


def test_what_does_not_match_the_query_is_not_shown_though_it_may_be_read(lavish):
    assert lavish.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}) == [CASE]
    assert lavish.api.codes(OWN, {"full_name": "Phan Văn Tám", "birth_year": 1985}) == [MINE]
    assert lavish.api.codes(OWN, {"citizen_id": "040087000999"}) == []
    assert lavish.api.codes(OWN, {"full_name": "Hồ Thị Lan", "ward": "Đông Vĩnh"}) == []
    assert lavish.api.codes(OWN, {"document_number": "8/2024"}) == []


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_with_an_open_case_it_leaks_nothing_but_that_persons_records(lavish, query):
    found = lavish.api.codes(OWN, query, case_number=CASE)
    assert set(found) <= {CASE, MINE, ELSEWHERE}


@pytest.mark.parametrize("code", [ELSEWHERE, OF_TAM, ABROAD])
def test_a_look_at_a_record_out_of_reach_is_404(lavish, code):
    assert lavish.get(lavish.ids[code]).status_code == 404


@pytest.mark.parametrize("code", [OF_TAM, ABROAD])
def test_an_open_case_does_not_let_a_look_at_others(lavish, code):
    assert lavish.get(lavish.ids[code], CASE).status_code == 404
    body = {"purpose": "dossier_processing", "case_number": CASE, "reason": "đối chiếu"}
    answer = lavish.api.post(f"/v1/records/{lavish.ids[code]}/open", json=body, headers=lavish.api.officer(OWN))
    assert answer.status_code == 404


def test_a_look_at_what_does_not_exist_is_not_answered_with_another_record(lavish):
    assert lavish.get(NOBODY).status_code == 404
    assert lavish.get(lavish.ids[CASE]).json()["id"] == lavish.ids[CASE]


def test_a_case_number_that_names_no_dossier_is_none_though_the_engine_returns_some(lavish):
    assert lavish.get(lavish.ids[ELSEWHERE], "H41.14-261101-9999").status_code == 404
    assert lavish.get(lavish.ids[ELSEWHERE], ELSEWHERE).status_code == 404


def test_an_officer_of_nowhere_sees_nothing(lavish):
    page = lavish.api.search("H99", {"citizen_id": LAN["citizen_id"]})
    assert (page["items"], page["total"]["value"]) == ([], 0)


def test_prefill_gives_nothing_of_other_people(lavish):
    body = {
        "procedure": "1.004873",
        "subject": {"id_type": "CCCD", "id": "040190000777"},
        "purpose": "prefill",
        "legal_basis": "statutory_task",
    }
    answer = lavish.api.post("/v1/prefill", json=body, headers=lavish.api.as_("portal"))
    assert answer.json()["status"] == "empty"
    for value in (LAN["full_name"], TAM["full_name"], LAN["citizen_id"], TAM["citizen_id"], "7/2024"):
        assert value not in answer.text


def test_a_record_that_is_returned_twice_is_shown_and_counted_once(lavish):
    lavish.engine.dossiers *= 3
    page = lavish.api.search(OWN, {"citizen_id": LAN["citizen_id"]})
    assert [item["dossier_code"] for item in page["items"]] == [CASE]
    assert page["total"]["value"] == 1


def test_no_more_than_two_hundred_candidates_are_opened(lavish):
    lavish.engine.dossiers = [Candidate(bytes([0, *divmod(n, 256)]) + bytes(13), b"") for n in range(300)]
    with capture_logs() as logs:
        page = lavish.api.search(OWN, {"citizen_id": LAN["citizen_id"]})
    assert page["total"] == {"value": 0, "relation": "gte"}
    assert next(one for one in logs if one["event"] == "records.dropped")["returned"] == 200


# ---------------------------------------------------------------- moved and damaged


def test_an_envelope_under_the_id_of_another_record_is_dropped(lavish):
    lavish.returns((CASE, lavish.envelope(MINE)), (MINE, lavish.envelope(CASE)))
    assert lavish.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}) == []
    assert lavish.get(lavish.ids[CASE]).status_code == 404
    assert lavish.get(lavish.ids[MINE]).status_code == 404


def test_an_envelope_of_another_agency_under_the_id_of_an_own_record_is_dropped(lavish):
    lavish.returns((CASE, lavish.envelope(ELSEWHERE)))
    assert lavish.get(lavish.ids[CASE], CASE).status_code == 404
    assert lavish.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}) == []


def test_a_dossier_returned_as_a_paper_is_dropped(lavish):
    lavish.engine.papers, lavish.engine.dossiers = lavish.engine.dossiers, []
    assert lavish.get(lavish.ids[CASE]).status_code == 404


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda raw: raw[:40],
    "another version": lambda raw: b"\x09" + raw[1:],
    "another domain": lambda raw: raw[:2] + b"H56".ljust(16, b"\0") + raw[18:],
    "no domain": lambda raw: raw[:2] + b"\xff" * 16 + raw[18:],
    "another epoch": lambda raw: raw[:18] + b"\0\0\0\x07" + raw[22:],
    "another counter": lambda raw: raw[:29] + bytes([raw[29] ^ 1]) + raw[30:],
    "header": lambda raw: raw[:100] + bytes([raw[100] ^ 1]) + raw[101:],
    "section": lambda raw: raw[:480] + bytes([raw[480] ^ 1]) + raw[481:],
    "noise": lambda raw: bytes(len(raw)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_envelope_is_dropped_and_the_others_are_answered(lavish, damage):
    whole = lavish.envelope(MINE)
    lavish.returns((CASE, DAMAGES[damage](lavish.envelope(CASE))), (MINE, whole))
    assert lavish.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}) == []
    assert lavish.get(lavish.ids[CASE]).status_code == 404
    assert lavish.api.codes(OWN, {"citizen_id": TAM["citizen_id"]}) == [MINE]


def test_what_was_dropped_is_told_to_the_operator_in_numbers_only(lavish):
    with capture_logs() as logs:
        lavish.api.search(OWN, {"citizen_id": LAN["citizen_id"]})
    [warning] = [one for one in logs if one["event"] == "records.dropped"]
    assert warning == {
        "event": "records.dropped",
        "log_level": "warning",
        "collection": "dossier",
        "dropped": 3,
        "returned": 5,
    }
    told = str(logs)
    for value in (*LAN.values(), *TAM.values(), *lavish.ids, *lavish.ids.values()):
        assert value not in told


def test_what_was_dropped_does_not_stand_in_the_audit_entry_as_shown(lavish):
    lavish.api.search(OWN, {"citizen_id": LAN["citizen_id"]})
    entry = lavish.api.last_entry().entry
    assert entry.records == (lavish.ids[CASE],)
    assert entry.subjects == (lavish.api.reference(LAN["citizen_id"]).hex(),)


# ---------------------------------------------------------------- keys of another place


def test_the_key_of_a_section_that_is_gone_leaves_that_part_shut(new_installation):
    own = Lavish(new_installation())
    own.api.parts.vault.keys.destroy_keys([own.api.reference(LAN["citizen_id"])])
    seen = own.get(own.ids[CASE])
    assert (seen.status_code, seen.json()["persons"]) == (200, [])
    assert own.api.codes(OWN, {"citizen_id": LAN["citizen_id"]}) == []

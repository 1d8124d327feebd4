"""The built-in catalogue is data that citizens read: each line is checked, and its prose is shown to be our own."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas.canonical import result_kind
from schemas.procedure import Procedure

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "indexer" / "data" / "catalogue.ndjson"
README = ROOT / "indexer" / "data" / "README.md"
# Real procedures lie beside the repository on a developer's machine: their texts have no licence to be in it.
REAL_PROCEDURES = ROOT.parent / "shared" / "data" / "procedures.ndjson"
needs_real_procedures = pytest.mark.skipif(
    not REAL_PROCEDURES.exists(), reason="the real catalogue (../shared/data/procedures.ndjson) is not on this machine"
)

Row = dict[str, Any]
LINES = CATALOGUE.read_text(encoding="utf-8").splitlines()
ROWS: list[Row] = [json.loads(line) for line in LINES]
by_code = pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])

TEXT, TEXTS, PARTS = str, "list of str", "list of dict"
KEYS: dict[str, Any] = {
    "code": TEXT,
    "name": TEXT,
    "former_names": TEXTS,
    "domain": TEXT,
    "agency": TEXT,
    "issuing_agency": TEXT,
    "level": TEXTS,
    "summary": TEXT,
    "keywords": TEXTS,
    "time_limit": TEXT,
    "fee": TEXT,
    "fees": PARTS,
    "cases": PARTS,
    "documents": PARTS,
    "steps": TEXT,
    "conditions": TEXT,
    "legal_basis": PARTS,
    "audience": TEXTS,
    "result": TEXTS,
    "result_kind": (str, type(None)),
    "methods": PARTS,
    "on_the_spot": bool,
    "online": TEXT,
    "uses": int,
    "life_events": TEXTS,
    "url": TEXT,
    "visibility": TEXT,
    "valid_from": (str, type(None)),
    "valid_until": (str, type(None)),
}
PART_KEYS = {
    "fees": {"channel", "amount", "unit", "valid_from", "valid_until", "basis", "note"},
    "cases": {"code", "name"},
    "documents": {"code", "name", "originals", "copies", "case", "required", "form", "paper_kinds"},
    "legal_basis": {"title", "number"},
    "methods": {"channel", "time", "fee", "note"},
}
PREFILLED = {"1.001193", "1.000894", "1.000656", "1.004222", "1.004873", "1.001612"}
PROSE = ("summary", "steps", "conditions")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Shorter sentences ("Nhận kết quả trong ngày.") are said alike by everyone.
COPIED_FROM_CHARS = 60


def is_of(value: object, expected: Any) -> bool:
    if expected in (TEXTS, PARTS):
        inner = str if expected == TEXTS else dict
        return isinstance(value, list) and all(isinstance(part, inner) for part in value)
    return isinstance(value, expected)


def normalised(text: str) -> str:
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", text).casefold()).strip()


def sentences(row: Row) -> Iterator[str]:
    for key in PROSE:
        for sentence in re.split(r"[.;!?:](?:\s|$)|\n", row[key]):
            yield normalised(sentence)


def prose_of(real: Row) -> str:
    parts = [real.get("steps"), real.get("conditions")]
    parts += [document["name"] for document in real.get("documents", ())]
    parts += [method.get("note") for method in real.get("methods", ())]
    return " ".join(normalised(part) for part in parts if part)


@pytest.fixture(scope="module")
def real_procedures() -> list[Row]:
    with REAL_PROCEDURES.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_it_holds_at_least_sixty_procedures():
    assert len(ROWS) >= 60


def test_no_code_stands_twice():
    assert max(Counter(row["code"] for row in ROWS).values()) == 1


def test_the_six_procedures_that_prefill_is_built_on_are_in_with_cases_papers_and_evidence():
    found = {row["code"]: row for row in ROWS if row["code"] in PREFILLED}
    assert found.keys() == PREFILLED
    assert all(len(row["cases"]) >= 3 and row["result_kind"] for row in found.values())
    assert all(any(document["paper_kinds"] for document in row["documents"]) for row in found.values())


@by_code
def test_a_line_has_every_key_with_its_type(row):
    assert row.keys() == KEYS.keys()
    assert {key: value for key, value in row.items() if not is_of(value, KEYS[key])} == {}
    assert [part for key, keys in PART_KEYS.items() for part in row[key] if part.keys() != keys] == []


@by_code
def test_a_line_says_what_citizens_ask_first(row):
    assert 60 <= len(row["summary"]) <= 250
    assert all(row[key] for key in ("fee", "time_limit", "agency", "level", "audience", "methods", "documents"))
    assert all(row[key] for key in ("keywords", "legal_basis", "result", "steps"))
    assert row["uses"] > 0


@by_code
def test_a_line_uses_only_known_values(row):
    assert row["visibility"] == "public"
    assert row["online"] in {"full", "partial", "none"}
    assert {method["channel"] for method in row["methods"]} <= {"Trực tiếp", "Trực tuyến", "Dịch vụ bưu chính"}
    assert set(row["level"]) <= {"Cấp tỉnh", "Cấp xã", "Cơ quan khác"}


@by_code
def test_a_procedure_that_cannot_be_filed_online_offers_no_online_channel(row):
    offered = "Trực tuyến" in {method["channel"] for method in row["methods"]}
    assert not (offered and row["online"] == "none")


@by_code
def test_all_text_is_nfc_and_trimmed(row):
    line = json.dumps(row, ensure_ascii=False)
    assert line == unicodedata.normalize("NFC", line)
    assert [key for key, value in row.items() if isinstance(value, str) and value != value.strip()] == []


@by_code
def test_papers_have_codes_of_their_own_and_belong_to_a_case_of_the_procedure(row):
    codes = [document["code"] for document in row["documents"]]
    cases = [case["code"] for case in row["cases"]]
    assert len(set(codes)) == len(codes)
    assert len(set(cases)) == len(cases)
    assert all(SLUG.fullmatch(code) for code in codes + cases)
    assert {document["case"] for document in row["documents"]} <= {None, *cases}
    assert all(isinstance(document["required"], bool) for document in row["documents"])


@by_code
def test_fees_name_channel_amount_basis_and_dates(row):
    for fee in row["fees"]:
        assert fee["channel"] in {1, 2, 3}
        assert type(fee["amount"]) is int
        assert 0 <= fee["amount"] < 10_000_000
        assert fee["unit"]
        assert re.search(r"\d+/\d{4}/", fee["basis"])
        assert date.fromisoformat(fee["valid_from"]) <= date.fromisoformat(fee["valid_until"] or "9999-12-31")


@by_code
def test_fees_of_one_channel_and_unit_never_overlap_in_time(row):
    spans: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for fee in row["fees"]:
        span = (fee["valid_from"], fee["valid_until"] or "9999-12-31")
        spans.setdefault((fee["channel"], fee["unit"]), []).append(span)
    assert all(first[1] < second[0] for found in spans.values() for first, second in pairwise(sorted(found)))


@by_code
def test_the_dates_of_a_line_are_dates(row):
    assert all(date.fromisoformat(row[key]) for key in ("valid_from", "valid_until") if row[key])


def test_filing_online_was_forty_percent_cheaper_in_one_period_and_free_in_the_next():
    fees = next(row["fees"] for row in ROWS if row["code"] == "1.001612")
    online = [fee for fee in fees if fee["channel"] == 2]
    at_the_desk = next(fee["amount"] for fee in fees if fee["channel"] == 1)
    assert [fee["amount"] for fee in online] == [at_the_desk * 60 // 100, 0]
    assert online[0]["valid_until"] == "2025-07-20"
    assert online[1]["valid_from"] == "2025-07-21"


def test_every_paper_kind_is_the_result_of_a_procedure_and_is_listed_in_the_readme():
    issued = {row["result_kind"] for row in ROWS if row["result_kind"]}
    accepted = {kind for row in ROWS for document in row["documents"] for kind in document["paper_kinds"]}
    listed = set(re.findall(r"KQ\.[GH]\d{2}\.\d{6}", README.read_text(encoding="utf-8")))
    assert accepted <= issued == listed
    assert all(result_kind(kind) == kind for kind in issued)


@pytest.mark.parametrize("line", LINES, ids=[row["code"] for row in ROWS])
def test_a_line_is_a_procedure_that_loses_nothing_citizens_read(line):
    row, procedure = json.loads(line), Procedure.model_validate_json(line)
    assert procedure.item_id == row["code"]
    assert (procedure.name, procedure.steps) == (row["name"], row["steps"])
    assert [document.name for document in procedure.documents] == [document["name"] for document in row["documents"]]


@needs_real_procedures
def test_each_code_and_official_name_is_the_one_of_the_national_catalogue(real_procedures):
    official = {real["code"]: real["name"] for real in real_procedures if real["code"]}
    assert {row["code"]: row["name"] for row in ROWS} == {row["code"]: official.get(row["code"]) for row in ROWS}


@needs_real_procedures
def test_no_sentence_is_copied_from_the_national_catalogue(real_procedures):
    ours = {sentence for row in ROWS for sentence in sentences(row) if len(sentence) >= COPIED_FROM_CHARS}
    theirs = "\n".join(map(prose_of, real_procedures))
    assert ours
    assert {sentence for sentence in ours if sentence in theirs} == set()

"""Search of procedures as a reader meets it, without HTTP."""

from __future__ import annotations

import threading

import msgspec
import pytest
from support.catalogue import Catalogue

from indexer.analysis.synonyms import load_synonyms
from schemas.errors import EnvelopeError, IndexNotReadyError, ProcedureNotFoundError, ValidationFailedError
from schemas.search import ProcedureFilters

PUBLIC = ("public",)
EVERYTHING = ("public", "internal", "draft")

BIRTH = {
    "code": "1.001193",
    "name": "Thủ tục đăng ký khai sinh",
    "domain": "Hộ tịch",
    "agency": "UBND cấp xã",
    "level": ["Cấp xã"],
    "audience": ["Công dân Việt Nam"],
    "methods": [{"channel": "Trực tuyến"}, {"channel": "Trực tiếp"}],
    "result": ["Giấy khai sinh"],
    "documents": [{"name": "Tờ khai đăng ký khai sinh. Giấy chứng sinh."}],
    "uses": 42_000,
}
ABROAD = {
    "code": "1.000689",
    "name": "Đăng ký khai sinh có yếu tố nước ngoài",
    "domain": "Hộ tịch",
    "level": ["Cấp tỉnh"],
}
AGAIN = {"code": "1.004884", "name": "Đăng ký lại khai sinh", "domain": "Hộ tịch", "level": ["Cấp xã"]}
DEATH = {
    "code": "1.000656",
    "name": "Đăng ký khai tử",
    "domain": "Hộ tịch",
    "keywords": ["báo tử"],
    "level": ["Cấp xã"],
}
LAND = {
    "code": "1.012783",
    "name": "Cấp đổi Giấy chứng nhận quyền sử dụng đất",
    "domain": "Đất đai",
    "level": ["Cấp tỉnh"],
}
TWIN = {**LAND, "code": "1.115345"}
UNCODED = {"name": "Đăng ký khai thác nước", "domain": "Tài nguyên nước"}
LOCAL = {"code": "1.004616.000.00.00.H56", "name": "Hỗ trợ nhà ở"}
PUBLISHED = (BIRTH, ABROAD, AGAIN, DEATH, TWIN, LAND, UNCODED, LOCAL)
INTERNAL = {"code": "9.000001", "name": "Luân chuyển cán bộ nguồn", "visibility": "internal", "domain": "Nội bộ"}
DRAFT = {
    "code": "9.000002",
    "name": "Đăng ký khai sinh bằng sinh trắc học",
    "visibility": "draft",
    "domain": "Thí điểm",
    "steps": "Quét mống mắt",
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    catalogue = Catalogue(tmp_path_factory.mktemp("home") / "procedures")
    catalogue.index(*PUBLISHED, INTERNAL, DRAFT)
    return catalogue


@pytest.fixture(scope="module")
def search(catalogue):
    return catalogue.search(load_synonyms())


def ids(answer):
    return [item.id for item in answer.items]


def found(search, text, visibilities=PUBLIC, **wanted):
    return ids(search.search(text, visibilities, **wanted))


# ---------------------------------------------------------------- what is found, and in which order


@pytest.mark.parametrize("row", PUBLISHED[:4], ids=lambda row: row["code"])
@pytest.mark.parametrize("spelt", [str, str.upper, lambda name: f"  {name} ?"])
def test_a_whole_name_finds_its_procedure_first(search, row, spelt):
    assert found(search, spelt(row["name"]))[0] == row["code"]


@pytest.mark.parametrize("text", ["dang ky khai sinh", "làm thủ tục đăng ký khai sinh", "ddawng kys khai sinh"])
def test_the_plain_procedure_comes_before_its_special_cases(search, text):
    assert found(search, text)[:1] == ["1.001193"]
    assert {"1.000689", "1.004884"} <= set(found(search, text))


def test_twins_come_one_after_the_other_by_code(search):
    assert found(search, "cấp đổi giấy chứng nhận quyền sử dụng đất")[:2] == ["1.012783", "1.115345"]


def test_a_code_finds_its_procedure_first_with_and_without_a_suffix(search):
    for text in ("1.001193", " 1.001193.000.00.00.H41", "thủ tục 1.001193 cần gì"):
        answer = search.search(text, PUBLIC)
        assert ids(answer)[0] == "1.001193"
        assert answer.items[0].why[-1].kind == "code"
    assert found(search, "1.004616") == ["1.004616.000.00.00.H56"]
    assert found(search, "1.004616.000.00.00.h56") == ["1.004616.000.00.00.H56"]


def test_a_code_that_nothing_has_finds_nothing(search):
    answer = search.search("1.999999", PUBLIC)
    assert (ids(answer), answer.total.value) == ([], 0)


def test_a_keyword_and_a_citizens_word_find_what_names_them_otherwise(search):
    assert found(search, "giấy báo tử")[0] == "1.000656"
    answer = search.search("làm sổ đỏ", PUBLIC)
    assert ids(answer)[0] == "1.012783"
    assert "synonym" in [step.kind for step in answer.query.steps]
    assert any("sổ đỏ" in why.text_vi for why in answer.items[0].why)


def test_a_procedure_without_a_code_has_an_id_that_serves(search):
    (item,) = search.search("đăng ký khai thác nước", PUBLIC, limit=1).items
    assert item.code is None
    assert item.id.startswith("h-")
    assert search.get(item.id, PUBLIC)["name"] == UNCODED["name"]


@pytest.mark.parametrize("text", ["???", "zzzz qqqq", "040187001234", "0912345678"])
def test_what_names_nothing_finds_nothing(search, text):
    answer = search.search(text, PUBLIC)
    assert (answer.items, answer.total.value, answer.next_cursor) == ((), 0, None)


def test_a_persons_number_is_not_repeated(search):
    assert b"040187001234" not in msgspec.json.encode(search.search("040187001234", PUBLIC))


def test_an_empty_query_lists_all_the_most_used_first(search):
    answer = search.search(" ", PUBLIC)
    assert ids(answer)[0] == "1.001193"
    assert answer.total.value == len(PUBLISHED)


def test_the_snippet_is_the_sentence_that_was_asked_for(search):
    assert search.search("tờ khai đăng ký khai sinh", PUBLIC).items[0].snippet == "Tờ khai đăng ký khai sinh."


def test_the_answer_has_the_shape_of_the_contract(search):
    answer = msgspec.to_builtins(search.search("so do", PUBLIC))
    assert answer["query"]["text"] == "so do"
    assert answer["query"]["steps"][0].keys() == {"kind", "from", "to"}
    assert answer.keys() == {"query", "items", "total", "facets", "next_cursor", "suggestions", "took_ms"}
    assert answer["items"][0].keys() == {
        *("id", "code", "name", "domain", "agency", "level", "time_limit", "fee", "why", "snippet")
    }
    assert answer["facets"].keys() == {"domain", "level", "agency", "audience", "channel"}
    assert answer["total"] == {"value": 2, "relation": "eq"}


# ---------------------------------------------------------------- filters, facets, pages


def test_a_filter_leaves_what_has_one_of_its_values(search):
    def filtered(**values):
        wanted = ProcedureFilters(**{facet: frozenset(some) for facet, some in values.items()})
        return set(found(search, "đăng ký khai sinh", filters=wanted))

    assert filtered(level=["Cấp tỉnh"]) == {"1.000689"}
    assert {"1.001193", "1.000689"} <= filtered(level=["Cấp tỉnh", "Cấp xã"])
    assert filtered(channel=["Trực tuyến"], level=["Cấp xã"]) == {"1.001193"}
    assert filtered(domain=["Hộ tịch"], level=["Cấp bộ"]) == set()


def test_a_facet_counts_under_the_other_filters_but_not_under_its_own(search):
    filters = ProcedureFilters(level=frozenset(["Cấp tỉnh"]))
    answer = search.search("", PUBLIC, filters=filters)
    counts = {facet: {one.value: one.count for one in values} for facet, values in answer.facets.items()}
    assert counts["level"] == {"Cấp xã": 3, "Cấp tỉnh": 3}
    assert counts["domain"] == {"Đất đai": 2, "Hộ tịch": 1}
    assert answer.total.value == 3


@pytest.mark.parametrize("text", ["", "đăng ký"])
def test_pages_hold_everything_once_and_in_order(search, text):
    whole = found(search, text, limit=50)
    pages, cursor = [], None
    for _ in range(len(whole)):
        page = search.search(text, PUBLIC, limit=2, cursor=cursor)
        pages += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == whole


def test_a_cursor_serves_only_its_query_filters_and_reader(search):
    cursor = search.search("", PUBLIC, limit=2).next_cursor
    land = ProcedureFilters(domain=frozenset(["Đất đai"]))
    for text, visibilities, filters in (("x", PUBLIC, None), ("", EVERYTHING, None), ("", PUBLIC, land)):
        with pytest.raises(ValidationFailedError):
            search.search(text, visibilities, cursor=cursor, filters=filters or ProcedureFilters())


@pytest.mark.parametrize("wanted", [{"limit": 0}, {"limit": 51}, {"cursor": "x"}])
def test_a_limit_or_cursor_out_of_range_is_refused(search, wanted):
    with pytest.raises(ValidationFailedError):
        search.search("khai sinh", PUBLIC, **wanted)


def test_a_query_that_is_too_long_is_refused(search):
    with pytest.raises(ValidationFailedError):
        search.search("a" * 2001, PUBLIC)


# ---------------------------------------------------------------- one procedure


def test_get_gives_the_whole_procedure(search):
    assert search.get("1.001193", PUBLIC) == {"id": "1.001193", "visibility": "public", **BIRTH}


@pytest.mark.parametrize("item_id", ["1.999999", "", "9.000002", "h-0123456789abcdef"])
def test_a_procedure_that_is_not_there_or_not_for_the_reader_is_not_found(search, item_id):
    with pytest.raises(ProcedureNotFoundError):
        search.get(item_id, PUBLIC)


def test_names_are_given_for_codes_of_dossiers_but_not_of_drafts(search):
    assert search.name_of("1.001193") == BIRTH["name"]
    assert search.name_of("1.004616") == LOCAL["name"]
    assert search.name_of("9.000001") == INTERNAL["name"]
    assert search.name_of("9.000002") is None


# ---------------------------------------------------------------- restricted procedures


@pytest.mark.parametrize("text", ["sinh trắc học", "Đăng ký khai sinh bằng sinh trắc học", "9.000002", "quét mống mắt"])
def test_a_draft_is_found_by_who_may_read_it(search, text):
    assert found(search, text, EVERYTHING)[0] == "9.000002"
    assert search.get("9.000002", EVERYTHING)["steps"] == "Quét mống mắt"


@pytest.mark.parametrize("visibilities", [PUBLIC, ("public", "internal")])
@pytest.mark.parametrize("text", ["sinh trắc học", "9.000002", "mống mắt", "", "đăng ký khai sinh", "thi diem"])
def test_a_draft_is_not_found_counted_or_shown_in_facets_without_the_role(search, visibilities, text):
    answer = search.search(text, visibilities, limit=50)
    shown = msgspec.json.encode([answer.items, answer.facets, answer.suggestions]).decode()
    assert "9.000002" not in shown
    assert "Thí điểm" not in shown
    assert answer.total.value == len(answer.items)


def test_restricted_procedures_change_no_public_answer(search, tmp_path):
    catalogue = Catalogue(tmp_path / "procedures")
    catalogue.index(*PUBLISHED)
    without = catalogue.search(load_synonyms())
    for text in ("", "sinh trac hoc", "khai sinh", "mong mat", "can bo nguon", "dang ky", "trawcs"):
        mine, theirs = search.search(text, PUBLIC), without.search(text, PUBLIC)
        assert msgspec.structs.replace(mine, took_ms=0.0) == msgspec.structs.replace(theirs, took_ms=0.0)


def test_no_visibility_finds_nothing(search):
    assert found(search, "đăng ký khai sinh", ()) == []
    assert found(search, "", ()) == []
    assert search.count(()) == 0


# ---------------------------------------------------------------- the catalogue changes


def test_before_the_first_version_the_index_is_not_ready(tmp_path):
    search = Catalogue(tmp_path / "procedures").search()
    with pytest.raises(IndexNotReadyError):
        search.search("khai sinh", PUBLIC)
    with pytest.raises(ProcedureNotFoundError):
        search.get("1.001193", PUBLIC)
    assert search.name_of("1.001193") is None


def test_what_was_indexed_is_found_at_once_by_a_search_that_is_open(tmp_path):
    catalogue = Catalogue(tmp_path / "procedures")
    catalogue.index(DEATH)
    search = catalogue.search()
    assert found(search, "khai sinh") == ["1.000656"]
    catalogue.index(BIRTH)
    assert found(search, "khai sinh")[0] == "1.001193"
    catalogue.index({**BIRTH, "visibility": "draft"})
    assert "1.001193" not in found(search, "khai sinh")


def test_several_threads_search_while_the_catalogue_changes(tmp_path):
    catalogue = Catalogue(tmp_path / "procedures")
    catalogue.index(BIRTH)
    search = catalogue.search()
    faults = []

    def read():
        try:
            for _ in range(100):
                assert found(search, "đăng ký khai sinh")[0] == "1.001193"
                assert search.get("1.001193", PUBLIC)["name"] == BIRTH["name"]
        except Exception as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(5):
        catalogue.index({"code": f"2.{number:06}", "name": f"Tên {number}"})
    for reader in readers:
        reader.join()
    assert faults == []


# ---------------------------------------------------------------- the engine lies


@pytest.fixture
def tampered(tmp_path):
    catalogue = Catalogue(tmp_path / "procedures")
    catalogue.index(*PUBLISHED, INTERNAL, DRAFT)
    return catalogue


def key(catalogue, code):
    return catalogue.cipher.item_key(code)


def test_a_changed_card_is_refused_and_counted(tampered):
    tampered.tamper("UPDATE procedure SET card = zeroblob(300) WHERE key = ?", key(tampered, "1.001193"))
    search = tampered.search()
    assert "1.001193" not in found(search, "đăng ký khai sinh")
    assert "1.001193" not in found(search, "1.001193")
    assert search.refused == 1
    assert search.count(PUBLIC) == len(PUBLISHED) - 1
    with pytest.raises(ProcedureNotFoundError):
        search.get("1.001193", PUBLIC)


def test_a_changed_body_is_refused_and_counted(tampered):
    search = tampered.search()
    assert search.get("1.001193", PUBLIC)
    tampered.tamper(
        "UPDATE procedure SET body = CAST(substr(body, 1, 150) || x'00' || substr(body, 152) AS BLOB) WHERE key = ?",
        key(tampered, "1.001193"),
    )
    with pytest.raises(EnvelopeError):
        search.get("1.001193", PUBLIC)
    assert search.refused == 1


def test_two_rows_that_changed_places_are_both_refused(tampered):
    one, other = key(tampered, "1.001193"), key(tampered, "1.000656")
    tampered.tamper("UPDATE procedure SET key = zeroblob(16) WHERE key = ?", one)
    tampered.tamper("UPDATE procedure SET key = ? WHERE key = ?", one, other)
    tampered.tamper("UPDATE procedure SET key = ? WHERE key = zeroblob(16)", other)
    search = tampered.search()
    assert search.refused == 2
    assert not {"1.001193", "1.000656"} & set(found(search, "", limit=50))


def test_bodies_that_changed_places_are_refused(tampered):
    tampered.tamper(
        "UPDATE procedure SET body = (SELECT body FROM procedure WHERE key = ?) WHERE key = ?",
        key(tampered, "1.000656"),
        key(tampered, "1.001193"),
    )
    search = tampered.search()
    with pytest.raises(EnvelopeError):
        search.get("1.001193", PUBLIC)


@pytest.mark.parametrize("code", ["9.000001", "9.000002"])
def test_a_restricted_procedure_that_the_engine_calls_public_is_not_shown(tampered, code):
    tampered.tamper("UPDATE procedure SET visibility = 'public' WHERE key = ?", key(tampered, code))
    search = tampered.search()
    assert search.refused == 1
    assert code not in found(search, "", EVERYTHING, limit=50)
    with pytest.raises(ProcedureNotFoundError):
        search.get(code, PUBLIC)


def test_a_visibility_that_changes_under_an_open_search_opens_nothing(tampered):
    search = tampered.search()
    search.reload()
    tampered.tamper("UPDATE procedure SET visibility = 'public' WHERE key = ?", key(tampered, "9.000002"))
    with pytest.raises(ProcedureNotFoundError):
        search.get("9.000002", PUBLIC)
    with pytest.raises(EnvelopeError):
        search.get("9.000002", EVERYTHING)

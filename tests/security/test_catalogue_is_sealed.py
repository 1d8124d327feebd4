"""No word of a procedure stands in any file of the engine, and of a restricted one not even a blinded term."""

from __future__ import annotations

import base64
import json
import unicodedata

import pytest
import tantivy
from support.catalogue import Catalogue

from indexer.procedure_terms import FIELDS, Blinder, plain_terms
from indexer.procedures import rebuild_procedures
from schemas.procedure import VISIBILITIES, Procedure
from schemas.vietnamese import fold

# Words that nothing else in these procedures has, and that no file format has by chance.
CANARIES = {
    "public": ["quyềnsửdụng", "khuvườnxanh", "mãsốcôngkhai", "phòngtiếpdân"],
    "internal": ["luânchuyểncán", "nguồnnhânlực", "mậtnộibộmột", "vụtổchứccán"],
    "draft": ["sinhtrắchọc", "mốngmắtngười", "thíđiểmtỉnh", "sởkhoahọcmới"],
}


def procedure(visibility):
    name, steps, domain, agency = CANARIES[visibility]
    return {
        "code": f"{VISIBILITIES.index(visibility) + 1}.000001",
        "name": f"Thủ tục {name}",
        "steps": f"Bước {steps}",
        "domain": domain,
        "agency": agency,
        "keywords": [f"từ {name}"],
        "visibility": visibility,
    }


@pytest.fixture
def catalogue(tmp_path):
    catalogue = Catalogue(tmp_path / "procedures")
    catalogue.index(*map(procedure, VISIBILITIES))
    # A second version, an update and searches: whatever they leave is scanned too.
    rebuild_procedures(catalogue.engine, catalogue.cipher)
    catalogue.index({**procedure("draft"), "fee": "khuvườnxanh"}, b'{"name": "sinhtr\xff')
    search = catalogue.search()
    for words in CANARIES.values():
        for word in words:
            search.search(word, VISIBILITIES)
    return catalogue


def spellings(word):
    """Every form in which a word could stand in a file."""
    texts = {word, word.upper(), fold(word), unicodedata.normalize("NFD", word)}
    raw = {text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")}
    hexed = {form for one in raw for form in (one.hex().encode(), one.hex().upper().encode())}
    # Base64 of a word inside a longer text: its first and last letters hang on its neighbours.
    based = {base64.b64encode(b"\0" * shift + one)[4:-4] for one in raw for shift in range(3)}
    return raw | hexed | {one for one in based if len(one) >= 8}


def finds(folder, words):
    forms = [form for word in words for form in spellings(word)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [(path.name, form) for path in files for form in forms if form in path.read_bytes()]


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_no_word_of_a_procedure_stands_in_any_file(catalogue, visibility):
    assert finds(catalogue.folder, [*CANARIES[visibility], procedure(visibility)["code"]]) == []


@pytest.mark.parametrize(
    "leak", [str.encode, lambda text: text.encode("utf-16"), lambda text: base64.b64encode(text.encode())]
)
def test_the_scan_finds_a_word_that_does_stand_in_a_file(catalogue, leak):
    (catalogue.folder / "leak").write_bytes(leak(f"xx {fold(CANARIES['draft'][0])} yy"))
    assert {name for name, _ in finds(catalogue.folder, CANARIES["draft"])} == {"leak"}


def terms_in_engine(catalogue):
    """Every term of the published index, by field: its files are packed, so they are asked and not scanned."""
    version = json.loads((catalogue.folder / "current").read_text())["version"]
    searcher = tantivy.Index.open(str(catalogue.folder / version)).searcher()
    return {name: {term for term, _ in searcher.terms_with_prefix(name, "")} for name in FIELDS}


def blinded(catalogue, *visibilities):
    blind, terms = Blinder(catalogue.cipher), {name: set() for name in FIELDS}
    for visibility in visibilities:
        content = Procedure.model_validate(procedure(visibility)).content
        for name, words in blind(plain_terms(content)).items():
            terms[name] |= set(words)
    return terms


def test_the_engine_has_the_blinded_terms_of_public_procedures_and_no_others(catalogue):
    assert terms_in_engine(catalogue) == blinded(catalogue, "public")
    assert all(blinded(catalogue, *VISIBILITIES)[name] > blinded(catalogue, "public")[name] for name in FIELDS)


def test_a_procedure_that_becomes_a_draft_leaves_no_blinded_term(catalogue):
    catalogue.index({**procedure("public"), "visibility": "draft"})
    assert not any(terms_in_engine(catalogue).values())


@pytest.mark.parametrize("visibility", ["internal", "draft"])
def test_a_restricted_word_is_not_found_or_suggested_without_the_role(catalogue, visibility):
    search = catalogue.search()
    allowed = VISIBILITIES[: VISIBILITIES.index(visibility)]
    for word in CANARIES[visibility]:
        answer = search.search(word, allowed)
        assert (answer.items, answer.total.value, answer.suggestions) == ((), 0, ())
        assert not any(answer.facets.values())
        assert len(search.search(word, [*allowed, visibility]).items) == 1

"""Which words of a procedure stand where, in the clear and blinded."""

from __future__ import annotations

import pytest

from indexer.analysis.query import WeightedTerms
from indexer.procedure_terms import FIELDS, Blinder, blind_query, plain_terms, query_terms
from schemas.procedure import Procedure
from security.catalogue import CatalogueCipher

CONTENT = Procedure(
    name="Đăng ký khai sinh",
    former_names=["Khai sinh đúng hạn"],
    name_alt="Làm khai sinh",
    keywords=["đẻ con"],
    domain="Hộ tịch",
    result=["Giấy khai sinh"],
    documents=[{"name": "Tờ khai"}],
    legal_basis=[{"title": "Luật Hộ tịch", "number": "60/2014/QH13"}],
    steps="Nộp hồ sơ",
).content


@pytest.fixture
def cipher():
    return CatalogueCipher(bytes(32), 1)


def test_each_text_stands_in_its_fields_in_its_forms():
    terms = plain_terms(CONTENT)
    assert terms["name_accented"] == ["đăng", "ký", "khai", "sinh"]
    assert terms["name_folded"] == ["dang", "ky", "khai", "sinh"]
    assert terms["name_bigrams"] == ["dang_ky", "ky_khai", "khai_sinh"]
    assert terms["domain"] == ["ho", "tich"]
    assert {"de_con", "dung", "lam_khai"} <= set(terms["keywords"])
    assert {"giay_khai", "to_khai", "nop_ho"} <= set(terms["body_bigrams"])
    assert {"qh13", "nop"} <= set(terms["body_folded"])


def test_no_word_pair_reaches_from_one_part_of_a_procedure_into_the_next():
    terms = plain_terms(CONTENT)
    assert not {"con_khai", "han_lam"} & set(terms["keywords"])
    assert "sinh_to" not in terms["body_bigrams"]


def test_a_procedure_of_a_name_alone_has_terms():
    terms = plain_terms(Procedure(name="Khai sinh").content)
    assert terms["name_folded"] == ["khai", "sinh"]
    assert terms["body_folded"] == []


def test_a_query_meets_a_procedure_in_every_field_once_both_are_blinded(cipher):
    blinded = Blinder(cipher)(plain_terms(CONTENT))
    plain = plain_terms(CONTENT)
    wanted = {name: dict.fromkeys(terms, 1.0) for name, terms in plain.items()}
    assert {(term.field, term.term) for term in blind_query(wanted, cipher)} == {
        (name, term) for name, terms in blinded.items() for term in terms
    }


def test_blinding_keeps_how_often_a_term_comes_and_hides_the_rest(cipher):
    blinded = Blinder(cipher)({"name_folded": ["khai", "sinh", "khai"]})["name_folded"]
    assert blinded[0] == blinded[2] != blinded[1]
    assert all(len(term) == 16 and int(term, 16) >= 0 for term in blinded)


def test_weights_of_a_query_are_multiplied_by_the_boost_of_the_field_and_nothing_else_is_sent():
    wanted = WeightedTerms({"đẻ": 1.0}, {"de": 0.5, "gi": 0.0}, {"de_con": 1.0})
    terms = query_terms(wanted)
    assert terms["name_accented"] == {"đẻ": FIELDS["name_accented"].boost}
    assert terms["name_folded"] == {"de": 0.5 * FIELDS["name_folded"].boost}
    assert terms["keywords"] == {"de": 0.5 * FIELDS["keywords"].boost, "de_con": FIELDS["keywords"].boost}

"""Queries over search tokens."""

from __future__ import annotations

from schemas.query import NO_SCOPE, NOTHING, AllOf, AnyOf, AnyTerm, Term, all_of, any_of, any_term, count_terms

ONE, TWO, THREE = (Term(bytes([number]) * 8) for number in (1, 2, 3))


def test_of_no_tokens_the_query_is_nothing():
    assert any_term(()) is NOTHING


def test_of_one_token_the_query_is_that_term():
    assert any_term((ONE.token,)) == ONE


def test_of_several_tokens_the_query_is_any_of_them():
    assert any_term((ONE.token, TWO.token)) == AnyTerm((ONE.token, TWO.token))


def test_a_union_is_flat_and_without_parts_that_match_nothing():
    assert any_of(()) is NOTHING
    assert any_of((NOTHING, NOTHING)) is NOTHING
    assert any_of((NOTHING, ONE)) == ONE
    both = AllOf((ONE, TWO))
    every = AnyTerm((ONE.token, TWO.token, THREE.token))
    assert any_of((ONE, AnyOf((TWO, THREE)), NOTHING)) == every
    assert any_of((both, ONE, AnyOf((AnyTerm((TWO.token,)), THREE)))) == AnyOf((both, every))


def test_an_intersection_with_a_part_that_matches_nothing_is_nothing():
    assert all_of(()) is NOTHING
    assert all_of((ONE, NOTHING)) is NOTHING
    assert all_of((ONE,)) == ONE
    assert all_of((ONE, TWO)) == AllOf((ONE, TWO))


def test_every_token_that_is_sent_counts_repeated_ones_too():
    assert count_terms(NOTHING) == 0
    assert count_terms(AnyOf(())) == 0
    assert count_terms(AnyTerm((ONE.token, ONE.token))) == 2
    assert count_terms(AllOf((AnyOf((ONE, TWO)), AllOf((ONE, NOTHING)), THREE))) == 4


def test_no_scope_names_no_agency():
    assert not NO_SCOPE.values

"""The order of candidates hangs on scores and names, not on the engine's order."""

from __future__ import annotations

from itertools import permutations

from indexer.engines.procedures import Hit
from indexer.procedure_card import Card
from search_api.services.procedure_ranking import Candidate, rank, relevant
from search_api.services.procedure_snapshot import Entry

RARITY = {"dang": 1.0, "ky": 1.0, "khai": 3.0, "sinh": 3.0, "lai": 2.0, "tu": 4.0}


def entry(code, name, uses=0):
    words = frozenset(name.split())
    return Entry(code.encode(), "public", Card(code, name, uses=uses), words, sum(RARITY[word] for word in words))


PLAIN = entry("3", "dang ky khai sinh")
AGAIN = entry("2", "dang ky lai khai sinh")
DEATH = entry("1", "dang ky khai tu")
WANTED = dict.fromkeys(["dang", "ky", "khai", "sinh"], 1.0)


def order(*candidates, wanted=WANTED):
    return [one.entry.card.id for one in rank(candidates, wanted, RARITY)]


def test_of_equal_scores_the_name_that_holds_the_query_and_nothing_else_comes_first():
    candidates = [Candidate(one, 5.0) for one in (DEATH, AGAIN, PLAIN)]
    assert {tuple(order(*some)) for some in permutations(candidates)} == {("3", "2", "1")}


def test_a_far_better_score_comes_first_whatever_the_name():
    assert order(Candidate(PLAIN, 1.0), Candidate(DEATH, 9.0)) == ["1", "3"]


def test_twins_are_ordered_by_use_then_by_id_though_scores_differ_in_the_last_digits():
    twins = [entry(code, "khai tu", uses) for code, uses in (("9", 0), ("5", 7), ("7", 0))]
    candidates = [Candidate(one, 5.0 + at * 1e-9) for at, one in enumerate(twins)]
    assert order(*candidates, wanted={"khai": 1.0}) == ["5", "7", "9"]


def test_hits_far_below_the_best_are_not_relevant():
    hits = [Hit(b"1", 10.0), Hit(b"2", 4.0), Hit(b"3", 3.9)]
    assert relevant(hits) == hits[:2]
    assert relevant([]) == []


def test_words_that_no_name_has_do_not_disturb():
    assert order(Candidate(PLAIN, 5.0), wanted={"xyz": 1.0}) == ["3"]
    assert order(Candidate(PLAIN, 5.0), wanted={}) == ["3"]

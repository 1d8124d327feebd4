"""Drawing in proportion to weights."""

from collections import Counter
from random import Random

from indexer.synthetic.weighted import Weighted, zipf


def test_items_are_drawn_in_proportion_to_their_weights():
    drawn = Counter(
        Weighted([("a", 6.0), ("b", 3.0), ("c", 1.0)]).draw(rng) for rng in [Random(1)] for _ in range(10_000)
    )
    assert 5700 < drawn["a"] < 6300
    assert 800 < drawn["c"] < 1200


def test_the_largest_draw_still_gives_an_item():
    class Highest(Random):
        def random(self):
            return 0.9999999999999999

    assert Weighted([("a", 0.1), ("b", 0.2), ("c", 0.7)]).draw(Highest()) == "c"


def test_a_frequent_name_is_drawn_several_times_as_often_as_a_rare_one():
    names = zipf([str(rank) for rank in range(120)])
    rng = Random(2)
    drawn = Counter(names.draw(rng) for _ in range(50_000))
    assert 0.02 < drawn["0"] / 50_000 < 0.04
    assert drawn["0"] > 3 * drawn["119"] > 0

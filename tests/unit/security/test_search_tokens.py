"""Search tokens against known answers made by `tests/vectors/make_sealing.mjs`, and their properties."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.errors import HosoError
from schemas.fields import TOKEN_KINDS
from security.keys import DomainKeys, EpochKeys
from security.sealing import new_key
from security.search_tokens import (
    SIZE_CLASSES,
    TOKEN_BYTES,
    SearchTokens,
    TooManyTokensError,
    UnknownTokenKindError,
    all_tokens,
    current_tokens,
)

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "tokens.json").read_text())
KEYS = FILE["keys"]
# References stand in the same file; test_references.py runs them.
VECTORS = [vector for vector in FILE["vectors"] if vector["kind"] != "reference"]
RECORD = bytes(range(16))


def epoch_keys(epoch=1, idx=None):
    return EpochKeys(epoch, new_key(), idx or new_key(), new_key())


TOKENS = SearchTokens(KEYS["domain"], epoch_keys(KEYS["epoch"], bytes.fromhex(KEYS["idx"])))


# ---------------------------------------------------------------- known answers


def parts_of(written):
    return tuple(bytes.fromhex(part[2:]) if part.startswith("0x") else part for part in written)


def cut(packed):
    return [packed[start : start + TOKEN_BYTES] for start in range(0, len(packed), TOKEN_BYTES)]


def check_scope(vector):
    return TOKENS.scope(vector["agency"]).hex() == vector["value"]


def check_query(vector):
    tokens = TOKENS.query(vector["token_kind"], *parts_of(vector["parts"]))
    assert len(tokens) == vector["lanes"], "the lanes of a kind are a part of the format"
    return [token.hex() for token in tokens] == vector["tokens"]


def check_dummies(vector):
    return cut(TOKENS.record(bytes.fromhex(vector["record"]), [])) == sorted(map(bytes.fromhex, vector["values"]))


def check_record(vector):
    values = [(one["token_kind"], parts_of(one["parts"])) for one in vector["values"]]
    return TOKENS.record(bytes.fromhex(vector["record"]), values).hex() == vector["packed"]


def check_lanes(vector):
    value = (vector["token_kind"], parts_of(vector["parts"]))
    lanes = TOKENS.query(value[0], *value[1])
    written = [set(lanes).intersection(cut(TOKENS.record(bytes.fromhex(one), [value]))) for one in vector["records"]]
    return [[lanes.index(token) for token in tokens] for tokens in written] == [[lane] for lane in vector["lanes"]]


CHECKS = {
    "scope": check_scope,
    "query": check_query,
    "dummies": check_dummies,
    "record": check_record,
    "lanes": check_lanes,
}


def accepted(vector):
    try:
        return CHECKS[vector["kind"]](vector)
    except HosoError:
        return False


def test_every_vector_runs():
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)
    assert {vector["kind"] for vector in VECTORS} == set(CHECKS)
    expected = [vector["expect"] for vector in VECTORS]
    assert (expected.count("accept"), expected.count("reject")) == (16, 20)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_a_vector_gives_the_known_answer_or_differs_from_the_wrong_one(vector):
    assert accepted(vector) is (vector["expect"] == "accept")


# ---------------------------------------------------------------- one value

KINDS = sorted(TOKEN_KINDS)
parts = st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=3).map(tuple)
values = st.tuples(st.sampled_from(KINDS), parts)


@given(values, values)
def test_two_different_values_share_no_token(one, other):
    assume(one != other)
    assert not set(TOKENS.query(one[0], *one[1])).intersection(TOKENS.query(other[0], *other[1]))


@given(values)
def test_a_query_finds_the_token_that_a_record_carries_whatever_its_lane(value):
    kind, given_parts = value
    query = TOKENS.query(kind, *given_parts)
    assert len(set(query)) == TOKEN_KINDS[kind].lanes
    assert len(set(query).intersection(cut(TOKENS.record(RECORD, [value])))) == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if TOKEN_KINDS[kind].lanes > 1])
def test_a_value_that_repeats_is_spread_over_all_lanes(kind):
    lanes = TOKENS.query(kind, "a value")
    records = [number.to_bytes(16, "big") for number in range(600)]
    used = [set(lanes).intersection(cut(TOKENS.record(record, [(kind, ("a value",))]))) for record in records]
    counts = [used.count({lane}) for lane in lanes]
    assert sum(counts) == len(records)
    assert min(counts) > 0
    # Four standard deviations above the mean.
    assert max(counts) < 600 / len(lanes) + 4 * (600 / len(lanes)) ** 0.5


def test_two_values_of_one_record_have_lanes_of_their_own():
    # One lane for all values of a record would let their tokens be joined.
    names = [f"name {number}" for number in range(50)]
    packed = cut(TOKENS.record(RECORD, [("name", (name,)) for name in names]))
    lanes = {lane for name in names for lane, token in enumerate(TOKENS.query("name", name)) if token in packed}
    assert len(lanes) > 10


def test_an_unknown_kind_is_refused_and_not_dropped():
    with pytest.raises(UnknownTokenKindError):
        TOKENS.query("surname", "nguyen")
    with pytest.raises(UnknownTokenKindError):
        TOKENS.record(RECORD, [("surname", ("nguyen",))])


# ---------------------------------------------------------------- a record


def name_years(count):
    return [("name_year", (f"nguyen van {number}", "1987")) for number in range(count)]


@given(st.lists(values, max_size=40), st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_values_show_nowhere(some, random):
    shuffled = some + some[:3]
    random.shuffle(shuffled)
    assert TOKENS.record(RECORD, some) == TOKENS.record(RECORD, shuffled)


@given(st.lists(values, max_size=40))
def test_a_record_carries_each_of_its_tokens_ascending_in_a_size_class(some):
    packed = cut(TOKENS.record(RECORD, some))
    assert packed == sorted(set(packed))
    assert len(packed) in SIZE_CLASSES
    assert all(set(packed).intersection(TOKENS.query(kind, *given_parts)) for kind, given_parts in some)


@pytest.mark.parametrize(
    ("count", "size"), [(0, 32), (1, 32), (32, 32), (33, 64), (64, 64), (65, 128), (128, 128), (129, 256), (256, 256)]
)
def test_dummies_fill_up_to_the_next_size_class(count, size):
    packed = cut(TOKENS.record(RECORD, name_years(count)))
    assert len(set(packed)) == len(packed) == size
    assert {TOKENS.query(kind, *given_parts)[0] for kind, given_parts in name_years(count)} <= set(packed)


@pytest.mark.parametrize("count", [257, 300, 1_000])
def test_a_record_with_more_tokens_than_the_largest_class_is_refused(count):
    with pytest.raises(TooManyTokensError, match="more than 256"):
        TOKENS.record(RECORD, name_years(count))


def test_a_value_said_300_times_is_one_token():
    assert len(TOKENS.record(RECORD, name_years(1) * 300)) == 32 * TOKEN_BYTES


@given(st.integers(1, 31), st.data())
def test_a_changed_value_changes_its_own_token_and_no_dummy(count, data):
    before = name_years(count)
    changed = data.draw(st.integers(0, count - 1))
    after = [*before[:changed], ("name_year", ("tran thi moi", "1990")), *before[changed + 1 :]]
    old, new = (set(cut(TOKENS.record(RECORD, some))) for some in (before, after))
    assert old - new == {TOKENS.query("name_year", *before[changed][1])[0]}
    assert new - old == {TOKENS.query("name_year", "tran thi moi", "1990")[0]}


@given(st.integers(0, 31))
def test_an_added_value_takes_the_place_of_one_dummy(count):
    old, new = (set(cut(TOKENS.record(RECORD, name_years(many)))) for many in (count, count + 1))
    assert len(old - new) == len(new - old) == 1


def test_a_record_that_grows_into_the_next_class_keeps_what_it_had():
    small, large = (set(cut(TOKENS.record(RECORD, name_years(many)))) for many in (20, 40))
    kept = {token for token in small if token in large}
    assert len(kept) == len(small)


def test_two_records_share_the_tokens_of_what_they_share_and_no_dummy():
    one, other = (set(cut(TOKENS.record(bytes([n]) * 16, name_years(3)))) for n in (1, 2))
    assert one & other == {TOKENS.query(kind, *given_parts)[0] for kind, given_parts in name_years(3)}


# ---------------------------------------------------------------- domains and epochs


def everything(tokens):
    made = {tokens.scope("H41.14"), *cut(tokens.record(RECORD, name_years(40)))}
    return made.union(*(tokens.query(kind, "a value") for kind in KINDS))


def test_two_domains_share_no_token_even_under_one_key():
    idx = new_key()
    here, there = (everything(SearchTokens(domain, epoch_keys(1, idx))) for domain in ("H41", "H41CA"))
    assert len(here) == len(there) == 1 + 64 + sum(kind.lanes for kind in TOKEN_KINDS.values())
    assert not here & there


def test_two_epochs_share_no_token_even_under_one_key():
    idx = new_key()
    old, new = (everything(SearchTokens("H41", epoch_keys(epoch, idx))) for epoch in (1, 2))
    assert not old & new


def test_two_keys_share_no_token():
    one, other = (everything(SearchTokens("H41", epoch_keys())) for _ in range(2))
    assert not one & other


def test_records_are_written_under_the_newest_epoch_and_sought_under_all():
    keys = DomainKeys("H41", new_key(), (epoch_keys(2), epoch_keys(1)))
    newest, oldest = all_tokens(keys)
    assert current_tokens(keys) is newest
    written = current_tokens(keys).record(RECORD, name_years(1))
    assert written == SearchTokens("H41", keys.epochs[0]).record(RECORD, name_years(1))
    assert newest.query("name_year", "a", "1987") != oldest.query("name_year", "a", "1987")


def test_threads_that_share_one_maker_make_the_same_tokens():
    wanted = [TOKENS.record(bytes([number]) * 16, name_years(30)) for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda number: TOKENS.record(bytes([number % 16]) * 16, name_years(30)), range(160))
    assert list(made) == wanted * 10

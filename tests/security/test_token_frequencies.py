"""What the search tokens give away to one who has the engine's files and knows how often names occur.

The attacker reads tokens from the file of the index alone. The test knows the truth, and counts what was guessed right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import apsw
import pytest
from support.home import Home

from indexer.document import document_of_dossier
from indexer.synthetic import iter_blocks
from schemas.canonical import name_parts
from schemas.dossier import Dossier
from schemas.fields import TOKEN_KINDS
from schemas.vietnamese import fold_name
from security.search_tokens import SIZE_CLASSES, TOKEN_BYTES, current_tokens

RECORDS = 5_000
_BATCH = 1_000
# Compounds have one lane, so one person's many dossiers, or a common surname and middle name with a birth year, share a
# token. Measured 0.36 %; of more people the share of one person falls.
LARGEST_SHARE = 0.005
# What has lanes repeats less than that.
LARGEST_SHARE_IN_LANES = 0.002
MOST_ROWS_RECOVERED = 0.02

Value = tuple[str, tuple[str | bytes, ...]]


class Truth(NamedTuple):
    """One record as only the test knows it."""

    values: dict[bytes, Value]
    """Each real token of the record, with its kind and parts."""
    names: frozenset[str]


@dataclass
class World:
    """The engine's view and the truth, by record id."""

    home: Home
    rows: dict[bytes, dict[str, Any]]
    tokens: dict[bytes, frozenset[bytes]]
    truth: dict[bytes, Truth]

    def counts(self, *kinds: str) -> Counter[bytes]:
        """Return in how many records each token stands; of some kinds only, for an attacker who is told these."""
        if not kinds:
            return Counter(token for tokens in self.tokens.values() for token in tokens)
        return Counter(token for one in self.truth.values() for token, (kind, _) in one.values.items() if kind in kinds)

    def rows_recovered(self, guesses: Mapping[bytes, Any], right: Mapping[bytes, Any]) -> float:
        """Return the share of records of which at least one token was guessed right."""
        return (
            sum(any(guesses.get(t) == right.get(t, ...) for t in tokens) for tokens in self.tokens.values()) / RECORDS
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    home = Home.at(tmp_path_factory.mktemp("frequencies"))
    everybody = [row for block in iter_blocks(4_000, seed=7) for row in block.dossiers]
    rows = Random("sample").sample(everybody, RECORDS)
    _put(home, rows)
    by_id, truth = {}, {}
    for row in rows:
        record_id, one = _truth(home, row)
        by_id[record_id], truth[record_id] = row, one
    yield World(home, by_id, _snapshot(home), truth)
    home.close()


def _put(home: Home, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _BATCH):
        results = home.put(*rows[start : start + _BATCH])
        assert {result.status for result in results} == {"indexed"}


def _snapshot(home: Home) -> dict[bytes, frozenset[bytes]]:
    """Return the tokens of each record, read from the file as a thief of the disk would."""
    [file] = (home.folder / "records").glob("*.db")
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    found = connection.execute("select record_id, tokens from record join record_tokens using (row_id)").fetchall()
    connection.close()
    return {
        record_id: frozenset(packed[at : at + TOKEN_BYTES] for at in range(0, len(packed), TOKEN_BYTES))
        for record_id, packed in found
    }


def _truth(home: Home, row: dict[str, Any]) -> tuple[bytes, Truth]:
    dossier = Dossier.model_validate(row)
    keys = home.domain(home.agencies.tree.domain_of(dossier.agency))
    document, maker = document_of_dossier(dossier, keys), current_tokens(keys)
    values = {}
    for kind, parts in document.token_values:
        # A record has its token under one of the lanes; which one, the record's own tokens say.
        tokens = maker.record(document.record_id, [(kind, parts)])
        possible = set(maker.query(kind, *parts))
        [token] = {tokens[at : at + TOKEN_BYTES] for at in range(0, len(tokens), TOKEN_BYTES)} & possible
        values[token] = (kind, parts)
    names = frozenset(fold_name(one.person.full_name) for one in document.people if one.person.full_name)
    return document.record_id, Truth(values, names)


def _rank_match(tokens: Counter[Any], values: Counter[Any]) -> dict[Any, Any]:
    """Return the guess of frequency analysis: the most frequent token is the most frequent value, and so on."""
    chance = Random("ties")
    ranked = [sorted(counts, key=lambda one: (-counts[one], chance.random())) for counts in (tokens, values)]
    return dict(zip(*ranked, strict=False))


def _records_of(world: World, kind: str, of: Any = lambda parts: parts) -> Counter[Any]:
    """Return the true number of records of each value of a kind."""
    return Counter(
        value for one in world.truth.values() for value in {of(parts) for k, parts in one.values.values() if k == kind}
    )


def _right(world: World, of: Any, kinds: Iterable[str]) -> dict[bytes, Any]:
    return {
        token: of(parts) for one in world.truth.values() for token, (kind, parts) in one.values.items() if kind in kinds
    }


def _full_name(parts: tuple[Any, ...]) -> Any:
    return parts[0]


def _itself(parts: tuple[Any, ...]) -> Any:
    return parts


# Kinds whose first part is the full name.
WITH_FULL_NAME = ("name", "name_year", "name_day", "name_ward")


# ---------------------------------------------------------------- shares


def test_the_engine_holds_the_tokens_that_the_truth_says_and_dummies_beside(world):
    assert len(world.tokens) == len(world.truth) == RECORDS
    assert all(world.truth[record_id].values.keys() <= tokens for record_id, tokens in world.tokens.items())


def test_no_token_stands_in_more_than_one_record_of_two_hundred(world):
    assert max(world.counts().values()) / RECORDS <= LARGEST_SHARE


@pytest.mark.parametrize("kind", [kind.name for kind in TOKEN_KINDS.values() if kind.lanes > 1])
def test_a_value_that_repeats_is_spread_over_its_lanes(world, kind):
    assert max(world.counts(kind).values()) / RECORDS <= LARGEST_SHARE_IN_LANES


def test_the_number_of_tokens_of_a_record_is_a_size_class(world):
    sizes = Counter(len(tokens) for tokens in world.tokens.values())
    assert sizes.keys() <= set(SIZE_CLASSES)
    assert len(sizes) > 1
    assert len({len(one.values) for one in world.truth.values()}) > 2 * len(SIZE_CLASSES)


# ---------------------------------------------------------------- frequency analysis


def test_ranking_all_tokens_against_the_true_frequencies_of_names_recovers_hardly_a_row(world):
    guesses = _rank_match(world.counts(), _records_of(world, "name", _full_name))
    right = _right(world, _full_name, WITH_FULL_NAME)
    assert world.rows_recovered(guesses, right) < MOST_ROWS_RECOVERED


def test_one_who_is_told_which_tokens_are_names_recovers_hardly_a_row(world):
    guesses = _rank_match(world.counts("name"), _records_of(world, "name", _full_name))
    assert world.rows_recovered(guesses, _right(world, _full_name, ["name"])) < MOST_ROWS_RECOVERED


@pytest.mark.parametrize("kind", [name for name in TOKEN_KINDS if name.startswith("name_")])
def test_one_who_is_told_the_kind_and_knows_every_true_count_recovers_few_rows(world, kind):
    guesses = _rank_match(world.counts(kind), _records_of(world, kind))
    assert world.rows_recovered(guesses, _right(world, _itself, [kind])) < MOST_ROWS_RECOVERED


def test_the_same_attack_reads_lone_surnames_and_names_without_lanes(world):
    # Were these tokens: the attack is real, it is the compounds and lanes that stop it.
    for of, least in ((lambda name: name_parts(name).surname, 0.5), (lambda name: name, 0.05)):
        records = {record_id: {of(name) for name in one.names} for record_id, one in world.truth.items()}
        counts = Counter(value for values in records.values() for value in values)
        guesses = _rank_match(counts, counts)
        assert sum(any(guesses[value] == value for value in values) for values in records.values()) / RECORDS > least


# ---------------------------------------------------------------- two snapshots


@pytest.fixture(scope="module")
def updated(world):
    """The tokens after an update of every tenth record, and the truth of it: of half the status, of half the phone."""
    changed = {}
    for place, (record_id, row) in enumerate(list(world.rows.items())[::10]):
        new = {**row, "version": row["version"] + 1, "status": 10 if row["status"] != 10 else 9}
        if place % 2 and "phone" in row["applicant"]:
            new["applicant"] = {**row["applicant"], "phone": f"09{place:08}"}
        changed[record_id] = new
    _put(world.home, list(changed.values()))
    return _snapshot(world.home), {record_id: _truth(world.home, row)[1] for record_id, row in changed.items()}


def test_an_update_moves_the_tokens_of_what_changed_and_no_dummy(world, updated):
    after, truth = updated
    moved = 0
    for record_id, new in truth.items():
        old = world.truth[record_id].values.keys()
        if len(old) != len(new.values):
            # One value more or less takes a dummy's place or leaves it one.
            continue
        assert world.tokens[record_id] - after[record_id] == old - new.values.keys()
        assert after[record_id] - world.tokens[record_id] == new.values.keys() - old
        moved += old != new.values.keys()
    assert moved > 100


def test_the_counts_of_two_snapshots_do_not_tell_dummies_from_real_tokens(world, updated):
    after, truth = updated
    counts, counts_after = world.counts(), Counter(token for tokens in after.values() for token in tokens)
    real = {token for one in (*world.truth.values(), *truth.values()) for token in one.values}
    seen = {token: (counts[token], counts_after[token]) for token in counts.keys() | counts_after.keys()}
    of_dummies = Counter(pair for token, pair in seen.items() if token not in real)
    of_real = Counter(pair for token, pair in seen.items() if token in real)
    # A dummy stands in one record, before and after, unless a value more takes its place. Whatever a dummy shows, a
    # good part of those that show the same are real.
    assert of_dummies.keys() <= {(1, 1), (1, 0), (0, 1)}
    assert all(of_real[pair] / (of_real[pair] + of_dummies[pair]) > 0.3 for pair in of_dummies)

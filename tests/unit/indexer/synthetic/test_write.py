"""The files: same seed, same bytes; whole or not there."""

import hashlib

import msgspec
import pytest

from indexer.synthetic import iter_blocks, make_block, write_world
from indexer.synthetic.matters import CATALOGUE

FILES = ["dossiers.ndjson", "papers.ndjson", "procedures.ndjson"]


def _digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_with_one_and_with_two_processes(tmp_path):
    alone = write_world(tmp_path / "one", 2200, seed=5, processes=1)
    together = write_world(tmp_path / "two", 2200, seed=5, processes=2)
    assert sorted(_digests(tmp_path / "one")) == FILES
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")
    assert (alone.citizens, alone.dossiers, alone.papers) == (together.citizens, together.dossiers, together.papers)


def test_another_seed_gives_another_world():
    assert make_block(0, 50, seed=1).dossiers != make_block(0, 50, seed=2).dossiers


def test_blocks_of_one_seed_differ():
    first, second = iter_blocks(2000, seed=1)
    assert {p.citizen_id for p in first.truth.people}.isdisjoint(p.citizen_id for p in second.truth.people)
    assert [p.full_name for p in first.truth.people] != [p.full_name for p in second.truth.people]


def test_the_files_hold_what_the_blocks_hold(tmp_path):
    summary = write_world(tmp_path, 60, seed=9, processes=1)
    (block,) = iter_blocks(60, seed=9)
    for name, lines in (("dossiers", block.dossiers), ("papers", block.papers)):
        written = [msgspec.json.decode(line) for line in (tmp_path / f"{name}.ndjson").read_bytes().splitlines()]
        assert written == msgspec.json.decode(msgspec.json.encode(lines))
    assert (summary.citizens, summary.dossiers, summary.papers) == (60, len(block.dossiers), len(block.papers))


def test_the_procedures_are_the_built_in_catalogue(tmp_path):
    summary = write_world(tmp_path, 1, processes=1)
    assert (tmp_path / "procedures.ndjson").read_bytes() == CATALOGUE.read_bytes()
    assert summary.procedures >= 60


def test_progress_counts_dossiers_block_by_block(tmp_path):
    seen = []
    summary = write_world(tmp_path, 1100, processes=1, progress=seen.append)
    assert len(seen) == 2
    assert seen[0] < seen[1] == summary.dossiers


def test_an_interrupted_run_leaves_the_earlier_world_and_no_half_file(tmp_path):
    write_world(tmp_path, 30, seed=1, processes=1)
    before = _digests(tmp_path)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_world(tmp_path, 30, seed=2, processes=1, progress=interrupt)
    assert _digests(tmp_path) == before


def test_an_interrupted_run_of_several_processes_leaves_nothing(tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_world(tmp_path / "new", 3000, processes=2, progress=interrupt)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_world_that_is_too_large_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match="citizens must be"):
        write_world(tmp_path / "none", 0)
    assert not (tmp_path / "none").exists()


def test_a_block_with_an_orphan_who_died_as_a_child_comes_to_an_end():
    # Found at 150,000 citizens: nobody could file for this child, and the block was never done.
    block = make_block(114, 1000, 7)
    assert len(block.truth.people) == 1000
    assert sum(not person.dossiers for person in block.truth.people) <= 1

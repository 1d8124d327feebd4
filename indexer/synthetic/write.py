"""Blocks of the world in memory, and the three files of a whole world."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import msgspec

from indexer.synthetic.biographies import Biographer
from indexer.synthetic.filing import Clerk
from indexer.synthetic.households import Settlement
from indexer.synthetic.matters import CATALOGUE
from indexer.synthetic.people import BLOCK_CITIZENS, MAX_CITIZENS, Person

# The day the world stands still on: fixed, so that a seed means the same world on every day.
TODAY = date(2026, 11, 1)

FILES = ("procedures.ndjson", "dossiers.ndjson", "papers.ndjson")
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, repr=False)
class Truth:
    """Who is who in a block: what the written files only say through their noise.

    Attributes:
        people: everybody, kin beside kin; each knows the codes of the dossiers and the papers that name it.
    """

    people: tuple[Person, ...]

    def by_citizen_id(self) -> dict[str, Person]:
        """Return the people by their 12-digit number."""
        return {person.citizen_id: person for person in self.people}

    def by_old_id(self) -> dict[str, Person]:
        """Return the people who have one by their 9-digit number."""
        return {person.old_id: person for person in self.people if person.old_id is not None}


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """A part of a world that nobody outside refers to: its lines as dictionaries, and the truth behind them."""

    number: int
    truth: Truth
    dossiers: tuple[dict[str, Any], ...]
    papers: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class WorldSummary:
    """How much was written."""

    citizens: int = 0
    dossiers: int = 0
    papers: int = 0
    procedures: int = 0
    files: tuple[Path, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Encoded:
    citizens: int
    dossiers: int
    papers: int
    dossier_lines: bytes
    paper_lines: bytes


def make_block(number: int, citizens: int, seed: int, today: date = TODAY) -> Block:
    """Return block `number` of the world of `seed`, with exactly `citizens` people."""
    # Seeding by text goes through SHA-512: neighbouring blocks and seeds share nothing.
    rng = Random(f"hoso/{seed}/{number}")
    people = Settlement(number, citizens, rng, today).settle()
    events = Biographer(people, rng, today).events()
    clerk = Clerk(number, rng, today)
    filed = [clerk.file(event) for event in events]
    dossiers = tuple(dossier for dossier, _ in filed)
    papers = tuple(paper for _, paper in filed if paper is not None)
    return Block(number, Truth(tuple(people)), dossiers, papers)


def iter_blocks(citizens: int, seed: int = 1, today: date = TODAY) -> Iterator[Block]:
    """Yield the world block by block, in order.

    Args:
        citizens: 1 to `MAX_CITIZENS` people in all.
        seed: same seed, same world.
        today: no event lies after it.

    Raises:
        ValueError: too few or too many citizens.
    """
    for number, size in _sizes(citizens):
        yield make_block(number, size, seed, today)


def write_world(
    out: Path,
    citizens: int,
    seed: int = 1,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> WorldSummary:
    """Write `procedures.ndjson`, `dossiers.ndjson` and `papers.ndjson` into the folder `out`, and say how much.

    The bytes depend on `citizens` and `seed` alone. An interrupted run leaves no file under these names.

    Args:
        out: made if it is not there; files of an earlier world in it are replaced.
        citizens: 1 to `MAX_CITIZENS`.
        seed: same seed, same bytes.
        processes: how many work at once; None for as many as there are processors.
        progress: is told the number of dossiers written so far, after each block.

    Raises:
        ValueError: too few or too many citizens.
    """
    sizes = _sizes(citizens)
    out.mkdir(parents=True, exist_ok=True)
    summary = WorldSummary(files=tuple(out / name for name in FILES))
    drafts = [path.with_name(f"{path.name}.tmp") for path in summary.files]
    try:
        summary.procedures = _copy_catalogue(drafts[0])
        with ExitStack() as stack:
            dossiers = stack.enter_context(drafts[1].open("wb"))
            papers = stack.enter_context(drafts[2].open("wb"))
            for encoded in stack.enter_context(_Workers(sizes, seed, processes)):
                _append(encoded, dossiers, papers, summary)
                if progress is not None:
                    progress(summary.dossiers)
        for draft, path in zip(drafts, summary.files, strict=True):
            draft.replace(path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return summary


class _Workers:
    """Encoded blocks in order, made by this process alone or by several."""

    def __init__(self, sizes: list[tuple[int, int]], seed: int, processes: int | None) -> None:
        self._sizes = sizes
        self._make = partial(_encode_block, seed)
        self._stack = ExitStack()
        self._processes = min(processes or os.cpu_count() or 1, len(sizes))

    def __enter__(self) -> Iterator[_Encoded]:
        if self._processes <= 1:
            return map(self._make, self._sizes)
        # Spawned, not forked: the caller may run threads, and every platform has it.
        pool = ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"))
        # Leaving through an exception must not wait for blocks that nobody will read.
        self._stack.callback(pool.shutdown, cancel_futures=True)
        return pool.map(self._make, self._sizes)

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _encode_block(seed: int, size: tuple[int, int]) -> _Encoded:
    block = make_block(size[0], size[1], seed)
    return _Encoded(
        citizens=len(block.truth.people),
        dossiers=len(block.dossiers),
        papers=len(block.papers),
        dossier_lines=_ENCODER.encode_lines(block.dossiers),
        paper_lines=_ENCODER.encode_lines(block.papers),
    )


def _append(encoded: _Encoded, dossiers: BinaryIO, papers: BinaryIO, summary: WorldSummary) -> None:
    dossiers.write(encoded.dossier_lines)
    papers.write(encoded.paper_lines)
    summary.citizens += encoded.citizens
    summary.dossiers += encoded.dossiers
    summary.papers += encoded.papers


def _copy_catalogue(path: Path) -> int:
    content = CATALOGUE.read_bytes()
    path.write_bytes(content)
    return content.count(b"\n")


def _sizes(citizens: int) -> list[tuple[int, int]]:
    """Return number and size of each block; the last one takes what remains."""
    if not 1 <= citizens <= MAX_CITIZENS:
        raise ValueError(f"citizens must be from 1 to {MAX_CITIZENS}")
    whole, rest = divmod(citizens, BLOCK_CITIZENS)
    sizes = [(number, BLOCK_CITIZENS) for number in range(whole)]
    return [*sizes, (whole, rest)] if rest else sizes

"""Installations for the tests over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from installation import CATALOGUE, Installation

from indexer.synthetic import Block, make_block


@pytest.fixture
def new_installation(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Return what makes installations with empty indexes; settings as keyword arguments."""
    made: list[Installation] = []
    numbers = itertools.count()

    def make(**settings: Any) -> Installation:
        made.append(Installation.at(tmp_path / f"home{next(numbers)}", **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def api(new_installation: Callable[..., Installation]) -> Installation:
    """A fresh installation with empty indexes."""
    return new_installation()


@pytest.fixture(scope="session")
def block() -> Block:
    """Forty synthetic citizens with their dossiers and papers."""
    return make_block(0, 40, seed=7)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, block: Block) -> Iterator[Installation]:
    """An installation with the built-in catalogue and the synthetic citizens, shared by tests that change nothing."""
    installation = Installation.at(tmp_path_factory.mktemp("filled"))
    installation.ingest("procedures", *CATALOGUE.read_bytes().splitlines())
    installation.ingest("dossiers", *block.dossiers)
    installation.ingest("papers", *block.papers)
    yield installation
    installation.close()

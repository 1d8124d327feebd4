"""One small world that the tests of this folder read and none changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from indexer.synthetic import Block, Person, iter_blocks


@dataclass(frozen=True, repr=False)
class World:
    """All blocks of a world joined."""

    blocks: tuple[Block, ...]

    @property
    def people(self) -> list[Person]:
        return [person for block in self.blocks for person in block.truth.people]

    @property
    def dossiers(self) -> list[dict[str, Any]]:
        return [dossier for block in self.blocks for dossier in block.dossiers]

    @property
    def papers(self) -> list[dict[str, Any]]:
        return [paper for block in self.blocks for paper in block.papers]


@pytest.fixture(scope="session")
def world():
    return World(tuple(iter_blocks(3500, seed=7)))

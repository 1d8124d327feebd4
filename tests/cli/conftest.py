"""Home folders for the tests of the command."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from support.hoso_command import Hoso, ndjson

from indexer.synthetic import Block, make_block
from indexer.synthetic.matters import CATALOGUE


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Commands set logging up for their own process; other tests must not inherit it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def hoso(tmp_path: Path) -> Hoso:
    """An installation with keys and nothing else."""
    command = Hoso(tmp_path / "home")
    assert command("keys", "init").status == 0
    return command


@pytest.fixture(scope="session")
def block() -> Block:
    """Sixty synthetic citizens with their dossiers and papers."""
    return make_block(0, 60, seed=3)


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory, block: Block) -> Path:
    """A home with catalogue and citizens. Copied, never changed."""
    folder = tmp_path_factory.mktemp("filled")
    command = Hoso(folder / "home")
    assert command("keys", "init").status == 0
    for kind, rows in (("dossiers", block.dossiers), ("papers", block.papers)):
        (folder / f"{kind}.ndjson").write_bytes(ndjson(*rows))
    assert command("index", "procedures", CATALOGUE).status == 0
    assert command("index", "dossiers", folder / "dossiers.ndjson").status == 0
    assert command("index", "papers", folder / "papers.ndjson").status == 0
    return folder / "home"


@pytest.fixture
def filled(filled_home: Path, tmp_path: Path) -> Hoso:
    """An installation with catalogue and citizens of its own."""
    shutil.copytree(filled_home, tmp_path / "home")
    return Hoso(tmp_path / "home")

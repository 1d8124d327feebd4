"""Fixtures that several test folders share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A fresh installation with an empty index."""
    home = Home.at(tmp_path / "home")
    yield home
    home.close()

"""Fixtures that several test folders share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support.home import Home

# A test that takes long on a busy machine is no failure.
settings.register_profile("hoso", deadline=None)
settings.load_profile("hoso")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A fresh installation with an empty index."""
    home = Home.at(tmp_path / "home")
    yield home
    home.close()

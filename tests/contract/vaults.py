"""One opener for each vault implementation; `tests/contract/test_vault.py` runs on all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from security.vault.base import Vault
from security.vault.sqlite import SqliteVault

INSTALLATION = "0123456789abcdef" * 2

Opener = Callable[[Path], Vault]


def sqlite_vault(folder: Path) -> Vault:
    return SqliteVault(folder / "vault.db", INSTALLATION)


OPENERS: dict[str, Opener] = {"sqlite": sqlite_vault}

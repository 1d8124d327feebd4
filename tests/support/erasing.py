"""What an erasure works with, over a home; and logs that die."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from support.home import Home

from indexer.erasure import ErasureParts
from security.actor import Actor
from security.audit.entry import AuditEntry
from security.audit.log import AuditLog
from security.receipts import ReceiptSigner, open_receipt

ACTOR = Actor(id="operator-1", client_id="hoso", role="operator")


class KilledError(Exception):
    """Stands for a kill."""


class DyingLog:
    """A log whose process is killed before it writes its entry number `last` (from 0)."""

    def __init__(self, log: AuditLog, last: int) -> None:
        self._log = log
        self._left = last

    def append(self, entry: AuditEntry) -> Future[int]:
        """Append, or die."""
        if self._left == 0:
            raise KilledError
        self._left -= 1
        return self._log.append(entry)


class BusyLog:
    """A log before whose entry number `at` (from 0) something else is done."""

    def __init__(self, log: AuditLog, at: int, do: Callable[[], object]) -> None:
        self._log = log
        self._left = at
        self._do = do

    def append(self, entry: AuditEntry) -> Future[int]:
        """Append, after what is to be done before."""
        if self._left == 0:
            self._do()
        self._left -= 1
        return self._log.append(entry)


@dataclass(frozen=True)
class Eraser(ErasureParts):
    """`ErasureParts` with what tests ask of them."""

    def at(self, now: datetime) -> Eraser:
        """Return the parts under another clock."""
        return dataclasses.replace(self, now=lambda: now)

    def dying_at(self, entry: int) -> Eraser:
        """Return the parts with a log that dies at its entry of that number."""
        return dataclasses.replace(self, log=DyingLog(self.log, entry))

    def doing_at(self, entry: int, do: Callable[[], object]) -> Eraser:
        """Return the parts with a log that does something else before its entry of that number."""
        return dataclasses.replace(self, log=BusyLog(self.log, entry, do))

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys of the receipts."""
        return ReceiptSigner(self.keys.installation_key("RCP"), self.keys.installation).jwks()


@contextmanager
def eraser(home: Home) -> Iterator[Eraser]:
    """Give the parts of an installation, with an audit log of its own."""
    log = AuditLog(home.vault.audit, home.keys.installation_key("LOG"), home.keys.installation)
    try:
        yield Eraser(home.keys, home.vault, home.records, log)
    finally:
        log.close()


def facts_of(receipt: str, parts: Eraser) -> dict[str, Any]:
    """Return what a receipt of an erasure says, after it was verified."""
    facts: dict[str, Any] = open_receipt(receipt, parts.jwks)["erasure"]
    return facts

"""The agency tree of an installation: the built-in one, and what the vault knows beside."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from indexer.agencies import AgencyTree
from schemas.agency import Agency
from security.vault.base import AgencyStore

# Another process may register an agency; what is looked up here is at most this old.
_FRESH_S = 1.0


class AgencyRegistry:
    """Hands out the tree. Agencies of ingested records are registered, so that scopes over a domain include them."""

    def __init__(self, store: AgencyStore) -> None:
        self._store = store
        self._read_at = float("-inf")
        self._tree = AgencyTree.built_in()
        self._known: frozenset[str] = frozenset()

    @property
    def tree(self) -> AgencyTree:
        """The tree, at most a second old."""
        if time.monotonic() - self._read_at > _FRESH_S:
            self._read()
        return self._tree

    def agency(self, code: str) -> Agency:
        """Return one agency, known or derived from its code."""
        return self.tree.agency(code)

    def add(self, agencies: Sequence[Agency]) -> None:
        """Register agencies durably.

        Raises:
            AgencyCycleError: one would be its own superior; nothing is registered.
        """
        self.tree.with_agencies(agencies)
        self._store.save_agencies(agencies)
        self._read()

    def ensure(self, codes: Collection[str]) -> None:
        """Register those of `codes` that no line has named, with what their code tells."""
        tree = self.tree
        if new := [tree.agency(code) for code in sorted(codes) if code not in self._known]:
            self.add(new)

    def _read(self) -> None:
        stored = self._store.agencies()
        self._tree = AgencyTree.built_in().with_agencies(stored)
        self._known = frozenset(self._tree.codes())
        self._read_at = time.monotonic()

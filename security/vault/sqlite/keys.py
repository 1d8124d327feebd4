"""Wrapped keys and identity links on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import apsw

from security.vault.rows import IdentityLink, WrappedKey
from security.vault.sqlite.connection import Database, rows_deleted

_FIND = "SELECT reference, kind, domain, epoch, wrapped FROM wrapped_key WHERE reference IN carray(?)"
# A table of its own: a scan of all keys would take as long as there are people.
_DOMAINS = "SELECT domain FROM key_domain"
_ADD_DOMAIN = "INSERT INTO key_domain VALUES (?) ON CONFLICT DO NOTHING"
_ADD = "INSERT INTO wrapped_key VALUES (?, ?, ?, ?, ?) ON CONFLICT (reference) DO NOTHING"
_COUNT = "SELECT count(*) FROM wrapped_key WHERE reference IN carray(?)"
_DESTROY = "DELETE FROM wrapped_key WHERE reference IN carray(?)"


class SqliteKeyStore:
    """`KeyStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def domains(self) -> frozenset[str]:
        """See `KeyStore.domains`."""
        return frozenset(row[0] for row in self._database.read(_DOMAINS, ()))

    def find_keys(self, references: Collection[bytes]) -> dict[bytes, WrappedKey]:
        """See `KeyStore.find_keys`."""
        if not references:
            return {}
        return {row[0]: WrappedKey(*row) for row in self._database.read(_FIND, (_array(references),))}

    def add_keys(self, keys: Sequence[WrappedKey]) -> dict[bytes, WrappedKey]:
        """See `KeyStore.add_keys`."""
        if not keys:
            return {}
        with self._database.writing() as connection:
            connection.executemany(_ADD_DOMAIN, {(key.domain,) for key in keys})
            connection.executemany(
                _ADD, ((key.reference, key.kind, key.domain, key.epoch, key.wrapped) for key in keys)
            )
            return self.find_keys({key.reference for key in keys})

    def destroy_keys(self, references: Collection[bytes]) -> int:
        """See `KeyStore.destroy_keys`."""
        if not references:
            return 0
        with self._database.writing() as connection:
            [(found,)] = self._database.read(_COUNT, (_array(references),))
            connection.execute(_DESTROY, (_array(references),))
            deleted = rows_deleted(connection, found)
        # The write-ahead log still holds the page as it was before.
        self._database.truncate_journal()
        return deleted


_LINK_COLUMNS = "domain, from_reference, to_reference, kind, evidence, state"
_ADD_LINK = f"INSERT INTO identity_link ({_LINK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608  # Constant columns.
# UNION, not OR: each half has its index, and a link between two of the references comes once.
_LINKS_OF = f"""
SELECT {_LINK_COLUMNS} FROM identity_link WHERE from_reference IN carray(?1) AND domain = ?2
UNION SELECT {_LINK_COLUMNS} FROM identity_link WHERE to_reference IN carray(?1) AND domain = ?2
ORDER BY from_reference, to_reference
"""  # noqa: S608  # Constant columns.
_REMOVE_LINKS = "DELETE FROM identity_link WHERE from_reference IN carray(?1) OR to_reference IN carray(?1)"
_COUNT_LINKS = "SELECT count(*) FROM identity_link WHERE from_reference IN carray(?1) OR to_reference IN carray(?1)"


class SqliteIdentityLinks:
    """`IdentityLinks` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_links(self, links: Sequence[IdentityLink]) -> None:
        """See `IdentityLinks.add_links`."""
        with self._database.writing() as connection:
            connection.executemany(
                _ADD_LINK,
                (
                    (link.domain, link.from_reference, link.to_reference, link.kind, link.evidence, link.state)
                    for link in links
                ),
            )

    def links_of(self, domain: str, references: Collection[bytes]) -> list[IdentityLink]:
        """See `IdentityLinks.links_of`."""
        if not references:
            return []
        return [IdentityLink(*row) for row in self._database.read(_LINKS_OF, (_array(references), domain))]

    def remove_links(self, references: Collection[bytes]) -> int:
        """See `IdentityLinks.remove_links`."""
        if not references:
            return 0
        with self._database.writing() as connection:
            [(found,)] = self._database.read(_COUNT_LINKS, (_array(references),))
            connection.execute(_REMOVE_LINKS, (_array(references),))
            return rows_deleted(connection, found)


def _array(references: Collection[bytes]) -> apsw.CArrayBinding:
    """Return references as one binding of `IN carray(?)`: 1,000 of a million keys take 5 ms, one by one 10."""
    return apsw.carray(tuple(references))

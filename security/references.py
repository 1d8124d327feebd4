"""Pseudonyms that last: record ids, subject references, content digests. Source: docs/formats.md, section 3."""

from __future__ import annotations

from functools import lru_cache

from security.keys.lease import DomainKeys
from security.sealing import Mac, lp

REFERENCE_BYTES = 16


class References:
    """The references of one domain. Equal inputs give equal references; two domains share none.

    Leaks: who holds a reference learns nothing of its input; who holds REF can try all 10^6 numbers of a birth year.
    """

    def __init__(self, ref: bytes) -> None:
        self._mac = Mac(ref)

    def _make(self, *parts: bytes | str | int) -> bytes:
        return self._mac(lp(*parts))[:REFERENCE_BYTES]

    def record(self, collection: str, code: str) -> bytes:
        """Return the record id of a dossier (by its code) or a paper (by its id)."""
        return self._make("record", collection, code)

    def subject(self, id_type: str, number: str) -> bytes:
        """Return the reference of a person's number; `id_type` is `citizen_id`, `old_id` or `passport`."""
        return self._make("subject", id_type, number)

    def role(self, collection: str, code: str, role: str, ordinal: int) -> bytes:
        """Return the reference of a person who has no number yet, by the role played in one record."""
        return self._make("role", collection, code, role, ordinal)

    def content(self, canonical_json: bytes) -> bytes:
        """Return the keyed digest of a record's canonical content."""
        return self._make("content", canonical_json)


@lru_cache(maxsize=256)
def references(keys: DomainKeys) -> References:
    """Return the references of a domain; the keyed state is made once."""
    return References(keys.ref)


def keyed_hash(key: bytes, label: str, *parts: str | int) -> str:
    """Return 32 hex digits that stand for `parts` where they must not be kept, such as a case number in the log."""
    return Mac(key)(lp(label, *parts))[:REFERENCE_BYTES].hex()

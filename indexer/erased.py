"""Who is left out of every record that is written: the people on the list of erasures.

Source: docs/formats.md, section 9. The list holds a person's reference in each domain, and, for domains that come
later, a reference of the number that is the same in all.
"""

from __future__ import annotations

from collections.abc import Iterable

from indexer.participants import Participant, number_of
from security.keys import KeyRing
from security.references import REFERENCE_BYTES
from security.sealing import Mac, lp
from security.vault.base import ErasedList


class ErasedPeople:
    """Reads the list for who makes records."""

    def __init__(self, erased: ErasedList, keys: KeyRing) -> None:
        self._erased = erased
        self._mac = Mac(keys.installation_key("AUD"))

    def number_reference(self, kind: str, number: str) -> bytes:
        """Return the 16 bytes that stand for a number on the list, whatever the domain."""
        return self._mac(lp("erased", kind, number))[:REFERENCE_BYTES]

    def entries_of(self, person: Participant) -> frozenset[bytes]:
        """Return the entries of which one is on the list if the person was erased."""
        number = number_of(person.person)
        return frozenset((person.reference, self.number_reference(*number)) if number else (person.reference,))

    def among(self, people: Iterable[Participant]) -> frozenset[bytes]:
        """Return the references of those who were erased."""
        entries = {one.reference: self.entries_of(one) for one in people}
        erased = self._erased.among(frozenset().union(*entries.values()))
        return frozenset(reference for reference, own in entries.items() if not own.isdisjoint(erased))

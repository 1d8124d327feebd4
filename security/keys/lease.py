"""Keys lent to one request: the second lock. What is not leased cannot be searched or opened."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from schemas.errors import NotPermittedError


@dataclass(frozen=True, slots=True)
class EpochKeys:
    """The rotating keys of one domain and epoch. `repr` is hidden: keys must not reach a log by accident."""

    epoch: int
    kek: bytes
    idx: bytes
    hdr: bytes

    def __repr__(self) -> str:
        return f"EpochKeys(epoch={self.epoch})"


@dataclass(frozen=True, slots=True)
class DomainKeys:
    """The keys of one domain: `ref`, and its epochs, newest first; the newest one writes."""

    domain: str
    ref: bytes
    epochs: tuple[EpochKeys, ...]

    @property
    def current(self) -> EpochKeys:
        """The epoch that new envelopes are sealed under."""
        return self.epochs[0]

    def epoch(self, number: int) -> EpochKeys:
        """Return the keys of one epoch; `NotPermittedError` where it is destroyed or unknown."""
        for keys in self.epochs:
            if keys.epoch == number:
                return keys
        raise NotPermittedError(f"epoch {number} of domain {self.domain} has no key here")

    def __repr__(self) -> str:
        return f"DomainKeys({self.domain!r}, epochs={[keys.epoch for keys in self.epochs]})"


class KeyLease:
    """The domains that one request may use."""

    def __init__(self, domains: Mapping[str, DomainKeys]) -> None:
        self._domains = dict(domains)

    def domain(self, name: str) -> DomainKeys:
        """Return the keys of a leased domain.

        Raises:
            NotPermittedError: the policy granted no such domain, so no key of it was lent.
        """
        keys = self._domains.get(name)
        if keys is None:
            raise NotPermittedError("the keys of this domain were not lent to this request")
        return keys

    def __iter__(self) -> Iterator[DomainKeys]:
        return iter(self._domains.values())

    def __contains__(self, name: object) -> bool:
        return name in self._domains

    @property
    def names(self) -> Collection[str]:
        """The leased domains."""
        return self._domains.keys()

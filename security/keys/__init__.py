"""Key material: the provider that guards the root, the ring of wrapped keys, and leases of a domain's keys."""

from security.keys.lease import DomainKeys, EpochKeys, KeyLease
from security.keys.provider import KeyProvider, PassphraseProvider, PlainProvider
from security.keys.ring import KeyRing, KeyStatus

__all__ = [
    "DomainKeys",
    "EpochKeys",
    "KeyLease",
    "KeyProvider",
    "KeyRing",
    "KeyStatus",
    "PassphraseProvider",
    "PlainProvider",
]

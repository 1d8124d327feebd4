"""Subject and dossier keys: made once, wrapped under the domain's KEK, kept in the vault.

Source: docs/formats.md, section 2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from schemas.errors import EnvelopeError, KeysError, NotPermittedError
from security.keys.lease import DomainKeys
from security.keys.ring import KeyRing
from security.sealing import lp, new_key, open_box, seal_box
from security.vault.base import KeyStore
from security.vault.rows import KeyKind, WrappedKey


def find_section_keys(store: KeyStore, keys: DomainKeys, references: Collection[bytes]) -> dict[bytes, bytes]:
    """Return the keys of those `references` that have one; the key of an erased person is gone.

    Raises:
        KeysError: a wrapped key does not open: the vault belongs to other keys, or was changed.
    """
    return {
        reference: _unwrap(keys, wrapped)
        for reference, wrapped in store.find_keys(references).items()
        # A reference is of one domain; a row that says otherwise was moved, and would not open anyway.
        if wrapped.domain == keys.domain
    }


def make_section_keys(store: KeyStore, keys: DomainKeys, kinds: Mapping[bytes, KeyKind]) -> dict[bytes, bytes]:
    """Return a key for each reference of `kinds`, made where there was none; all are durable in the vault.

    Raises:
        KeysError: a wrapped key does not open.
    """
    found = find_section_keys(store, keys, kinds)
    if missing := [_wrap(keys, reference, kind) for reference, kind in kinds.items() if reference not in found]:
        # Of two writers who race, both get the key that was stored first.
        found |= {reference: _unwrap(keys, wrapped) for reference, wrapped in store.add_keys(missing).items()}
    return found


def check_domains(ring: KeyRing, store: KeyStore) -> None:
    """Refuse a key file that lacks a domain of the vault.

    New keys would be made for that domain, and all that was stored in it could never be found or opened again.

    Raises:
        KeysError: the key file is older than the vault, or another one's.
    """
    if missing := sorted(store.domains() - ring.domains):
        raise KeysError(
            f"the key file has no keys of {', '.join(missing)}, which the vault has: it is older than the vault. "
            "Restore the newest key file"
        )


def _wrap(keys: DomainKeys, reference: bytes, kind: KeyKind) -> WrappedKey:
    epoch = keys.current
    wrapped = seal_box(epoch.kek, _info(keys.domain, epoch.epoch), _owner(kind, reference), new_key())
    return WrappedKey(reference, kind, keys.domain, epoch.epoch, wrapped)


def _unwrap(keys: DomainKeys, row: WrappedKey) -> bytes:
    try:
        kek = keys.epoch(row.epoch).kek
        return open_box(kek, _info(keys.domain, row.epoch), _owner(row.kind, row.reference), row.wrapped)
    except (EnvelopeError, NotPermittedError):
        raise KeysError(
            "a key of the vault does not open: the vault belongs to another key file, or it was changed"
        ) from None


def _info(domain: str, epoch: int) -> bytes:
    return lp("hoso/wrap/1", "KEK", domain, epoch)


def _owner(kind: KeyKind, reference: bytes) -> bytes:
    return lp("hoso/wrap/1", kind, reference)

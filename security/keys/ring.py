"""The key file: wrapped keys of every domain and of the installation. Source: docs/formats.md, section 2."""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.errors import KeysError
from security.keys.lease import DomainKeys, EpochKeys, KeyLease
from security.keys.provider import KeyProvider, PassphraseProvider, PlainProvider
from security.sealing import lp, new_key

FORMAT = "hoso-keys/1"
INSTALLATION_PURPOSES = ("CAT", "TMP", "AUD", "LOG", "RCP", "TOK")
_EPOCH_PURPOSES = ("KEK", "IDX", "HDR")
_NO_DOMAIN = "-"
# 16 bytes of ASCII: the room that an envelope has for it.
_DOMAIN = re.compile(r"[A-Z0-9][A-Z0-9_]{0,15}")
_DAMAGED = "the key file is damaged: restore it from its backup"

Passphrase = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """What may be told of one key."""

    purpose: str
    domain: str
    epoch: int
    state: str
    created_at: str


class KeyRing:
    """All keys of an installation; opened once for each process, and safe to share between its threads."""

    def __init__(self, path: Path, document: dict[str, Any], provider: KeyProvider) -> None:
        """Use `KeyRing.create` or `KeyRing.open`."""
        self._path = path
        self._provider = provider
        self._lock = threading.Lock()
        # Held from reading the file to using it: what was read earlier must not undo what was read later.
        self._loading = threading.Lock()
        self.installation: str = document["installation"]
        self._load(document)

    def __reduce__(self) -> tuple[Callable[..., KeyRing], tuple[Path, KeyProvider]]:
        # To a worker process, through a pipe: the passphrase is not asked for again.
        return _reopen, (self._path, self._provider)

    @classmethod
    def create(cls, path: Path, passphrase: str | None) -> KeyRing:
        """Write a new key file, sealed by `passphrase`; with none, its mode 0600 alone guards it.

        Raises:
            KeysError: the file is there already (nothing is overwritten), it cannot be written, or the passphrase is
                too short.
        """
        with _locked(path):
            if path.exists():
                raise KeysError("the key file is there already; it was left as it is")
            installation = os.urandom(16).hex()
            provider: KeyProvider = (
                PlainProvider.create() if passphrase is None else PassphraseProvider.create(passphrase, installation)
            )
            document: dict[str, Any] = {
                "format": FORMAT,
                "installation": installation,
                "protection": provider.protection(),
                "root": provider.sealed_root(),
                "keys": [_new_row(provider, installation, purpose, _NO_DOMAIN, 0) for purpose in INSTALLATION_PURPOSES],
            }
            _write(path, document)
        return cls(path, document, provider)

    @classmethod
    def open(cls, path: Path, passphrase: Passphrase = lambda: None) -> KeyRing:
        """Open the key file; `passphrase` is asked only if the file is sealed by one.

        Raises:
            KeysError: absent, readable by others, damaged, of a newer format, or sealed by another passphrase.
        """
        document = _read(path)
        protection, installation = document["protection"], document["installation"]
        root = bytes.fromhex(document["root"])
        if protection["kind"] == "none":
            return cls(path, document, PlainProvider.open(root))
        if protection["kind"] != "scrypt":
            raise KeysError("the key file is protected in a way that this version does not know: upgrade Hoso")
        given = passphrase()
        if given is None:
            raise KeysError("the key file is sealed by a passphrase: set HOSO_PASSPHRASE_FILE or run on a terminal")
        return cls(path, document, PassphraseProvider.open(given, installation, protection, root))

    def lease(self, domains: Collection[str]) -> KeyLease:
        """Return the keys of those `domains` that exist. The policy decides which may be asked for."""
        with self._lock:
            return KeyLease({name: self._domains[name] for name in domains if name in self._domains})

    @property
    def domains(self) -> frozenset[str]:
        """The domains that have keys."""
        with self._lock:
            return frozenset(self._domains)

    def installation_key(self, purpose: str) -> bytes:
        """Return a key of the installation: one of `INSTALLATION_PURPOSES`."""
        return self._installation_keys[purpose]

    def ensure_domain(self, domain: str) -> None:
        """Make the keys of `domain` if it has none; they are on disk when this returns.

        Raises:
            KeysError: the name does not fit an envelope (1 to 16 capital letters, digits or _), or the file cannot be
                written, or it is now that of another installation.
        """
        if domain in self.domains:
            return
        if not _DOMAIN.fullmatch(domain):
            raise KeysError("a domain's name has 1 to 16 characters of A-Z, 0-9 and _")
        with self._loading, _locked(self._path):
            # Another process may have made them since this one read the file. What does not open under this root is
            # of another installation, and nothing is added to it.
            document = _read(self._path)
            self._load(document)
            if not any(row["domain"] == domain for row in document["keys"]):
                rows = [("REF", 0), *((purpose, 1) for purpose in _EPOCH_PURPOSES)]
                document["keys"] += [
                    _new_row(self._provider, self.installation, purpose, domain, epoch) for purpose, epoch in rows
                ]
                _write(self._path, document)
                self._load(document)

    def refresh(self) -> None:
        """Read the file again: another process may have made keys of a new domain."""
        with self._loading:
            self._load(_read(self._path))

    def status(self) -> list[KeyStatus]:
        """Return one row for each key, by domain, purpose and epoch."""
        rows = [
            KeyStatus(row["purpose"], row["domain"], row["epoch"], row["state"], row["created_at"])
            for row in _read(self._path)["keys"]
        ]
        return sorted(rows, key=lambda row: (row.domain, row.purpose, row.epoch))

    @property
    def protection(self) -> str:
        """How the root is protected: `none` or `scrypt`."""
        return str(self._provider.protection()["kind"])

    def _load(self, document: dict[str, Any]) -> None:
        try:
            opened = {
                (row["domain"], row["purpose"], row["epoch"]): self._unwrap(row)
                for row in document["keys"]
                if row["state"] != "destroyed"
            }
            domains = {name: _domain_keys(name, opened) for name, _, _ in opened if name != _NO_DOMAIN}
            installation_keys = {purpose: opened[_NO_DOMAIN, purpose, 0] for purpose in INSTALLATION_PURPOSES}
        except (KeyError, TypeError, ValueError):
            raise KeysError(_DAMAGED) from None
        with self._lock:
            self._domains = domains
            self._installation_keys = installation_keys

    def _unwrap(self, row: dict[str, Any]) -> bytes:
        info = lp("hoso/wrap/1", row["purpose"], row["domain"], row["epoch"])
        return self._provider.unwrap(info, lp("hoso/wrap/1", self.installation), bytes.fromhex(row["wrapped"]))


def _domain_keys(name: str, opened: Mapping[tuple[str, str, int], bytes]) -> DomainKeys:
    numbers = sorted({epoch for domain, _, epoch in opened if domain == name and epoch}, reverse=True)
    if not numbers:
        raise ValueError("a domain without an epoch")
    epochs = (EpochKeys(number, *(opened[name, purpose, number] for purpose in _EPOCH_PURPOSES)) for number in numbers)
    return DomainKeys(name, opened[name, "REF", 0], tuple(epochs))


def _reopen(path: Path, provider: KeyProvider) -> KeyRing:
    return KeyRing(path, _read(path), provider)


def _new_row(provider: KeyProvider, installation: str, purpose: str, domain: str, epoch: int) -> dict[str, Any]:
    info = lp("hoso/wrap/1", purpose, domain, epoch)
    return {
        "purpose": purpose,
        "domain": domain,
        "epoch": epoch,
        "state": "active",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "wrapped": provider.wrap(info, lp("hoso/wrap/1", installation), new_key()).hex(),
    }


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For the owner alone: whoever may open it could hold it for ever.
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise KeysError(f"the key file cannot be written: {error.strerror}; it was left as it is") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read()
    except FileNotFoundError:
        raise KeysError("there is no key file: run `hoso keys init`, or set HOSO_KEYS to where it is") from None
    except OSError:
        raise KeysError("the key file cannot be read: check its owner and mode") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysError("the key file can be read by others: run `chmod 600` on it, and think of who may have read it")
    try:
        document = json.loads(raw)
        known = document["format"] == FORMAT
        bytes.fromhex(document["root"]), document["protection"]["kind"], document["installation"], document["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeysError(_DAMAGED) from None
    if not known:
        raise KeysError("the key file has a format that this version does not know: upgrade Hoso")
    return document  # type: ignore[no-any-return]  # JSON has no type; its keys were read above.


def _write(path: Path, document: dict[str, Any]) -> None:
    # A new file renamed over the old one: after a crash there is the old file or the new one, never half of one.
    # The lock is held, so one name will do, and what a killed process left under it does not stay.
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

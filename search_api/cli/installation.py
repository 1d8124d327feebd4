"""Opening the installation that a command works on: settings, passphrase, parts, and who works here."""

from __future__ import annotations

import functools
import getpass
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import KeysError
from schemas.settings import Settings, load_settings
from search_api.parts import Parts, open_parts
from search_api.services.audit_trail import Request
from security.actor import Actor

_GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Parts]:
    """Yield the open installation of the settings, those of this process unless given."""
    settings = settings or load_settings()
    parts = open_parts(settings, passphrase_of(settings))
    try:
        yield parts
    finally:
        parts.close()


def passphrase_of(settings: Settings) -> Callable[[], str | None]:
    """Return what gets the passphrase when it is needed, and gets it once: the file's first line, else a terminal's."""

    @functools.cache
    def get() -> str | None:
        if settings.passphrase_file is not None:
            return read_passphrase(settings.passphrase_file)
        return ask_passphrase("Passphrase of the key file: ") if has_terminal() else None

    return get


def read_passphrase(path: Path) -> str:
    """Return the first line of a passphrase file.

    Raises:
        KeysError: it is not there, is readable by others, or its first line is empty.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.readline().rstrip("\r\n")
    except OSError as error:
        raise KeysError(f"the passphrase file cannot be read ({error.strerror}): check HOSO_PASSPHRASE_FILE") from None
    except UnicodeDecodeError:
        raise KeysError("the passphrase file is not UTF-8 text") from None
    if stat.S_ISREG(mode) and mode & _GROUP_AND_OTHERS:
        raise KeysError("the passphrase file can be read by others: run `chmod 600` on it")
    if not line:
        raise KeysError("the first line of the passphrase file is empty")
    return line


def ask_passphrase(prompt: str) -> str | None:
    """Return what is typed on the terminal, unseen; None at its end."""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return None


def has_terminal() -> bool:
    """Return whether somebody sits there who can be asked."""
    return sys.stdin.isatty() or sys.stderr.isatty()


def operator() -> Request:
    """Return who works at this command line, for policy and audit log: the account of the machine, as a number."""
    actor = Actor(id=f"operator:{os.getuid()}", client_id="hoso-cli", role="operator", scopes=frozenset({"operator"}))
    return Request(actor, os.urandom(16).hex())

"""`hoso doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typer
from rich.table import Table
from rich.text import Text

from indexer.engines.embedded.libraries import sqlite_library
from schemas.errors import HosoError
from schemas.settings import Settings, load_settings
from search_api.cli.console import NOT_NOW, JSONFlag, console, print_json, size_text
from search_api.cli.index_state import index_facts
from search_api.cli.installation import passphrase_of
from search_api.parts import Parts, open_parts
from security.access_tokens import LOCAL_ISSUER
from security.policy import Policy

Level = Literal["ok", "warn", "fail"]

_LITTLE_DISK_BYTES, _WARN_DISK_BYTES = 256 << 20, 2 << 30
# A server with one connection for each thread and file, and some hundred clients.
_FEW_FILES = 1024
# The clock of a machine without a battery starts in 1970; nothing of this program was written before this year.
_FIRST_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found; `mend` says what to do where it is not ok."""

    name: str
    level: Level
    found: str
    mend: str = ""


def doctor(as_json: JSONFlag = False) -> None:
    """Check settings, keys, vault, engine, clock, policy, disk and limits. Exit status 3 if anything fails."""
    checks = list(examine())
    failed = any(check.level == "fail" for check in checks)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        _print(checks)
    if failed:
        raise typer.Exit(NOT_NOW)


def examine() -> Iterator[Check]:
    """Yield one check after the other; what needs something that failed is left out."""
    yield from _libraries()
    yield _open_files()
    try:
        settings = load_settings()
        home = settings.home.resolve()
        yield Check("settings", "ok", f"home {home}, issuer {settings.issuer}, engine {settings.engine}")
    except HosoError as error:
        yield Check("settings", "fail", str(error), "correct or unset the variable, or the file of HOSO_CONFIG")
        return
    yield _disk(home)
    yield _issuer(settings)
    yield _policy(settings)
    yield from _installation(settings)


def _installation(settings: Settings) -> Iterator[Check]:
    try:
        # One look at the passphrase, for the key file and for what it opens.
        parts = open_parts(settings, passphrase_of(settings))
    except HosoError as error:
        yield Check("keys and vault", "fail", str(error), "see `hoso keys init`, HOSO_KEYS and HOSO_PASSPHRASE_FILE")
        return
    try:
        yield _keys(parts)
        for name, look in (("vault", _vault), ("engine", _engine), ("clock", _clock)):
            yield _guarded(name, look, parts)
    finally:
        parts.close()


def _guarded(name: str, look: Callable[[Parts], Check], parts: Parts) -> Check:
    try:
        return look(parts)
    except HosoError as error:
        return Check(name, "fail", str(error), "see `hoso index verify`, or restore a backup")


def _keys(parts: Parts) -> Check:
    file = parts.settings.key_file
    found = f"{file.resolve()}, mode {file.stat().st_mode & 0o777:04o}, {len(parts.keys.domains)} domains"
    if parts.keys.protection == "none":
        mend = "for real data: a new installation with HOSO_PASSPHRASE_FILE, or `hoso keys init` on a terminal"
        return Check("keys", "warn", f"{found}, not sealed by a passphrase", mend)
    return Check("keys", "ok", f"{found}, sealed ({parts.keys.protection})")


def _vault(parts: Parts) -> Check:
    # Opening it took a write transaction, in which its installation and its schema were checked.
    size = parts.settings.vault_file.stat().st_size
    entries = parts.audit_log.size()
    return Check("vault", "ok", f"of this installation, writable, {size_text(size)}, {entries:,} audit entries")


def _engine(parts: Parts) -> Check:
    facts = index_facts(parts)
    records, procedures = facts["records"], facts["procedures"]
    public, inner = procedures["public"], procedures["internal"] + procedures["draft"]
    found = (
        f"records version {records['version'] or '-'}: {records['dossier']:,} dossiers, {records['paper']:,} papers;"
        f" procedures version {procedures['version'] or '-'}: {public:,} public, {inner:,} others"
    )
    if records["unfinished_build"]:
        mend = "if nobody is indexing now, run the same `hoso index` command again: it goes on"
        return Check("engine", "warn", f"{found}; a build is not finished", mend)
    return Check("engine", "ok", found)


def _clock(parts: Parts) -> Check:
    now, size = datetime.now(UTC), parts.audit_log.size()
    mend = "set the clock: tokens, consents and the audit log depend on it"
    if now.year < _FIRST_YEAR:
        return Check("clock", "fail", f"the year is {now.year}", mend)
    newest = parts.audit_log.entries(size - 2, 1) if size else []
    if newest and newest[0].at > now:
        at = newest[0].at.isoformat(timespec="seconds")
        return Check("clock", "fail", f"behind the newest audit entry ({at})", mend)
    return Check("clock", "ok", now.isoformat(timespec="seconds"))


def _issuer(settings: Settings) -> Check:
    if settings.issuer == LOCAL_ISSUER:
        if settings.allow_local_issuer:
            mend = "set HOSO_ISSUER to your OpenID Connect issuer before others can reach it"
            return Check("issuer", "warn", "local tokens are accepted on every address", mend)
        return Check("issuer", "ok", "local, on loopback only")
    if settings.jwks_file is None or not settings.jwks_file.is_file():
        return Check("issuer", "fail", "its public keys are not there", "set HOSO_JWKS_FILE to a file with its JWK set")
    return Check("issuer", "ok", settings.issuer)


def _policy(settings: Settings) -> Check:
    try:
        Policy.load(settings.policy)
    except HosoError as error:
        return Check("policy", "fail", str(error), "correct the file of HOSO_POLICY")
    return Check("policy", "ok", str(settings.policy or "the one that comes with Hoso"))


def _disk(home: Path) -> Check:
    existing = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check("disk", "fail", f"{existing} cannot be written to", "change its owner, or set HOSO_HOME")
    free = shutil.disk_usage(existing).free
    found = f"{size_text(free)} free at {existing}"
    if free < _WARN_DISK_BYTES:
        return Check("disk", "fail" if free < _LITTLE_DISK_BYTES else "warn", found, "free some space")
    return Check("disk", "ok", found)


def _open_files() -> Check:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    level: Level = "ok" if limit == resource.RLIM_INFINITY or limit >= _FEW_FILES else "warn"
    return Check("open files", level, f"at most {limit:,}", "" if level == "ok" else f"ulimit -n {_FEW_FILES}")


def _libraries() -> Iterator[Check]:
    yield Check("hoso", "ok", version("hoso"))
    library = sqlite_library()
    mend = "" if library.has_carray else "install the apsw of requirements.txt: its SQLite is built with carray"
    found = f"{library.version}, carray {'there' if library.has_carray else 'missing'}, apsw {library.binding}"
    yield Check("SQLite", "ok" if library.has_carray else "fail", found, mend)


def _print(checks: list[Check]) -> None:
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    table = Table(show_edge=False, pad_edge=False)
    for name in ("check", "state", "found", "what to do"):
        table.add_column(name, overflow="fold")
    for check in checks:
        table.add_row(check.name, Text(check.level, styles[check.level]), check.found, check.mend)
    console().print(table)

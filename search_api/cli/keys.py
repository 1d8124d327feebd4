"""`hoso keys`: the key file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from schemas.errors import KeysError
from schemas.settings import Settings, load_settings
from search_api.cli.console import JSONFlag, notice, print_facts, print_json, print_table
from search_api.cli.installation import ask_passphrase, has_terminal, passphrase_of, read_passphrase
from security.keys import KeyRing

app = typer.Typer(help="The key file: without it nothing starts, and without it nothing can be read again.")


@app.command("init", epilog="Example: HOSO_PASSPHRASE_FILE=/etc/hoso/passphrase hoso keys init")
def init(as_json: JSONFlag = False) -> None:
    """Make the key file, sealed by the first line of HOSO_PASSPHRASE_FILE or by a passphrase typed twice.

    With neither file nor terminal, the mode 0600 of the key file alone guards it.
    """
    settings = load_settings()
    ring = create_keys(settings, new_passphrase(settings))
    if as_json:
        print_json(_facts(settings.key_file, ring))
    else:
        print_facts(_facts(settings.key_file, ring))
    notice("Keep a copy of the key file apart from the data: if it is lost, no record can be opened again.")


@app.command("status", epilog="Example: hoso keys status --json")
def status(as_json: JSONFlag = False) -> None:
    """Show which keys there are, and how they are guarded. No key is shown."""
    settings = load_settings()
    ring = KeyRing.open(settings.key_file, passphrase_of(settings))
    rows = [asdict(row) for row in ring.status()]
    if as_json:
        print_json({**_facts(settings.key_file, ring), "keys": rows})
        return
    print_facts(_facts(settings.key_file, ring))
    columns = ("domain", "purpose", "epoch", "state", "created_at")
    print_table(columns, [[row[name] for name in columns] for row in rows])


def create_keys(settings: Settings, passphrase: str | None) -> KeyRing:
    """Write the key file; without a passphrase, say on standard error what that means."""
    ring = KeyRing.create(settings.key_file, passphrase)
    if passphrase is None:
        notice(
            "Warning: the key file is not sealed; whoever reads it can read everything. For real data, make it with"
            " HOSO_PASSPHRASE_FILE or on a terminal."
        )
    return ring


def new_passphrase(settings: Settings) -> str | None:
    """Return the passphrase for a new key file; None where there is neither a file nor a terminal.

    Raises:
        KeysError: the file is not as it should be, or what was typed twice differs.
    """
    if settings.passphrase_file is not None:
        return read_passphrase(settings.passphrase_file)
    if settings.key_file.exists() or not has_terminal():
        # `KeyRing.create` refuses an existing file; nobody is asked before that.
        return None
    first = ask_passphrase("New passphrase (12 characters at least): ")
    if first is None or first != ask_passphrase("The same again: "):
        raise KeysError("the two passphrases differ; no key file was written")
    return first


def _facts(file: Path, ring: KeyRing) -> dict[str, object]:
    return {
        "file": str(file),
        "mode": f"{file.stat().st_mode & 0o777:04o}",
        "protection": ring.protection,
        "installation": ring.installation,
        "domains": sorted(ring.domains),
    }

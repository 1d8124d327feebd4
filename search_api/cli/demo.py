"""`hoso demo`: everything at once, with synthetic citizens, for who wants to see it work."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from indexer.synthetic import write_world
from schemas.errors import StorageError
from schemas.settings import Settings, load_settings
from search_api.app import create_app
from search_api.cli.console import notice, showing_progress
from search_api.cli.demo_guide import SEED, print_guide
from search_api.cli.indexing import Kind, index_source
from search_api.cli.installation import opened, passphrase_of, read_passphrase
from search_api.cli.serve import Port
from search_api.cli.serving import address_of, bind, run
from security.keys import KeyRing

_CITIZENS = 2000
_MAX_CITIZENS = 200_000
_HOST = "127.0.0.1"
# In the order of the files of a world.
_KINDS: tuple[Kind, ...] = ("procedures", "dossiers", "papers")
_MARKER = "demo.json"


def demo(
    citizens: Annotated[
        int | None,
        typer.Option(min=100, max=_MAX_CITIZENS, help="How many synthetic citizens.", show_default=str(_CITIZENS)),
    ] = None,
    port: Port = 8000,
    home: Annotated[
        Path | None,
        typer.Option(help="Folder to keep it in; else HOSO_HOME; else a new one, removed at the end.", file_okay=False),
    ] = None,
) -> None:
    """Make keys, synthetic citizens and the built-in catalogue, index them, serve, and print what to try."""
    with _home(home) as (folder, kept), bind(_HOST, port) as listener:
        settings = _settings(folder)
        population = _prepare(settings, citizens)
        app = create_app(settings, passphrase_of(settings))
        parts = app.state.parts
        run(app, parts, listener, lambda: print_guide(parts, address_of(listener), population, kept=kept))
    notice("The demo has ended." if kept else "The demo has ended; its folder is removed.")


@contextmanager
def _home(given: Path | None) -> Iterator[tuple[Path, bool]]:
    """Yield the folder, and whether it stays."""
    settings = load_settings(home=given)
    if "home" in settings.model_fields_set:
        yield settings.home.resolve(), True
        return
    folder = Path(tempfile.mkdtemp(prefix="hoso-demo-"))
    try:
        yield folder, False
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path) -> Settings:
    """Return the settings of a demo: whatever is set elsewhere, it writes into its folder and issues its own tokens."""
    return load_settings(home=folder, keys=folder / "keys.json", vault_url="", issuer="local")


def _prepare(settings: Settings, citizens: int | None) -> int:
    """See that the folder holds a demo, and return how many citizens it has."""
    marker = settings.home / _MARKER
    state = _read(marker)
    if state is None:
        if settings.key_file.exists() or settings.vault_file.exists():
            # Synthetic people must never be mixed with real ones.
            raise StorageError("this home holds an installation that is no demo: name another folder with --home")
        state = {"citizens": citizens or _CITIZENS, "ready": False}
        _write(marker, state)
    if citizens is not None and citizens != state["citizens"]:
        raise StorageError(
            f"this home holds a demo of {state['citizens']} citizens: leave --citizens out, or name another --home"
        )
    if not state["ready"]:
        _make(settings, state["citizens"])
        _write(marker, {**state, "ready": True})
    return int(state["citizens"])


def _make(settings: Settings, citizens: int) -> None:
    started = time.perf_counter()
    if not settings.key_file.exists():
        sealed_by = read_passphrase(settings.passphrase_file) if settings.passphrase_file else None
        KeyRing.create(settings.key_file, sealed_by)
    # Within the home, so that nothing is left elsewhere whatever ends this.
    world = settings.home / "world"
    try:
        notice(f"Making {citizens:,} synthetic citizens …")
        files = write_world(world, citizens, SEED, processes=1 if citizens <= _CITIZENS else None).files
        with opened(settings) as parts, showing_progress("demo") as show:
            for kind, file in zip(_KINDS, files, strict=True):
                notice(f"Indexing {kind} …")
                outcome = index_source(kind, str(file), parts, show)
                if outcome.refusals.count or outcome.damage:
                    raise StorageError(f"the synthetic {kind} were not taken in; see `hoso doctor`")
    finally:
        shutil.rmtree(world, ignore_errors=True)
    notice(f"Ready after {time.perf_counter() - started:.1f} s.")


def _read(marker: Path) -> dict[str, int] | None:
    try:
        state = json.loads(marker.read_text(encoding="utf-8"))
        return {"citizens": int(state["citizens"]), "ready": bool(state["ready"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise StorageError("the demo in this folder is damaged: remove the folder, or name another --home") from None


def _write(marker: Path, state: dict[str, int]) -> None:
    try:
        marker.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = marker.with_name(f"{_MARKER}.new")
        aside.write_text(json.dumps(state), encoding="utf-8")
        aside.replace(marker)
    except OSError as error:
        raise StorageError(f"the home folder cannot be written to ({error.strerror}): see --home") from None

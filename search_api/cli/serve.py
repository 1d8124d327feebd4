"""`hoso serve`: the API and the pages."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from schemas.errors import SettingsError
from schemas.settings import Settings, load_settings
from search_api.app import create_app
from search_api.cli.erase import finish_erasures
from search_api.cli.installation import passphrase_of
from search_api.cli.serving import address_of, bind, run
from security.access_tokens import LOCAL_ISSUER

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; only 1 so far.")] = 1,
) -> None:
    """Serve the API and the pages until SIGTERM or Ctrl-C; requests under way are finished.

    Logs JSON lines to standard error. Signs a checkpoint of the audit log every 10 minutes and at the end.
    """
    if workers > 1:
        raise typer.BadParameter(
            "more than one process cannot be served with yet: leave it out", param_hint="--workers"
        )
    settings = load_settings()
    check_host(settings, host)
    with bind(host, port) as listener:
        app = create_app(settings, passphrase_of(settings))
        finish_erasures(app.state.parts)
        run(app, app.state.parts, listener, lambda: print(f"Hoso serves on {address_of(listener)}", flush=True))


def check_host(settings: Settings, host: str) -> None:
    """Refuse to let others reach an installation that issues its own tokens, unless told.

    Raises:
        SettingsError: the issuer is `local` and the address is not loopback.
    """
    if settings.issuer == LOCAL_ISSUER and not settings.allow_local_issuer and not _is_loopback(host):
        raise SettingsError(
            "the local issuer serves on loopback only: set HOSO_ISSUER to your OpenID Connect issuer, or"
            " HOSO_ALLOW_LOCAL_ISSUER=1 if only trusted people can reach this address"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Running the application: socket, server, checkpoints of the audit log."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
import uvicorn
from fastapi import FastAPI

from schemas.errors import HosoError, SettingsError, SourceUnavailableError
from search_api.logging import configure_logging
from search_api.parts import Parts
from security.audit.log import AuditLog

log = structlog.get_logger()

CHECKPOINT_EVERY_S = 600.0
_BACKLOG = 2048
# A client that never ends its request must not keep the server from stopping.
_GRACE_S = 10


class PortInUseError(SourceUnavailableError):
    """Another program listens there."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, so that a port in use is told before anything is opened.

    Raises:
        PortInUseError: the port is taken.
        SettingsError: the address is none of this machine, or the port is one for administrators.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise SettingsError("the host is not an address of this machine: try --host 127.0.0.1") from None
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        with _explained(port):
            listener.bind(address)
    except HosoError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: FastAPI, parts: Parts, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; `ready` is called when connections are accepted."""
    configure_logging(logging.INFO)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    with _explained(listener.getsockname()[1]):
        # Clients wait in the queue from now on, for the few milliseconds until the server takes them.
        listener.listen(_BACKLOG)
        # uvicorn raises the signal again that ended it; the command ends well all the same.
        with _checkpoints(parts), suppress(KeyboardInterrupt):
            ready()
            server.run(sockets=[listener])


@contextmanager
def _explained(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} is in use by another program: stop it, or choose another with --port (0 takes a free one)"
            ) from None
        raise SettingsError(f"the address cannot be listened on: {error.strerror}; see --host and --port") from None


@contextmanager
def _checkpoints(parts: Parts, every_s: float = CHECKPOINT_EVERY_S) -> Iterator[None]:
    """Sign a checkpoint of the audit log now and then, and once more when all requests are answered."""
    # A vault of its own: the application closes its own before the last checkpoint.
    vault = parts.open_vault()
    audit_log = AuditLog(vault.audit, parts.keys.installation_key("LOG"), parts.keys.installation)
    ended = threading.Event()

    def sign() -> None:
        while not ended.wait(every_s):
            _sign(audit_log)

    thread = threading.Thread(target=sign, name="audit-checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _sign(audit_log)
        audit_log.close()
        vault.close()


def _sign(audit_log: AuditLog) -> None:
    try:
        audit_log.checkpoint()
    except HosoError as error:
        # A log that does not continue its last checkpoint is an alarm, not a reason to stop serving.
        log.error("audit.checkpoint_not_signed", code=error.code, detail=str(error))
    else:
        log.info("audit.checkpoint_signed", entries=audit_log.size())

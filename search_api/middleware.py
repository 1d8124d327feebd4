"""Around every request: a trace id, a limit on the body, one line in the log without a query string."""

from __future__ import annotations

import os
import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import TooLargeError

log = structlog.get_logger()

# W3C trace context: version, trace id, parent id, flags.
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_MIB = 1 << 20


class Tracing:
    """Gives each request a trace id (the caller's, if it sent one) and logs what became of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = _TRACEPARENT.fullmatch(dict(scope["headers"]).get(b"traceparent", b""))
        trace = found[1].decode() if found else os.urandom(16).hex()
        scope["hoso.trace"] = trace
        started, status = time.perf_counter(), 500

        async def traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"trace-id", trace.encode())]
            await send(message)

        try:
            await self._app(scope, receive, traced)
        finally:
            took_ms = round((time.perf_counter() - started) * 1e3, 2)
            # The route alone: a path a client made up, or a query string, may hold a person's data.
            route = getattr(scope.get("route"), "path", "(none)")
            log.info("http.answered", method=scope["method"], route=route, status=status, took_ms=took_ms, trace=trace)


class BodyLimit:
    """Refuses bodies over the limit, declared or not."""

    def __init__(self, app: ASGIApp, max_body_mib: int) -> None:
        self._app = app
        self._max_bytes = max_body_mib * _MIB

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise TooLargeError(f"a body may have at most {self._max_bytes // _MIB} MiB")
            return message

        await self._app(scope, limited, send)

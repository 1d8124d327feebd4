"""Around every request: a trace id, a limit on the body, one line in the log without a query string."""

from __future__ import annotations

import os
import re
import time
import traceback
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import HosoError, TooLargeError
from search_api.problems import problem_response

log = structlog.get_logger()

# W3C trace context: version, trace id, parent id, flags.
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_MIB = 1 << 20
# Only ingest takes files of lines. A question is short, and it is parsed before the token has been looked at.
_LONG_BODIES = "/v1/ingest/"
_QUESTION_MIB = 1


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
        except Exception as crash:
            # Not handed on: a server would log its message, and that of foreign code may hold a value.
            log.error("request.crashed", error=type(crash).__name__, at=_places(crash), trace=trace)
            unexpected = HosoError("an unexpected error; see the server's log under the trace id")
            await problem_response(Request(scope), unexpected)(scope, receive, traced)
        finally:
            took_ms = round((time.perf_counter() - started) * 1e3, 2)
            # The route alone: a path a client made up, or a query string, may hold a person's data.
            route = getattr(scope.get("route"), "path", "(none)")
            log.info("http.answered", method=scope["method"], route=route, status=status, took_ms=took_ms, trace=trace)


def _places(crash: Exception) -> list[str]:
    """Return file and line of the innermost calls."""
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(crash.__traceback__)[-5:]]


class BodyLimit:
    """Refuses bodies over the limit, declared or not."""

    def __init__(self, app: ASGIApp, max_body_mib: int) -> None:
        self._app = app
        self._max_body_mib = max_body_mib

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit_mib = self._max_body_mib if scope["path"].startswith(_LONG_BODIES) else _QUESTION_MIB
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit_mib * _MIB:
                raise TooLargeError(f"a body may have at most {limit_mib} MiB here")
            return message

        await self._app(scope, limited, send)

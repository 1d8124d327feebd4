"""Errors as problems (RFC 9457): stable code, Vietnamese text, trace id, never a value of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schemas.errors import (
    CanonicalFormError,
    HosoError,
    UnauthenticatedError,
    UnknownParameterError,
    ValidationFailedError,
)

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = {429: "10", 503: "5"}
_TYPES = "https://hoso.example/problems/"
_TITLES = {
    401: "Not signed in",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    text_vi: str
    trace_id: str
    pointer: str | None = None
    reason: str | None = None


def trace_id(request: Request) -> str:
    """Return the trace id that the middleware gave the request."""
    return str(request.scope.get("hoso.trace", ""))


def problem_response(request: Request, error: HosoError) -> Response:
    """Return the answer for an error."""
    problem = Problem(
        type=f"{_TYPES}{error.code}",
        title=_TITLES.get(error.status, "Error"),
        status=error.status,
        code=error.code,
        detail=str(error),
        text_vi=error.text_vi,
        trace_id=trace_id(request),
        pointer=error.pointer,
        reason=getattr(error, "reason", None),
    )
    headers = {}
    if error.status in _RETRY_AFTER_S:
        headers["Retry-After"] = _RETRY_AFTER_S[error.status]
    if error.status == UnauthenticatedError.status:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(problem), error.status, headers, MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""

    async def of_ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, HosoError)
        if error.status >= 500:
            log.error("request.failed", code=error.code, detail=str(error), trace=trace_id(request))
        return problem_response(request, error)

    async def of_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(request, validation_error(error.errors()))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(request, _http_error(error))

    async def of_anything(request: Request, error: Exception) -> Response:
        # The type alone: a message of foreign code may hold a value.
        log.error("request.crashed", error=type(error).__name__, trace=trace_id(request))
        return problem_response(request, HosoError("an unexpected error; see the server's log under the trace id"))

    app.add_exception_handler(HosoError, of_ours)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_anything)


def validation_error(faults: Sequence[Mapping[str, Any]]) -> HosoError:
    """Return the first fault that pydantic found, without the value it found it in."""
    fault = faults[0]
    place = [part for part in fault["loc"] if part not in ("body", "query", "header", "path")]
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
    if fault["type"] == "extra_forbidden":
        return UnknownParameterError("a parameter or key is not known", pointer=pointer)
    if fault["type"] == "json_invalid":
        return ValidationFailedError("the body is not JSON")
    cause = (fault.get("ctx") or {}).get("error")
    if isinstance(cause, CanonicalFormError):
        return CanonicalFormError(cause.reason, str(cause), pointer=pointer)
    return ValidationFailedError(str(fault["msg"]), pointer=pointer)


def _http_error(error: HTTPException) -> HosoError:
    made = HosoError("no such resource" if error.status_code == 404 else "the request cannot be served")
    made.status = error.status_code
    made.code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    made.text_vi = "Không tìm thấy trang." if error.status_code == 404 else "Yêu cầu không hợp lệ."
    return made

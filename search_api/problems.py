"""Errors as problems (RFC 9457): stable code, Vietnamese text, trace id, never a value of a record."""

from __future__ import annotations

import re
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
# A key that is not a plain name may be somebody's: it is not repeated.
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_]{0,39}[0-9]{0,3}")
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


def problem_response(request: Request, error: HosoError, more_headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer for an error, with `more_headers` if there are any."""
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
    headers = dict(more_headers or {})
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
        return problem_response(request, _http_error(error), error.headers)

    app.add_exception_handler(HosoError, of_ours)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)


def validation_error(faults: Sequence[Mapping[str, Any]]) -> HosoError:
    """Return the first fault that pydantic found, without the value it found it in."""
    fault = faults[0]
    if fault["type"] == "json_invalid":
        return ValidationFailedError("the body is not JSON")
    # The first part says where: body, query, header, path.
    place = [str(part) for part in fault["loc"][1:]]
    if fault["type"] == "extra_forbidden":
        return unknown_parameter(place)
    pointer = _pointer(place)
    cause = (fault.get("ctx") or {}).get("error")
    if isinstance(cause, CanonicalFormError):
        return CanonicalFormError(cause.reason, str(cause), pointer=pointer)
    return ValidationFailedError(str(fault["msg"]), pointer=pointer)


def unknown_parameter(place: Sequence[str]) -> UnknownParameterError:
    """Return the error for a parameter or key at `place` that is not known."""
    told = place if _PLAIN_KEY.fullmatch(place[-1]) else place[:-1]
    return UnknownParameterError("a parameter or key is not known", pointer=_pointer(told))


def _pointer(place: Sequence[str]) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in place)


def _http_error(error: HTTPException) -> HosoError:
    if error.status_code == 400:
        # What the framework makes of everything that goes wrong while it reads a body.
        cause = error.__cause__
        return cause if isinstance(cause, HosoError) else ValidationFailedError("the body is not JSON in UTF-8")
    made = HosoError("no such resource" if error.status_code == 404 else "the request cannot be served")
    made.status = error.status_code
    made.code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    made.text_vi = "Không tìm thấy trang." if error.status_code == 404 else "Yêu cầu không hợp lệ."
    return made

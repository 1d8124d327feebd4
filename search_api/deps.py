"""What routes are handed: the services, and who asks."""

from __future__ import annotations

from typing import Annotated, Any, cast

import msgspec
from fastapi import Depends, Request, Response

from schemas.errors import NotPermittedError, UnauthenticatedError, ValidationFailedError
from search_api.parts import Parts, Services
from search_api.problems import trace_id
from search_api.services import audit_trail
from security.actor import ANONYMOUS, Actor

_encode = msgspec.json.Encoder().encode
_RECORD_ID_BYTES = 16


def services(request: Request) -> Services:
    """Return the services of the application."""
    return cast(Services, request.app.state.services)


def parts(request: Request) -> Parts:
    """Return the parts of the application."""
    return cast(Parts, request.app.state.parts)


def optional_actor(request: Request) -> Actor:
    """Return who asks, or ANONYMOUS without a token; a token that does not verify is refused all the same."""
    header = request.headers.get("authorization")
    if header is None:
        return ANONYMOUS
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise UnauthenticatedError("send the access token as `Authorization: Bearer …`")
    return services(request).verifier.verify(token.strip())


def actor(request: Request) -> Actor:
    """Return who asks; `UnauthenticatedError` without a token."""
    found = optional_actor(request)
    if found is ANONYMOUS:
        raise UnauthenticatedError("this route needs an access token")
    return found


def asking(request: Request) -> audit_trail.Request:
    """Return who asks, with the trace id."""
    return audit_trail.Request(actor(request), trace_id(request))


def stated_purpose(request: Request) -> str:
    """Return the purpose of a GET of personal data; its header is the only place, as URLs are logged."""
    purpose = request.headers.get("hoso-purpose")
    if purpose is None:
        raise NotPermittedError("state the purpose in the header Hoso-Purpose, such as dossier_processing")
    return purpose


def record_id(text: str) -> bytes:
    """Return a record id: 32 hex digits."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != _RECORD_ID_BYTES:
        raise ValidationFailedError("a record id has 32 hex digits", pointer="/id")
    return raw


def json_answer(value: Any) -> Response:
    """Return a value as JSON, encoded at once: measured 2.5 times as fast as letting the framework encode a dict."""
    return Response(_encode(value), media_type="application/json")


def personal_answer(value: Any) -> Response:
    """Return a person's data: no cache may keep it."""
    answer = json_answer(value)
    answer.headers["Cache-Control"] = "no-store"
    return answer


ServicesOf = Annotated[Services, Depends(services)]
PartsOf = Annotated[Parts, Depends(parts)]
OptionalActor = Annotated[Actor, Depends(optional_actor)]
Asking = Annotated[audit_trail.Request, Depends(asking)]
Purpose = Annotated[str, Depends(stated_purpose)]

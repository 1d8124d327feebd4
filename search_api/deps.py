"""What routes are handed: the services, and who asks."""

from __future__ import annotations

from typing import Annotated, Any, cast

import msgspec
from fastapi import Depends, Header, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from schemas import canonical
from schemas.errors import UnauthenticatedError, ValidationFailedError
from search_api.parts import Parts, Services
from search_api.problems import trace_id, unknown_parameter
from search_api.services import audit_trail
from security.actor import ANONYMOUS, Actor

_encode = msgspec.json.Encoder().encode
_RECORD_ID_BYTES = 16


# For the OpenAPI document; a token is verified below, so that one that does not verify is told why.
_BEARER = HTTPBearer(
    scheme_name="bearer", bearerFormat="JWT", description="An access token (RFC 9068).", auto_error=False
)


# All of these are `async`, as the framework would send a plain function to another thread.
async def services(request: Request) -> Services:
    """Return the services of the application."""
    return cast(Services, request.app.state.services)


async def parts(request: Request) -> Parts:
    """Return the parts of the application."""
    return cast(Parts, request.app.state.parts)


async def optional_actor(
    request: Request,
    services: Annotated[Services, Depends(services)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Actor:
    """Return who asks, or ANONYMOUS without a token; a token that does not verify is refused all the same."""
    if bearer is not None:
        return services.verifier.verify(bearer.credentials)
    if "authorization" in request.headers:
        raise UnauthenticatedError("send the access token as `Authorization: Bearer …`")
    return ANONYMOUS


async def asking(request: Request, actor: Annotated[Actor, Depends(optional_actor)]) -> audit_trail.Request:
    """Return who asks, with the trace id; `UnauthenticatedError` without a token."""
    if actor is ANONYMOUS:
        raise UnauthenticatedError("this route needs an access token")
    return audit_trail.Request(actor, trace_id(request))


async def no_parameters(request: Request) -> None:
    """Refuse every query parameter, for routes that have none."""
    for name in request.query_params:
        raise unknown_parameter([name])


async def stated_case(
    hoso_case: Annotated[
        str | None,
        Header(
            alias="Hoso-Case",
            max_length=100,
            description="Code of the dossier that the officer is working on.",
            examples=["H41.14-261102-0003"],
        ),
    ] = None,
) -> str | None:
    """Return the case number of a GET of personal data, in canonical form."""
    return canonical.dossier_code(hoso_case) if hoso_case else None


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


NoParameters = Depends(no_parameters)
ServicesOf = Annotated[Services, Depends(services)]
PartsOf = Annotated[Parts, Depends(parts)]
OptionalActor = Annotated[Actor, Depends(optional_actor)]
Asking = Annotated[audit_trail.Request, Depends(asking)]
Case = Annotated[str | None, Depends(stated_case)]
Purpose = Annotated[
    str,
    Header(
        alias="Hoso-Purpose",
        max_length=40,
        description="The purpose, such as dossier_processing. It stands here as URLs are logged.",
        examples=["dossier_processing"],
    ),
]

"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Response

from schemas.errors import HosoError, IndexNotReadyError
from search_api.deps import NoParameters, PartsOf, json_answer
from search_api.parts import Parts
from search_api.routes import examples

router = APIRouter(tags=["operations"], dependencies=[NoParameters])


@router.get("/healthz", summary="Is the process alive", responses=examples.HEALTH)
async def healthz() -> Response:
    """Answer; nothing is asked."""
    return json_answer({"status": "ok"})


@router.get("/readyz", summary="Can it answer", responses=examples.READINESS)
async def readyz(parts: PartsOf) -> Response:
    """Ask keys, vault and engine; empty indexes are ready too."""
    return json_answer({"status": "ok", "checks": _check(parts)})


@router.get("/.well-known/jwks.json", summary="Public keys of the local issuer", responses=examples.JWKS)
async def jwks(parts: PartsOf) -> Response:
    """Return the keys that local access tokens verify under."""
    return json_answer(parts.local_issuer().jwks())


def _check(parts: Parts) -> dict[str, str]:
    try:
        parts.keys.status()
        parts.vault.audit.extent()
        parts.records.is_empty()
    except HosoError as wrong:
        raise IndexNotReadyError(str(wrong)) from None
    return dict.fromkeys(("keys", "vault", "engine"), "ok")

"""The API's documentation as a page of our own: no script, and nothing from another host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1b1b }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f4f4f2; border-radius: 4px }
pre { padding: .8rem; overflow-x: auto } code { padding: .1rem .3rem } summary { cursor: pointer; padding: .4rem 0 }
b.get { color: #0b6e4f } b.post { color: #7a3e00 }
"""


@router.get("/docs")
async def documentation(request: Request) -> Response:
    """Return the routes with their examples."""
    return Response(_page(request.app.openapi()), media_type="text/html; charset=utf-8")


def _page(document: Mapping[str, Any]) -> str:
    info = document["info"]
    body = "".join(_routes(document["paths"]))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style><h1>{escape(info['title'])} API</h1>"
        f"<p>{escape(info['description'])} Version {escape(info['version'])}. "
        f'Machine-readable: <a href="/openapi.json">openapi.json</a> (OpenAPI {escape(document["openapi"])}).</p>'
        f"{body}</html>"
    )


def _routes(paths: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield (
                f'<details><summary><b class="{escape(method)}">{escape(method.upper())}</b> '
                f"<code>{escape(path)}</code> {escape(operation.get('summary', ''))}</summary>"
                f"<p>{escape(operation.get('description', ''))}</p>"
            )
            yield from _parameters(operation.get("parameters", ()))
            yield from _examples("Request", operation.get("requestBody", {}))
            yield from _examples("Answer", operation["responses"].get("200", {}))
            yield "</details>"


def _parameters(parameters: Any) -> Iterator[str]:
    for one in parameters:
        needed = ", required" if one.get("required") else ""
        described = escape(one.get("description", ""))
        yield f"<p><code>{escape(one['name'])}</code> ({escape(one['in'])}{needed}) {described}</p>"


def _examples(title: str, described: Mapping[str, Any]) -> Iterator[str]:
    for media_type, content in described.get("content", {}).items():
        if (example := content.get("example")) is not None:
            text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=1)
            yield f"<p>{title}, <code>{escape(media_type)}</code></p><pre>{escape(text)}</pre>"

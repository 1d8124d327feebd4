"""Requests with canaries in every place: path, query string, headers, tokens, bodies. Most of them are refused."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from canaries import Mint

Request = dict[str, Any]

_HEADERS = (
    "authorization",
    "hoso-purpose",
    "hoso-case",
    "idempotency-key",
    "traceparent",
    "cookie",
    "user-agent",
    "referer",
    "x-forwarded-for",
    "accept",
    "accept-language",
    "content-type",
)
_SOME_RECORD = "0f3c9c1be0a24dd0a8f3a7d21f6a9b55"


class HostileRequests:
    """Makes requests to every route of an OpenAPI document."""

    def __init__(self, mint: Mint, known: dict[str, Any]) -> None:
        """`mint` makes canaries that no record has; `known` is a person who is in the index."""
        self._text, self._word, self._code, self._number = mint.text(), mint.text(1), mint.code(), mint.old_id()
        self._long = mint.text(12)
        self._known = known

    def to_all(self, openapi: dict[str, Any], headers: list[dict[str, str]]) -> Iterator[Request]:
        """Yield requests to every route, each with every one of `headers`: valid tokens of several roles."""
        for path, methods in openapi["paths"].items():
            for method, route in methods.items():
                for header in headers:
                    yield from self._to(method, path, header)
                    yield from self._with_bodies(method, path, route, header)
        for path in (f"/{quote(self._text)}", f"/v1/{self._code}/{self._number}", f"/v1/procedures/{self._code}/"):
            for method in ("get", "post", "put", "delete", self._code):
                yield {"method": method, "url": path, "params": {"q": self._text}, "headers": headers[0]}

    def _to(self, method: str, path: str, header: dict[str, str]) -> Iterator[Request]:
        known = self._known
        url = re.sub(r"\{.*?\}", quote(self._text), path)
        headers = {"hoso-purpose": "dossier_processing", **header}
        base = {"method": method, "url": url, "headers": headers}
        yield base
        yield {**base, "params": {self._word: self._text}}
        yield {**base, "params": {known["citizen_id"]: known["full_name"], "limit": known["phone"]}}
        yield {**base, "params": dict.fromkeys(("limit", "cursor", "domain", "q"), self._text)}
        yield {**base, "params": {"cursor": known["email"]}}
        for name in _HEADERS:
            yield {**base, "headers": {**headers, name: self._code}}
            yield {**base, "headers": {**headers, name: f"Bearer {known['citizen_id']}"}}
        # Not ASCII: servers differ in how they read it.
        raw = self._text.encode()
        yield {**base, "headers": {**headers, "hoso-purpose": raw, "hoso-case": raw}}

    def _with_bodies(self, method: str, path: str, route: dict[str, Any], header: dict[str, str]) -> Iterator[Request]:
        content = route.get("requestBody", {}).get("content", {})
        example = content.get("application/json", {}).get("example")
        if example is None:
            return
        whole = json.dumps(example, ensure_ascii=False)
        bodies = [json.dumps(body, ensure_ascii=False) for body in self._bodies(example)]
        bodies += [self._text, f'"{self._text}"', f'["{self._text}"]', f'{whole[:-1]}, "{self._word}": "{self._text}']
        bodies.append(json.dumps({**example, "purpose": f"{self._text}\ud800"}))
        for body in bodies:
            yield {
                "method": method,
                "url": re.sub(r"\{.*?\}", _SOME_RECORD, path),
                "headers": {**header, "content-type": "application/json"},
                "content": body.encode(),
            }

    def _bodies(self, example: dict[str, Any]) -> Iterator[Any]:
        """Yield the example with each value in turn another, and with a key more in each object."""
        for path in _places(example):
            for wrong in (self._code, self._long, self._number, {self._word: self._word}, [self._word]):
                yield _with(example, path, wrong)
            yield _with(example, (*path[:-1], self._word), self._text)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))


def _with(example: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    body = copy.deepcopy(example)
    holder: Any = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return body

"""The page of the API: whole, readable without a script, and from this host alone."""

from __future__ import annotations

import re


def test_the_page_shows_every_route_and_loads_nothing_from_elsewhere(api):
    page = api.get("/docs")
    document = api.get("/openapi.json").json()
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    shown = set(re.findall(r'<b class="(\w+)">\w+</b> <code>([^<]+)</code>', page.text))
    assert shown == {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert "<script" not in page.text
    assert not re.search(r'(?:src|href)="(?!/openapi\.json")', page.text)

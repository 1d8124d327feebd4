"""Every example of the OpenAPI document is sent, and each answer has the shape of its example."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from installation import Headers, Installation

CONTRACT = {
    ("get", "/v1/procedures"),
    ("get", "/v1/procedures/{id}"),
    ("get", "/v1/procedures/{id}/form"),
    ("post", "/v1/records/search"),
    ("get", "/v1/records/{id}"),
    ("post", "/v1/records/{id}/open"),
    ("post", "/v1/prefill"),
    ("get", "/v1/prefill/{id}"),
    ("post", "/v1/ingest/procedures"),
    ("post", "/v1/ingest/dossiers"),
    ("post", "/v1/ingest/papers"),
    ("get", "/healthz"),
    ("get", "/readyz"),
}
# What goes in first, so that the rest finds it.
FIRST = ("/v1/ingest/procedures", "/v1/ingest/dossiers", "/v1/ingest/papers", "/v1/records/search", "/v1/prefill")
PUBLIC = {"/v1/procedures", "/v1/procedures/{id}", "/v1/procedures/{id}/form"}
_METHODS = ("get", "post", "put", "patch", "delete")

Operations = dict[tuple[str, str], dict[str, Any]]


def operations_of(document: dict[str, Any]) -> Operations:
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    }


@pytest.fixture(scope="module")
def module_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    api = Installation.at(tmp_path_factory.mktemp("examples"))
    yield api
    api.close()


@pytest.fixture(scope="module")
def document(module_api: Installation) -> dict[str, Any]:
    document: dict[str, Any] = module_api.get("/openapi.json").json()
    return document


@pytest.fixture(scope="module")
def answers(module_api: Installation, document: dict[str, Any]) -> dict[tuple[str, str], httpx.Response]:
    """The answer to each example, in an order in which what is looked for is there."""
    operations = operations_of(document)
    order = sorted(operations, key=lambda one: FIRST.index(one[1]) if one[1] in FIRST else len(FIRST))
    answers: dict[tuple[str, str], httpx.Response] = {}
    for method, path in order:
        ids = {
            "/v1/records/": lambda: answers["post", "/v1/records/search"].json()["items"][0]["id"],
            "/v1/prefill/": lambda: answers["post", "/v1/prefill"].json()["id"],
        }
        answers[method, path] = send_example(module_api, method, path, operations[method, path], ids)
    return answers


def send_example(
    api: Installation, method: str, path: str, operation: dict[str, Any], ids: dict[str, Callable[[], str]]
) -> httpx.Response:
    parameters = operation.get("parameters", [])
    examples = {
        (one["in"], one["name"]): (one.get("examples") or one["schema"]["examples"])[0]
        for one in parameters
        if one.get("examples") or one["schema"].get("examples")
    }
    earlier = next((find() for start, find in ids.items() if path.startswith(start) and "{id}" in path), None)
    url = path.replace("{id}", earlier or examples.get(("path", "id"), ""))
    headers = signed_in(api, path) | {name: value for (where, name), value in examples.items() if where == "header"}
    query = {name: value for (where, name), value in examples.items() if where == "query"}
    body: dict[str, Any] = {}
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        example = content["example"]
        body["content"] = example if isinstance(example, str) else json.dumps(example)
        headers["Content-Type"] = media_type
    if path.startswith("/v1/prefill/"):
        headers["Hoso-Purpose"] = "prefill"
    return api.request(method, url, params=query, headers=headers, **body)


def signed_in(api: Installation, path: str) -> Headers:
    if path.startswith("/v1/ingest"):
        return api.as_("ingester")
    if path.startswith("/v1/records"):
        return api.officer("H41.14")
    return api.as_("portal") if path.startswith("/v1/prefill") else {}


def read(answer: httpx.Response) -> Any:
    if answer.headers["content-type"] == "application/x-ndjson":
        return [json.loads(line) for line in answer.text.splitlines()]
    return answer.json()


def missing_keys(example: Any, answer: Any, place: str = "") -> list[str]:
    """Return the places of the example that the answer does not have. Lists are compared by their first members."""
    if isinstance(example, dict):
        if not isinstance(answer, dict):
            return [place]
        missing = [f"{place}/{key}" for key in example.keys() - answer.keys()]
        for key in example.keys() & answer.keys():
            missing += missing_keys(example[key], answer[key], f"{place}/{key}")
        return missing
    if isinstance(example, list) and example:
        return missing_keys(example[0], answer[0], f"{place}/0") if isinstance(answer, list) and answer else [place]
    return [] if isinstance(answer, type(example)) or answer is None else [place]


def validator_of(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


def test_the_document_has_every_route_of_the_contract(document):
    assert operations_of(document).keys() >= CONTRACT


def test_every_example_is_answered_with_200(answers):
    assert {route: answer.text for route, answer in answers.items() if answer.status_code != 200} == {}


def test_every_answer_has_the_shape_of_its_example(document, answers):
    missing = {}
    for route, operation in operations_of(document).items():
        [(media_type, content)] = operation["responses"]["200"]["content"].items()
        assert answers[route].headers["content-type"] == media_type
        example = content["example"]
        if isinstance(example, str):
            example = [json.loads(line) for line in example.splitlines()]
        missing[route] = missing_keys(example, read(answers[route]))
    assert {route: places for route, places in missing.items() if places} == {}


def test_every_answer_is_what_its_schema_says(document, answers):
    for route, operation in operations_of(document).items():
        [(media_type, content)] = operation["responses"]["200"]["content"].items()
        body = answers[route].text if media_type == "application/x-ndjson" else read(answers[route])
        validator_of(document, content["schema"]).validate(body)


def test_every_line_of_an_ingest_answer_is_what_its_schema_says(document, answers):
    validator = validator_of(document, {"$ref": "#/components/schemas/LineAnswer"})
    lines = [
        line for kind in ("procedures", "dossiers", "papers") for line in read(answers["post", f"/v1/ingest/{kind}"])
    ]
    assert [line["status"] for line in lines] == ["indexed"] * 4
    for line in lines:
        validator.validate(line)


def test_the_examples_of_search_and_prefill_find_what_the_examples_of_ingest_put_in(answers):
    found = answers["post", "/v1/records/search"].json()
    assert [item["dossier_code"] for item in found["items"]] == ["H41.14-261102-0003", "H41.14-260105-0001"]
    prefill = answers["post", "/v1/prefill"].json()
    assert {field["status"] for field in prefill["fields"]} & {"filled", "suggested"}


def test_every_schema_of_the_document_is_a_json_schema(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_of_the_document_leads_somewhere(document):
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names - document["components"]["schemas"].keys() == set()
    assert names >= {"PrefillAnswer", "RecordPage", "Problem", "ProcedureAnswer"}


def test_the_document_says_what_openapi_3_1_asks_of_it(document):
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"].keys() >= {"title", "version"}
    ids = [operation["operationId"] for operation in operations_of(document).values()]
    assert len(set(ids)) == len(ids)
    for (_, path), operation in operations_of(document).items():
        placed = {(one["in"], one["name"]) for one in operation.get("parameters", [])}
        assert {name for where, name in placed if where == "path"} == set(re.findall(r"{(\w+)}", path))
        assert operation["summary"]
        assert operation["description"]
        assert "200" in operation["responses"]


def test_every_route_documents_its_problems(document):
    for operation in operations_of(document).values():
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_bearer_scheme_is_documented_and_needed_wherever_there_is_a_persons_data(document):
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    needed = {
        path
        for (_, path), operation in operations_of(document).items()
        if operation.get("security") == [{"bearer": []}]
    }
    assert needed == {path for _, path in CONTRACT if path.startswith("/v1/")} - PUBLIC


def test_a_get_of_personal_data_documents_its_headers(document):
    def headers(path: str) -> dict[str, bool]:
        operation = document["paths"][path]["get"]
        return {one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "header"}

    assert headers("/v1/records/{id}") == {"Hoso-Purpose": True, "Hoso-Case": False}
    assert headers("/v1/prefill/{id}") == {"Hoso-Purpose": True}


def test_every_request_body_is_documented_with_an_example_that_is_valid(document):
    bodies = [operation["requestBody"] for operation in operations_of(document).values() if "requestBody" in operation]
    assert len(bodies) == 6
    for body in bodies:
        [content] = body["content"].values()
        validator_of(document, content["schema"]).validate(content["example"])

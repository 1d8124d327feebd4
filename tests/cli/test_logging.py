"""Logs: one JSON object a line on standard error, and nothing that a foreign exception may hold."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from search_api.logging import configure_logging

SECRET = "040190999901"


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def fail() -> None:
    raise ValueError(f"no citizen {SECRET}")


def test_an_event_of_ours_is_one_line_of_json(capsys: pytest.CaptureFixture[str]):
    configure_logging()
    structlog.get_logger().info("search.done", hits=3)
    [event] = events(capsys)
    assert (event["event"], event["hits"], event["level"]) == ("search.done", 3, "info")
    assert event["timestamp"].endswith("Z")


def test_of_an_exception_type_and_place_are_logged_and_not_its_message(capsys: pytest.CaptureFixture[str]):
    configure_logging()
    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("ours", exc_info=True)
        structlog.get_logger().error("given", exc_info=error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logged = events(capsys)
    assert [event["event"] for event in logged] == ["ours", "given", "Exception in ASGI application"]
    assert {event["error"] for event in logged} == {"ValueError"}
    assert {event["at"].partition(":")[0] for event in logged} == {"test_logging.py"}
    assert SECRET not in json.dumps(logged)


def test_arguments_of_a_library_are_not_logged_those_of_the_server_are(capsys: pytest.CaptureFixture[str]):
    configure_logging()
    logging.getLogger("some.library").warning("cannot read %s", SECRET)
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    library, server = events(capsys)
    assert library["event"] == "cannot read %s"
    assert server["event"] == "Started server process [7]"
    assert library["source"] == "some.library"


@pytest.mark.parametrize(("level", "name"), [(25, "info"), (35, "warning"), (90, "critical")])
def test_levels_between_the_named_ones_are_logged(capsys: pytest.CaptureFixture[str], level: int, name: str):
    configure_logging()
    logging.getLogger("uvicorn").log(level, "odd")
    assert [event["level"] for event in events(capsys)] == [name]


def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]):
    configure_logging(logging.WARNING)
    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn").info("quiet")
    assert events(capsys) == []

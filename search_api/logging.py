"""Logs as JSON lines on standard error. The one place where logging is set up; nothing of a person goes through it."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

# Their messages are about sockets and processes. What other libraries put into a message is not known to us.
_TRUSTED = ("uvicorn",)


def configure_logging(level: int = logging.INFO) -> None:
    """Send events of ours, of uvicorn and of other libraries to standard error, a JSON object a line.

    Of an exception, its type and place are logged: the message of a foreign one may hold a value.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_exception,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=level, force=True)
    logging.captureWarnings(True)


class _ToStructlog(logging.Handler):
    """Hands records of the standard library's logging to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        # A template says what happened; its arguments may be anything.
        trusted = record.name.partition(".")[0] in _TRUSTED
        event = record.getMessage() if trusted else str(record.msg)
        # A traceback may stand in the message itself.
        lines = event.strip().splitlines() or [""]
        structlog.get_logger(source=record.name).log(
            # Libraries have levels of their own between the five that there are names for.
            max(min(record.levelno, logging.CRITICAL) // 10 * 10, logging.DEBUG),
            lines[0],
            exc_info=record.exc_info or None,
        )


def _name_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    exception = event.pop("exc_info", None)
    if exception is True:
        exception = sys.exc_info()
    if isinstance(exception, BaseException):
        exception = (type(exception), exception, exception.__traceback__)
    if exception and exception[0]:
        event["error"] = exception[0].__name__
        if frames := traceback.extract_tb(exception[2]):
            event["at"] = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"
    return event

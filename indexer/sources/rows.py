"""From a line to a JSON object, and every fault of a row as one typed error. No message holds a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import ValidationError

from schemas.errors import CanonicalFormError, ValidationFailedError

if TYPE_CHECKING:
    from indexer.sources.lines import Line


class RowError(ValidationFailedError):
    """One row is refused; the others go in. `code` is short and stable, `pointer` an RFC 6901 pointer into the row."""

    def __init__(self, code: str, pointer: str, message: str) -> None:
        """`message` says what is expected and holds no value; an empty `pointer` is the whole row."""
        super().__init__(message, pointer=pointer)
        self.code = code


class SourceError(ValidationFailedError):
    """The source itself is faulty: not there, damaged, no table. `reason` is a short stable code.

    The rows that stand before the damage have come out already.
    """

    text_vi = "Tệp nguồn bị hỏng hoặc không đọc được."

    def __init__(self, reason: str, message: str) -> None:
        """`message` names the fault and how to mend it."""
        super().__init__(message)
        self.reason = reason


def read_object(line: Line) -> dict[str, Any]:
    """Return the JSON object of a line.

    Raises:
        RowError: `line_too_long`, `not_utf8`, `nul_character`, `not_json`, `not_an_object`, `duplicate_key`.
    """
    if line.fault is not None:
        raise line.fault
    if b"\0" in line.raw:
        raise RowError("nul_character", "", "a line may not contain the character NUL")
    try:
        value = json.loads(line.raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise RowError("not_utf8", "", "the line is not UTF-8") from None
    except (ValueError, RecursionError):
        raise RowError("not_json", "", "the line is not one JSON value") from None
    if not isinstance(value, dict):
        raise RowError("not_an_object", "", "the line is not a JSON object")
    if b"\\u" in line.raw:
        _check_escapes(value)
    return value


def _check_escapes(value: dict[str, Any]) -> None:
    """Refuse what stands in a line only as an escape: NUL, and half a character, which no UTF-8 can hold."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += (*one.keys(), *one.values())
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            if "\0" in one:
                raise RowError("nul_character", "", "a line may not contain the character NUL")
            if any("\ud800" <= character <= "\udfff" for character in one):
                raise RowError("not_utf8", "", "an escape in the line is half a character")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        # Programs differ in which of the two they keep, so neither can be trusted.
        raise RowError("duplicate_key", "", "an object has the same key twice")
    return made


def _no_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which are no JSON.
    raise ValueError(name)


def row_error(wrong: ValidationError) -> RowError:
    """Return the first fault that pydantic found in a row, as a `RowError`."""
    fault = wrong.errors(include_url=False, include_input=False)[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, CanonicalFormError):
        return RowError(cause.reason, _pointer(fault["loc"]), str(cause))
    return RowError(fault["type"], _pointer(fault["loc"]), fault["msg"])


def _pointer(place: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)

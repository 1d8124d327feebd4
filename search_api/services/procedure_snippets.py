"""Why a procedure was found, and the line of it that shows so."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from indexer.analysis.query import ReadQuery
from schemas.search import Why
from schemas.vietnamese import fold
from search_api.services.procedure_snapshot import Entry

_MAX_SNIPPET_CHARS = 180
_ENDS = ".;:\n"

BY_CODE = Why("code", "Đúng mã thủ tục")
BY_WHOLE_NAME = Why("name", "Đúng tên thủ tục")
_BY_NAME = Why("name", "Tên thủ tục có các từ cần tìm")
_BY_TEXT = Why("text", "Nội dung thủ tục có các từ cần tìm")


def reading_reasons(read: ReadQuery) -> tuple[Why, ...]:
    """Return, for each step that changed what is searched for, what was done to the query."""
    typed = {"typing": "Gõ “{}” được hiểu là “{}”", "synonym": "“{}” được hiểu là “{}”"}
    return tuple(
        Why(step.kind, typed[step.kind].format(step.source, step.target))
        for step in read.steps
        if step.kind in typed and step.target
    )


def reasons(entry: Entry, wanted: Mapping[str, float], readings: tuple[Why, ...]) -> tuple[Why, ...]:
    """Return why one procedure was found, the readings of the query first."""
    if not wanted:
        return readings
    in_name = not entry.words.isdisjoint(word for word, weight in wanted.items() if weight >= 1)
    return (*readings, _BY_NAME if in_name else _BY_TEXT)


def snippet(text: str, wanted: Collection[str]) -> str:
    """Return the part of `text`, at most 180 characters, that has most of the wanted folded syllables.

    The first of equally good parts; so without a match it is how the text begins.
    """
    parts = [part for part in _parts(text) if part]
    return max(parts, key=lambda part: _matches(part, wanted), default="")


def _matches(part: str, wanted: Collection[str]) -> int:
    return len(set(fold(part).split()).intersection(wanted))


def _parts(text: str) -> list[str]:
    """Return the text in sentences; one that is too long is cut at a blank."""
    for end in _ENDS:
        text = text.replace(end + " ", end + "\n")
    return [_cut(" ".join(sentence.split())) for sentence in text.split("\n")]


def _cut(sentence: str) -> str:
    if len(sentence) <= _MAX_SNIPPET_CHARS:
        return sentence
    return sentence[:_MAX_SNIPPET_CHARS].rsplit(" ", 1)[0] + " …"

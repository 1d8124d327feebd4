"""The synonym file: what citizens write and what official text says instead.

Data with a source and a test query for each entry. This module reads and checks it; the query steps beside it apply
it. A term, and each word of context, is meant as a run of whole syllables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.errors import SettingsError
from schemas.vietnamese import fold, syllables

Phrase = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Kind = Literal["colloquial", "abbreviation", "regional", "renamed", "form_word"]
Direction = Literal["one_way", "both"]


class SynonymError(SettingsError):
    """The synonym file cannot be used. `line` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        """Say which line and what is wrong with it."""
        super().__init__(f"synonyms, line {line}: {message}")
        self.line = line


class Synonym(BaseModel):
    """One entry.

    Attributes:
        term: what people write, in official spelling, such as "sổ đỏ".
        expands_to: what official text says; one or more, the best first.
        kind: why the two differ.
        direction: "one_way" if only the term is expanded; "both" if each of `expands_to` stands for the term too.
        needs: context; unless empty, one of these must stand in the query as well.
        forbids: context; with one of these in the query the entry does not apply.
        source: where the term is used.
        test_query: a query of a citizen that holds the term.
        expects: code of the procedure of the national catalogue that `test_query` should find.
    """

    # An unknown key is a slip of the editor, such as "need", and would silently drop a condition.
    model_config = ConfigDict(frozen=True, extra="forbid")

    term: Phrase
    expands_to: tuple[Phrase, ...] = Field(min_length=1)
    kind: Kind
    direction: Direction
    needs: tuple[Phrase, ...] = ()
    forbids: tuple[Phrase, ...] = ()
    source: Phrase
    test_query: Phrase
    expects: Phrase


def load_synonyms(path: Path | None = None) -> tuple[Synonym, ...]:
    """Return the entries of the NDJSON file `path`, or of the built-in file, in its order.

    Raises:
        SynonymError: a line is no entry, repeats another, expands to itself, or closes a loop; says which line.
        OSError: the file cannot be read.
    """
    return _built_in() if path is None else parse_synonyms(path.read_bytes().splitlines())


def parse_synonyms(lines: Iterable[str | bytes]) -> tuple[Synonym, ...]:
    """Return the entries of NDJSON lines, in order; empty lines are skipped. Raises as `load_synonyms`."""
    numbered = [(number, _entry(line, number)) for number, line in enumerate(lines, 1) if line.strip()]
    _refuse_repeats(numbered)
    _refuse_loops(numbered)
    return tuple(entry for _, entry in numbered)


@cache
def _built_in() -> tuple[Synonym, ...]:
    return parse_synonyms(files("indexer").joinpath("data/synonyms.ndjson").read_bytes().splitlines())


def _entry(line: str | bytes, number: int) -> Synonym:
    try:
        entry = Synonym.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise SynonymError(f"{where or 'entry'}: {first['msg']}", line=number) from None
    phrases = (entry.term, *entry.expands_to, *entry.needs, *entry.forbids)
    if not all(map(_key, phrases)):
        raise SynonymError("a phrase has neither a letter nor a digit", line=number)
    if _key(entry.term) in map(_key, entry.expands_to):
        raise SynonymError("the term expands to itself", line=number)
    return entry


def _key(phrase: str) -> str:
    """Return the form in which two phrases are the same to a query typed without accents."""
    return fold(" ".join(syllables(phrase)))


def _refuse_repeats(numbered: Sequence[tuple[int, Synonym]]) -> None:
    """Two entries for one term need different contexts, else which one applies would be chance."""
    first_line: dict[tuple[str, frozenset[str]], int] = {}
    for number, entry in numbered:
        key = (_key(entry.term), frozenset(map(_key, entry.needs)))
        if key in first_line:
            raise SynonymError(f"the term stands in line {first_line[key]} with the same needs", line=number)
        first_line[key] = number


def _refuse_loops(numbered: Sequence[tuple[int, Synonym]]) -> None:
    """What a term leads to, over any number of entries, must not lead back: such a pair is one entry, "both"."""
    leads_to: dict[str, set[str]] = {}
    for number, entry in numbered:
        term, targets = _key(entry.term), set(map(_key, entry.expands_to))
        if term in _reachable(targets, leads_to):
            raise SynonymError('an expansion leads back to the term; for a pair use one entry with "both"', line=number)
        leads_to.setdefault(term, set()).update(targets)


def _reachable(start: set[str], leads_to: dict[str, set[str]]) -> set[str]:
    found = set(start)
    pending = list(start)
    while pending:
        fresh = leads_to.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found

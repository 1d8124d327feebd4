"""Which search tokens a record makes: kinds and canonical parts, by the field table (docs/formats.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from indexer.participants import Participant
from schemas.canonical import name_parts, one_syllable_deletions, phonetic_key, sorted_syllables
from schemas.citizen import Person
from schemas.dossier import Dossier
from schemas.paper import Paper
from schemas.units import REFORM_DAY
from schemas.vietnamese import fold_name
from security.references import References
from security.search_tokens import TokenValue

_FULL_DATE_CHARS = len("1987-05-02")


def dossier_token_values(dossier: Dossier, people: list[Participant], references: References) -> Iterator[TokenValue]:
    """Yield the token values of a dossier: its code, its result's number, and each person's."""
    yield "dossier_code", (dossier.code,)
    if dossier.result and dossier.result.number:
        yield from document_values(dossier.result.code, dossier.result.number)
    for one in people:
        yield "subject", (one.reference,)
        yield from _person_values(one.person, references, _era(dossier))


def paper_token_values(paper: Paper, people: list[Participant], references: References) -> Iterator[TokenValue]:
    """Yield the token values of a paper. Names make none: a person's papers are found by number or by dossier."""
    if paper.number:
        yield from document_values(paper.kind, paper.number)
    if paper.dossier_code:
        yield "paper_dossier", (paper.dossier_code,)
    for one in people:
        yield "subject", (one.reference,)
        if one.person.old_id:
            yield "old_id", (references.subject("old_id", one.person.old_id),)


def document_values(kind: str | None, number: str) -> Iterator[TokenValue]:
    """Yield the token values of a document's number, alone and with its kind."""
    yield "document_number", (number,)
    if kind:
        yield "document_kind_number", (kind, number)


def _person_values(person: Person, references: References, era: str) -> Iterator[TokenValue]:
    if person.old_id:
        yield "old_id", (references.subject("old_id", person.old_id),)
    if person.phone:
        yield "phone", (person.phone,)
    if not person.full_name:
        return
    folded, given = _folded_and_given(person.full_name)
    year = person.born_on[:4] if person.born_on else None
    if person.phone:
        yield "phone_tail", (person.phone[-6:], given)
    if person.citizen_id and year:
        yield "id_tail", (person.citizen_id[-4:], given, year)
    day_month = person.born_on[5:] if person.born_on and len(person.born_on) == _FULL_DATE_CHARS else None
    yield from name_values(person.full_name, year, day_month)
    if person.address and person.address.unit_code:
        yield "name_ward", (folded, f"{era}:{person.address.unit_code}")


@lru_cache(maxsize=8192)
def _folded_and_given(full_name: str) -> tuple[str, str]:
    return fold_name(full_name), name_parts(full_name).given


@lru_cache(maxsize=8192)
def name_values(full_name: str, year: str | None, day_month: str | None) -> tuple[TokenValue, ...]:
    """Return the token values of a name with a birth year, and a day and month, where they are known.

    No value is a lone surname, a lone syllable or a name's left part: their frequencies would give them away.
    """
    folded = fold_name(full_name)
    values: list[TokenValue] = [("name", (folded,))]
    if day_month:
        values.append(("name_day", (folded, day_month)))
    if year:
        parts = name_parts(full_name)
        values += [
            ("name_year", (folded, year)),
            ("name_phonetic_year", (phonetic_key(folded), year)),
            ("name_sorted_year", (sorted_syllables(folded), year)),
        ]
        if parts.surname:
            values.append(("name_ends_year", (parts.surname, parts.given, year)))
        values += [("name_deletion_year", (shorter, year)) for shorter in one_syllable_deletions(folded)]
    return tuple(values)


def _era(dossier: Dossier) -> str:
    # Some commune codes changed their meaning in July 2025: a code is one of its day.
    day = dossier.received_at.date() if dossier.received_at else date.max
    return "old" if day < REFORM_DAY else "new"

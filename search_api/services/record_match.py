"""Whether an opened record is what was asked for, and how well: exact keys first, then how far the name is off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rapidfuzz.distance import JaroWinkler

from schemas.canonical import dates_agree, name_parts, names_agree, one_syllable_deletions, phonetic_key
from schemas.records import Match, RecordQuery
from schemas.units import REFORM_DAY
from schemas.vietnamese import fold_name, normalise
from search_api.services.opened import OpenedPerson, OpenedRecord

# How far each kind of match is trusted; within a kind the likeness of the spelled names decides.
_SCORES: Mapping[str, tuple[float, str]] = {
    "exact": (1.0, "Khớp chính xác"),
    "name": (0.9, "Khớp họ tên, không phân biệt dấu"),
    "order": (0.8, "Khớp họ tên, khác thứ tự"),
    "deletion": (0.7, "Họ tên thiếu hoặc thừa một tiếng"),
    "ends": (0.6, "Khớp họ và tên, khác tên đệm"),
    "phonetic": (0.6, "Họ tên đọc gần giống"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person of a record must be.

    Attributes:
        query: read.
        subjects: references that the query's citizen id stands for; empty if it has none.
        dossier_codes: dossiers that papers of the query's document number came from.
        wards: the query's ward as `era:code`, under which filings may stand; empty if it has none.
    """

    query: RecordQuery
    subjects: frozenset[bytes]
    dossier_codes: frozenset[str]
    wards: frozenset[str]


def match_record(record: OpenedRecord, wanted: Wanted) -> tuple[Match, OpenedPerson | None] | None:
    """Return how a record matches and the person it matched by; None if tokens promised what the record does not hold.

    A query by dossier code or document number alone matches by no person.
    """
    query = wanted.query
    if query.dossier_code and record.shared.get("code") != query.dossier_code:
        return None
    if query.document_number and not _has_document(record, wanted):
        return None
    if not _asks_for_a_person(query):
        return _match("exact", 1.0), None
    if wanted.wards:
        people = [one for one in record.people if _unit(one, record) in wanted.wards]
    else:
        people = list(record.people)
    matches = [(found, one) for one in people if (found := _match_person(one, wanted))]
    return max(matches, key=lambda pair: pair[0].score, default=None)


def _has_document(record: OpenedRecord, wanted: Wanted) -> bool:
    result = record.shared.get("result") or {}
    query = wanted.query
    if result.get("number") == query.document_number and query.document_kind in (None, result.get("code")):
        return True
    return record.shared.get("code") in wanted.dossier_codes


def _asks_for_a_person(query: RecordQuery) -> bool:
    return any((query.citizen_id, query.old_id, query.phone, query.full_name, query.year, query.ward))


def _unit(person: OpenedPerson, record: OpenedRecord) -> str:
    # As `indexer.token_values` has it: a commune's code is one of the day of filing.
    before = str(record.shared.get("received_at", "9")) < REFORM_DAY.isoformat()
    return f"{'old' if before else 'new'}:{(person.fields.get('address') or {}).get('unit_code')}"


def _match_person(person: OpenedPerson, wanted: Wanted) -> Match | None:
    query, fields = wanted.query, person.fields
    if query.citizen_id and person.reference not in wanted.subjects:
        return None
    if query.old_id and fields.get("old_id") != query.old_id:
        return None
    if query.phone and fields.get("phone") != query.phone:
        return None
    born_on = fields.get("born_on")
    if query.born_on and born_on and not dates_agree(query.born_on, born_on):
        return None
    if query.birth_year and born_on and not born_on.startswith(str(query.birth_year)):
        return None
    return _match_name(query.full_name, fields) if query.full_name else _match("exact", 1.0)


def _match_name(asked: str, fields: Mapping[str, Any]) -> Match | None:
    stored = fields.get("full_name")
    if not isinstance(stored, str):
        return None
    if normalise(asked).lower() == normalise(stored).lower():
        return _match("exact", 1.0)
    if names_agree(asked, stored):
        return _match("name", 1.0)
    one, other = fold_name(asked), fold_name(stored)
    likeness = JaroWinkler.similarity(one, other)
    if sorted(one.split()) == sorted(other.split()):
        return _match("order", 1.0)
    if one in one_syllable_deletions(other) or other in one_syllable_deletions(one):
        return _match("deletion", likeness)
    if set(one_syllable_deletions(one)) & set(one_syllable_deletions(other)):
        return _match("deletion", likeness * 0.95)
    first, second = name_parts(asked), name_parts(stored)
    if first.surname and (first.surname, first.given) == (second.surname, second.given):
        return _match("ends", likeness)
    return _match("phonetic", likeness) if phonetic_key(one) == phonetic_key(other) else None


def _match(kind: str, likeness: float) -> Match:
    score, text_vi = _SCORES[kind]
    return Match(kind, round(score * likeness, 3), text_vi)


def newest_first(records: Collection[OpenedRecord]) -> list[OpenedRecord]:
    """Return the records by time of receipt, newest first, then by code."""
    by_code = sorted(records, key=lambda one: str(one.shared.get("code", "")))
    return sorted(by_code, key=lambda one: received_at(one) or _LONG_AGO, reverse=True)


def received_at(record: OpenedRecord) -> datetime | None:
    """Return when a dossier came in, if it says so. Sources write their time in different zones."""
    text = record.shared.get("received_at")
    return datetime.fromisoformat(text) if isinstance(text, str) else None


_LONG_AGO = datetime.min.replace(tzinfo=UTC)

"""From an officer's keys to the values that are searched: every way in which a record may say what was asked."""

from __future__ import annotations

import re
from collections.abc import Callable

from indexer.analysis.query import find_identifier
from indexer.token_values import document_values, name_values
from schemas.canonical import document_number, full_name, partial_date
from schemas.errors import CanonicalFormError, ValidationFailedError
from schemas.records import RecordQuery
from schemas.units import Units
from schemas.vietnamese import fold_name
from search_api.services.record_access import Values
from security.references import References

# Digits with letters or joints beside them, such as "1061/QĐ-UBND" or "BK 123456": no number alone, no street.
_NUMBER_OF_A_PAPER = re.compile(r"(?=.*\d)(?=.*[^\W\d]|.*[/-])\S+(?: \S+)?")


def read_text(query: RecordQuery) -> RecordQuery:
    """Return the query with its text box read: a number or code, or a name with a birth date or year behind it.

    Raises:
        ValidationFailedError: the text is neither, or contradicts another key.
    """
    if query.text is None:
        return query
    identifier, _ = find_identifier(query.text)
    if identifier is not None:
        if identifier.kind not in RecordQuery.model_fields:
            raise ValidationFailedError("the text is a code that records are not searched by", pointer="/query/text")
        found = {str(identifier.kind): identifier.value}
    else:
        found = _read_words(query.text)
    if any(getattr(query, key) not in (None, value) for key, value in found.items()):
        raise ValidationFailedError("the text says what another key says otherwise", pointer="/query/text")
    return query.model_copy(update={"text": None, **found})


def _read_words(text: str) -> dict[str, str]:
    *words, last = text.replace(",", " ").split() or [""]
    born_on = _find(partial_date, last)
    if born_on and not words:
        return {"born_on": born_on}
    name = _find(full_name, " ".join(words if born_on else [*words, last]))
    if name:
        return {"full_name": name} | ({"born_on": born_on} if born_on else {})
    number = _find(document_number, text)
    if number and _NUMBER_OF_A_PAPER.fullmatch(number):
        return {"document_number": number}
    raise ValidationFailedError("the text is no number, no code and no name", pointer="/query/text")


def _find(form: Callable[[str], str], text: str) -> str | None:
    try:
        return form(text)
    except CanonicalFormError:
        return None


def check_searchable(query: RecordQuery) -> None:
    """Refuse a query that would match a large part of all records.

    Raises:
        ValidationFailedError: no key at all, or nothing but a birth date or a ward.
    """
    keys = (query.citizen_id, query.old_id, query.phone, query.dossier_code, query.document_number, query.full_name)
    if any(keys):
        return
    if query.year or query.ward:
        raise ValidationFailedError(
            "a birth year, birth date or ward alone matches too many: add a name",
            pointer="/query",
            text_vi="Chỉ có năm sinh hoặc xã, phường thì chưa đủ. Hãy nhập thêm họ tên.",
        )
    raise ValidationFailedError(
        "the query has no key: give an id, a code, a phone, a document number or a name",
        pointer="/query",
        text_vi="Hãy nhập số định danh, mã hồ sơ, số điện thoại, số giấy tờ hoặc họ tên.",
    )


def dossier_values(query: RecordQuery, refs: References, linked: frozenset[bytes], dossier_codes: list[str]) -> Values:
    """Return the values to search dossiers by in one domain: a group for each key.

    Args:
        query: read and checked.
        refs: references of the domain.
        linked: references that the query's citizen id is linked to.
        dossier_codes: dossiers that papers of the query's document number came from.

    Raises:
        ValidationFailedError: the ward is not known.
    """
    groups: Values = []
    if query.citizen_id:
        own = refs.subject("citizen_id", query.citizen_id)
        groups.append([("subject", (reference,)) for reference in sorted({own, *linked})])
    if query.old_id:
        groups.append([("old_id", (refs.subject("old_id", query.old_id),))])
    if query.phone:
        groups.append([("phone", (query.phone,))])
    if query.dossier_code:
        groups.append([("dossier_code", (query.dossier_code,))])
    if query.document_number:
        # With its kind there is a narrower token; without it, the number's.
        number = list(document_values(query.document_kind, query.document_number))[-1]
        groups.append([number, *(("dossier_code", (code,)) for code in dossier_codes)])
    if query.full_name:
        groups += _name_groups(query, query.full_name)
    return groups


def paper_values(query: RecordQuery) -> Values:
    """Return the values to search papers by: the query's document number."""
    if not query.document_number:
        return []
    return [[list(document_values(query.document_kind, query.document_number))[-1]]]


def _name_groups(query: RecordQuery, name: str) -> Values:
    groups: Values = []
    day_month = query.born_on[5:] if query.born_on and len(query.born_on) == len("1987-05-02") else None
    if query.year or day_month:
        # Any of the looser readings finds it too; the service tells them apart after decryption.
        values = [value for value in name_values(name, query.year, day_month) if value[0] != "name"]
        # A name with a syllable too many is stored as one of its deletions; one with a syllable too few has it as one.
        values += [("name_year", shorter) for kind, shorter in values if kind == "name_deletion_year"]
        if query.year:
            values.append(("name_deletion_year", (fold_name(name), query.year)))
        groups.append(values)
    else:
        groups.append([("name", (fold_name(name),))])
    if query.ward:
        groups.append([("name_ward", (fold_name(name), unit)) for unit in sorted(ward_units(query))])
    return groups


def ward_units(query: RecordQuery) -> frozenset[str]:
    """Return every unit, as `era:code`, under which filings about the query's ward stand; none if it has no ward.

    Raises:
        ValidationFailedError: the ward is not known.
    """
    if query.ward is None:
        return frozenset()
    units = Units.built_in()
    named = units.named(query.ward)
    kin = [
        relative
        for unit in named
        for relative in (units.successors(unit.code) if unit.era == "old" else units.predecessors(unit.code))
    ]
    found = frozenset(f"{unit.era}:{unit.code}" for unit in (*named, *kin))
    if not found:
        raise ValidationFailedError(
            "the ward is not known: give its name or its code, old or new",
            pointer="/query/ward",
            text_vi="Không nhận ra xã, phường này. Hãy nhập tên hoặc mã, cũ hay mới đều được.",
        )
    return found

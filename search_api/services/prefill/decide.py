"""Which reading fills a field: the best by assurance, then validity, then recency; disagreement is always shown.

Facts that last (name, birth, numbers, what a paper says of itself) may not differ between papers of the best assurance:
that is a conflict. Facts that change (address, telephone …) may: the newest reading is suggested, the others stand
beside it. Source: design, section 5; contract.md, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

from schemas.paper import ASSURANCE_ORDER, Assurance
from schemas.prefill import Alternative, FieldSource, PrefilledField, Reason
from search_api.services.prefill.addresses import PlacedAddress
from search_api.services.prefill.candidates import ISSUED, Candidate, Origin
from search_api.services.prefill.forms import FormField, PersonSource
from search_api.services.prefill.readings import agree, quality, shown, spelled_apart
from search_api.services.prefill.reasons import reason
from search_api.services.prefill.validity import VALIDITY_ORDER, first_day

NameOf = Callable[[str], str]
"""Name of an agency by its code."""

CHANGING = frozenset({"address", "phone", "email", "occupation", "marital_status"})
# The choice of a person; more readings than this would only confuse.
_MAX_ALTERNATIVES = 8

# Steps, not measurements: how sure a reader may be. A second record that says the same lifts what nobody answers for;
# whatever must be looked at again, and all that another source contradicts, is `_DOUBTFUL`.
_SURE: dict[Assurance, float] = {
    "issued_result": 0.98,
    "verified_copy": 0.95,
    "extracted_ocr": 0.7,
    "self_declared": 0.5,
}
_CONFIRMED, _DOUBTFUL = 0.8, 0.5

_REASON_OF_ASSURANCE: dict[Assurance, str] = {
    "issued_result": "issued",
    "verified_copy": "verified",
    "extracted_ocr": "read_by_machine",
    "self_declared": "self_declared",
}


def decide(
    field: FormField, candidates: Sequence[Candidate], name_of: NameOf, *, by_kin: bool = False
) -> PrefilledField:
    """Return the answer for one field that has at least one candidate.

    Args:
        field: of the form.
        candidates: in any order; the answer does not depend on it.
        name_of: gives the names of issuers.
        by_kin: the candidates are what a relative's papers say of the person.
    """
    ranked = sorted(candidates, key=_rank)
    best = _best(ranked)
    if _is_conflict(field, best):
        return _conflict(field, best, ranked, name_of)
    chosen = _chosen(field.kind, best)
    doubt = _doubt(field, chosen, best, ranked) or (_kin_doubt(field) if by_kin else None)
    return PrefilledField(
        pointer=field.pointer,
        value=shown(chosen.value),
        status="suggested" if doubt else "filled",
        source=_source(chosen.origin, name_of),
        assurance=chosen.origin.assurance,
        classification=field.classification,
        valid_until=chosen.origin.valid_until,
        confidence=_confidence(field.kind, chosen, ranked, doubt),
        reason=reason(doubt or reason_of(chosen.origin)),
        alternatives=(*_units(chosen, name_of), *_others(field.kind, chosen, ranked, name_of))[:_MAX_ALTERNATIVES],
    )


def without_value(field: FormField, status: Any, code: str) -> PrefilledField:
    """Return the answer for a field that is withheld or missing, with the reason."""
    return PrefilledField(
        pointer=field.pointer, status=status, classification=field.classification, reason=reason(code)
    )


def reason_of(origin: Origin) -> str:
    """Return the code of why a source counts as it does."""
    return _REASON_OF_ASSURANCE[origin.assurance] if origin.validity == "valid" else origin.validity


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    origin = candidate.origin
    order = ASSURANCE_ORDER.index(origin.assurance)
    # Newest first. Record and value only make the order certain.
    standing = VALIDITY_ORDER.index(origin.validity)
    return order, standing, -_day(origin), origin.record_id, str(shown(candidate.value))


def _day(origin: Origin) -> int:
    """Return the day of a source as a number; what has no date is older than all others."""
    return first_day(origin.issued_on).toordinal() if origin.issued_on else 0


def _best(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Return those of the best assurance; what was replaced, or not issued yet, speaks only where nothing else does."""
    best = [one for one in ranked if one.origin.assurance == ranked[0].origin.assurance]
    return [one for one in best if one.origin.validity in ("valid", "expired")] or best


def _is_conflict(field: FormField, best: Sequence[Candidate]) -> bool:
    if _changes(field):
        # The newest wins, so only readings of one day and one standing cannot be told apart.
        best = [one for one in best if _standing(one) == _standing(best[0])]
    return any(not agree(field.kind, one.value, other.value) for one, other in combinations(best, 2))


def _changes(field: FormField) -> bool:
    return isinstance(field.source, PersonSource) and field.source.field in CHANGING


def _standing(candidate: Candidate) -> tuple[bool, int]:
    return candidate.origin.validity == "valid", _day(candidate.origin)


def _chosen(kind: str, best: Sequence[Candidate]) -> Candidate:
    """Return the best written of the readings that agree with the first and hold as it does."""
    first = best[0]
    equal = [
        one
        for one in best
        if (one.origin.validity == "valid") == (first.origin.validity == "valid")
        and agree(kind, one.value, first.value)
    ]
    return max(equal, key=lambda one: quality(kind, one.value))


def _doubt(field: FormField, chosen: Candidate, best: Sequence[Candidate], ranked: Sequence[Candidate]) -> str | None:
    """Return why a value is only suggested; None if it may be taken as it is."""
    if chosen.origin.assurance not in ISSUED or chosen.origin.validity != "valid":
        return reason_of(chosen.origin)
    if isinstance(chosen.value, PlacedAddress) and not chosen.value.is_placed:
        return "unit_split" if chosen.value.now else "unit_unknown"
    if _changes(field) and any(
        not agree(field.kind, one.value, chosen.value) and (one in best or _day(one.origin) > _day(chosen.origin))
        for one in ranked
    ):
        return "other_reading"
    if any(spelled_apart(one.value, chosen.value) for one in best):
        return "spelling_differs"
    return None


def _kin_doubt(field: FormField) -> str | None:
    assert isinstance(field.source, PersonSource)
    assert field.source.kin is not None, "only a field with kin is answered by a relative's papers"
    if field.source.field == "born_on":
        return "birth_year_only"
    return "relation_may_have_changed" if field.source.kin.relation == "spouse" else None


def _confidence(kind: str, chosen: Candidate, ranked: Sequence[Candidate], doubt: str | None) -> float:
    assurance = chosen.origin.assurance
    agreeing = {one.origin.record_id for one in ranked if agree(kind, one.value, chosen.value)}
    if any(not agree(kind, one.value, chosen.value) for one in ranked) and doubt:
        return _DOUBTFUL
    if assurance in ISSUED:
        return _CONFIRMED if doubt else _SURE[assurance]
    return _CONFIRMED if len(agreeing) > 1 else _SURE[assurance]


def _conflict(
    field: FormField, best: Sequence[Candidate], ranked: Sequence[Candidate], name_of: NameOf
) -> PrefilledField:
    swapped = field.kind == "date" and any(_is_swapped(one.value, other.value) for one, other in combinations(best, 2))
    return PrefilledField(
        pointer=field.pointer,
        status="conflict",
        assurance=best[0].origin.assurance,
        classification=field.classification,
        reason=reason("day_and_month_swapped" if swapped else "papers_disagree"),
        alternatives=_alternatives(_distinct(field.kind, (*best, *ranked)), name_of),
    )


def _is_swapped(one: str, other: str) -> bool:
    year, *rest = one.split("-")
    return one != other and other == "-".join((year, *reversed(rest)))


def _others(kind: str, chosen: Candidate, ranked: Sequence[Candidate], name_of: NameOf) -> tuple[Alternative, ...]:
    return _alternatives(_distinct(kind, (chosen, *ranked))[1:], name_of)


def _distinct(kind: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return each reading once, in order; spellings that differ in accents, and fuller dates, are readings too."""
    found: list[Candidate] = []
    for one in candidates:
        if not any(_is_covered(kind, one.value, other.value) for other in found):
            found.append(one)
    return found


def _is_covered(kind: str, value: Any, by: Any) -> bool:
    return agree(kind, value, by) and quality(kind, value) <= quality(kind, by) and not spelled_apart(value, by)


def _alternatives(candidates: Iterable[Candidate], name_of: NameOf) -> tuple[Alternative, ...]:
    made = [
        Alternative(shown(one.value), _source(one.origin, name_of), reason(reason_of(one.origin))) for one in candidates
    ]
    return tuple(made[:_MAX_ALTERNATIVES])


def _units(chosen: Candidate, name_of: NameOf) -> tuple[Alternative, ...]:
    options = chosen.value.options() if isinstance(chosen.value, PlacedAddress) else ()
    why: Reason = reason("unit_split")
    return tuple(Alternative(value, _source(chosen.origin, name_of), why) for value in options)


def _source(origin: Origin, name_of: NameOf) -> FieldSource:
    return FieldSource(origin.dossier_code, origin.paper_id, name_of(origin.issuer), origin.issued_on)

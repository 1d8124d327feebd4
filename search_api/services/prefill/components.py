"""Which papers of a procedure need not be handed in again, and why the others must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.paper import ASSURANCE_ORDER
from schemas.prefill import (
    COMPONENT_STATUSES,
    ComponentStatus,
    EvidenceFile,
    KpiFlags,
    PaperEvidence,
    PrefilledComponent,
    Reason,
)
from search_api.services.prefill.candidates import KnownPerson, Mention
from search_api.services.prefill.decide import NameOf
from search_api.services.prefill.reasons import reason
from search_api.services.prefill.requirements import Evidence, Requirement, Requirements
from search_api.services.prefill.validity import first_day

People = Mapping[str, KnownPerson]
"""Everybody who is asked about, by role; the subject under `subject`."""

# A citizen needs the newest few, not the history.
_MAX_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one way to satisfy a component came to; a paper only where there is one."""

    status: ComponentStatus
    why: Reason
    evidence: Evidence | None = None
    paper: Mention | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """The filing that papers are wanted for.

    Attributes:
        case: code of the case; None where it is not known.
        on: day of filing.
        shows_numbers: whether the purpose covers numbers of papers, which identify their holder.
    """

    people: People
    case: str | None
    on: date
    name_of: NameOf
    shows_numbers: bool


@dataclass(frozen=True, slots=True)
class ComponentDecision:
    """The answer for one component, and the papers that it names."""

    component: PrefilledComponent
    papers: tuple[Mention, ...]


def decide_component(wanted: Requirement, table: Requirements, filing: Filing) -> ComponentDecision:
    """Return how one component stands in this filing."""
    if _other_case(wanted, filing.case):
        return _answer(wanted, [_Finding("not_required", reason("other_case"))], filing)
    groups = [_group(wanted, holder, filing) for holder in wanted.each_of or (None,)]
    # One person's paper does not stand for another's: the worst group decides.
    worst = max(groups, key=lambda findings: COMPONENT_STATUSES.index(findings[0].status))
    others = [one for group in groups if group is not worst for one in group]
    if worst[0].status == "must_supply":
        worst = [_not_held(wanted, table, filing, worst[0])]
    return _answer(wanted, [*worst, *others], filing)


def _other_case(wanted: Requirement, case: str | None) -> bool:
    return case is not None and (case in wanted.except_cases or bool(wanted.cases and case not in wanted.cases))


def _group(wanted: Requirement, holder: str | None, filing: Filing) -> list[_Finding]:
    """Return the findings of the best status, for one holder or for any."""
    ways = [one for one in wanted.evidence if holder is None or one.holder == holder]
    found = [finding for one in ways for finding in _findings(one, filing)]
    if not found:
        named = not ways or any(one.holder in filing.people for one in ways)
        return [_Finding("must_supply", reason("not_held" if named else "holder_not_named"))]
    best = min(COMPONENT_STATUSES.index(one.status) for one in found)
    return _each_paper_once([one for one in found if COMPONENT_STATUSES.index(one.status) == best])


def _each_paper_once(findings: list[_Finding]) -> list[_Finding]:
    # What a register answers serves only where there is no paper.
    if papers := [one for one in findings if one.paper]:
        findings = papers
    by_record = {one.paper.record.record_id if one.paper else b"": one for one in reversed(findings)}
    return sorted(by_record.values(), key=_newest, reverse=True)


def _newest(finding: _Finding) -> tuple[str, bytes]:
    paper = finding.paper
    return (paper.origin.issued_on or "", paper.record.record_id) if paper else ("", b"")


def _findings(way: Evidence, filing: Filing) -> list[_Finding]:
    if way.register is not None:
        return [_Finding("reusable_after_check", reason("register", way.text_vi))]
    holder = filing.people.get(way.holder or "")
    if holder is None:
        return []
    held = [one for one in holder.mentions if one.is_own_paper and one.record.shared.get("kind") in way.paper_kinds]
    return [_judge(way, one, holder, filing) for one in held if _names_companion(way, one, holder, filing)]


def _names_companion(way: Evidence, paper: Mention, holder: KnownPerson, filing: Filing) -> bool:
    if way.companion is None:
        return True
    companion = filing.people.get(way.companion)
    if companion is None or companion.references == holder.references:
        return False
    return not companion.references.isdisjoint(paper.record.persons)


def _judge(way: Evidence, paper: Mention, holder: KnownPerson, filing: Filing) -> _Finding:
    origin = paper.origin
    if origin.validity != "valid" and not (way.expired_accepted and origin.validity == "expired"):
        return _Finding("must_supply", reason("paper_expired"))
    if way.max_age_days is not None and not _is_fresh(origin.issued_on, way.max_age_days, filing.on):
        return _Finding("must_supply", reason("paper_too_old"))
    status, why = _after_check(way, paper, holder)
    return _Finding(status, why, way, paper)


def _after_check(way: Evidence, paper: Mention, holder: KnownPerson) -> tuple[ComponentStatus, Reason]:
    if ASSURANCE_ORDER.index(paper.origin.assurance) > ASSURANCE_ORDER.index(way.assurance):
        return "reusable_after_check", reason("copy_not_verified")
    if not holder.identity.agrees_with(paper):
        return "reusable_after_check", reason("identity_differs")
    if way.check is not None:
        return "reusable_after_check", reason("needs_check", way.check)
    return "reusable", reason("held")


def _is_fresh(issued_on: str | None, max_age_days: int, on: date) -> bool:
    return issued_on is not None and on - first_day(issued_on) <= timedelta(days=max_age_days)


def _not_held(wanted: Requirement, table: Requirements, filing: Filing, finding: _Finding) -> _Finding:
    """Return why a paper that is not held need not be supplied after all, or `finding`."""
    if wanted.this_form:
        return _Finding("must_supply", reason("this_form"))
    if wanted.cases and filing.case is None:
        names = ", ".join(table.case_name(case) for case in wanted.cases)
        return _Finding("not_required", reason("only_in_case", f"{reason('only_in_case').text_vi} {names}."))
    if not wanted.required:
        return _Finding("not_required", reason("if_applicable"))
    return finding


def _answer(wanted: Requirement, findings: Sequence[_Finding], filing: Filing) -> ComponentDecision:
    shown = [one for one in findings if one.paper][:_MAX_EVIDENCE]
    component = PrefilledComponent(
        code=wanted.code,
        name=wanted.name,
        required=wanted.required,
        status=findings[0].status,
        evidence=tuple(_evidence(one, findings[0].status, filing) for one in shown),
        reason=findings[0].why,
    )
    return ComponentDecision(component, tuple(one.paper for one in shown if one.paper))


def _evidence(finding: _Finding, status: ComponentStatus, filing: Filing) -> PaperEvidence:
    assert finding.paper is not None
    assert finding.evidence is not None, "a finding names its paper and the way it serves together"
    shared = finding.paper.record.shared
    kind, file = shared["kind"], shared.get("file")
    return PaperEvidence(
        paper_id=shared["id"],
        title=shared.get("title") or kind,
        number=shared.get("number") if filing.shows_numbers else None,
        issuer=filing.name_of(finding.paper.record.agency),
        valid_until=finding.paper.origin.valid_until,
        file=EvidenceFile(file["uri"], file.get("sha256")) if file else None,
        kpi=KpiFlags(
            digitised=int(file is not None),
            # It counts as reused only once nothing is left to check.
            reused=int(status == "reusable"),
            from_national_repository=0,
            replacing_result="" if kind == finding.evidence.paper_kinds[0] else kind,
        ),
    )

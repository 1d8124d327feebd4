"""Agencies into the vault: good lines go in, refused ones are reported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from indexer.agencies import AgencyCycleError, AgencyTree
from indexer.agency_registry import AgencyRegistry
from indexer.sources import Line, RowError, read_object, row_error
from indexer.summary import LineResult, Summary
from schemas import canonical
from schemas.agency import Agency
from schemas.errors import CanonicalFormError

# The name of a key domain, as the key ring takes it; found here, it is one line that is refused and not all records.
_DOMAIN = re.compile(r"[A-Z0-9][A-Z0-9_]{0,15}")
_PLAIN_KEY = re.compile(r"[a-z_]{1,40}")
_OTHER_KEY = "?"

Refused = list[tuple[Line, LineResult]]


def index_agencies(lines: Iterable[Line], registry: AgencyRegistry) -> tuple[Summary, Refused]:
    """Register the agencies of `lines` in one step; return the counts, and the refused lines.

    Raises:
        SourceError: the source is damaged; nothing is registered.
    """
    summary = Summary()
    good: list[tuple[Line, Agency]] = []
    faults: list[tuple[Line, RowError]] = []
    for line in lines:
        try:
            good.append((line, _read(line, summary)))
        except RowError as wrong:
            faults.append((line, wrong))
    before = registry.tree
    good, cycles = _without_cycles(before, good)
    known = frozenset(before.codes())
    after = before.with_agencies(agency for _, agency in good)
    for line, agency in good:
        same = agency.code in known and before.agency(agency.code) == after.agency(agency.code)
        summary.add(LineResult(line.number, line.offset, "unchanged" if same else "indexed", agency.code))
    refused = [(line, LineResult(line.number, line.offset, "refused", error=wrong)) for line, wrong in faults + cycles]
    for _, result in refused:
        summary.add(result)
    # With parent and domain filled in: the store does not tell a parent that was left out from one of null.
    registry.add([after.agency(agency.code) for _, agency in good])
    return summary, refused


def _without_cycles(
    tree: AgencyTree, agencies: list[tuple[Line, Agency]]
) -> tuple[list[tuple[Line, Agency]], list[tuple[Line, RowError]]]:
    """Return the agencies that make a tree together with `tree`, and those that would be their own superiors."""
    try:
        tree.with_agencies(agency for _, agency in agencies)
    except AgencyCycleError:
        # One by one only then: each step makes the whole tree.
        kept: list[tuple[Line, Agency]] = []
        faults = []
        for line, agency in agencies:
            try:
                tree = tree.with_agencies([agency])
            except AgencyCycleError:
                wrong = RowError("agency_cycle", "/parent", "the agency would be its own superior")
                faults.append((line, wrong))
            else:
                kept.append((line, agency))
        return kept, faults
    return agencies, []


def _read(line: Line, summary: Summary) -> Agency:
    row = read_object(line)
    try:
        agency = Agency.model_validate({**row, "code": _code(row, "code")})
        if agency.parent is not None:
            agency = agency.model_copy(update={"parent": _code(row, "parent")})
    except ValidationError as wrong:
        raise row_error(wrong) from None
    if agency.domain is not None and not _DOMAIN.fullmatch(agency.domain):
        raise RowError("domain_format", "/domain", "a domain has 1 to 16 characters of A-Z, 0-9 and _")
    unknown = (key for key in row if key not in Agency.model_fields)
    summary.add_unknown_keys(Counter(key if _PLAIN_KEY.fullmatch(key) else _OTHER_KEY for key in unknown))
    return agency


def _code(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    try:
        return canonical.agency_code(value if isinstance(value, str) else "")
    except CanonicalFormError as wrong:
        raise RowError(wrong.reason, f"/{name}", str(wrong)) from None

"""`hoso erase`: one person, out of everything, for good."""

from __future__ import annotations

import sys
from contextlib import suppress

from indexer.erasure import ErasureParts, erase_person, resume_erasures
from schemas import canonical
from schemas.errors import IndexNotReadyError
from search_api.cli.console import JSONFlag, notice, print_json
from search_api.cli.installation import opened, operator
from search_api.parts import Parts


def finish_erasures(parts: Parts) -> None:
    """Go on with erasures that were cut off; a build under way leaves them for the next start."""
    request = operator()
    with suppress(IndexNotReadyError):
        resume_erasures(_erasure_parts(parts), request.actor, request.trace, lambda step: notice(f"erase: {step}"))


def _erasure_parts(parts: Parts) -> ErasureParts:
    return ErasureParts(parts.keys, parts.vault, parts.records, parts.audit_log)


def erase(as_json: JSONFlag = False) -> None:
    """Erase the person whose citizen id is the first line of standard input; print the signed receipt.

    Stopped and started again with the same number, it goes on. The receipt says when backups too are past reading.
    """
    if sys.stdin.isatty():
        notice("Citizen id (12 digits), then Enter:")
    citizen_id = canonical.citizen_id(sys.stdin.readline().strip())
    request = operator()
    with opened() as parts:
        parts.policy.decide(request.actor, "erase", "ingest", agencies=parts.agencies.tree)
        receipt = erase_person(
            citizen_id,
            _erasure_parts(parts),
            request.actor,
            request.trace,
            lambda step: notice(f"erase: {step}"),
        )
    if as_json:
        print_json({"receipt": receipt})
    else:
        print(receipt)

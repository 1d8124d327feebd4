"""`hoso token`: access tokens of the local issuer."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from schemas import canonical
from schemas.errors import CanonicalFormError
from search_api.cli.console import JSONFlag, notice, print_json
from search_api.cli.installation import opened
from search_api.parts import Parts
from security.actor import TOKEN_ROLES

_DURATION = re.compile(r"(?P<count>[1-9][0-9]{0,5})(?P<unit>[smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MAX_TTL_S = 30 * 86_400
_WITH_AGENCY = frozenset({"officer", "reporter"})


def token(
    role: Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(sorted(TOKEN_ROLES)), show_default=False)],
    agency: Annotated[str | None, typer.Option(help="Code of the own agency, such as H41.14.")] = None,
    citizen_id_stdin: Annotated[
        bool, typer.Option("--citizen-id-stdin", help="Read the citizen's number from standard input.")
    ] = False,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 30m, 1h, 8h; 30 days at most.")] = "1h",
    as_json: JSONFlag = False,
) -> None:
    """Print an access token, only where the issuer is `local`. `portal` speaks for the client `local-portal`."""
    if role not in TOKEN_ROLES:
        raise typer.BadParameter(f"no such role; the roles are {', '.join(sorted(TOKEN_ROLES))}", param_hint="ROLE")
    if role in _WITH_AGENCY and agency is None:
        raise typer.BadParameter(f"a token for {role} needs the code of the own agency", param_hint="--agency")
    if (role == "citizen") != citizen_id_stdin:
        told = "it goes with the role citizen, and that role with it; the number is the first line of standard input"
        raise typer.BadParameter(told, param_hint="--citizen-id-stdin")
    seconds = ttl_seconds(ttl)
    code = _agency(agency) if agency is not None else None
    citizen_id = _citizen_id() if citizen_id_stdin else None
    with opened() as parts:
        if code is not None:
            _check_known(code, parts)
        subject = parts.subjects.make(citizen_id) if citizen_id else None
        issued = parts.local_issuer().issue(role, agency=code, subject=subject, ttl_s=seconds)
    if as_json:
        print_json({"access_token": issued, "token_type": "Bearer", "expires_in": seconds})
    else:
        print(issued)


def ttl_seconds(text: str) -> int:
    """Return the seconds of a text such as `30m`; `BadParameter` if it is none, or more than 30 days."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = int(match["count"]) * _SECONDS[match["unit"]] if match else 0
    if not 0 < seconds <= _MAX_TTL_S:
        raise typer.BadParameter("write it as 30m, 1h or 8h; 30 days at most", param_hint="--ttl")
    return seconds


def _agency(text: str) -> str:
    try:
        return canonical.agency_code(text)
    except CanonicalFormError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--agency") from None


def _check_known(code: str, parts: Parts) -> None:
    if code not in parts.agencies.tree.codes():
        notice(f"No file has named the agency {code} so far: it reads nothing until there are dossiers of it.")


def _citizen_id() -> str:
    try:
        return canonical.citizen_id(sys.stdin.readline().strip())
    except CanonicalFormError as wrong:
        raise typer.BadParameter(f"standard input: {wrong}", param_hint="--citizen-id-stdin") from None

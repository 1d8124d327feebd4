"""Who asks: the actor of a request, as a verified access token states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal[
    "citizen", "portal", "officer", "reporter", "auditor", "ingester", "operator", "editor", "anonymous"
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

# What a token may state: "anonymous" is the lack of a token, so no token can claim it.
TOKEN_ROLES: frozenset[str] = frozenset(ROLES) - {"anonymous"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. There is no default actor and no role that the policy does not bind.

    Attributes:
        id: `sub` of the token; it stands in logs and in the audit log, so it is never a citizen's number.
        client_id: the program through which the actor asks.
        role: what the policy's grants are looked up by.
        agency: code of the actor's own agency; None where the role has none.
        subject: opaque reference of the citizen who signed in; never a citizen's number.
        scopes: what the token was issued for; a grant applies only if its scope is among them.
    """

    id: str
    client_id: str
    role: Role
    agency: str | None = None
    subject: str | None = None
    scopes: frozenset[str] = frozenset()


# Only for the search of public procedures: the policy has no grant for it.
ANONYMOUS = Actor(id="anonymous", client_id="anonymous", role="anonymous")

"""One agency: a body that receives dossiers and issues papers."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict


class Agency(BaseModel):
    """One line of an agencies file.

    Attributes:
        code: such as `H41.14`; the same code stands in dossiers and as the issuer of papers.
        parent: code of the body above; None for the top of a tree.
        domain: name of the key domain its records are sealed under; None means the parent's.
        level: `province`, `department`, `commune` or `post`.
        unit_code: code of the commune it serves, where it serves one.
        valid_from: first day on which it exists; None if not known.
        valid_until: last day, inclusive; None while it exists.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    name: str
    parent: str | None = None
    domain: str | None = None
    level: str | None = None
    unit_code: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

"""The requirements: for each component of a procedure, what satisfies it. Apart from the forms on purpose.

Codes and names are the catalogue's. A new kind of evidence is a line in a file of `requirements/`, never code.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from schemas.errors import ProcedureNotFoundError
from schemas.paper import Assurance
from search_api.services.prefill.forms import PROCEDURES


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to satisfy a component: a paper, or a register that the agency looks into itself.

    Attributes:
        paper_kinds: codes of results; the first of a component is the one that it names, others stand in for it.
        holder: role of the person who must hold the paper.
        companion: role of a second person whom the paper must name.
        max_age_days: days since issue; None means that age does not count.
        assurance: the least that is taken without a check.
        expired_accepted: the paper serves even past its end, as where an old one is exchanged.
        check: what an officer has to compare before the paper serves, in plain words; None = nothing.
        register: name of the register; then there is no paper, and `text_vi` says what happens.
    """

    paper_kinds: tuple[str, ...] = ()
    holder: str | None = None
    companion: str | None = msgspec.field(default=None, name="with")
    max_age_days: int | None = None
    assurance: Assurance = "verified_copy"
    expired_accepted: bool = False
    check: str | None = None
    register: str | None = None
    text_vi: str | None = None


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One component.

    Attributes:
        cases: the only cases in which it is asked for; empty means all.
        except_cases: cases in which another paper takes its place.
        this_form: it is the form that is being filled.
        each_of: roles, each of which needs a paper; empty means that one paper is enough.
    """

    code: str
    name: str
    required: bool
    cases: tuple[str, ...] = ()
    except_cases: tuple[str, ...] = ()
    this_form: bool = False
    each_of: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes the papers differ."""

    code: str
    name: str


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One procedure's table."""

    procedure: str
    cases: tuple[Case, ...]
    components: tuple[Requirement, ...]

    @property
    def roles(self) -> frozenset[str]:
        """The roles of the people whose papers may serve."""
        named = (role for part in self.components for one in part.evidence for role in (one.holder, one.companion))
        return frozenset(role for role in named if role)

    def case_name(self, code: str) -> str:
        """Return the name of a case in plain words."""
        return next(case.name for case in self.cases if case.code == code)


@cache
def get_requirements(procedure: str) -> Requirements:
    """Return the table of a procedure, read once in a process.

    Raises:
        ProcedureNotFoundError: there is none.
    """
    if procedure not in PROCEDURES:
        raise ProcedureNotFoundError("there is no table of requirements for this procedure")
    raw = files(__package__).joinpath(f"requirements/{procedure}.json").read_bytes()
    return msgspec.json.decode(raw, type=Requirements)

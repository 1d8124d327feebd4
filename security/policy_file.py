"""The policy file: grants, clients and visibilities as data, read strictly."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from schemas.errors import SettingsError
from schemas.fields import FIELDS, FieldClass
from security.actor import Role

Purpose = Literal["dossier_processing", "prefill", "self_access", "statistics", "audit", "ingest"]
LegalBasis = Literal["statutory_task", "consent", "data_subject_right"]
Action = Literal[
    "records.search",
    "records.get",
    "records.open",
    "prefill",
    "prefill.get",
    "me.evidence",
    "me.access_log",
    "stats",
    "export",
    "audit",
    "ingest",
    "quarantine.list",
    "quarantine.show",
    "erase",
]
Reach = Literal["own", "subtree", "domain", "subject", "none"]
Visibility = Literal["public", "internal", "draft"]


def _known_fields(names: frozenset[str]) -> frozenset[str]:
    if unknown := sorted(names - FIELDS.keys()):
        raise ValueError(f"the field table has no {', '.join(unknown)}")
    return names


FieldNames = Annotated[frozenset[str], AfterValidator(_known_fields)]
_DATA = ConfigDict(frozen=True, extra="forbid")


class Rule(BaseModel):
    """One `[[grant]]`: what one role may do for one purpose. `policy.toml` explains each key."""

    model_config = _DATA

    role: Role
    purpose: Purpose
    scope: Annotated[str, Field(min_length=1)]
    actions: Annotated[frozenset[Action], Field(min_length=1)]
    legal_bases: Annotated[frozenset[LegalBasis], Field(min_length=1)]
    reach: Reach
    domains: Literal["own", "all"] | frozenset[str]
    clear: frozenset[FieldClass]
    masked: frozenset[FieldClass]
    by_name: FieldNames = frozenset()

    @model_validator(mode="after")
    def _without_contradiction(self) -> Self:
        if both := sorted(self.clear & self.masked):
            raise ValueError(f"both clear and masked: {', '.join(both)}")
        shown = self.clear | self.masked
        if needless := sorted(name for name in self.by_name if FIELDS[name].field_class in shown):
            raise ValueError(f"by_name holds what is shown anyway: {', '.join(needless)}")
        if self.reach in ("own", "subtree") and self.domains != "own":
            raise ValueError(f'reach "{self.reach}" lies in the own domain: domains must be "own"')
        if self.role == "anonymous":
            raise ValueError("who brings no token has no grant")
        return self


class Client(BaseModel):
    """One `[client.NAME]`: what a portal is registered for."""

    model_config = _DATA

    procedures: Annotated[frozenset[str], Field(min_length=1)]
    purposes: Annotated[frozenset[Purpose], Field(min_length=1)]
    legal_bases: Annotated[frozenset[LegalBasis], Field(min_length=1)]
    fields: frozenset[FieldClass]
    by_name: FieldNames = frozenset()
    daily_quota: Annotated[StrictInt, Field(gt=0)]

    def covers(self, purpose: str, legal_basis: str | None, procedure: str | None) -> bool:
        """Return whether the registration names all three; `*` stands for every procedure."""
        named = "*" in self.procedures or procedure in self.procedures
        return named and purpose in self.purposes and legal_basis in self.legal_bases


class PolicyFile(BaseModel):
    """The whole file."""

    model_config = _DATA

    version: Literal[1]
    grant: tuple[Rule, ...]
    client: dict[str, Client] = {}
    visibility: dict[Role, frozenset[Visibility]] = {}

    @model_validator(mode="after")
    def _each_case_once(self) -> Self:
        cases = Counter((rule.role, rule.purpose, action) for rule in self.grant for action in rule.actions)
        if twice := sorted(" ".join(case) for case, count in cases.items() if count > 1):
            raise ValueError(f"granted twice: {', '.join(twice)}")
        return self


def load_policy_file(path: Path | None) -> PolicyFile:
    """Return the policy of `path`, or the one that comes with Hoso.

    Raises:
        SettingsError: the file is not there, is not TOML, has an unknown key, or contradicts itself; names the place.
    """
    source = path or files("security").joinpath("policy.toml")
    try:
        return PolicyFile.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except ValidationError as wrong:
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in wrong.errors())
        raise SettingsError(f"policy file: {faults}") from wrong
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"policy file: cannot be read: {wrong}") from wrong

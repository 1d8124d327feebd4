"""The forms: JSON Schema 2020-12, where each field says which data element fills it.

A property with the keyword `source` is a field; its pointer is its path in the form. `source` is null (it must be
typed), a field of a person, or a place in a paper. `kin` says whose own papers name a person who is not asked about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from schemas.errors import ProcedureNotFoundError
from schemas.fields import FieldClass
from schemas.prefill import SUBJECT

PROCEDURES = ("1.000656", "1.000894", "1.001193", "1.001612", "1.004222", "1.004873")

Relation = Literal["mother", "father", "spouse", "child"]


@dataclass(frozen=True, slots=True)
class Kin:
    """Whose own papers tell of somebody, and as what: the mother's `spouse` is suggested as the child's father."""

    of: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class PersonSource:
    """A field of `schemas.citizen.Person`, of the person in `role`."""

    role: str
    field: str
    kin: Kin | None = None


@dataclass(frozen=True, slots=True)
class PaperSource:
    """A place in a paper of one of `kinds` that the person in `role` holds: a pointer such as `/data/registered_on`."""

    role: str
    kinds: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class FormField:
    """One field.

    Attributes:
        kind: what its values are, by the name of its `$defs` entry: `name`, `date`, `address`, `text` …
        required: whether the form cannot do without; what stands in an optional block is optional too.
    """

    pointer: str
    kind: str
    classification: FieldClass
    source: PersonSource | PaperSource | None
    required: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One procedure's form.

    Attributes:
        schema: the JSON Schema, as the file has it.
        roles: the roles of the people that its fields ask about.
    """

    procedure: str
    version: str
    schema: Mapping[str, Any]
    fields: tuple[FormField, ...]
    roles: frozenset[str]


@cache
def get_form(procedure: str) -> Form:
    """Return the form of a procedure, read once in a process.

    Raises:
        ProcedureNotFoundError: there is none.
    """
    if procedure not in PROCEDURES:
        raise ProcedureNotFoundError(
            "there is no form for this procedure", text_vi="Thủ tục này chưa có biểu mẫu điền sẵn."
        )
    schema = json.loads(files(__package__).joinpath(f"forms/{procedure}.json").read_text(encoding="utf-8"))
    fields = tuple(_fields(schema, "", required=True))
    roles = frozenset(one.source.role for one in fields if one.source)
    return Form(procedure, schema["version"], schema, fields, roles)


def _fields(block: Mapping[str, Any], pointer: str, *, required: bool) -> Iterator[FormField]:
    for name, schema in block["properties"].items():
        asked = required and name in block["required"]
        if "source" in schema:
            kind = schema.get("$ref", "").rpartition("/")[2]
            yield FormField(f"{pointer}/{name}", kind, schema["classification"], _source(schema["source"]), asked)
        else:
            yield from _fields(schema, f"{pointer}/{name}", required=asked)


def _source(raw: Mapping[str, Any] | None) -> PersonSource | PaperSource | None:
    if raw is None:
        return None
    if "paper_kind" in raw:
        return PaperSource(raw.get("holder", SUBJECT), tuple(raw["paper_kind"]), raw["path"])
    kin = Kin(raw["kin"]["of"], raw["kin"]["as"]) if "kin" in raw else None
    return PersonSource(raw["person"], raw["field"], kin)
